"""Webhooks: what the Graph API tells of its own accord, in its real envelope."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from backoffice.channels.sandbox.replies import failure
from backoffice.channels.sandbox.sending import wamid
from backoffice.channels.sandbox.setup import Number
from backoffice.channels.sandbox.state import Person

_PRICED = ("sent", "delivered", "read")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it lies in the file, with the message it speaks of."""

    number: int
    sender: str
    field: str
    status: str = ""
    code: int = 0
    at: datetime
    tries: int = 0
    value: str | None = None
    message: int = 0
    reference: str = ""
    person: Person = Person()
    pricing: str = ""
    version: int = 0


def seconds(at: datetime) -> str:
    """Write a moment as messages and statuses do."""
    return str(int(at.timestamp()))


def metadata(number: Number) -> dict[str, str]:
    """Say which number a webhook speaks of."""
    return {
        "display_phone_number": number.display_phone_number.lstrip("+"),
        "phone_number_id": number.phone_number_id,
    }


def contact(person: Person) -> dict[str, Any]:
    """Say what is known of a person."""
    told: dict[str, Any] = {"profile": {"name": person.name}} if person.name else {"profile": {}}
    if person.wa_id:
        told["wa_id"] = person.wa_id
    return told | {"user_id": person.bsuid}


def status(event: Told) -> dict[str, Any]:
    """Say which status a message has."""
    told: dict[str, Any] = {
        "id": wamid(event.person, event.message),
        "status": event.status,
        "timestamp": seconds(event.at),
        "recipient_id": event.person.wa_id,
        "recipient_user_id": event.person.bsuid,
    }
    if not event.person.wa_id:
        del told["recipient_id"]
    if event.reference:
        told["biz_opaque_callback_data"] = event.reference
    if event.status in _PRICED:
        pricing = msgspec.json.decode(event.pricing)
        told["pricing"] = pricing
        if event.version < 24:  # left out from v24.0 on
            told["conversation"] = _conversation(event, pricing["category"])
    if event.status == "failed":
        told["errors"] = [failure(event.code)]
    return told


def _conversation(event: Told, category: str) -> dict[str, Any]:
    key = f"{event.sender}/{event.person.key}/{category}/{event.at:%Y%m%d}"
    told: dict[str, Any] = {
        "id": hashlib.blake2b(key.encode(), digest_size=16).hexdigest(),
        "origin": {"type": category},
    }
    if event.status == "sent":
        told["expiration_timestamp"] = str(int(event.at.timestamp()) + 86_400)
    return told


def statuses_change(number: Number, events: Iterable[Told]) -> dict[str, Any]:
    """Say which statuses messages of one number have, as one change."""
    events = list(events)
    people = {event.person.key: event.person for event in events}
    value = {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(person) for person in people.values()],
        "statuses": [status(event) for event in events],
    }
    return {"value": value, "field": "messages"}


def entry(number: Number, changes: list[dict[str, Any]], at: datetime, *, is_of_messages: bool) -> dict[str, Any]:
    """Put changes of one account into an entry; `messages` come without a time of their own."""
    told: dict[str, Any] = {"id": number.waba_id, "changes": changes}
    return told if is_of_messages else {"id": number.waba_id, "time": int(at.timestamp()), "changes": changes}


def envelope(entries: list[dict[str, Any]]) -> bytes:
    """Return the bytes of a webhook."""
    return msgspec.json.encode({"object": "whatsapp_business_account", "entry": entries})


def received(number: Number, person: Person, message: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a person wrote."""
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(person)],
        "messages": [message],
    }


def preference(number: Number, person: Person, value: str, at: datetime) -> dict[str, Any]:
    """Say that a person stopped marketing of a number, or resumed it."""
    told = {
        "user_id": person.bsuid,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at.timestamp()),
    }
    if person.wa_id:
        told["wa_id"] = person.wa_id
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(person)],
        "user_preferences": [told],
    }
