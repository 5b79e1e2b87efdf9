"""What a session holds ends when its connection is given back, and with whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio

from backoffice.plumbing.install import Install

_LOCK = 7_340_033


async def test_a_lock_of_the_session_ends_with_its_use(install: Install) -> None:
    """The next to borrow a connection, or another process, can take it."""
    async with install.reading() as work:
        await work.connection.execute("SELECT pg_advisory_lock($1)", _LOCK)

    async with install.reading() as work:
        held = await work.connection.fetchval("SELECT count(*) FROM pg_locks WHERE objid = $1", _LOCK)
    assert held == 0


async def test_who_is_cancelled_gives_the_connection_back(install: Install) -> None:
    """Cancelled at any moment, as often as there are connections and more: one can still be borrowed."""

    async def borrow() -> None:
        async with install.reading() as work:
            await work.connection.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)

    for delay in range(30):
        borrowing = asyncio.create_task(borrow())
        await asyncio.sleep(delay / 20_000)
        borrowing.cancel()
        await asyncio.wait({borrowing})

    async with asyncio.timeout(10), install.reading() as work:
        held = await work.connection.fetchval("SELECT count(*) FROM pg_locks WHERE objid = $1", _LOCK)
    assert held == 0
