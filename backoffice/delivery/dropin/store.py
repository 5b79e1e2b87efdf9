"""The queries of the drop-in door: defaults, the provider's names of messages, what came in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_DEFAULT = "sender_id, template, account_id, purpose, topic, is_answer, facts, stated_at"
_PUT_DEFAULT = f"""
INSERT INTO message_default ({_DEFAULT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (sender_id, template) DO UPDATE SET account_id = excluded.account_id, purpose = excluded.purpose,
    topic = excluded.topic, is_answer = excluded.is_answer, facts = excluded.facts, stated_at = excluded.stated_at"""


class DefaultRow(NamedTuple):
    """What is declared of a template on a number, or of free text where it names none."""

    sender_id: UUID
    template: str
    account_id: UUID
    purpose: str
    topic: str
    is_answer: bool
    facts: bytes
    stated_at: datetime


async def put_default(work: Work, row: DefaultRow) -> None:
    """Store what is declared, in place of what was."""
    await work.connection.execute(_PUT_DEFAULT, *row)


async def withdraw_default(work: Work, sender_id: UUID, template: str) -> bool:
    """Take back what was declared; tell whether there was anything."""
    done = await work.connection.execute(
        "DELETE FROM message_default WHERE sender_id = $1 AND template = $2", sender_id, template
    )
    return bool(done == "DELETE 1")


async def find_default(work: Work, sender_id: UUID, template: str) -> DefaultRow | None:
    """Return what is declared of a template on a number, or of free text; None where nothing is."""
    row = await work.connection.fetchrow(
        f"SELECT {_DEFAULT} FROM message_default WHERE sender_id = $1 AND template = $2", sender_id, template
    )
    return DefaultRow(*row) if row else None


async def list_defaults(work: Work, sender_id: UUID) -> list[DefaultRow]:
    """Return what is declared of the messages of a number, by template."""
    query = f"SELECT {_DEFAULT} FROM message_default WHERE sender_id = $1 ORDER BY template"
    return [DefaultRow(*row) for row in await work.connection.fetch(query, sender_id)]


class PayloadRow(NamedTuple):
    """A send with what only its person's message says, sealed by that person's key."""

    id: UUID
    contact_id: UUID
    payload: bytes | None


async def list_payloads(work: Work, account_id: UUID, send_ids: Iterable[UUID]) -> list[PayloadRow]:
    """Return those of these sends that are the account's."""
    rows = await work.connection.fetch(
        "SELECT id, contact_id, payload FROM send WHERE id = ANY($1::uuid[]) AND account_id = $2",
        *(sorted(set(send_ids)), account_id),
    )
    return [PayloadRow(*row) for row in rows]


async def list_sends_of_others(work: Work, account_id: UUID, send_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of these ids that are sends of other accounts."""
    rows = await work.connection.fetch(
        "SELECT id FROM send WHERE id = ANY($1::uuid[]) AND account_id <> $2", sorted(set(send_ids)), account_id
    )
    return {row["id"] for row in rows}
