"""What campaigns store, in shape."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from backoffice.campaigns.states import State

Source = Literal["recipients", "list", "file"]
"""Whom a campaign is sent to: people who are named one by one, those of a list, or those of a file of its own."""


class StoredCampaign(NamedTuple):
    """A campaign as stored; its name is sealed."""

    id: UUID
    account_id: UUID
    name: bytes
    state: State
    source: Source
    list_id: UUID | None
    import_id: UUID | None
    sender_id: UUID
    channel: str
    purpose: str
    topic: str
    content_id: UUID
    content_sha256: bytes
    words: bytes
    rows: int
    unfit: int
    next_row: int
    allowed: int
    warned: int
    held: int
    denied: int
    gone: int
    version: int
    faults: int
    fault: str | None
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    clear_at: datetime | None
    cleared_to: UUID | None

    @property
    def decided(self) -> int:
        """How many recipients were decided about, or were gone by then."""
        return self.allowed + self.warned + self.held + self.denied + self.gone


class NewRow(NamedTuple):
    """A recipient to be added: the line or place it has, and what only this person's message says, sealed."""

    number: int
    contact_id: UUID
    payload: bytes | None


class RecipientRow(NamedTuple):
    """A recipient whose turn it is; `wrapped` is the person's key, None where it was destroyed or never there.

    `is_there` says whether the account still has the contact.
    """

    number: int
    contact_id: UUID
    payload: bytes | None
    is_there: bool
    wrapped: bytes | None
    key_version: int | None

    @property
    def is_gone(self) -> bool:
        """Whether nobody is left to send to."""
        return not self.is_there or self.wrapped is None


class Turn(NamedTuple):
    """A campaign that has something to be done now."""

    id: UUID
    account_id: UUID
    state: State


class SendRow(NamedTuple):
    """A send of a campaign with the row it is of, and what became of it at its provider."""

    id: UUID
    number: int
    contact_id: UUID
    state: str
    verdict: str
    decision_id: UUID
    due_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    failure: str | None


class SendCounts(NamedTuple):
    """How a campaign's sends stand: how many are in each state, were delivered and were read."""

    sends: dict[str, int]
    delivered: int
    was_read: int


class StoredPreview(NamedTuple):
    """A preview as stored; `found` is what `preview.Found` encodes."""

    campaign_id: UUID
    account_id: UUID
    id: UUID
    rows: int
    next_row: int
    found: bytes
    fault: str | None
    asked_at: datetime
    ended_at: datetime | None
