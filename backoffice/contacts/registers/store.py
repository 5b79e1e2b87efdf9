"""The queries of registers: what is held of each, and the copy that takes its place, row by row in the database."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from typing import NamedTuple

from backoffice.plumbing.install import Work

Listed = tuple[bytes, datetime | None]
"""A token that stands in a register, and since when; None where its file doesn't say."""

_FRESH = """
CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT token, min(since) AS since FROM incoming GROUP BY token
"""
_GONE = """
DELETE FROM listing WHERE register = $1 AND NOT EXISTS (SELECT FROM fresh WHERE fresh.token = listing.token)
"""
_UPDATE = """
UPDATE listing SET since = fresh.since FROM fresh
WHERE listing.register = $1 AND listing.token = fresh.token AND fresh.since IS DISTINCT FROM listing.since
    AND fresh.since IS NOT NULL
"""
_INSERT = """
INSERT INTO listing (token, register, since) SELECT token, $1, coalesce(since, $2) FROM fresh ON CONFLICT DO NOTHING
"""
_NOTE = """
UPDATE register_list SET as_of = $2, listed = $3, unreadable = $4, recorded_at = $5 WHERE name = $1
"""


class Held(NamedTuple):
    """A register that is held: the day of its data, how many stand in it, and when that was recorded."""

    name: str
    as_of: datetime
    listed: int
    unreadable: int
    recorded_at: datetime | None


async def find_register(work: Work, name: str) -> Held | None:
    """Return what is held of a register, None where nothing is; others wait to change it."""
    row = await work.connection.fetchrow(
        f"SELECT {', '.join(Held._fields)} FROM register_list WHERE name = $1 FOR UPDATE", name
    )
    return Held(*row) if row else None


async def list_held(work: Work) -> list[Held]:
    """Return the registers that are held, by name."""
    rows = await work.connection.fetch(f"SELECT {', '.join(Held._fields)} FROM register_list ORDER BY name")
    return [Held(*row) for row in rows]


async def put_register(
    work: Work, name: str, as_of: datetime, batches: AsyncIterable[Sequence[Listed]], undated: datetime
) -> int:
    """Put a register's data in place of what was held of it; return how many stand in it now.

    Who is on it no longer is listed no longer. Who is new and has no date counts from `undated`, and who stood in it
    already from when they did. No more than a batch is in memory.
    """
    connection = work.connection
    await connection.execute(
        "INSERT INTO register_list (name, as_of) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, as_of
    )
    await connection.execute("CREATE TEMP TABLE incoming (token bytea, since timestamptz) ON COMMIT DROP")
    async for batch in batches:
        await connection.copy_records_to_table("incoming", records=batch, columns=["token", "since"])
    await connection.execute(_FRESH)
    await connection.execute("ANALYZE fresh")
    await connection.execute(_GONE, name)
    await connection.execute(_UPDATE, name)
    await connection.execute(_INSERT, name, undated)
    listed: int = await connection.fetchval("SELECT count(*) FROM fresh")
    await connection.execute("DROP TABLE incoming, fresh")
    return listed


async def note_register(work: Work, held: Held) -> None:
    """Note what is told of a register beside its listings."""
    await work.connection.execute(_NOTE, *held)
