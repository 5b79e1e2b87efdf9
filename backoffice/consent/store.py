"""The queries of consent: acts of people, their withdrawal, and stops by the token they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.bulk import Target
from backoffice.plumbing.install import Work
from backoffice.plumbing.locks import person_key

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

_CONSENT = (
    "id, account_id, contact_id, wording_id, grade, given_at, valid_until, list_id, evidence, recorded_at, withdrawn_at"
)
_STOP = "id, token, account_id, scope, channel, topic, at, reason, recorded_at, voided_at"
_ADD = f"""
INSERT INTO consent ({_CONSENT})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::uuid[], $9::bytea[], $10::timestamptz[], $11::timestamptz[])
ON CONFLICT (contact_id, given_at, grade, wording_id, valid_until) DO NOTHING RETURNING id
"""
_NEWEST = """
SELECT asked.place, stop.id, stop.at
FROM unnest($1::bytea[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    WITH ORDINALITY AS asked (token, account_id, scope, channel, topic, place)
CROSS JOIN LATERAL (
    SELECT id, at FROM suppression
    WHERE token = asked.token AND account_id = asked.account_id AND scope = asked.scope
        AND channel = asked.channel AND topic = asked.topic AND voided_at IS NULL
    ORDER BY at DESC LIMIT 1
) AS stop
WHERE asked.place BETWEEN 1 AND 1000000  -- keeps the planner from reading all stops
"""
_LOCK = """
SELECT CASE WHEN is_alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END
FROM unnest($1::bigint[], $2::boolean[]) AS person (key, is_alone)
"""


class Act(NamedTuple):
    """What makes a consent one act: recorded again, it is the same."""

    contact_id: UUID
    given_at: datetime
    grade: str
    wording_id: int
    valid_until: datetime | None


class ConsentRow(NamedTuple):
    """A consent as stored; its evidence is sealed."""

    id: UUID
    account_id: UUID
    contact_id: UUID
    wording_id: int
    grade: str
    given_at: datetime
    valid_until: datetime | None
    list_id: UUID | None
    evidence: bytes | None
    recorded_at: datetime
    withdrawn_at: datetime | None


class StopRow(NamedTuple):
    """A stop as stored."""

    id: UUID
    token: bytes
    account_id: UUID
    scope: str
    channel: str
    topic: str
    at: datetime
    reason: str
    recorded_at: datetime
    voided_at: datetime | None = None

    @property
    def matter(self) -> tuple[Any, ...]:
        """Return whom it stops from what: a later stop of the same matter stands in its place."""
        return self.token, self.account_id, self.scope, self.channel, self.topic


async def hold_persons(connection: Connection, stopped: Iterable[bytes], others: Iterable[bytes]) -> None:
    """Hold the locks of those who said stop alone and share those of others, all in one sorted order."""
    alone = {person_key(token) for token in stopped}
    keys = sorted(alone | {person_key(token) for token in others})
    if keys:
        await connection.execute(_LOCK, keys, [key in alone for key in keys])


async def add_consents(connection: Connection, consents: Sequence[ConsentRow]) -> set[UUID]:
    """Add consents; return the ids of those that are new, for an act is recorded once."""
    if not consents:
        return set()
    return {row[0] for row in await connection.fetch(_ADD, *map(list, zip(*consents, strict=True)))}


async def get_consent(work: Work, account_id: UUID, consent_id: UUID) -> ConsentRow:
    """Return an account's consent; raises NotFound."""
    row = await work.connection.fetchrow(
        f"SELECT {_CONSENT} FROM consent WHERE id = $1 AND account_id = $2", consent_id, account_id
    )
    if row is None:
        raise NotFound("consent_unknown", consent=str(consent_id))
    return ConsentRow(*row)


async def list_consents(work: Work, contact_id: UUID) -> list[ConsentRow]:
    """Return all consents of a contact, newest first."""
    rows = await work.connection.fetch(
        f"SELECT {_CONSENT} FROM consent WHERE contact_id = $1 ORDER BY given_at DESC, id DESC", contact_id
    )
    return [ConsentRow(*row) for row in rows]


async def put_withdrawn(work: Work, ids: Sequence[UUID], at: datetime) -> None:
    """Note of consents that they were withdrawn at a moment."""
    await work.connection.execute("UPDATE consent SET withdrawn_at = $2 WHERE id = ANY($1::uuid[])", ids, at)


async def list_acts(connection: Connection, contact_ids: Sequence[UUID]) -> dict[Act, datetime | None]:
    """Return the acts on record of these contacts, each with the moment of its withdrawal."""
    if not contact_ids:
        return {}
    rows = await connection.fetch(
        "SELECT contact_id, given_at, grade, wording_id, valid_until, withdrawn_at FROM consent"
        " WHERE contact_id = ANY($1::uuid[])",
        contact_ids,
    )
    return {Act(*row[:5]): row[5] for row in map(tuple, rows)}


async def find_newest(connection: Connection, stops: Sequence[StopRow]) -> dict[tuple[Any, ...], tuple[UUID, datetime]]:
    """Return id and moment of the newest stop on record of each of these matters."""
    if not stops:
        return {}
    rows = await connection.fetch(_NEWEST, *map(list, zip(*(stop.matter for stop in stops), strict=True)))
    return {stops[row[0] - 1].matter: (row[1], row[2]) for row in rows}


STOPS = Target(
    "suppression",
    {
        "id": "uuid",
        "token": "bytea",
        "account_id": "uuid",
        "scope": "text",
        "channel": "text",
        "topic": "text",
        "at": "timestamptz",
        "reason": "text",
        "recorded_at": "timestamptz",
        "voided_at": "timestamptz",
    },
)
"""Stops as `bulk.write` takes them, each a `StopRow`."""


async def has_stop_before(work: Work, tokens: Sequence[bytes], accounts: Sequence[UUID], before: datetime) -> bool:
    """Tell whether a stop of these tokens was recorded before a moment."""
    found: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM suppression WHERE token = ANY($1::bytea[]) AND account_id = ANY($2::uuid[])"
        " AND recorded_at < $3)",
        *(tokens, accounts, before),
    )
    return found


async def list_stops(work: Work, token: bytes, accounts: Sequence[UUID]) -> list[StopRow]:
    """Return the stops of a token for these accounts, newest first, voided ones too."""
    rows = await work.connection.fetch(
        f"SELECT {_STOP} FROM suppression WHERE token = $1 AND account_id = ANY($2::uuid[]) ORDER BY at DESC, id DESC",
        *(token, accounts),
    )
    return [StopRow(*row) for row in rows]
