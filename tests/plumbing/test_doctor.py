"""The doctor: each lack is found and told with what mends it; a good install has nothing to mend but the clock."""

from __future__ import annotations

import os
from pathlib import Path

import asyncpg
import pytest

from backoffice.kernel.clock import SteppingClock
from backoffice.plumbing import doctor
from backoffice.plumbing.doctor import (
    check_account,
    check_clock,
    check_data,
    check_master_key,
    check_partitions,
    check_python,
    check_room,
    check_server,
    examine,
)
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import make_master

EXTERNAL = "postgresql://nobody@127.0.0.1:1/nothing"


async def test_a_good_install_lacks_nothing(install: Install, settings: Settings, clock: SteppingClock) -> None:
    """Each check has a sentence; what is not ok says how to mend it."""
    _ = install
    found = {one.name: one for one in await examine(settings, clock=clock)}

    assert list(found) == [
        *("python", "account", "data", "room", "files", "master_key", "clock"),
        *("postgresql", "migrations", "partitions"),
    ]
    assert {name for name, one in found.items() if one.state == "bad"} == set()
    assert all(one.says and bool(one.mend) == (one.state != "ok") for one in found.values())


async def test_a_database_that_is_empty_or_behind_is_found(
    install: Install, settings: Settings, clock: SteppingClock
) -> None:
    """With the names of what is due; and a month for which nothing is ready."""
    async with install.unit_of_work() as work:
        row = await work.connection.fetchrow("DELETE FROM migration WHERE name = '0001' RETURNING *")
    behind = {one.name: one for one in await examine(settings, clock=clock)}
    async with install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO migration VALUES ($1, $2, $3, $4)", *row)
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("CREATE SCHEMA empty")
    url = settings.database_url + "&options=-csearch_path%3Dempty"
    empty = {one.name: one for one in await examine(Settings(data=settings.data, database_url=url), clock=clock)}
    await connection.execute("DROP SCHEMA empty")
    await connection.close()

    assert behind["migrations"].state == "bad"
    assert "0001" in behind["migrations"].says
    assert empty["migrations"].state == "warn"
    assert "partitions" not in empty


async def test_what_is_found_is_told_in_any_language(install: Install, settings: Settings) -> None:
    """Every sentence goes through the translation."""
    _ = install
    found = await examine(settings, translate=lambda text: f"<{text}>")

    assert [one for one in found if not one.says.startswith("<") or (one.mend and not one.mend.startswith("<"))] == []


async def test_a_server_that_does_not_answer_is_found(tmp_path: Path) -> None:
    """One that is named; one's own is not started to look at it."""
    away = await examine(Settings(data=tmp_path, database_url=EXTERNAL))
    own = await examine(Settings(data=tmp_path / "data"))

    assert [(one.name, one.state) for one in away[-1:]] == [("postgresql", "bad")]
    assert [(one.name, one.state) for one in own[-1:]] == [("postgresql", "ok")]
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # one look, while nothing else runs


@pytest.mark.parametrize(("version", "state"), [(14, "bad"), (15, "ok"), (18, "ok")])
def test_an_old_server_is_found(tmp_path: Path, version: int, state: str) -> None:
    """PostgreSQL 15 is the oldest."""
    assert check_server(version, Settings(data=tmp_path)).state == state


def test_a_missing_server_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It matters only where no other server is named."""
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)

    assert check_server(None, Settings(data=tmp_path)).state == "bad"


def test_an_old_python_is_found() -> None:
    """Python 3.11 is the oldest."""
    assert check_python(version=(3, 10, 9)).state == "bad"
    assert check_python(version=(3, 11, 0)).state == "ok"


@pytest.mark.parametrize(("is_root", "url", "state"), [(False, "", "ok"), (True, "", "warn"), (True, EXTERNAL, "warn")])
def test_running_as_root_is_found(tmp_path: Path, is_root: bool, url: str, state: str) -> None:  # noqa: FBT001
    """It works, and need not be."""
    assert check_account(Settings(data=tmp_path, database_url=url), is_root=is_root).state == state


def test_a_data_folder_that_cannot_be_made_is_found(tmp_path: Path) -> None:
    """A file in its place; a folder still to be made is none."""
    (tmp_path / "file").touch()

    assert check_data(Settings(data=tmp_path / "file" / "data")).state == "bad"
    assert check_data(Settings(data=tmp_path / "new" / "data")).state == "ok"


@pytest.mark.parametrize(("free", "state"), [(0, "bad"), (2 * 1024**3, "warn"), (50 * 1024**3, "ok")])
def test_a_full_disk_is_found(tmp_path: Path, free: int, state: str) -> None:
    """Before nothing can be recorded any more."""
    assert check_room(Settings(data=tmp_path), free=free).state == state


def test_a_master_key_that_is_missing_unreadable_or_open_is_found(tmp_path: Path) -> None:
    """In a sandbox it is made at the first start, so only a live install misses it."""
    path = tmp_path / "keys" / "master"
    live = Settings(data=tmp_path, mode="live")
    assert check_master_key(Settings(data=tmp_path)).state == "ok"
    assert check_master_key(live).state == "bad"

    make_master(path)
    assert check_master_key(live).state == "ok"
    path.chmod(0o640)
    assert "chmod 600" in check_master_key(live).mend
    path.chmod(0o600)
    path.write_text("1:nothing\n")
    assert check_master_key(live).state == "bad"


def test_a_clock_that_nobody_keeps_is_told(tmp_path: Path) -> None:
    """How far it is off can't be known here."""
    assert check_clock(mark=tmp_path / "none").state == "warn"
    assert check_clock(mark=tmp_path).state == "ok"


@pytest.mark.parametrize(("ready", "state"), [(0, "bad"), (1, "warn"), (2, "warn"), (3, "ok"), (4, "ok")])
def test_partitions_that_run_out_are_found(ready: int, state: str) -> None:
    """Three months before it matters."""
    assert check_partitions(ready).state == state
