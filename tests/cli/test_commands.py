"""The list of commands: quick to show, true to what each says of itself, JSON wherever something is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from backoffice.cli.commands import LISTED, commands
from tests.cli.conftest import Runs

WITHOUT_JSON = {"serve", "worker", "decide"}
"""What tells nothing until it is told to stop, and what tells JSON only."""

QUICK = "import sys; from backoffice.cli.commands import commands; commands(['--help'], standalone_mode=False)"
SLOW = ("asyncpg", "babel", "granian", "httpx", "litestar", "piccolo", "pgqueuer", "backoffice.policy")


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that do something, each by all its words."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        inner = command.get_command(context, word)
        assert inner
        yield from leaves(inner, f"{name} {word}".strip())


def test_help_loads_nothing_that_takes_time() -> None:
    """Neither database nor web, nor the policies."""
    code = f"{QUICK}; sys.exit(' '.join(sorted(set({SLOW!r}) & set(sys.modules))) or 0)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603

    assert (ended.returncode, ended.stderr) == (0, "")
    assert [name for name in LISTED if f"  {name} " not in ended.stdout] == []


@pytest.mark.parametrize("name", sorted(LISTED))
def test_the_list_says_what_the_command_says_first(name: str) -> None:
    """Word for word, though the list is shown without loading it."""
    command = commands.get_command(click.Context(commands), name)

    assert command
    assert " ".join((command.help or "").split()).startswith(LISTED[name].says)


def test_an_unknown_command_is_wrong_use(run: Runs) -> None:
    """And nothing is loaded for it."""
    assert run("sing").code == 2


def test_every_command_tells_json_where_it_tells_anything() -> None:
    """By the same option everywhere."""
    told = {name: {option for one in command.params for option in one.opts} for name, command in leaves(commands)}

    assert {name for name, options in told.items() if "--json" not in options} == WITHOUT_JSON
    assert {"campaign watch", "import contacts", "ledger proof", "keys rotate", "policy test"} <= told.keys()
