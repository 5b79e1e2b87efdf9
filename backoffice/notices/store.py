"""The queries of notices: webhooks, and what each of them is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.kernel.errors import NotFound
from backoffice.notices.states import DeliveryState, Form, WebhookState
from backoffice.plumbing.install import Work

_WEBHOOK = (
    "id, account_id, form, state, events, address, secret, old_secret, old_until, challenge, attempts, next_at,"
    " failing_since, fault, made_at, closed_at"
)
_DELIVERY = (
    "id, account_id, webhook_id, event_id, event, state, body, attempts, since_at, next_at, status, fault, made_at,"
    " ended_at"
)
_CLAIM_CHALLENGES = f"""
UPDATE webhook SET attempts = attempts + 1, next_at = $2 WHERE id IN (
    SELECT id FROM webhook WHERE state = 'unverified' AND next_at <= $1 ORDER BY next_at LIMIT $3
    FOR UPDATE SKIP LOCKED
) RETURNING {_WEBHOOK}"""


class WebhookRow(NamedTuple):
    """A webhook as stored; address, secrets and challenge are sealed."""

    id: UUID
    account_id: UUID
    form: Form
    state: WebhookState
    events: list[str]
    address: bytes
    secret: bytes
    old_secret: bytes | None
    old_until: datetime | None
    challenge: bytes | None
    attempts: int
    next_at: datetime | None
    failing_since: datetime | None
    fault: str | None
    made_at: datetime
    closed_at: datetime | None


class DeliveryRow(NamedTuple):
    """What a webhook is told of an event, as stored; the body is sealed."""

    id: UUID
    account_id: UUID
    webhook_id: UUID
    event_id: UUID
    event: str
    state: DeliveryState
    body: bytes
    attempts: int
    since_at: datetime
    next_at: datetime | None
    status: int | None
    fault: str | None
    made_at: datetime
    ended_at: datetime | None


class Listener(NamedTuple):
    """A webhook that may want to be told."""

    account_id: UUID
    id: UUID
    form: Form
    events: list[str]

    def wants(self, form: Form, event: str) -> bool:
        """Whether it is told of an event in this form; one that named no events is told of all."""
        return self.form == form and (not self.events or event in self.events)


async def add_webhook(work: Work, row: WebhookRow) -> None:
    """Add a webhook."""
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await work.connection.execute(f"INSERT INTO webhook ({_WEBHOOK}) VALUES ({places})", *row)


async def get_webhook(work: Work, account_id: UUID, webhook_id: UUID, *, hold: bool = False) -> WebhookRow:
    """Return a webhook of an account, held to the end of the transaction where asked; raises NotFound."""
    query = f"SELECT {_WEBHOOK} FROM webhook WHERE id = $1 AND account_id = $2"
    row = await work.connection.fetchrow(query + (" FOR UPDATE" if hold else ""), webhook_id, account_id)
    if row is None:
        raise NotFound("webhook_unknown")
    return WebhookRow(*row)


async def hold_webhooks(work: Work, ids: Iterable[UUID]) -> None:
    """Hold webhooks to the end of the transaction, before what they are told: whoever closes one does so, too."""
    await work.connection.execute(
        "SELECT FROM webhook WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", sorted(set(ids))
    )


async def list_webhooks(work: Work, account_id: UUID, *, before: UUID | None, count: int) -> list[WebhookRow]:
    """Return webhooks of an account, youngest first."""
    query = f"SELECT {_WEBHOOK} FROM webhook WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2)"
    rows = await work.connection.fetch(f"{query} ORDER BY id DESC LIMIT $3", account_id, before, count)
    return [WebhookRow(*row) for row in rows]


async def count_webhooks(work: Work, account_id: UUID) -> int:
    """Return how many webhooks of an account are not closed."""
    counted: int = await work.connection.fetchval(
        "SELECT count(*) FROM webhook WHERE account_id = $1 AND state <> 'closed'", account_id
    )
    return counted


async def put_secret(work: Work, row: WebhookRow) -> None:
    """Store a webhook's secrets as they are now."""
    await work.connection.execute(
        "UPDATE webhook SET secret = $2, old_secret = $3, old_until = $4 WHERE id = $1",
        *(row.id, row.secret, row.old_secret, row.old_until),
    )


async def open_webhook(work: Work, webhook_id: UUID) -> bool:
    """Open a webhook whose address has echoed; tell whether it was unverified until now."""
    done = await work.connection.execute(
        "UPDATE webhook SET state = 'open', next_at = NULL, fault = NULL WHERE id = $1 AND state = 'unverified'",
        webhook_id,
    )
    return bool(done == "UPDATE 1")


async def close_webhook(work: Work, webhook_id: UUID, fault: str | None = None) -> bool:
    """Close a webhook, and give up what it has not taken; tell whether it was not closed until now."""
    closed = await work.connection.execute(
        "UPDATE webhook SET state = 'closed', closed_at = $2, next_at = NULL, fault = coalesce($3, fault)"
        " WHERE id = $1 AND state <> 'closed'",
        *(webhook_id, work.at, fault),
    )
    await work.connection.execute(
        "UPDATE webhook_delivery SET state = 'given_up', next_at = NULL, ended_at = $2, fault = 'webhook_closed'"
        " WHERE webhook_id = $1 AND state = 'waiting'",
        *(webhook_id, work.at),
    )
    return bool(closed == "UPDATE 1")


async def claim_challenges(work: Work, until: datetime, most: int) -> list[WebhookRow]:
    """Lease unverified webhooks whose addresses are to be asked now."""
    return [WebhookRow(*row) for row in await work.connection.fetch(_CLAIM_CHALLENGES, work.at, until, most)]


async def put_off_challenge(work: Work, webhook_id: UUID, next_at: datetime, fault: str) -> None:
    """Ask an unverified webhook's address again later."""
    await work.connection.execute(
        "UPDATE webhook SET next_at = $2, fault = $3 WHERE id = $1 AND state = 'unverified'",
        *(webhook_id, next_at, fault),
    )


async def list_listeners(work: Work, account_ids: Iterable[UUID]) -> list[Listener]:
    """Return the webhooks of accounts that are not closed, oldest first."""
    rows = await work.connection.fetch(
        "SELECT account_id, id, form, events FROM webhook WHERE account_id = ANY($1::uuid[]) AND state <> 'closed'"
        " ORDER BY id",
        sorted(set(account_ids)),
    )
    return [Listener(*row) for row in rows]


async def add_deliveries(work: Work, rows: Sequence[DeliveryRow]) -> None:
    """Add what webhooks are told."""
    if rows:
        columns = [part.strip() for part in _DELIVERY.split(",")]
        await work.connection.copy_records_to_table("webhook_delivery", records=rows, columns=columns)


async def get_delivery(work: Work, webhook_id: UUID, delivery_id: UUID) -> DeliveryRow:
    """Return what a webhook was told, held to the end of the transaction; raises NotFound."""
    row = await work.connection.fetchrow(
        f"SELECT {_DELIVERY} FROM webhook_delivery WHERE id = $1 AND webhook_id = $2 FOR UPDATE",
        *(delivery_id, webhook_id),
    )
    if row is None:
        raise NotFound("webhook_delivery_unknown")
    return DeliveryRow(*row)


async def list_deliveries(
    work: Work, webhook_id: UUID, *, before: UUID | None, state: str, count: int
) -> list[DeliveryRow]:
    """Return what a webhook is told, youngest first; of one state where asked."""
    rows = await work.connection.fetch(
        f"SELECT {_DELIVERY} FROM webhook_delivery WHERE webhook_id = $1 AND ($2::uuid IS NULL OR id < $2)"
        " AND ($3 = '' OR state = $3) ORDER BY id DESC LIMIT $4",
        *(webhook_id, before, state, count),
    )
    return [DeliveryRow(*row) for row in rows]


async def post_anew(work: Work, delivery_id: UUID) -> None:
    """Have what a webhook was told posted now, with seven days ahead of it."""
    await work.connection.execute(
        "UPDATE webhook_delivery SET state = 'waiting', since_at = $2, next_at = $2, ended_at = NULL WHERE id = $1",
        *(delivery_id, work.at),
    )


async def count_waiting(work: Work) -> float:
    """Return how much waits to be posted."""
    counted: int = await work.connection.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'waiting'")
    return counted
