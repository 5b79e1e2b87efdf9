"""Partitions: tables of the send path lie in months of their UUIDv7 keys, each made well before it is needed.

There is no partition for all the rest: a row without its month is refused, and `doctor` says so three months ahead.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backoffice.kernel.ids import first_id

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

AHEAD = 3  # months


def month_after(at: datetime, months: int = 0) -> datetime:
    """Return the first moment of the month `months` after that of `at`.

    >>> from datetime import UTC
    >>> month_after(datetime(2026, 11, 20, tzinfo=UTC), 2).isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    years, month = divmod(at.month - 1 + months, 12)
    return at.replace(year=at.year + years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


async def ensure_partitions(connection: Connection, at: datetime, months: int = AHEAD) -> None:
    """Make the partitions of this month, the one before (clocks differ) and the next ones, where they are missing."""
    present = await _names(connection, "r")
    for table in sorted(await _names(connection, "p")):
        for ahead in range(-1, months + 1):
            begins, ends = month_after(at, ahead), month_after(at, ahead + 1)
            if (name := f"{table}_{begins:%Y_%m}") not in present:
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{first_id(begins)}') TO ('{first_id(ends)}')"
                )


async def months_ready(connection: Connection, at: datetime) -> int:
    """Return how many whole months ahead every partitioned table is ready."""
    present, tables = await _names(connection, "r"), await _names(connection, "p")
    ready = 0
    while tables and all(f"{table}_{month_after(at, ready + 1):%Y_%m}" in present for table in tables):
        ready += 1
    return ready


async def _names(connection: Connection, kind: str) -> set[str]:
    """Return the names of the tables of a kind: r ordinary, p partitioned."""
    found = await connection.fetch(
        'SELECT relname FROM pg_class WHERE relkind = $1::text::"char"'
        " AND relnamespace = current_schema()::regnamespace",
        kind,
    )
    return {row["relname"] for row in found}
