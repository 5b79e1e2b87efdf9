"""Rehearsals: an install that lives in one transaction and has never been, once it ends.

Every unit of work is a savepoint of that transaction, on its one connection, so that rooms, courier and worker do what
they always do, see what came before, and leave nothing behind: no row, no partition, no cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from backoffice.audit.sequencer import Sequencer
from backoffice.audit.store import load_edge
from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import Refused
from backoffice.plumbing.database import Connection
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.partitions import ensure_partitions
from backoffice.policy.library import Library


class _UndoneError(Exception):
    """Ends the transaction without a commit."""


class Rehearsal(Install):
    """An install on one connection, with a clock that stands still until it is moved on, and policies of its own."""

    def __init__(self, real: Install, connection: Connection, at: datetime, library: Library) -> None:
        self._stepping = SteppingClock(at)
        super().__init__(real.settings, self._stepping, real.database)
        self.vault = real.vault
        self._connection = connection
        self._turn = asyncio.Lock()
        self._library = library

    @property
    def library(self) -> Library:
        """The policies that are rehearsed."""
        return self._library

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Work]:
        """Open a savepoint; one at a time, as there is one connection.

        What a transaction's end would have dropped is dropped with it.
        """
        async with self._turn:
            async with self._connection.transaction():
                work = Work(self, self._connection, self.clock())
                yield work
            work.committed()
            await self._connection.execute("DISCARD TEMP")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Borrow the connection for reading."""
        async with self._turn:
            yield Work(self, self._connection, self.clock())

    async def move_to(self, at: datetime) -> None:
        """Let time pass to a moment, with the ledger kept up; raises Invalid where the moment lies behind."""
        await self._place_entries()
        self._stepping.advance(at - self._stepping())
        await ensure_partitions(self._connection, at, months=1)

    async def _place_entries(self) -> None:
        """Give waiting entries their places, as the sequencer would; nothing is signed of what never was."""
        async with self._turn:
            sequencer = Sequencer(self._connection, self.settings, self.clock, await load_edge(self._connection))
            while await sequencer.take():
                pass


@asynccontextmanager
async def rehearse(real: Install, at: datetime, library: Library | None = None) -> AsyncIterator[Rehearsal]:
    """Open a rehearsal of an install from a moment on; whatever is done in it is undone at its end.

    It judges by the install's policies, where no others are given.

    Raises Refused (`rehearsal_needs_sandbox`) on an install that sends to real people. No worker may run meanwhile.
    """
    if not real.settings.is_sandbox:
        raise Refused("rehearsal_needs_sandbox")
    with suppress(_UndoneError):
        async with real.database.transaction() as connection:
            rehearsal = Rehearsal(real, connection, at, library or real.library)
            await ensure_partitions(connection, at - timedelta(days=1), months=1)
            yield rehearsal
            raise _UndoneError
