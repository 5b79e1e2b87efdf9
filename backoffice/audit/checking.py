"""Checking the whole ledger: every entry against its leaf, every tile, every checkpoint, and what was kept elsewhere.

Whoever can write to the database can make it agree with itself again, but can't sign, and can't reach a checkpoint
that somebody keeps elsewhere. So what was changed shows in the entries, or else in a root that doesn't fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from backoffice.audit import store
from backoffice.audit.keys import open_keys
from backoffice.audit.merkle import HASH, Range, leaf_hash
from backoffice.audit.notes import Key, open_checkpoint
from backoffice.audit.sequencer import read_signed
from backoffice.audit.store import Placed
from backoffice.audit.tiles import WIDTH, Edge, FullTile, full_tiles
from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

MOST_FAULTS = 100
"""Faults that are told one by one; the others are counted."""

_BATCH = 16 * WIDTH
_FOREVER = 1 << 62


class Fault(NamedTuple):
    """Something that isn't as it was: its code, and the place or the size where it shows."""

    code: str
    at: int
    of: str = ""


class Findings(NamedTuple):
    """What a check of the whole ledger has found; it is as it was where there is no fault."""

    size: int
    checkpoints: int
    faults: tuple[Fault, ...]
    faults_in_all: int

    @property
    def is_good(self) -> bool:
        """Whether nothing was changed."""
        return self.faults_in_all == 0


class _Body(msgspec.Struct):
    """What every entry says of itself."""

    id: UUID
    account: UUID


_read_body = msgspec.json.Decoder(_Body).decode


async def verify_ledger(work: Work, kept: Sequence[bytes] = (), keys: Sequence[Key] = ()) -> Findings:
    """Check the whole ledger as of one moment, while it goes on growing; `work` only reads, outside a transaction.

    `kept` are notes of checkpoints that were kept elsewhere, `keys` those of the ledger; without them, the install's.
    Raises Invalid where a kept note isn't this ledger's. Memory stays the same however long the ledger is.
    """
    trusted = list(keys) or open_keys(work.install.settings).public
    check = _Check(work, trusted, [_signed(note, "kept", trusted) for note in kept])
    check.remember(read_signed(work.install.settings))  # first: what is signed was committed before
    async with work.connection.transaction(isolation="repeatable_read", readonly=True):
        edge = await check.begin()
    return await check.run(edge)


def _signed(note: bytes, where: str, keys: Sequence[Key]) -> _Signed:
    checkpoint = open_checkpoint(note, keys).checkpoint
    return _Signed(checkpoint.size, checkpoint.root, where)


class _Signed(NamedTuple):
    """A root that is said to have been signed, and where it was found; the database's with its note."""

    size: int
    root: bytes
    where: str
    note: bytes | None = None


class _Check:
    """One walk along the ledger, from the first place to the last."""

    def __init__(self, work: Work, keys: list[Key], elsewhere: list[_Signed]) -> None:
        self.connection = work.connection
        self.keys = keys
        self.elsewhere = elsewhere
        self.size = 0
        self.tree = Range()
        self.edge = Edge()
        self.faults: list[Fault] = []
        self.faults_in_all = 0
        self.checkpoints = 0

    def fault(self, code: str, at: int, of: object = "") -> None:
        """Note a fault."""
        self.faults_in_all += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, at, str(of)))

    def remember(self, signed: bytes | None) -> None:
        """Take the note that was signed last on this machine for one that was kept elsewhere."""
        if signed is not None:
            try:
                self.elsewhere.append(_signed(signed, "signed", self.keys))
            except Invalid as why:
                self.fault("signed_unreadable", 0, why.code)

    async def begin(self) -> list[bytes]:
        """Take the size of one moment, and return its right edge; what is older than that moment never changes.

        No transaction stays open for the walk, as it would keep the server from clearing away the queue's dead rows.
        """
        self.size = await store.count_places(self.connection)
        if await store.count_tiles(self.connection) != full_tiles(self.size):
            self.fault("tile_count", self.size)
        for each in await self.signed(self.size, _FOREVER):
            self.fault("ledger_truncated", each.size, each.where)
        return await store.list_edge(self.connection)

    async def run(self, edge: list[bytes]) -> Findings:
        """Walk, and return what was found."""
        self.compare_roots(await self.signed(-1, 0))
        for start in range(0, self.size, _BATCH):
            await self.walk(start, min(start + _BATCH, self.size))
        if edge != self.edge.parts:
            self.fault("edge_changed", self.size)
        for entry_id in await store.list_unplaced(self.connection, MOST_FAULTS):
            self.fault("entry_unplaced", self.size, entry_id)
        for entry_id in await store.list_misqueued(self.connection, MOST_FAULTS):
            self.fault("queue_changed", self.size, entry_id)
        return Findings(self.size, self.checkpoints, tuple(self.faults), self.faults_in_all)

    async def walk(self, start: int, end: int) -> None:
        """Check the places of one batch, the roots that were signed within it, and the tiles that it fills."""
        placed = {each.place: each for each in await store.list_placed(self.connection, start, end)}
        stored = await store.list_leaves(self.connection, start, end)
        signed: defaultdict[int, list[_Signed]] = defaultdict(list)
        for each in await self.signed(start, end):
            signed[each.size].append(each)
        leaves = []
        for place in range(start, end):
            leaves.append(self.leaf(place, placed.get(place), stored.get(place)))
            self.tree.append(leaves[-1])
            if place + 1 in signed:
                self.compare_roots(signed[place + 1])
        await self.compare_tiles(self.edge.extend(leaves))

    async def signed(self, after: int, end: int) -> list[_Signed]:
        """Return all that was signed of more than `after` and at most `end` entries."""
        stored = await store.list_checkpoints(self.connection, after, end)
        kept = [each for each in self.elsewhere if after < each.size <= end]
        return [*kept, *(_Signed(size, root, "stored", note) for size, root, note in stored)]

    def leaf(self, place: int, placed: Placed | None, stored: bytes | None) -> bytes:
        """Return the leaf of a place, made from its entry; the tile's where there is no entry any more."""
        if placed is None or placed.body is None:
            self.fault("place_empty" if placed is None else "entry_missing", place)
            return stored or bytes(HASH)
        leaf = leaf_hash(placed.body)
        if leaf != stored:
            self.fault("entry_changed", place, placed.entry_id)
        if not _is_named(placed):
            self.fault("entry_misnamed", place, placed.entry_id)
        return leaf

    def compare_roots(self, signed: Iterable[_Signed]) -> None:
        """Compare the root of now with all that was signed of this size."""
        root = self.tree.root()
        for each in signed:
            if each.root != root:
                self.fault("checkpoint_contradicted", each.size, each.where)
            elif each.note is not None and not self.is_signed(each):
                self.fault("checkpoint_unsigned", each.size, each.where)
            self.checkpoints += 1

    def is_signed(self, each: _Signed) -> bool:
        """Say whether the ledger has signed what the row of a checkpoint says."""
        try:
            checkpoint = open_checkpoint(each.note or b"", self.keys).checkpoint
        except Invalid:
            return False
        return (checkpoint.size, checkpoint.root) == (each.size, each.root)

    async def compare_tiles(self, full: Iterable[FullTile]) -> None:
        """Compare the tiles above the leaves with those that are stored."""
        upper = [tile for tile in full if tile.level]
        stored = await store.find_tiles(self.connection, [tile[:2] for tile in upper]) if upper else {}
        for tile in upper:
            if stored.get(tile[:2]) != tile.hashes:
                self.fault("tile_changed", tile.number, f"level {tile.level}")


def _is_named(placed: Placed) -> bool:
    """Say whether an entry stands under the id and the account that it states itself."""
    try:
        body = _read_body(placed.body or b"")
    except msgspec.DecodeError:
        return False
    return (body.id, body.account) == (placed.entry_id, placed.account_id) and body.account == placed.stated_account_id
