"""The queue of what webhooks are told: claimed with a lease, and ended, put off or erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.notices.states import DeliveryState, Form
from backoffice.plumbing.install import Work

# The lease of what is claimed is its own next moment: whoever dies on the way has it posted once more.
_CLAIM = """
WITH due AS (
    SELECT told.id FROM webhook CROSS JOIN LATERAL (
        SELECT id FROM webhook_delivery
        WHERE webhook_id = webhook.id AND state = 'waiting' AND next_at <= $1
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS told
    WHERE webhook.state = 'open' AND (webhook.failing_since IS NOT NULL) = $3 LIMIT $4
), claimed AS (
    UPDATE webhook_delivery SET attempts = webhook_delivery.attempts + 1, next_at = $5
    FROM due WHERE webhook_delivery.id = due.id RETURNING webhook_delivery.*
)
SELECT claimed.id, claimed.account_id, claimed.webhook_id, claimed.event_id, claimed.event, claimed.body,
    claimed.attempts, claimed.since_at, webhook.form, webhook.address, webhook.secret, webhook.old_secret,
    webhook.old_until
FROM claimed JOIN webhook ON webhook.id = claimed.webhook_id ORDER BY claimed.id"""
_END = """
UPDATE webhook_delivery SET state = ended.state, next_at = NULL, ended_at = $1, status = ended.status,
    fault = nullif(ended.fault, '')
FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::smallint[], $6::text[])
    AS ended (id, attempts, state, status, fault)
WHERE webhook_delivery.id = ended.id AND webhook_delivery.attempts = ended.attempts
    AND webhook_delivery.state = 'waiting'"""
_PUT_OFF = """
UPDATE webhook_delivery SET next_at = later.next_at, status = later.status, fault = nullif(later.fault, '')
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::smallint[], $5::text[])
    AS later (id, attempts, next_at, status, fault)
WHERE webhook_delivery.id = later.id AND webhook_delivery.attempts = later.attempts
    AND webhook_delivery.state = 'waiting'"""
_PURGE = """
DELETE FROM webhook_delivery WHERE id = ANY (ARRAY(
    SELECT id FROM webhook_delivery WHERE state <> 'waiting' AND ended_at < $1 ORDER BY ended_at LIMIT $2))"""


class DueRow(NamedTuple):
    """What was claimed, with all that posting it takes, sealed."""

    id: UUID
    account_id: UUID
    webhook_id: UUID
    event_id: UUID
    event: str
    body: bytes
    attempts: int
    since_at: datetime
    form: Form
    address: bytes
    secret: bytes
    old_secret: bytes | None
    old_until: datetime | None


class End(NamedTuple):
    """How what was claimed ended."""

    id: UUID
    attempts: int
    state: DeliveryState
    status: int | None
    fault: str = ""


class Later(NamedTuple):
    """When what was claimed is posted again."""

    id: UUID
    attempts: int
    next_at: datetime
    status: int | None
    fault: str


async def claim(work: Work, until: datetime, *, is_failing: bool, most: int, most_each: int) -> list[DueRow]:
    """Lease what is to be posted now: to webhooks that take what they are told, or to those that lately don't."""
    rows = await work.connection.fetch(_CLAIM, work.at, most_each, is_failing, most, until)
    return [DueRow(*row) for row in rows]


async def end(work: Work, ends: Sequence[End]) -> None:
    """Record that what was claimed is delivered, or given up."""
    if ends:
        ids, attempts, states, statuses, faults = map(list, zip(*ends, strict=True))
        await work.connection.execute(_END, work.at, ids, attempts, states, statuses, faults)


async def put_off(work: Work, later: Sequence[Later]) -> None:
    """Record when what was claimed is posted again."""
    if later:
        await work.connection.execute(_PUT_OFF, *map(list, zip(*later, strict=True)))


async def note_failing(work: Work, webhook_id: UUID, fault: str) -> None:
    """Note that a webhook took nothing, and since when."""
    await work.connection.execute(
        "UPDATE webhook SET failing_since = coalesce(failing_since, $2), fault = $3 WHERE id = $1",
        *(webhook_id, work.at, fault),
    )


async def note_taking(work: Work, webhook_id: UUID, beyond: datetime) -> None:
    """Note that a webhook takes what it is told; where it didn't lately, what waits beyond that moment goes now."""
    was_failing = await work.connection.execute(
        "UPDATE webhook SET failing_since = NULL, fault = NULL WHERE id = $1 AND failing_since IS NOT NULL",
        webhook_id,
    )
    if was_failing == "UPDATE 1":
        await work.connection.execute(
            "UPDATE webhook_delivery SET next_at = $2 WHERE webhook_id = $1 AND state = 'waiting' AND next_at > $3",
            *(webhook_id, work.at, beyond),
        )


async def purge(work: Work, before: datetime, most: int) -> int:
    """Erase what was delivered or given up before a moment; return how many."""
    done = await work.connection.execute(_PURGE, before, most)
    return int(done.split()[1])
