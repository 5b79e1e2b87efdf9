"""The ledger's queries: the queue, places, tiles, checkpoints, heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from backoffice.audit.merkle import HASH
from backoffice.audit.notes import Checkpoint
from backoffice.audit.tiles import WIDTH, Edge, FullTile, full_tiles
from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.plumbing.locks import SEQUENCER

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection


_OLDEST = "SELECT id FROM ledger_queue ORDER BY id LIMIT 1"


class Queued(NamedTuple):
    """An entry that waits for its place."""

    id: UUID
    account_id: UUID
    leaf: bytes


class Placed(NamedTuple):
    """A place, whose entry stands there, and the entry's body, or None where it isn't there."""

    place: int
    entry_id: UUID
    account_id: UUID
    stated_account_id: UUID | None
    body: bytes | None


class Head(NamedTuple):
    """An account's entries of a UTC day in one hash."""

    day: date
    account_id: UUID
    entries: int
    root: bytes


async def try_lock(connection: Connection) -> bool:
    """Take the sequencer's lock for this session, or say that somebody else has it.

    What the session commits from here on is on the disk before it is signed, however the server is set.
    """
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", SEQUENCER)
    if taken:
        await connection.execute("SET synchronous_commit = on")
    return taken


async def unlock(connection: Connection) -> None:
    """Give the sequencer's lock back; a lost connection has given it back already."""
    if not connection.is_closed():
        await connection.execute("RESET synchronous_commit")
        await connection.execute("SELECT pg_advisory_unlock($1)", SEQUENCER)


async def count_queue(connection: Connection) -> tuple[int, UUID | None]:
    """Return how many entries wait, and the oldest of them."""
    row = await connection.fetchrow(f"SELECT count(*), ({_OLDEST}) FROM ledger_queue")
    return row[0], row[1]


async def find_oldest_queued(connection: Connection) -> UUID | None:
    """Return the oldest entry that waits, or None."""
    found: UUID | None = await connection.fetchval(_OLDEST)
    return found


async def find_newest_queued(connection: Connection) -> UUID | None:
    """Return the newest entry that waits, or None."""
    found: UUID | None = await connection.fetchval("SELECT id FROM ledger_queue ORDER BY id DESC LIMIT 1")
    return found


async def take_queued(connection: Connection, most: int) -> list[Queued]:
    """Take the oldest entries out of the queue, in the order of their ids."""
    rows = await connection.fetch(
        "WITH oldest AS (SELECT id FROM ledger_queue ORDER BY id LIMIT $1)"
        " DELETE FROM ledger_queue WHERE id <= (SELECT id FROM oldest ORDER BY id DESC LIMIT 1)"
        " RETURNING id, account_id, leaf",
        most,
    )
    return sorted((Queued(*row) for row in rows), key=lambda queued: queued.id)


async def add_places(connection: Connection, first: int, queued: Sequence[Queued]) -> None:
    """Write down where entries stand, from place `first` on."""
    await connection.copy_records_to_table(
        "ledger_place",
        records=[(place, each.id, each.account_id) for place, each in enumerate(queued, first)],
        columns=["place", "entry_id", "account_id"],
    )


async def put_tiles(connection: Connection, full: Iterable[FullTile], edge: Edge) -> None:
    """Write tiles that are full now, once and for all, and the edge in place of the one before."""
    await connection.executemany("INSERT INTO ledger_tile (level, number, hashes) VALUES ($1, $2, $3)", full)
    await connection.executemany(
        "INSERT INTO ledger_edge (level, hashes) VALUES ($1, $2)"
        " ON CONFLICT (level) DO UPDATE SET hashes = excluded.hashes WHERE ledger_edge.hashes <> excluded.hashes",
        list(enumerate(edge.parts)),
    )


async def count_places(connection: Connection) -> int:
    """Return how many entries have their place."""
    counted: int = await connection.fetchval("SELECT coalesce(max(place) + 1, 0) FROM ledger_place")
    return counted


async def list_edge(connection: Connection) -> list[bytes]:
    """Return the partial tile of each level, the lowest first."""
    return [row[0] for row in await connection.fetch("SELECT hashes FROM ledger_edge ORDER BY level")]


async def load_edge(connection: Connection) -> Edge:
    """Return the right edge; raises Unavailable (`ledger_damaged`) where tiles, edge and places don't fit together."""
    parts = await list_edge(connection)
    counts = await connection.fetch("SELECT level, max(number) + 1 FROM ledger_tile GROUP BY level")
    places = await count_places(connection)
    full = {row[0]: row[1] for row in counts}
    size = full.get(0, 0) * WIDTH + (len(parts[0]) // HASH if parts else 0)
    if places != size or full != full_tiles(size):
        raise Unavailable("ledger_damaged", size=size, places=places)
    try:
        return Edge(size, parts)
    except Invalid:
        raise Unavailable("ledger_damaged", size=size, places=places) from None


async def find_tiles(connection: Connection, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return full tiles by level and number, and the partial ones of the edge, all as of one moment."""
    levels, numbers = [list(column) for column in zip(*wanted, strict=True)] or [[], []]
    rows = await connection.fetch(
        "SELECT level, number, hashes FROM ledger_tile"
        " JOIN unnest($1::smallint[], $2::bigint[]) AS wanted (level, number) USING (level, number)"
        " UNION ALL SELECT level, coalesce("
        "(SELECT max(number) + 1 FROM ledger_tile WHERE level = edge.level), 0), hashes FROM ledger_edge AS edge",
        *(levels, numbers),
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def add_checkpoint(connection: Connection, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
    """Keep a signed checkpoint; one of its size that is there already stays."""
    await connection.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING",
        *(checkpoint.size, checkpoint.root, note.decode(), at),
    )


async def put_note(connection: Connection, size: int, before: bytes, note: bytes) -> bool:
    """Put a note with more signatures in place of the one before; say whether that was still the one."""
    done = await connection.execute(
        "UPDATE ledger_checkpoint SET note = $3 WHERE size = $1 AND note = $2", size, before.decode(), note.decode()
    )
    return bool(done == "UPDATE 1")


async def find_checkpoint(connection: Connection, least: int = 0) -> bytes | None:
    """Return the note of the newest checkpoint that has `least` entries or more, or None."""
    notes = await list_newest(connection, least, 1)
    return notes[0] if notes else None


async def list_newest(connection: Connection, least: int, most: int) -> list[bytes]:
    """Return the notes of the newest checkpoints that have `least` entries or more, the newest first."""
    rows = await connection.fetch(
        "SELECT note FROM ledger_checkpoint WHERE size >= $1 ORDER BY size DESC LIMIT $2", least, most
    )
    return [row[0].encode() for row in rows]


async def list_checkpoints(connection: Connection, after: int, end: int) -> list[tuple[int, bytes, bytes]]:
    """Return size, root and note of the first checkpoints of more than `after` and at most `end` entries."""
    rows = await connection.fetch(
        "SELECT size, root, note FROM ledger_checkpoint WHERE size > $1 AND size <= $2 ORDER BY size LIMIT 10000",
        *(after, end),
    )
    return [(row[0], row[1], row[2].encode()) for row in rows]


async def find_proved(connection: Connection, entry_id: UUID) -> tuple[int | None, bytes | None]:
    """Return an entry's place, or None while it waits, and its body, or None where there is no such entry."""
    row = await connection.fetchrow(
        "SELECT (SELECT place FROM ledger_place WHERE entry_id = $1), (SELECT body FROM ledger_entry WHERE id = $1)",
        entry_id,
    )
    return row[0], row[1]


async def is_queued_up_to(connection: Connection, newest: UUID) -> bool:
    """Say whether an entry waits that isn't younger than this one."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM ledger_queue WHERE id <= $1)", newest)
    return found


async def list_placed(connection: Connection, first: int, end: int) -> list[Placed]:
    """Return the places from `first` to before `end`, in order, each with its entry."""
    rows = await connection.fetch(
        "SELECT p.place, p.entry_id, p.account_id, e.account_id, e.body FROM ledger_place p"
        " LEFT JOIN ledger_entry e ON e.id = p.entry_id WHERE p.place >= $1 AND p.place < $2 ORDER BY p.place",
        *(first, end),
    )
    return [Placed(*row) for row in rows]


async def find_places_between(connection: Connection, begins: UUID, ends: UUID) -> tuple[int, int]:
    """Return the first and the last place of the entries with these ids; of none, (0, -1)."""
    row = await connection.fetchrow(
        "SELECT coalesce(min(place), 0), coalesce(max(place), -1) FROM ledger_place"
        " WHERE entry_id >= $1 AND entry_id < $2",
        *(begins, ends),
    )
    return row[0], row[1]


async def list_places(connection: Connection, first: int, end: int) -> list[tuple[int, UUID, UUID]]:
    """Return place, entry and account from `first` to before `end`, in order."""
    rows = await connection.fetch(
        "SELECT place, entry_id, account_id FROM ledger_place WHERE place >= $1 AND place < $2 ORDER BY place",
        *(first, end),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def list_leaves(connection: Connection, first: int, end: int) -> dict[int, bytes]:
    """Return the leaves' hashes out of the tiles, by place, from the tile of `first` to that of before `end`."""
    tiles = await find_tiles(connection, [(0, number) for number in range(first // WIDTH, -(-end // WIDTH))])
    return {
        number * WIDTH + at // HASH: hashes[at : at + HASH]
        for (level, number), hashes in tiles.items()
        if level == 0
        for at in range(0, len(hashes), HASH)
    }


async def list_heads(connection: Connection, day: date) -> dict[UUID, Head]:
    """Return the heads that are written of a day, by account."""
    rows = await connection.fetch("SELECT day, account_id, entries, root FROM ledger_head WHERE day = $1", day)
    return {row[1]: Head(*row) for row in rows}


async def put_heads(connection: Connection, heads: Sequence[Head], entry_ids: Sequence[UUID]) -> None:
    """Keep heads beside the entries that say so, in place of what was kept of their day and account."""
    await connection.executemany(
        "INSERT INTO ledger_head (day, account_id, entries, root, entry_id) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (day, account_id) DO UPDATE"
        " SET entries = excluded.entries, root = excluded.root, entry_id = excluded.entry_id",
        [(*head, entry_id) for head, entry_id in zip(heads, entry_ids, strict=True)],
    )


async def count_tiles(connection: Connection) -> dict[int, int]:
    """Return how many full tiles each level has."""
    rows = await connection.fetch("SELECT level, count(*) FROM ledger_tile GROUP BY level")
    return {row[0]: row[1] for row in rows}


async def list_unplaced(connection: Connection, most: int) -> list[UUID]:
    """Return entries that neither have a place nor wait for one."""
    rows = await connection.fetch(
        "SELECT id FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_place p WHERE p.entry_id = e.id)"
        " AND NOT EXISTS (SELECT FROM ledger_queue q WHERE q.id = e.id) LIMIT $1",
        most,
    )
    return [row[0] for row in rows]


async def list_misqueued(connection: Connection, most: int) -> list[UUID]:
    """Return what waits and isn't the leaf of an entry of its account, or has its place already."""
    rows = await connection.fetch(
        "SELECT q.id FROM ledger_queue q LEFT JOIN ledger_entry e USING (id, account_id)"
        " LEFT JOIN ledger_place p ON p.entry_id = q.id"
        " WHERE sha256('\\x00'::bytea || e.body) IS DISTINCT FROM q.leaf OR p.place IS NOT NULL LIMIT $1",
        most,
    )
    return [row[0] for row in rows]
