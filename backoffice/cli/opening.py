"""Opening the install that the environment names, for a command; what hinders is told in one line."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg
import click

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import SERVER_ACCOUNT, Settings, read_settings

JSON = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")

T = TypeVar("T")

_BEHIND = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
_REFUSES = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


def within(act: Callable[[Install], Awaitable[T]]) -> T:
    """Do something with the install of the environment, and close it again.

    Raises Unavailable where its database can't be reached, refuses us, or is not up to date.
    """

    async def run(settings: Settings) -> T:
        async with open_install(settings, must_migrate=False) as install:
            return await act(install)

    with reaching(settings := read_settings()):
        return asyncio.run(run(settings))


def bring_up_to_date(settings: Settings) -> None:
    """Open an install with its database migrated, and close it; raises Unavailable as `within` does."""

    async def run() -> None:
        async with open_install(settings):
            pass

    with reaching(settings):
        asyncio.run(run())


@contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """Say in one line why the database of an install can't be used; raises Unavailable."""
    if os.geteuid() == 0 and not settings.database_url and not _has_account():
        raise Unavailable("server_account_missing", account=SERVER_ACCOUNT)
    try:
        yield
    except _BEHIND:
        raise Unavailable("database_behind") from None
    except _REFUSES as why:
        raise Unavailable("database_refuses", why=str(why)) from None


def _has_account() -> bool:
    return any(entry.pw_name == SERVER_ACCOUNT for entry in pwd.getpwall())
