"""Delivery's queries: what is known of messages, what must be looked up, and callbacks that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backoffice.delivery.providers import ProviderName
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.store import add_subjects, load_subjects

if TYPE_CHECKING:
    from backoffice.accounts.number_store import SenderRow

OPERATOR = UUID(int=0)
"""The subject under whose key a callback lies that is no account's."""

_OPERATORS_KEY = (0x6F70_6572, 1)  # two numbers: another space of advisory locks than one number's


class StoredDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a message at its provider."""

    send_id: UUID
    account_id: UUID
    attempt: int = 0
    provider_hash: bytes | None = None
    is_doubled: bool = False
    code: int = 0
    reason: str = ""
    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    unknown_at: datetime | None = None
    absence_counts_at: datetime | None = None
    looks: int = 0
    look_at: datetime | None = None


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a send is, and who it is to."""

    id: UUID
    account_id: UUID
    contact_id: UUID
    person: bytes
    sender_id: UUID
    content_id: UUID
    channel: str

    @property
    def number(self) -> tuple[UUID, UUID]:
        """Return the account and its number that the send leaves from."""
        return self.account_id, self.sender_id


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """A contact's sealed address, and the key to open it with; no key where it was destroyed."""

    id: UUID
    address: bytes
    wrapped: bytes | None
    version: int


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is looked up now."""

    send_id: UUID
    channel: str
    attempt: int
    looks: int
    unknown_at: datetime
    absence_counts_at: datetime


class StoredCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback as it was kept."""

    id: UUID
    subject_id: UUID
    provider: ProviderName
    received_at: datetime
    body: bytes


_COLUMNS = StoredDelivery.__struct_fields__
_NAMES = ", ".join(_COLUMNS)
_MOMENTS = ("accepted_at", "sent_at", "failed_at", "delivered_at", "read_at")
_TYPES = {"send_id": "uuid", "account_id": "uuid", "attempt": "smallint", "provider_hash": "bytea", "code": "int"}
_TYPES |= {"is_doubled": "boolean", "reason": "text", "looks": "smallint"}
_ARRAYS = ", ".join(f"${place}::{_TYPES.get(name, 'timestamptz')}[]" for place, name in enumerate(_COLUMNS, 1))
_JOINED = ", ".join(f"{name} = LEAST(delivery.{name}, excluded.{name})" for name in (*_MOMENTS, "provider_hash"))
_JOIN = (
    f"INSERT INTO delivery ({_NAMES}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT (send_id) DO UPDATE SET {_JOINED},"
    " attempt = GREATEST(delivery.attempt, excluded.attempt), code = GREATEST(delivery.code, excluded.code),"
    " reason = GREATEST(delivery.reason, excluded.reason), unknown_at = NULL, absence_counts_at = NULL, look_at = NULL,"
    " is_doubled = delivery.is_doubled OR excluded.is_doubled"
    " OR COALESCE(delivery.provider_hash <> excluded.provider_hash, false)"
    f" RETURNING {_NAMES}"
)


async def list_whose(work: Work, ids: Iterable[UUID]) -> dict[UUID, Whose]:
    """Return whose these sends are; ids that aren't ours are left out."""
    rows = await work.connection.fetch(
        "SELECT id, account_id, contact_id, person, sender_id, content_id, channel FROM send"
        " WHERE id = ANY($1::uuid[])",
        list(ids),
    )
    return {row["id"]: Whose(**dict(row)) for row in rows}


async def list_addressees(work: Work, ids: Iterable[UUID]) -> dict[UUID, Addressee]:
    """Return the sealed addresses of these contacts."""
    rows = await work.connection.fetch(
        "SELECT id, address, wrapped, version FROM contact JOIN vault_key ON subject_id = id"
        " WHERE id = ANY($1::uuid[])",
        list(ids),
    )
    return {row["id"]: Addressee(**dict(row)) for row in rows}


async def list_deliveries(work: Work, ids: Iterable[UUID]) -> dict[UUID, StoredDelivery]:
    """Return what is known of these sends."""
    rows = await work.connection.fetch(f"SELECT {_NAMES} FROM delivery WHERE send_id = ANY($1::uuid[])", list(ids))
    return {row["send_id"]: StoredDelivery(**dict(row)) for row in rows}


async def join_deliveries(work: Work, told: Sequence[StoredDelivery]) -> list[StoredDelivery]:
    """Add what was told of sends to what is known, and end their search; return what is known now.

    The earliest moment of each status stays, so the order in which things are told, and how often, changes nothing.
    """
    rows = await work.connection.fetch(_JOIN, *_columns(sorted(told, key=lambda one: one.send_id)))
    return [StoredDelivery(**dict(row)) for row in rows]


async def begin_search(work: Work, lost: Sequence[StoredDelivery]) -> None:
    """Remember messages of which nobody knows whether they were taken."""
    await work.connection.execute(
        f"INSERT INTO delivery ({_NAMES}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT (send_id) DO UPDATE SET"
        " attempt = GREATEST(delivery.attempt, excluded.attempt), unknown_at = excluded.unknown_at, looks = 0,"
        " absence_counts_at = excluded.absence_counts_at, look_at = excluded.look_at",
        *_columns(sorted(lost, key=lambda one: one.send_id)),
    )


def _columns(rows: Sequence[StoredDelivery]) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in _COLUMNS]


async def claim_searches(work: Work, most: int, until: datetime) -> list[Search]:
    """Return messages that are to be looked up now, and keep others from them until then."""
    rows = await work.connection.fetch(
        "UPDATE delivery SET look_at = $3, looks = looks + 1 FROM (SELECT send_id, channel FROM delivery AS due"
        " JOIN send ON send.id = send_id WHERE look_at <= $1 ORDER BY look_at LIMIT $2 FOR UPDATE OF due SKIP LOCKED)"
        " AS taken WHERE delivery.send_id = taken.send_id"
        " RETURNING delivery.send_id, channel, attempt, looks, unknown_at, absence_counts_at",
        *(work.at, most, until),
    )
    return [Search(**dict(row)) for row in rows]


async def look_later(work: Work, moments: Mapping[UUID, datetime]) -> None:
    """Look these up again, each at its moment, unless their search has ended meanwhile."""
    await work.connection.execute(
        "UPDATE delivery SET look_at = later.at FROM unnest($1::uuid[], $2::timestamptz[]) AS later (id, at)"
        " WHERE send_id = later.id AND look_at IS NOT NULL",
        *(list(moments), list(moments.values())),
    )


async def end_searches(work: Work, ids: Iterable[UUID]) -> None:
    """Stop looking these up."""
    await work.connection.execute(
        "UPDATE delivery SET unknown_at = NULL, absence_counts_at = NULL, look_at = NULL"
        " WHERE send_id = ANY($1::uuid[])",
        list(ids),
    )


async def count_unknown(work: Work) -> int:
    """Return how many messages nobody knows the outcome of."""
    counted: int = await work.connection.fetchval("SELECT count(*) FROM delivery WHERE look_at IS NOT NULL")
    return counted


async def get_operator_subject(work: Work) -> Subject:
    """Return the operator's own key; who needs it first draws it, and whoever comes second waits and finds it."""
    for lock in (False, True):
        if lock:
            await work.connection.execute("SELECT pg_advisory_xact_lock($1, $2)", *_OPERATORS_KEY)
        with suppress(NotFound):
            return (await load_subjects(work.connection, work.vault, [OPERATOR]))[OPERATOR]
    return (await add_subjects(work.connection, work.vault, [OPERATOR]))[OPERATOR]


async def add_callback(work: Work, kept: StoredCallback, signature: str) -> None:
    """Keep a callback."""
    await work.connection.execute(
        "INSERT INTO callback (id, subject_id, provider, signature, received_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
        *(kept.id, kept.subject_id, kept.provider, signature, kept.received_at, kept.body),
    )


async def add_inbound(work: Work, provider_id: str, sender: SenderRow, contact_id: UUID, at: datetime) -> bool:
    """Note a message that came in; whether it had not come in before."""
    added = await work.connection.fetchval(
        "INSERT INTO inbound_message VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true",
        *(_inbound_token(work, sender.id, provider_id), sender.account_id, sender.id, contact_id, at),
    )
    return bool(added)


async def has_inbound(work: Work, provider_id: str, sender_id: UUID) -> bool:
    """Tell whether a number of ours received a message of this provider's id, in the last month."""
    found: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM inbound_message WHERE token = $1)", _inbound_token(work, sender_id, provider_id)
    )
    return found


async def purge_inbound(work: Work, before: datetime, count: int) -> int:
    """Forget up to so many messages that came in before a moment; return how many."""
    rows = await work.connection.fetch(
        "DELETE FROM inbound_message WHERE token IN"
        " (SELECT token FROM inbound_message WHERE at < $1 ORDER BY at LIMIT $2) RETURNING true",
        *(before, count),
    )
    return len(rows)


def _inbound_token(work: Work, sender_id: UUID, provider_id: str) -> bytes:
    return work.vault.digest(sender_id.bytes + provider_id.encode())[:16]


async def claim_callbacks(work: Work, most: int, callback_id: UUID | None = None) -> list[StoredCallback]:
    """Lock and return callbacks nobody has acted on, the oldest first, or just this one."""
    rows = await work.connection.fetch(
        "SELECT id, subject_id, provider, received_at, body FROM callback WHERE handled_at IS NULL"
        " AND ($2::uuid IS NULL OR id = $2) ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
        *(most, callback_id),
    )
    return [StoredCallback(**dict(row)) for row in rows]


async def handled(work: Work, ids: Iterable[UUID], fault: str | None = None) -> None:
    """Note that callbacks were acted on, or why they couldn't be."""
    await work.connection.execute(
        "UPDATE callback SET handled_at = $2, fault = $3 WHERE id = ANY($1::uuid[])", list(ids), work.at, fault
    )


async def count_callbacks(work: Work) -> int:
    """Return how many callbacks wait to be acted on."""
    counted: int = await work.connection.fetchval("SELECT count(*) FROM callback WHERE handled_at IS NULL")
    return counted
