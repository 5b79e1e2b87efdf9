"""The command line as a person meets it: what it prints, how it ends, what it leaves in the folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import pytest
from click.testing import CliRunner

from backoffice.cli.commands import commands
from backoffice.kernel.clock import SteppingClock
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.policies import library, policies_folder
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import key_file
from tests.conftest import START, _empty

T = TypeVar("T")

OPERATOR = min(library().operators)
DEMO = policies_folder() / "demo"
SEND = ("--operator", OPERATOR, "--purpose", "marketing", "--channel", "whatsapp", "--at", "2026-11-20T08:30:00Z")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """Return the one line that says why the input can't be used; everything else is as it should be, too."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


class Runs(Protocol):
    """Runs a command."""

    def __call__(self, *args: object, stdin: str | bytes | None = None) -> Ended:
        """Return how it ended."""


@pytest.fixture
def run() -> Runs:
    """Run the command line in this process; whatever it doesn't foresee fails the test."""

    def invoke(*args: object, stdin: str | bytes | None = None) -> Ended:
        ended = CliRunner(catch_exceptions=False).invoke(commands, list(map(str, args)), input=stdin)
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return invoke


class House:
    """An install that commands find by the environment; its ledger is its own, its database is emptied afterwards."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clock = SteppingClock(START, timedelta(microseconds=1))

    def do(self, act: Callable[[Install], Awaitable[T]]) -> T:
        """Do something in it, at the moment at which all tests start."""

        async def run() -> T:
            async with open_install(self.settings, self._clock, must_migrate=False) as install:
                return await act(install)

        return asyncio.run(run())


@pytest.fixture
def house(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An install for commands to work on."""
    own = msgspec.structs.replace(settings, data=tmp_path / "data", master_key_file=key_file(settings))
    monkeypatch.setenv("DATABASE_URL", own.database_url)
    monkeypatch.setenv("BACKOFFICE_DATA", str(own.data))
    monkeypatch.setenv("BACKOFFICE_MASTER_KEY_FILE", str(own.master_key_file))
    yield House(own)
    asyncio.run(_empty(own.database_url))
