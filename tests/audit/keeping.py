"""A ledger with entries, for tests: filled, sequenced in odd batches, sealed now and then."""

from __future__ import annotations

from random import Random
from uuid import UUID

from backoffice.audit import store
from backoffice.audit.keys import open_keys
from backoffice.audit.ledger import append_many
from backoffice.audit.merkle import Range, leaf_hash
from backoffice.audit.notes import Checkpoint, open_checkpoint
from backoffice.audit.sequencer import sequencing
from backoffice.plumbing.install import Install

ACCOUNTS = [UUID(int=number) for number in range(1, 6)]
KIND = "relay:send:decided"


async def fill(install: Install, entries: int, random: Random, batches: tuple[int, ...] = (1, 5, 300)) -> list[UUID]:
    """Write entries of some accounts, committed in batches."""
    made: list[UUID] = []
    while len(made) < entries:
        batch = min(entries - len(made), random.choice(batches))
        async with install.unit_of_work() as work:
            made += await append_many(
                work, KIND, [(random.choice(ACCOUNTS), {"n": len(made) + number}) for number in range(batch)]
            )
    return made


async def sequence(install: Install, *, most: int = 4096) -> Checkpoint:
    """Give all entries their places, in batches, and sign."""
    async with sequencing(install) as sequencer:
        assert sequencer
        while await sequencer.take(most):
            pass
        return await sequencer.seal()


async def leaves_of(install: Install) -> list[bytes]:
    """Return the leaves of all entries by their places, straight from the entries."""
    async with install.reading() as work:
        placed = await store.list_placed(work.connection, 0, 1 << 40)
    assert [each.place for each in placed] == list(range(len(placed)))
    return [leaf_hash(each.body or b"") for each in placed]


async def checkpoints_of(install: Install) -> list[Checkpoint]:
    """Return all checkpoints, each verified with the ledger's keys."""
    keys = open_keys(install.settings).public
    async with install.reading() as work:
        kept = await store.list_checkpoints(work.connection, -1, 1 << 40)
    return [open_checkpoint(note, keys).checkpoint for _, _, note in kept]


async def assert_whole(install: Install) -> int:
    """Assert that every checkpoint has the root of the entries before it; return the ledger's size."""
    leaves, tree = await leaves_of(install), Range()
    for checkpoint in await checkpoints_of(install):
        tree.extend(leaves[tree.size : checkpoint.size])
        assert (tree.size, tree.root()) == checkpoint[1:]
    return len(leaves)
