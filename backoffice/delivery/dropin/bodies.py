"""Bodies: what a call of the Cloud API asks to be sent, read as far as the gate and the road need it (pure).

What a kind's own object says in detail is handed on as it stands: the provider reads it, and refuses what it can't.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from backoffice.delivery.dropin.faults import KIND, MISSING, PARAMETER, PRODUCT, WRONG, GraphFault
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault.tokens import SCOPED_ID, Kind, normalised
from backoffice.relay.content import Template

LONGEST_TAG = 512  # characters of an account's own word
LONGEST_TEXT = 4096
LONGEST_ID = 256

_AROUND = frozenset(
    {
        *("messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"),
        *("recipient_identity_key_hash", "status", "message_id", "typing_indicator"),
    }
)


class Asked(NamedTuple):
    """A message that is to be sent."""

    kind: str  # text, image, template …, as the provider says
    address_kind: Kind
    to: str  # E.164, or the provider's id of a person
    written: str  # the recipient as it was written
    template: Template | None
    message: dict[str, Any]  # in the provider's own words
    tag: str  # the account's own word, which comes back in each status


class Reading(NamedTuple):
    """A message that came in and was read."""

    message_id: str
    is_typing: bool


def read_body(body: object) -> Asked | Reading:
    """Read what a call asks; raises GraphFault as the provider would answer."""
    if not isinstance(body, dict):
        raise GraphFault(PARAMETER, "Param body must be a JSON object.")
    if body.get("messaging_product") is None:
        raise GraphFault(PARAMETER, "The parameter messaging_product is required.")
    if body["messaging_product"] != PRODUCT:
        raise GraphFault(PARAMETER, f"Param messaging_product must be one of {PRODUCT}.")
    return _reading(body) if "status" in body else _asked(body)


def _reading(body: Mapping[str, Any]) -> Reading:
    message_id = body.get("message_id")
    if body["status"] != "read":
        raise GraphFault(PARAMETER, "Param status must be one of read.")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= LONGEST_ID:
        raise GraphFault(PARAMETER, "The parameter message_id is required.")
    return Reading(message_id, bool(body.get("typing_indicator")))


def _asked(body: Mapping[str, Any]) -> Asked:
    kind = body.get("type") or "text"
    if not isinstance(kind, str) or kind.lower() not in _KINDS:
        raise GraphFault(KIND, f"Param type must be one of {', '.join(_KINDS)}.")
    kind = kind.lower()
    for name in body:
        if name not in _AROUND and name != kind:
            raise GraphFault(PARAMETER, f'Unexpected key "{name[:64]}" on param "body".')
    if body.get("recipient_type") not in (None, "individual"):
        raise GraphFault(PARAMETER, "Param recipient_type must be one of individual.")
    if body.get(kind) is None:
        raise GraphFault(PARAMETER, f"The parameter {kind} is required.")
    _KINDS[kind](kind, body[kind])
    address_kind, to, written = _recipient(body)
    return Asked(kind, address_kind, to, written, _template(kind, body[kind]), _message(kind, body), _tag(body))


def _recipient(body: Mapping[str, Any]) -> tuple[Kind, str, str]:
    """Return who is written to; a number goes before an id."""
    to, recipient = body.get("to"), body.get("recipient")
    if to is None and recipient is None:
        raise GraphFault(PARAMETER, "The parameter to is required.")
    if to is None:
        if not isinstance(recipient, str) or not SCOPED_ID.fullmatch(recipient):
            raise GraphFault(WRONG, "Param recipient is not valid.")
        return "scoped_id", recipient, recipient
    if not isinstance(to, str):
        raise GraphFault(PARAMETER, "Param to must be a string.")
    digits = to.strip().removeprefix("+").translate(_BETWEEN_DIGITS)
    try:
        return "phone", normalised("phone", f"+{digits}"), to
    except Invalid:
        raise GraphFault(WRONG, "Param to is not a phone number with its country code.") from None


_BETWEEN_DIGITS = str.maketrans("", "", " ().-")


def _tag(body: Mapping[str, Any]) -> str:
    tag = body.get("biz_opaque_callback_data") or ""
    if not isinstance(tag, str):
        raise GraphFault(PARAMETER, "Param biz_opaque_callback_data must be a string.")
    if len(tag) > LONGEST_TAG:
        raise GraphFault(PARAMETER, f"Param biz_opaque_callback_data must be at most {LONGEST_TAG} characters long.")
    return tag


def _message(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("context") is not None:
        _text("context", body["context"], "message_id", most=LONGEST_ID)
    kept = {name: body[name] for name in ("context", "recipient_identity_key_hash") if body.get(name) is not None}
    return {"type": kind, kind: body[kind], **kept}


def _template(kind: str, said: Any) -> Template | None:  # noqa: ANN401  # JSON
    return Template(name=said["name"], language=said["language"]["code"]) if kind == "template" else None


def _object(kind: str, said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise GraphFault(PARAMETER, f"Param {kind} must be a JSON object.")
    return said


def _text(named: str, said: object, *way: str, most: int = LONGEST_TEXT) -> None:
    """Refuse an object without this text, or with a longer one."""
    for name in way:
        said = _object(named, said).get(name)
        named += f"['{name}']"
        if said is None or said == "":
            raise GraphFault(MISSING, f"The parameter {named} is required.")
    if not isinstance(said, str):
        raise GraphFault(PARAMETER, f"Param {named} must be a string.")
    if len(said) > most:
        raise GraphFault(PARAMETER, f"Param {named} must be at most {most} characters long.")


def _check_text(kind: str, said: object) -> None:
    _text(kind, said, "body")


def _check_template(kind: str, said: object) -> None:
    _text(kind, said, "name", most=512)
    _text(kind, said, "language", "code", most=10)


def _check_media(kind: str, said: object) -> None:
    told = _object(kind, said)
    if (told.get("id") is None) == (told.get("link") is None):
        raise GraphFault(PARAMETER, f"Param {kind} needs exactly one of id, link.")


def _check_place(kind: str, said: object) -> None:
    for name in ("latitude", "longitude"):
        if _object(kind, said).get(name) is None:
            raise GraphFault(MISSING, f"The parameter {kind}['{name}'] is required.")


def _check_contacts(kind: str, said: object) -> None:
    if not isinstance(said, list):
        raise GraphFault(PARAMETER, f"Param {kind} must be an array.")
    if not said:
        raise GraphFault(PARAMETER, f"Param {kind} must have 1 to 257 elements.")


def _check_reaction(kind: str, said: object) -> None:
    _text(kind, said, "message_id", most=LONGEST_ID)


def _check_interactive(kind: str, said: object) -> None:
    _text(kind, said, "type", most=64)
    if _object(kind, said).get("action") is None:
        raise GraphFault(MISSING, f"The parameter {kind}['action'] is required.")


_KINDS: Mapping[str, Callable[[str, object], None]] = {
    "text": _check_text,
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _check_media),
    "location": _check_place,
    "contacts": _check_contacts,
    "reaction": _check_reaction,
    "interactive": _check_interactive,
    "template": _check_template,
}
