"""Marks of an install: whether its database was ever live, and whether it ever had a test clock. Never both.

A mark is written when an install opens, and nothing takes it away. Whoever stores a provider's live key marks the
database as live in the same transaction (`mark_live`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from backoffice.kernel.clock import Clock
from backoffice.kernel.errors import Refused
from backoffice.plumbing.locks import MODE
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.settings import Settings

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

LIVE: Final = "install:live"
TEST_CLOCK: Final = "install:test_clock"


async def mark_install(connection: Connection, settings: Settings, clock: Clock) -> None:
    """Mark the database of an install that opens, in an open transaction.

    Raises Refused: `clock_beside_live_key` for a test clock beside a live key or on a database that was live,
    `was_under_test_clock` for a live key on a database that had a test clock.
    """
    is_moved = isinstance(clock, MovedClock)
    if is_moved and settings.holds_live_key:
        raise Refused("clock_beside_live_key")
    if is_moved:
        await mark_test_clock(connection, clock())
    elif settings.holds_live_key:
        await mark_live(connection, clock())


async def mark_live(connection: Connection, at: datetime) -> None:
    """Mark a database as one that is live or holds a live key; raises Refused (`was_under_test_clock`)."""
    await _turn(connection)
    if await _is_marked(connection, TEST_CLOCK):
        raise Refused("was_under_test_clock")
    await _mark(connection, LIVE, at)


async def mark_test_clock(connection: Connection, at: datetime) -> None:
    """Mark a database as one that has a test clock; raises Refused (`clock_beside_live_key`)."""
    await _turn(connection)
    if await _is_marked(connection, LIVE):
        raise Refused("clock_beside_live_key")
    await _mark(connection, TEST_CLOCK, at)


async def _turn(connection: Connection) -> None:
    """Let one look and mark at a time."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", MODE)


async def _is_marked(connection: Connection, name: str) -> bool:
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM mark WHERE name = $1)", name)
    return found


async def _mark(connection: Connection, name: str, at: datetime) -> None:
    await connection.execute("INSERT INTO mark VALUES ($1, 'ever', $2) ON CONFLICT DO NOTHING", name, at)
