"""The vault's queries: subjects' keys, index keys and marks, always wrapped or keyed, never a key in clear."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.vault.sealing import Subject, Vault, WrappedKey, WrappedSecret

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

NEWEST = "master:newest"
"""The mark of the master key that wraps what is new."""

FINISHED = "master:finished"
"""The mark of the master key that once wrapped all there was: nothing is wrapped by an older one."""

MASTER = "master:"
"""What a check value's mark begins with; the version follows."""

_SET_UP = (0x7661_756C, 1)  # two numbers: another space of advisory locks than one number's
_WRAPPING = (0x7661_756C, 2)

_TO_REWRAP = """
SELECT subject_id, version, wrapped FROM vault_key
WHERE version <> $1 AND wrapped IS NOT NULL AND subject_id > $2
ORDER BY subject_id LIMIT $3 FOR UPDATE"""


async def lock_set_up(connection: Connection) -> None:
    """Hold the making of keys alone, to the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", *_SET_UP)


async def lock_wrapping(connection: Connection) -> None:
    """Wait until every transaction that adds keys has ended; others wait until this one has."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", *_WRAPPING)


async def list_marks(connection: Connection) -> dict[str, str]:
    """Return the vault's marks: check values of its keys, and which master key is in use."""
    rows = await connection.fetch("SELECT name, value FROM mark WHERE name LIKE 'master:%' OR name LIKE 'token:%'")
    return {row["name"]: row["value"] for row in rows}


async def put_mark(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Set a mark, in place of what it said."""
    await connection.execute(
        "INSERT INTO mark (name, value, at) VALUES ($1, $2, $3)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
        *(name, value, at),
    )


async def list_secrets(connection: Connection) -> list[WrappedSecret]:
    """Return the index keys, wrapped."""
    rows = await connection.fetch("SELECT name, version, wrapped FROM vault_secret ORDER BY name")
    return [WrappedSecret(*row) for row in rows]


async def add_secret(connection: Connection, secret: WrappedSecret) -> None:
    """Store a new index key; one that is there already is never replaced."""
    await connection.execute("INSERT INTO vault_secret (name, version, wrapped) VALUES ($1, $2, $3)", *secret)


async def put_rewrapped_secret(connection: Connection, secret: WrappedSecret) -> None:
    """Store an index key as it is wrapped now."""
    await connection.execute("UPDATE vault_secret SET version = $2, wrapped = $3 WHERE name = $1", *secret)


async def add_subjects(connection: Connection, vault: Vault, ids: Iterable[UUID]) -> dict[UUID, Subject]:
    """Draw and store a key for each of these new subjects, in the open transaction; return them ready for use.

    Wrapped by the master key that is in use in the database, whatever this process knew of; a rotation waits for the
    transaction before it calls itself finished.
    """
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1, $2)", *_WRAPPING)
    vault.turn_to(int(await connection.fetchval("SELECT value FROM mark WHERE name = $1", NEWEST)))
    made = [vault.new_subject(subject_id) for subject_id in ids]
    await connection.copy_records_to_table(
        "vault_key", records=[key for _, key in made], columns=["subject_id", "version", "wrapped"]
    )
    return {subject.id: subject for subject, _ in made}


async def load_subjects(connection: Connection, vault: Vault, ids: Iterable[UUID]) -> dict[UUID, Subject]:
    """Return these subjects ready for use, in one query; those whose key was destroyed open and seal nothing.

    Raises NotFound where one never had a key.
    """
    wanted = set(ids)
    rows = await connection.fetch(
        "SELECT subject_id, wrapped, version FROM vault_key WHERE subject_id = ANY($1::uuid[])", list(wanted)
    )
    found = {row[0]: vault.subject(*row) for row in rows}
    if missing := wanted - found.keys():
        raise NotFound("subject_unknown", subject=str(min(missing)))
    return found


async def destroy_subject(connection: Connection, subject_id: UUID, at: datetime) -> None:
    """Destroy a subject's key: nothing sealed under it can be opened again; doing so twice changes nothing.

    The row's old version leaves the server's files with the next vacuum, and copies of the database when their own
    keeping ends: a certificate states that day, not this one. Raises NotFound for a subject that never had a key.
    """
    done = await connection.fetchval(
        "UPDATE vault_key SET wrapped = NULL, destroyed_at = coalesce(destroyed_at, $2) WHERE subject_id = $1"
        " RETURNING subject_id",
        *(subject_id, at),
    )
    if done is None:
        raise NotFound("subject_unknown", subject=str(subject_id))


async def count_to_rewrap(connection: Connection, version: int) -> int:
    """Return how many subjects' keys another master key than this one wraps."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM vault_key WHERE version <> $1 AND wrapped IS NOT NULL", version
    )
    return counted


async def is_in_use(connection: Connection, version: int) -> bool:
    """Whether a master key wraps anything that is stored."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM vault_key WHERE version = $1 AND wrapped IS NOT NULL)"
        " OR EXISTS (SELECT FROM vault_secret WHERE version = $1)",
        version,
    )
    return found


async def take_to_rewrap(
    connection: Connection, version: int, after: UUID, *, most: int, must_wait: bool
) -> list[WrappedKey]:
    """Lock and return the next subjects' keys, behind `after`, that another master key than this one wraps.

    Without waiting, keys that somebody else holds are passed over.
    """
    query = _TO_REWRAP if must_wait else _TO_REWRAP + " SKIP LOCKED"
    rows = await connection.fetch(query, version, after, most)
    return [WrappedKey(*row) for row in rows]


async def put_rewrapped(connection: Connection, keys: list[WrappedKey]) -> None:
    """Store these subjects' keys as they are wrapped now."""
    await connection.execute(
        "UPDATE vault_key SET version = new.version, wrapped = new.wrapped"
        " FROM unnest($1::uuid[], $2::smallint[], $3::bytea[]) AS new (subject_id, version, wrapped)"
        " WHERE vault_key.subject_id = new.subject_id",
        *map(list, zip(*keys, strict=True)),
    )
