"""The queries of imports: what was stated, how far each is, and the sealed file while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.contacts.states import State
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work

_PURGE = """
DELETE FROM import_part USING (
    SELECT import_id, number FROM import_part JOIN contact_import ON contact_import.id = import_id
    WHERE kept_at < $1 AND state <> 'committing' ORDER BY import_id, number LIMIT $2
    FOR UPDATE OF contact_import SKIP LOCKED
) AS old
WHERE import_part.import_id = old.import_id AND import_part.number = old.number AND kept_at < $1
RETURNING import_part.import_id
"""


class ListRow(NamedTuple):
    """A list as stored; its name is sealed."""

    id: UUID
    account_id: UUID
    name: bytes
    file_sha256: bytes
    statement: bytes
    facts: bytes
    read_at: datetime


class ImportRow(NamedTuple):
    """An import as stored; what was stated is sealed."""

    id: UUID
    account_id: UUID
    stated: bytes
    state: State
    file_sha256: bytes | None = None
    list_id: UUID | None = None
    rows: int = 0
    done_line: int = 0
    counts: bytes = b""
    fault: str | None = None
    read_at: datetime | None = None
    ended_at: datetime | None = None


async def add_import(work: Work, row: ImportRow) -> None:
    """Add an import."""
    values = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await work.connection.execute(f"INSERT INTO contact_import ({', '.join(row._fields)}) VALUES ({values})", *row)


async def get_import(work: Work, account_id: UUID, import_id: UUID, *, hold: bool = False) -> ImportRow:
    """Return an account's import, held to the end of the transaction where asked; raises NotFound."""
    columns, held = ", ".join(ImportRow._fields), "FOR UPDATE" if hold else ""
    query = f"SELECT {columns} FROM contact_import WHERE id = $1 AND account_id = $2 {held}"
    row = await work.connection.fetchrow(query, import_id, account_id)
    if row is None:
        raise NotFound("import_unknown", **{"import": str(import_id)})
    return ImportRow(*row)


async def put_import(work: Work, row: ImportRow) -> None:
    """Put an import as it stands now in place of how it stood."""
    changes = ", ".join(f"{name} = ${place}" for place, name in enumerate(row._fields, 1))
    await work.connection.execute(f"UPDATE contact_import SET {changes} WHERE id = $1", *row)


async def find_list(work: Work, account_id: UUID, file_sha256: bytes, statement: bytes) -> tuple[UUID, datetime] | None:
    """Return the id of an account's list by its file and what was stated of it, and the moment it is read for."""
    row = await work.connection.fetchrow(
        "SELECT id, read_at FROM contact_list WHERE account_id = $1 AND file_sha256 = $2 AND statement = $3",
        *(account_id, file_sha256, statement),
    )
    return tuple(row) if row else None


async def add_list(work: Work, row: ListRow) -> None:
    """Add a list, unless it was added before."""
    await work.connection.execute(
        "INSERT INTO contact_list (id, account_id, name, file_sha256, statement, facts, read_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, file_sha256, statement) DO NOTHING",
        *row,
    )


async def put_imported(work: Work, list_id: UUID) -> None:
    """Note when a list was first imported to its end."""
    query = "UPDATE contact_list SET imported_at = coalesce(imported_at, $2) WHERE id = $1"
    await work.connection.execute(query, list_id, work.at)


async def add_members(work: Work, list_id: UUID, contact_ids: Sequence[UUID]) -> int:
    """Put people on a list who don't stand in it yet; return how many that are."""
    done = await work.connection.execute(
        "INSERT INTO list_member SELECT $1, * FROM unnest($2::uuid[]) ON CONFLICT DO NOTHING", list_id, contact_ids
    )
    return int(done.split()[-1])


async def add_part(work: Work, import_id: UUID, number: int, body: bytes) -> None:
    """Add a sealed piece of an import's file, in place of one that an upload before left."""
    await work.connection.execute(
        "INSERT INTO import_part VALUES ($1, $2, $3, $4) ON CONFLICT (import_id, number) DO UPDATE"
        " SET body = excluded.body, kept_at = excluded.kept_at",
        *(import_id, number, body, work.at),
    )


async def find_part(work: Work, import_id: UUID, number: int) -> bytes | None:
    """Return a sealed piece of an import's file, None behind the last."""
    query = "SELECT body FROM import_part WHERE import_id = $1 AND number = $2"
    body: bytes | None = await work.connection.fetchval(query, import_id, number)
    return body


async def purge_parts(work: Work, before: datetime, count: int) -> list[UUID]:
    """Let go of pieces handed in before a moment of files that are not being stored; return each one's import.

    An import that is just being begun is passed over.
    """
    rows = await work.connection.fetch(_PURGE, before, count)
    return [row["import_id"] for row in rows]


async def drop_parts(work: Work, import_id: UUID, after: int = -1) -> None:
    """Let go of an import's file, or of its pieces after one."""
    await work.connection.execute("DELETE FROM import_part WHERE import_id = $1 AND number > $2", import_id, after)
