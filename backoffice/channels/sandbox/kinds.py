"""What a body of `POST /{phone_number_id}/messages` may hold: every kind, and mark as read.

Sources: the message reference of the Cloud API and what pywa sends. Kept apart from our own adapter on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backoffice.channels.sandbox.components import TEMPLATE
from backoffice.channels.sandbox.interactive import INTERACTIVE
from backoffice.channels.sandbox.replies import Json, Problem
from backoffice.channels.sandbox.shapes import (
    UNEXPECTED,
    Decimal,
    Fields,
    Flag,
    Items,
    Shape,
    Text,
    check,
)

_ID = Text(256, like=r"\d{1,256}")
_LINK = Text(2000, like=r"https?://\S+")
_CAPTION = Text(1024, least=0)


def _media(**more: Shape) -> Fields:
    return Fields(may={"id": _ID, "link": _LINK, "provider": Text(), **more}, one_of=("id", "link"))


_WORDS = Text(1000, least=0)
_NAME = Fields(
    needs={"formatted_name": Text(1000)},
    may=dict.fromkeys(("first_name", "last_name", "middle_name", "suffix", "prefix"), _WORDS),
)
_ADDRESS = dict.fromkeys(("street", "city", "state", "zip", "country", "country_code", "type"), _WORDS)
_CONTACT = Fields(
    needs={"name": _NAME},
    may={
        "birthday": Text(10, like=r"\d{4}-\d\d-\d\d"),
        "phones": Items(Fields(may=dict.fromkeys(("phone", "type", "wa_id"), _WORDS)), least=0),
        "emails": Items(Fields(may=dict.fromkeys(("email", "type"), _WORDS)), least=0),
        "urls": Items(Fields(may=dict.fromkeys(("url", "type"), _WORDS)), least=0),
        "addresses": Items(Fields(may=_ADDRESS), least=0),
        "org": Fields(may=dict.fromkeys(("company", "department", "title"), _WORDS)),
    },
)

MEDIA = ("image", "video", "audio", "document", "sticker")

KINDS: Mapping[str, Shape] = {
    "text": Fields(needs={"body": Text(4096)}, may={"preview_url": Flag()}),
    "image": _media(caption=_CAPTION),
    "video": _media(caption=_CAPTION),
    "audio": _media(voice=Flag()),
    "document": _media(caption=_CAPTION, filename=Text(240)),
    "sticker": _media(),
    "location": Fields(
        needs={"latitude": Decimal(-90, 90), "longitude": Decimal(-180, 180)},
        may={"name": Text(1000), "address": Text(1000)},
    ),
    "contacts": Items(_CONTACT, most=257),
    "reaction": Fields(needs={"message_id": Text(256, like=r"wamid\.\S+")}, may={"emoji": Text(64, least=0)}),
    "interactive": INTERACTIVE,
    "template": TEMPLATE,
}
"""The kinds of message, and the object named as the kind."""

_PRODUCT = Text(of=("whatsapp",))

_AROUND: Mapping[str, Shape] = {
    "recipient_type": Text(of=("individual",)),
    "to": Text(64),
    "recipient": Text(256, like=r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}"),
    "type": Text(of=tuple(KINDS)),
    "context": Fields(needs={"message_id": Text(256, like=r"wamid\.\S+")}),
    "biz_opaque_callback_data": Text(512, least=0),
    "recipient_identity_key_hash": Text(256),
}

_READ = Fields(
    needs={"messaging_product": _PRODUCT, "status": Text(of=("read",)), "message_id": Text(256)},
    may={"typing_indicator": Fields(needs={"type": Text(of=("text",))})},
)
_SENDS = {
    kind: Fields(needs={"messaging_product": _PRODUCT, kind: shape}, may=_AROUND) for kind, shape in KINDS.items()
}
_LITE_SEND = Fields(
    needs=_SENDS["template"].needs,
    may={**_AROUND, "message_activity_sharing": Flag(), "product_policy": Text(of=("cloud_api_fallback", "strict"))},
)


def is_reading(body: Mapping[str, Any]) -> bool:
    """Tell whether a body marks a message as read instead of sending one."""
    return "status" in body


def read_body(body: Json, *, is_lite: bool = False) -> str:
    """Check a body against the tables and return the kind of message, or `read`; raises Problem."""
    if isinstance(body, dict) and is_reading(body):
        check(_READ, body)
        return "read"
    kind = _kind_of(body)
    if is_lite and kind != "template":
        raise Problem(UNEXPECTED, "Message must be a template message.")
    check(_LITE_SEND if is_lite else _SENDS[kind], body)
    if body.get("to") is None and body.get("recipient") is None:
        raise Problem(UNEXPECTED, "The parameter to is required.")
    return kind


def _kind_of(body: Json) -> str:
    if not isinstance(body, dict):
        raise Problem(UNEXPECTED, "Param body must be a JSON object.")
    kind = body.get("type") or "text"
    if not isinstance(kind, str) or kind.lower() not in KINDS:
        raise Problem(131051, f"Param type must be one of {', '.join(KINDS)}.")
    return kind.lower()
