"""An install: one running copy of the program, with its settings, its clock, its database and its vault.

A road opens a unit of work, reads the clock once, and hands the `Work` to the rooms' verbs; they never open one
themselves. What a unit of work did is committed as a whole or has not happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg

from backoffice.kernel.clock import Clock, system_clock
from backoffice.kernel.errors import Unavailable
from backoffice.kernel.ids import new_ids
from backoffice.plumbing import telling
from backoffice.plumbing.database import Connection, Database
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.marks import mark_install
from backoffice.plumbing.migrating import migrate
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.partitions import ensure_partitions
from backoffice.plumbing.policies import library
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault import Vault, open_vault
from backoffice.policy.library import Library


class Work:
    """What a verb works with: a connection, the road's one moment, and the vault."""

    __slots__ = ("_after", "at", "connection", "install")

    def __init__(self, install: Install, connection: Connection, at: datetime) -> None:
        self.install = install
        self.connection = connection
        self.at = at
        self._after: list[Callable[[], None]] = []

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once the unit of work has been committed, and never when it wasn't: wake a loop, trust a cache."""
        self._after.append(act)

    @asynccontextmanager
    async def apart(self, trouble: str) -> AsyncIterator[None]:
        """Do something whose failure undoes nothing else: it is undone alone, and told as `trouble`.

        Raises Unavailable, since then nothing can be done at all.
        """
        kept = len(self._after)
        try:
            async with self.connection.transaction():
                yield
        except (Unavailable, OSError, asyncpg.InterfaceError):
            raise
        except Exception as fault:  # noqa: BLE001  # whatever it is
            del self._after[kept:]
            telling.fault(trouble, fault)

    def committed(self) -> None:
        """Do what waited for the commit."""
        for act in self._after:
            act()

    @property
    def vault(self) -> Vault:
        """The install's vault."""
        return self.install.vault

    def new_id(self) -> UUID:
        """Return an id born at the road's moment."""
        return new_ids(self.at, 1)[0]


class Install:
    """One running copy of the program; made by `open_install`.

    `known` is what this process has seen committed and need not be written again: rulebooks, outcomes, contents.
    """

    def __init__(self, settings: Settings, clock: Clock, database: Database) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.known: set[tuple[str, object]] = set()
        self.vault: Vault

    @property
    def moved_clock(self) -> MovedClock | None:
        """Return the clock of this copy where it is a test clock, which can be moved; None for a real one."""
        return self.clock if isinstance(self.clock, MovedClock) else None

    @property
    def library(self) -> Library:
        """The policies that this copy judges by."""
        return library()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Work]:
        """Open a transaction; it commits when the block ends well. Raises Unavailable when the server is away."""
        async with self.database.transaction() as connection:
            work = Work(self, connection, self.clock())
            yield work
        work.committed()

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[Work]:
        """Open a unit of work that never happens: what is tried out leaves nothing."""
        async with self.database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield Work(self, connection, self.clock())
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Borrow a connection for reading, without a transaction."""
        async with self.database.connection() as connection:
            yield Work(self, connection, self.clock())


@asynccontextmanager
async def open_install(
    settings: Settings, clock: Clock = system_clock, *, must_migrate: bool = True, most_connections: int = 10
) -> AsyncIterator[Install]:
    """Start an install: its own server where none is given, migrations, partitions, vault; and stop it at the end.

    Raises Unavailable when the database can't be reached or the master key is not its own, Refused for a test clock
    beside a live key (`marks.mark_install`).
    """
    server = None if settings.database_url else EmbeddedServer(settings.data / "postgresql")
    if server:
        server.start()
    database = Database(settings.database_url or (server.url("postgres") if server else ""), server)
    try:
        await database.connect(most=most_connections)
        install = Install(settings, clock, database)
        if must_migrate:
            await migrate(database)
        async with database.transaction() as connection:
            await mark_install(connection, settings, clock)
            await ensure_partitions(connection, clock())
            install.vault = await open_vault(connection, settings, clock)
        yield install
    finally:
        await database.close()
        if server:
            server.stop()
