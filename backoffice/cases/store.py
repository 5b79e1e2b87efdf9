"""The queries of cases: open ones by their person, those that wait, and those that are too late."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.cases.states import Outcome, State
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work

_CASE = (
    "id, kind, account_id, contact_id, person, body, language, channel, opened_at, due_at, state, outcome, decided_at,"
    " decided_by"
)
_ADD = f"INSERT INTO case_file ({_CASE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
_OPEN_OF = "WHERE account_id = $1 AND person = $2 AND kind = $3 AND state = 'open'"


class CaseRow(NamedTuple):
    """A case as stored: its body is sealed."""

    id: UUID
    kind: str
    account_id: UUID
    contact_id: UUID
    person: bytes
    body: bytes | None
    language: str
    channel: str
    opened_at: datetime
    due_at: datetime
    state: State = "open"
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


async def add_case(work: Work, case: CaseRow) -> None:
    """Add a case."""
    await work.connection.execute(_ADD, *case)


async def find_open(work: Work, account_id: UUID, person: bytes, kind: str) -> CaseRow | None:
    """Return the open case of a person with an account, held to the end of the transaction; None where there is none.

    The caller holds the person's lock alone, so that nobody else opens one meanwhile.
    """
    row = await work.connection.fetchrow(
        f"SELECT {_CASE} FROM case_file {_OPEN_OF} FOR UPDATE", account_id, person, kind
    )
    return CaseRow(*row) if row else None


async def put_joined(work: Work, case: CaseRow) -> None:
    """Put what a case holds since more joined it: body, when it was opened and when it is due."""
    await work.connection.execute(
        "UPDATE case_file SET body = $2, opened_at = $3, due_at = $4 WHERE id = $1",
        *(case.id, case.body, case.opened_at, case.due_at),
    )


async def get_case(work: Work, case_id: UUID, *, hold: bool = False) -> CaseRow:
    """Return a case, held to the end of the transaction where asked; raises NotFound."""
    query = f"SELECT {_CASE} FROM case_file WHERE id = $1" + (" FOR UPDATE" if hold else "")
    row = await work.connection.fetchrow(query, case_id)
    if row is None:
        raise NotFound("case_unknown", case=str(case_id))
    return CaseRow(*row)


async def put_end(work: Work, case: CaseRow) -> None:
    """Put how a case ended."""
    await work.connection.execute(
        "UPDATE case_file SET state = $2, outcome = $3, decided_at = $4, decided_by = $5 WHERE id = $1",
        *(case.id, case.state, case.outcome, case.decided_at, case.decided_by),
    )


async def list_open(work: Work, most: int, account_id: UUID | None = None) -> list[CaseRow]:
    """Return open cases, an account's or everybody's, the first to fall due before the others."""
    rows = await work.connection.fetch(
        f"SELECT {_CASE} FROM case_file WHERE state = 'open' AND ($2::uuid IS NULL OR account_id = $2)"
        " ORDER BY due_at, id LIMIT $1",
        *(most, account_id),
    )
    return [CaseRow(*row) for row in rows]


async def list_lapsed(work: Work, at: datetime, most: int) -> list[CaseRow]:
    """Return open cases that are due at a moment, the longest due first."""
    rows = await work.connection.fetch(
        f"SELECT {_CASE} FROM case_file WHERE state = 'open' AND due_at <= $1 ORDER BY due_at, id LIMIT $2", at, most
    )
    return [CaseRow(*row) for row in rows]
