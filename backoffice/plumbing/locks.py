"""Locks that rooms agree on: each is a number for PostgreSQL's advisory locks, held to the end of a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

MIGRATIONS = 1
SEQUENCER = 2
MODE = 3
"""Small numbers are the program's own; a person's is as good as never one of them."""


def person_key(token: bytes) -> int:
    """Return the lock of a person's token: whoever records a stop holds it alone, whoever is about to send shares it.

    >>> person_key(bytes(15) + b"x")
    0
    """
    return int.from_bytes(token[:8], "big", signed=True)


async def hold_persons(connection: Connection, tokens: Iterable[bytes], alone: Iterable[bytes] = ()) -> None:
    """Share the persons' locks, or hold some alone: a stop that has committed is seen from here on, a later one waits.

    Taken in sorted order, so that two batches never wait for each other.
    """
    own = {person_key(token) for token in alone}
    keys = sorted({person_key(token) for token in tokens} | own)
    await connection.execute(
        "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END"
        " FROM unnest($1::bigint[], $2::bool[]) AS asked (key, alone)",
        *(keys, [key in own for key in keys]),
    )


async def hold_persons_at_once(
    connection: Connection, tokens: Iterable[bytes], alone: Iterable[bytes] = ()
) -> set[bytes]:
    """Hold the persons' locks as `hold_persons` does, but wait for none.

    Return the tokens of those that are not held: somebody is recording their stop, or waits to.
    """
    own = {person_key(token) for token in alone}
    asked = {person_key(token): token for token in (*tokens, *alone)}
    rows = await connection.fetch(
        "SELECT key FROM unnest($1::bigint[], $2::bool[]) AS asked (key, alone) WHERE NOT CASE WHEN alone"
        " THEN pg_try_advisory_xact_lock(key) ELSE pg_try_advisory_xact_lock_shared(key) END",
        *(list(asked), [key in own for key in asked]),
    )
    return {asked[row["key"]] for row in rows}


async def stop_person(connection: Connection, token: bytes) -> None:
    """Hold a person's lock alone: what was on its way is committed, and nothing more starts before we commit."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", person_key(token))
