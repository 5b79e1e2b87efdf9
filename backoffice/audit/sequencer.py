"""The sequencer: the one process at a time that gives entries their places, and signs what has come of it.

Places are committed first and signed afterwards, so that whatever was signed is in the database for good. What was
signed last is kept in a file as well, outside the database: after a restored backup, or under a copy of the database
that grew differently, it refuses to sign, since two histories under one key are what a ledger must never have.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backoffice.audit import store
from backoffice.audit.keys import open_keys
from backoffice.audit.merkle import EMPTY_ROOT, Node, span
from backoffice.audit.notes import Checkpoint, open_checkpoint, sign_note
from backoffice.audit.tiles import Edge, needed, node_of
from backoffice.kernel.clock import Clock
from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.writing import write_lasting

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection
    from backoffice.plumbing.install import Install

MOST = 4096
"""Entries that get their places in one transaction."""

SEAL_AFTER = 1.0
"""Seconds after which a sequencer signs, however much is waiting still."""

PATIENCE = 30.0
_BETWEEN_LOOKS = 0.1
"""Seconds that `seal_now` waits for the sequencer of another process, and between two looks."""


class Sequencer:
    """Places entries and signs checkpoints while its connection holds the lock; after any error it is of no use."""

    def __init__(self, connection: Connection, settings: Settings, clock: Clock, edge: Edge) -> None:
        self.connection = connection
        self.settings = settings
        self.clock = clock
        self.edge = edge
        self.sealed: Checkpoint | None = None

    async def take(self, most: int = MOST) -> int:
        """Give the oldest entries that wait their places; return how many these were."""
        async with self.connection.transaction():
            queued = await store.take_queued(self.connection, most)
            if queued:
                first = self.edge.size
                full = self.edge.extend([each.leaf for each in queued])
                await store.add_places(self.connection, first, queued)
                await store.put_tiles(self.connection, full, self.edge)
        return len(queued)

    async def seal(self) -> Checkpoint:
        """Sign the state of now and keep it, unless it is signed already; return it."""
        checkpoint = Checkpoint(self.settings.origin, self.edge.size, self.edge.root())
        if checkpoint != self.sealed:
            note = sign_note(checkpoint.body, open_keys(self.settings).signers)
            await asyncio.to_thread(write_lasting, signed_file(self.settings), note)
            await store.add_checkpoint(self.connection, checkpoint, note, self.clock())
            self.sealed = checkpoint
        return checkpoint


@asynccontextmanager
async def sequencing(install: Install) -> AsyncIterator[Sequencer | None]:
    """Become the sequencer, or get None where another process is; raises what `begin` raises."""
    async with install.database.connection() as connection:
        if not await store.try_lock(connection):
            yield None
            return
        try:
            yield await begin(connection, install.settings, install.clock)
        finally:
            await store.unlock(connection)


async def begin(connection: Connection, settings: Settings, clock: Clock) -> Sequencer:
    """Load the right edge and compare it with all that was signed last; needs the lock.

    Raises Unavailable: `ledger_damaged`, `ledger_behind_signed` (a backup was restored), `ledger_rewritten`,
    `ledger_key_other` (the keys aren't those of this ledger).
    """
    sequencer = Sequencer(connection, settings, clock, await store.load_edge(connection))
    stored, noted = await store.find_checkpoint(connection), read_signed(settings)
    for note in (each for each in (stored, noted) if each is not None):
        if (checkpoint := _own(note, settings)) == sequencer.sealed:
            continue
        await require_same(connection, checkpoint, sequencer.edge.size)
        if sequencer.sealed is None or checkpoint.size > sequencer.sealed.size:
            sequencer.sealed = checkpoint
            await store.add_checkpoint(connection, checkpoint, note, clock())  # signed, and killed before it was kept
    return sequencer


async def require_same(connection: Connection, checkpoint: Checkpoint, size: int) -> None:
    """Refuse to go on from a ledger of `size` entries that doesn't begin with what was signed."""
    if checkpoint.size > size:
        raise Unavailable("ledger_behind_signed", size=size, signed=checkpoint.size)
    if await root_at(connection, checkpoint.size) != checkpoint.root:
        raise Unavailable("ledger_rewritten", signed=checkpoint.size)


async def root_at(connection: Connection, size: int) -> bytes:
    """Return the root of the first `size` entries, out of the tiles."""
    if not size:
        return EMPTY_ROOT

    def prove(node: Node) -> bytes:
        return span(0, size, node)

    return prove(node_of(await store.find_tiles(connection, needed(prove))))


def signed_file(settings: Settings) -> Path:
    """Return where the note that was signed last is kept."""
    return settings.data / "ledger" / "signed"


def read_signed(settings: Settings) -> bytes | None:
    """Return the note that was signed last on this machine, or None where none ever was."""
    try:
        return signed_file(settings).read_bytes()
    except FileNotFoundError:
        return None


def _own(note: bytes, settings: Settings) -> Checkpoint:
    try:
        return open_checkpoint(note, open_keys(settings).public).checkpoint
    except Invalid as why:
        raise Unavailable("ledger_key_other", why=why.code) from None


async def step(install: Install) -> bool:
    """Give what waits its places, for a second at most, and sign; say whether more is waiting.

    Done again each second it is the worker's loop; where another process is the sequencer, nothing is done.
    """
    ends_at = asyncio.get_running_loop().time() + SEAL_AFTER
    async with sequencing(install) as sequencer:
        taken = MOST if sequencer else 0
        while sequencer and taken == MOST and asyncio.get_running_loop().time() < ends_at:
            taken = await sequencer.take()
        if sequencer:
            await sequencer.seal()
    return taken == MOST


async def seal_now(install: Install) -> Checkpoint:
    """Return a checkpoint that holds all entries committed so far, for an export that can't wait for the next.

    Raises Unavailable (`ledger_not_sealed`) where the sequencer of another process doesn't get there in time.
    """
    async with install.reading() as work:
        newest, target = await store.find_newest_queued(work.connection), None
    ends_at = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < ends_at:
        async with sequencing(install) as sequencer:
            if sequencer:
                while await sequencer.take() == MOST:
                    pass
                return await sequencer.seal()
        async with install.reading() as work:
            if newest is None or not await store.is_queued_up_to(work.connection, newest):
                target = target or await store.count_places(work.connection)
                note = await store.find_checkpoint(work.connection, target)
                if note:
                    return _own(note, install.settings)
        await asyncio.sleep(_BETWEEN_LOOKS)
    raise Unavailable("ledger_not_sealed")
