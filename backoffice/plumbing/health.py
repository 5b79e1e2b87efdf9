"""Health: whether this process lives, and whether it can do its work, as checks with a name each.

A room adds its own check. What the process needs to answer at all: the database, the vault, a schema that is up to
date, a partition for today's rows and tomorrow's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

import msgspec

from backoffice.kernel.errors import BackofficeError, Unavailable
from backoffice.plumbing.data import data_folder
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.partitions import months_ready
from backoffice.plumbing.vault import Vault

PATIENCE = 3.0  # seconds for all checks

Check = Callable[[Work], Awaitable[None]]
"""Passes, or raises a BackofficeError that says what is wrong."""


class Checked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one check."""

    name: str
    is_well: bool
    seconds: float = 0.0
    code: str = ""


class Health(msgspec.Struct, frozen=True):
    """Whether all is well, and each check."""

    is_ready: bool
    checks: list[Checked]


async def check_health(install: Install) -> Health:
    """Make every check; one that does not end in time counts as failed, and so do those behind it."""
    checked: list[Checked] = []
    try:
        async with asyncio.timeout(PATIENCE), install.reading() as work:
            for name, check in CHECKS.items():
                checked.append(await _made(name, check, work))
    except (BackofficeError, TimeoutError) as error:
        code = error.code if isinstance(error, BackofficeError) else "too_slow"
        known = {one.name for one in checked}
        checked += [Checked(name, is_well=False, code=code) for name in CHECKS if name not in known]
    return Health(all(one.is_well for one in checked), checked)


def add_check(name: str, check: Check) -> None:
    """Add a check."""
    CHECKS[name] = check


async def _made(name: str, check: Check, work: Work) -> Checked:
    began = perf_counter()
    try:
        await check(work)
    except Unavailable as error:
        if error.code == "database_away":
            raise
        return Checked(name, is_well=False, seconds=_since(began), code=error.code)
    except BackofficeError as error:
        return Checked(name, is_well=False, seconds=_since(began), code=error.code)
    return Checked(name, is_well=True, seconds=_since(began))


def _since(began: float) -> float:
    return round(perf_counter() - began, 6)


async def _database(work: Work) -> None:
    await work.connection.fetchval("SELECT 1")


async def _vault(work: Work) -> None:
    if not isinstance(getattr(work.install, "vault", None), Vault):
        raise Unavailable("vault_closed")


async def _migrations(work: Work) -> None:
    due = len(list(data_folder("migrations").glob("backoffice_[0-9]*.py")))
    run: int = await work.connection.fetchval("SELECT count(*) FROM migration WHERE app_name = 'backoffice'")
    if run < due:
        raise Unavailable("migrations_due", count=due - run)


async def _partitions(work: Work) -> None:
    if await months_ready(work.connection, work.at) < 1:
        raise Unavailable("partitions_missing")


CHECKS: dict[str, Check] = {
    "database": _database,
    "vault": _vault,
    "migrations": _migrations,
    "partitions": _partitions,
}
"""The checks, in their order."""
