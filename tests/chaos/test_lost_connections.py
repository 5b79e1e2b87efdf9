"""A server that dies says so on its connections before they end: who works on one meanwhile finds the server away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.conf import DB

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection
    from backoffice.plumbing.install import Install

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0"
LAST_WORD = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


def _hear_the_last_word(connection: Connection) -> None:
    """Receive what a dying server says to a connection on which nothing is asked."""
    borrowed: Any = connection
    borrowed._protocol.data_received(LAST_WORD)


async def test_a_unit_of_work_on_a_dying_connection_finds_the_server_away(install: Install) -> None:
    """That it is away is told as such, and harms nothing that is done: it is no fault of the work."""
    pool: Any = DB.pool
    for holder in pool._holders:
        if holder._con is not None:
            _hear_the_last_word(holder._con)

    with pytest.raises(Unavailable):
        async with install.unit_of_work():
            pass
    async with install.unit_of_work() as work:
        assert await work.connection.fetchval("SELECT 1") == 1


async def test_a_connection_that_is_lost_when_it_is_given_back_harms_nobody(install: Install) -> None:
    """The last word comes after all was done: whoever did it is not told that nothing happened."""
    async with install.reading() as work:
        await work.connection.execute("INSERT INTO mark VALUES ('chaos', 'stands', $1)", work.at)
        _hear_the_last_word(work.connection)

    async with install.unit_of_work() as work:
        assert await work.connection.fetchval("DELETE FROM mark WHERE name = 'chaos' RETURNING value") == "stands"
