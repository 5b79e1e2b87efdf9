"""`backoffice doctor`, `migrate`, `serve` and `worker`: what is lacking is told at once, and how to mend it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backoffice.cli.running import require_port
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from tests.cli.conftest import House, Runs


def test_the_doctor_finds_a_good_machine(house: House, run: Runs) -> None:
    """Each check by its name; exit 0 where nothing is bad, whatever else there is to say."""
    house.do(nothing)
    ended = run("doctor", "--json")
    told = json.loads(ended.out)
    states = {one["name"]: one["state"] for one in told["findings"]}

    assert (ended.code, told["is_well"]) == (0, True)
    assert states.keys() >= {"python", "data", "room", "files", "master_key", "postgresql", "migrations", "partitions"}
    assert states["migrations"] == "ok"
    assert "✓ Python" in run("doctor").out


async def nothing(_: Install) -> None:
    """Do nothing: opening was all."""


def elsewhere(house: House) -> str:
    """Return the address of a database that isn't there, on the server that is."""
    return urlsplit(house.settings.database_url)._replace(path="/nowhere").geturl()


def test_the_doctor_ends_with_one_where_something_is_bad(
    house: House, run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a database that doesn't answer, with what mends it."""
    monkeypatch.setenv("DATABASE_URL", elsewhere(house))
    ended = run("doctor", "--json")
    bad = [one for one in json.loads(ended.out)["findings"] if one["state"] == "bad"]

    assert ended.code == 1
    assert [(one["name"], bool(one["mend"])) for one in bad] == [("postgresql", True)]
    assert "✕ " in run("doctor").out


def test_a_database_is_brought_up_to_date(house: House, run: Runs) -> None:
    """And stays so."""
    assert house.settings
    for _ in range(2):
        assert json.loads(run("migrate", "--json").out) == {"is_up_to_date": True}


@pytest.mark.parametrize("command", [("ledger", "verify"), ("migrate",), ("worker",), ("serve",), ("keys", "rotate")])
def test_a_database_that_refuses_us_is_told_in_one_line(
    house: House, run: Runs, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """By every command that needs one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BACKOFFICE_PORT", str(free.getsockname()[1]))
    monkeypatch.setenv("DATABASE_URL", elsewhere(house))

    assert 'database "nowhere" does not exist' in run(*command).refusal


def test_a_setting_that_can_not_be_used_is_told(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable's name."""
    monkeypatch.setenv("BACKOFFICE_PORT", "eight")

    for command in (("doctor",), ("migrate",), ("serve",), ("worker",), ("ledger", "verify")):
        assert run(*command).refusal.startswith("BACKOFFICE_PORT: ")


def test_an_address_that_is_taken_is_refused_before_anything_is_started(tmp_path: Path, run: Runs) -> None:
    """And one that isn't ours."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Invalid) as refused:
            require_port(Settings(data=tmp_path, port=port))
        ended = run("serve", "--port", port)

    assert refused.value.code == "port_refused"
    assert str(port) in ended.refusal
    with pytest.raises(Invalid):
        require_port(Settings(data=tmp_path, host="192.0.2.1"))
    assert list(tmp_path.iterdir()) == []
