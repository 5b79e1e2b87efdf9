"""What the gate stores, in shape: the columns it writes, and the records it reads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from backoffice.plumbing.bulk import Target

JUDGEMENT = Target(
    "judgement",
    {
        "id": "uuid",
        "account_id": "uuid",
        "at": "timestamptz",
        "rulebook": "text",
        "account": "bytea",
        "message": "bytea",
        "bases": "bytea",
    },
)
DECISION = Target(
    "decision",
    {
        "id": "uuid",
        "send_id": "uuid",
        "account_id": "uuid",
        "judgement_id": "uuid",
        "outcome": "bytea",
        "verdict": "text",
        "next_allowed_at": "timestamptz",
        "no_common_window": "boolean",
        "is_out_of_credit": "boolean",
        "base": "smallint",
        "facts": "bytea",
    },
)
SEND = Target(
    "send",
    {
        "id": "uuid",
        "account_id": "uuid",
        "contact_id": "uuid",
        "person": "bytea",
        "campaign_id": "uuid",
        "sender_id": "uuid",
        "content_id": "uuid",
        "channel": "text",
        "purpose": "text",
        "topic": "text",
        "state": "text",
        "verdict": "text",
        "decision_id": "uuid",
        "due_at": "timestamptz",
        "lot_id": "uuid",
        "payload": "bytea",
    },
)
OUTBOX = Target(
    "outbox",
    {
        "send_id": "uuid",
        "account_id": "uuid",
        "sender_id": "uuid",
        "campaign_id": "uuid",
        "channel": "text",
        "attempt": "smallint",
        "not_before": "timestamptz",
    },
)


class StoredSend(msgspec.Struct, frozen=True, kw_only=True):
    """A send as it stands."""

    id: UUID
    account_id: UUID
    contact_id: UUID
    person: bytes
    campaign_id: UUID | None
    sender_id: UUID
    content_id: UUID
    channel: str
    purpose: str
    topic: str
    state: str
    verdict: str
    decision_id: UUID
    due_at: datetime | None
    lot_id: UUID | None
    payload: bytes | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a send becomes by a new decision; `was` is the state it must still be in."""

    id: UUID
    was: str
    state: str
    verdict: str
    decision_id: UUID
    due_at: datetime | None = None
    lot_id: UUID | None = None


class StoredRulebook(msgspec.Struct, frozen=True):
    """A rulebook that decided something, with the policies it was made from."""

    operator: str
    edition: str
    policies: bytes
    made_at: datetime


class StoredContent(msgspec.Struct, frozen=True):
    """What a message says and what is declared of it; `body` is sealed with the account's key."""

    id: UUID
    account_id: UUID
    sha256: bytes
    facts: bytes
    body: bytes | None


class StoredDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with what its batch shared and what it found."""

    id: UUID
    send_id: UUID
    account_id: UUID
    verdict: str
    next_allowed_at: datetime | None
    no_common_window: bool
    is_out_of_credit: bool
    base: int
    facts: bytes
    at: datetime
    rulebook: str
    account: bytes
    message: bytes
    bases: bytes
    outcome: bytes
    body: bytes
