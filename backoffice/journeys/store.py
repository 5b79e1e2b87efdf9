"""The queries of journeys: what a story's last step wrote, the database it plays on, what a moved clock waits for."""

from __future__ import annotations

import asyncpg
import msgspec

from backoffice.plumbing.database import unavailable
from backoffice.plumbing.install import Work


class _Entry(msgspec.Struct):
    kind: str


async def list_waiting_kinds(work: Work) -> set[str]:
    """Return the kinds of the ledger entries that have no place yet."""
    rows = await work.connection.fetch("SELECT body FROM ledger_entry JOIN ledger_queue USING (id)")
    return {msgspec.json.decode(row["body"], type=_Entry).kind for row in rows}


async def count_in_flight(work: Work) -> int:
    """Return how many messages are being handed over, or may yet turn out to have been."""
    counted: int = await work.connection.fetchval(
        "SELECT (SELECT count(*) FROM outbox JOIN send ON send.id = send_id WHERE state = 'sending')"
        " + (SELECT count(*) FROM delivery WHERE absence_counts_at > $1)",
        work.at,
    )
    return counted


async def make_database(beside: str, name: str) -> None:
    """Make a database on the server of another; raises Unavailable where it can't be reached."""
    await _tell(beside, f"CREATE DATABASE {name}")


async def drop_database(beside: str, name: str) -> None:
    """Drop a database that was made here, whoever is still connected to it."""
    await _tell(beside, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _tell(url: str, statement: str) -> None:
    with unavailable():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
