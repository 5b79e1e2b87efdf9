"""The queries of imports of stops: how far each is, what became of its lines, whom of them a campaign has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.consent.stops.states import State
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work

_PURGE_PARTS = """
DELETE FROM import_part USING (
    SELECT import_id, number FROM import_part JOIN suppression_import ON suppression_import.id = import_id
    WHERE kept_at < $1 AND state <> 'committing' ORDER BY import_id, number LIMIT $2
    FOR UPDATE OF suppression_import SKIP LOCKED
) AS old
WHERE import_part.import_id = old.import_id AND import_part.number = old.number AND kept_at < $1
"""
_PURGE_LINES = """
DELETE FROM suppression_lines USING (
    SELECT import_id, after_line FROM suppression_lines JOIN suppression_import ON suppression_import.id = import_id
    WHERE coalesce(ended_at, made_at) < $1 AND state <> 'committing' ORDER BY import_id, after_line LIMIT $2
) AS old
WHERE suppression_lines.import_id = old.import_id AND suppression_lines.after_line = old.after_line
"""
_PURGE_MEETINGS = """
DELETE FROM suppression_meeting WHERE import_id IN (
    SELECT id FROM suppression_import WHERE made_at < $1 AND state = 'failed'
)
"""
_CONSENTED = """
SELECT contact.token, max(consent.given_at) FROM contact JOIN consent ON consent.contact_id = contact.id
WHERE contact.account_id = $1 AND contact.token = ANY($2::bytea[])
    AND grade = 'A' AND consent.list_id IS NULL AND withdrawn_at IS NULL
GROUP BY contact.token
"""


class StopImport(NamedTuple):
    """An import of stops as stored; what was stated is sealed."""

    id: UUID
    account_id: UUID
    stated: bytes
    statement: bytes
    state: State
    counts: bytes
    made_at: datetime
    done_line: int = 0
    file_sha256: bytes | None = None
    read_at: datetime | None = None
    fault: str | None = None
    ended_at: datetime | None = None


_COLUMNS = ", ".join(StopImport._fields)


async def add_import(work: Work, row: StopImport) -> None:
    """Add an import."""
    values = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await work.connection.execute(f"INSERT INTO suppression_import ({_COLUMNS}) VALUES ({values})", *row)


async def get_import(work: Work, account_id: UUID, import_id: UUID, *, hold: bool = False) -> StopImport:
    """Return an account's import, held to the end of the transaction where asked; raises NotFound."""
    held = "FOR UPDATE" if hold else ""
    query = f"SELECT {_COLUMNS} FROM suppression_import WHERE id = $1 AND account_id = $2 {held}"
    row = await work.connection.fetchrow(query, import_id, account_id)
    if row is None:
        raise NotFound("import_unknown", **{"import": str(import_id)})
    return StopImport(*row)


async def put_import(work: Work, row: StopImport) -> None:
    """Put an import as it stands now in place of how it stood."""
    changes = ", ".join(f"{name} = ${place}" for place, name in enumerate(row._fields, 1))
    await work.connection.execute(f"UPDATE suppression_import SET {changes} WHERE id = $1", *row)


async def find_read_at(work: Work, row: StopImport, sha256: bytes) -> datetime | None:
    """Return the moment for which a file of an account, with the same statement, was first read; None for a new one."""
    at: datetime | None = await work.connection.fetchval(
        "SELECT min(read_at) FROM suppression_import"
        " WHERE account_id = $1 AND file_sha256 = $2 AND statement = $3 AND read_at IS NOT NULL",
        *(row.account_id, sha256, row.statement),
    )
    return at


async def find_consented(work: Work, account_id: UUID, tokens: Sequence[bytes]) -> dict[bytes, datetime]:
    """Return when people last consented by an act that we received ourselves; those who didn't are left out."""
    rows = await work.connection.fetch(_CONSENTED, account_id, tokens) if tokens else []
    return dict(map(tuple, rows))


async def add_lines(work: Work, import_id: UUID, after_line: int, results: bytes) -> None:
    """Keep what became of the lines of a slice."""
    await work.connection.execute("INSERT INTO suppression_lines VALUES ($1, $2, $3)", import_id, after_line, results)


async def find_lines(work: Work, import_id: UUID, after_line: int) -> tuple[int, bytes] | None:
    """Return what became of the lines of the first slice from a line on, and where it began; None behind the last."""
    row = await work.connection.fetchrow(
        "SELECT after_line, results FROM suppression_lines WHERE import_id = $1 AND after_line >= $2"
        " ORDER BY after_line LIMIT 1",
        *(import_id, after_line),
    )
    return tuple(row) if row else None


async def add_meetings(work: Work, import_id: UUID, met: Iterable[tuple[UUID, UUID]]) -> None:
    """Note who of a list is in which campaign: campaign and contact, each pair once."""
    if pairs := sorted(set(met)):
        await work.connection.execute(
            "INSERT INTO suppression_meeting SELECT $1, * FROM unnest($2::uuid[], $3::uuid[]) ON CONFLICT DO NOTHING",
            *(import_id, *map(list, zip(*pairs, strict=True))),
        )


async def count_meetings(work: Work, import_id: UUID) -> tuple[int, dict[UUID, int]]:
    """Return how many people of a list are in a campaign, and how many in each."""
    people: int = await work.connection.fetchval(
        "SELECT count(DISTINCT contact_id) FROM suppression_meeting WHERE import_id = $1", import_id
    )
    rows = await work.connection.fetch(
        "SELECT campaign_id, count(*) FROM suppression_meeting WHERE import_id = $1 GROUP BY 1 ORDER BY 1", import_id
    )
    return people, dict(map(tuple, rows))


async def drop_meetings(work: Work, import_id: UUID) -> None:
    """Let go of who of a list is in which campaign."""
    await work.connection.execute("DELETE FROM suppression_meeting WHERE import_id = $1", import_id)


async def purge(work: Work, parts_before: datetime, lines_before: datetime, most: int) -> int:
    """Let go of pieces of files that are not being stored, and of what became of the lines of old imports."""
    await work.connection.execute(_PURGE_MEETINGS, lines_before)
    gone = [
        await work.connection.execute(_PURGE_PARTS, parts_before, most),
        await work.connection.execute(_PURGE_LINES, lines_before, most),
    ]
    return max(int(one.split()[-1]) for one in gone)
