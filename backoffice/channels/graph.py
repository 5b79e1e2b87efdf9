"""Graph: what the WhatsApp Cloud API tells by its webhooks, read part by part, so that one bad part harms no other.

A body has entries, each of a business account, with changes, each with several statuses, messages or preferences. What
can't be read is counted, never guessed. Unknown fields and kinds are passed over: the body is kept as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from backoffice.channels.codes import kind_of
from backoffice.channels.port import Callback, Inbound, Preference, Report, Status, Word
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault.tokens import SCOPED_ID

CHANNEL = "whatsapp"
OBJECT = "whatsapp_business_account"

Told = Mapping[str, Any]
Part = TypeVar("Part")

_STATUSES: Mapping[str, Status] = {
    **dict[str, Status]({"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}),
    "played": "read",  # a voice message was listened to
}
_BANS = {"DISABLE": True, "REINSTATE": False}
_HALTS = frozenset({"ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION"})
_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_LIMIT = re.compile(r"TIER_(\d+)(K?)")
_UNKNOWN_CODE = 1


def read(raw: bytes) -> Callback:
    """Read a webhook's body; raises Invalid (`callback_invalid`) for what is no webhook of the Cloud API at all."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Invalid("callback_invalid", why=str(fault)) from None
    if not isinstance(body, dict) or body.get("object") != OBJECT or not isinstance(body.get("entry"), list):
        raise Invalid("callback_invalid", why="it is no webhook of a business account")
    reading = _Reading()
    for entry in body["entry"]:
        reading.entry(entry)
    return reading.callback()


class _Strange(Exception):  # noqa: N818  # it never leaves this module
    """A part that can't be read."""


class _Reading:
    """One body as it is read, part by part."""

    def __init__(self) -> None:
        self.sender = ""
        self.parts: list[Report | Inbound | Preference | Word] = []
        self.strange = 0

    def entry(self, entry: object) -> None:
        """Read the changes of one business account."""
        for change in self._each(entry, "changes"):
            value = change.get("value")
            if not isinstance(value, dict):
                self.strange += 1
                continue
            self._change(_text(_map(entry), "id"), change.get("field"), value)

    def _change(self, account: str, field: object, value: dict[str, Any]) -> None:
        sender = _text(_map(value.get("metadata")), "phone_number_id")
        self.sender = self.sender or sender
        if field == "messages":
            people = [_map(one) for one in self._each(value, "contacts")]
            self._take(self._each(value, "statuses"), _report)
            self._take(self._each(value, "messages"), lambda told: _inbound(told, sender, people))
        elif field == "user_preferences":
            self._take(self._each(value, "user_preferences"), lambda told: _preference(told, sender))
        elif isinstance(field, str) and field in _WORDS:
            self._take([value], lambda told: _WORDS[field](told, account))

    def _take(self, told: list[dict[str, Any]], read_one: Callable[[Told], Any]) -> None:
        for one in told:
            try:
                part = read_one(one)
            except _Strange:
                self.strange += 1
            else:
                self.parts += [part] if part is not None else []

    def _each(self, told: object, name: str) -> list[dict[str, Any]]:
        """Return the objects of a list that may be absent; what is no list, or no object in it, is strange."""
        listed = _map(told).get(name, [])
        if not isinstance(listed, list):
            self.strange += 1
            return []
        good = [one for one in listed if isinstance(one, dict)]
        self.strange += len(listed) - len(good)
        return good

    def callback(self) -> Callback:
        """Return what was read."""
        return Callback(
            channel=CHANNEL,
            sender=self.sender,
            reports=tuple(self._of(Report)),
            messages=tuple(self._of(Inbound)),
            preferences=tuple(self._of(Preference)),
            words=tuple(self._of(Word)),
            strange=self.strange,
        )

    def _of(self, kind: type[Part]) -> Iterator[Part]:
        return (part for part in self.parts if isinstance(part, kind))


def _report(told: Told) -> Report | None:
    """Read a status; None for one of a message that isn't ours, since its reference isn't."""
    status, reference = _STATUSES.get(_text(told, "status")), _reference(told.get("biz_opaque_callback_data"))
    if reference is None or status is None:
        return None
    code = _code(told.get("errors")) if status == "failed" else 0
    return Report(
        reference=reference,
        provider_id=_needed(told, "id"),
        status=status,
        at=_moment(told.get("timestamp")),
        code=code,
        kind=kind_of(code) if code else None,
    )


def _reference(told: object) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _code(errors: object) -> int:
    """Return the code of a failure; one that names none has failed for an unknown reason."""
    told = [_map(one).get("code") for one in errors] if isinstance(errors, list) else []
    return next((code for code in told if isinstance(code, int) and 0 < code < 1 << 31), _UNKNOWN_CODE)


def _inbound(told: Told, sender: str, people: list[dict[str, Any]]) -> Inbound:
    phone, scoped_id = _phone(told.get("from")), _scoped(told.get("from_user_id"))
    if not scoped_id:
        scoped_id = next((_scoped(one.get("user_id")) for one in people if _phone(one.get("wa_id")) == phone), "")
    if not (phone or scoped_id) or not sender:
        raise _Strange
    kind = _needed(told, "type")
    system = _map(told.get("system"))
    return Inbound(
        sender=sender,
        provider_id=_needed(told, "id"),
        phone=phone,
        scoped_id=scoped_id,
        at=_moment(told.get("timestamp")),
        kind=kind,
        words=tuple(dict.fromkeys(_words(told))),
        answers=_text(_map(told.get("context")), "id"),
        new_phone=_phone(system.get("wa_id") or system.get("new_wa_id")) if kind == "system" else "",
    )


def _words(told: Told) -> Iterator[str]:
    """Yield what the person typed, tapped or wrote under a picture, and what the tapped button says to programs."""
    interactive = _map(told.get("interactive"))
    places = [
        (_map(told.get("text")), ("body",)),
        (_map(told.get("button")), ("text", "payload")),
        *((_map(interactive.get(name)), ("title", "id")) for name in ("button_reply", "list_reply")),
        *((_map(told.get(name)), ("caption",)) for name in ("image", "video", "document")),
    ]
    for place, names in places:
        for name in names:
            if words := _text(place, name):
                yield words


def _preference(told: Told, sender: str) -> Preference | None:
    """Read a choice about marketing; another category is passed over."""
    value, phone, scoped_id = told.get("value"), _phone(told.get("wa_id")), _scoped(told.get("user_id"))
    if told.get("category") != "marketing_messages":
        return None
    if value not in ("stop", "resume") or not (phone or scoped_id) or not sender:
        raise _Strange
    return Preference(
        sender=sender, phone=phone, scoped_id=scoped_id, at=_moment(told.get("timestamp")), is_stopped=value == "stop"
    )


def _ban(told: Told, account: str) -> Word | None:
    """Read what became of a business account: disabled, reinstated, restricted."""
    banned = _BANS.get(_text(_map(told.get("ban_info")), "waba_ban_state"))
    is_halted = True if _text(told, "event") in _HALTS else None
    if banned is None and is_halted is None:
        return None
    return Word(account=account, is_banned=banned, is_halted=is_halted)


def _limit(told: Told, account: str) -> Word | None:
    """Read whom a portfolio may write to of its own accord in 24 hours."""
    limit = told.get("max_daily_conversations_per_business", told.get("max_daily_conversation_per_phone"))
    most = limit if isinstance(limit, int) and not isinstance(limit, bool) else _tier(limit)
    return None if most is None else Word(account=account, daily_limit=max(most, -1))


def _quality(told: Told, account: str) -> Word | None:
    """Read what a number may do now."""
    most = _tier(told.get("max_daily_conversations_per_business", told.get("current_limit")))
    if most is None or told.get("event") == "THROUGHPUT_UPGRADE":  # that is how many a second
        return None
    return Word(account=account, sender=_phone(told.get("display_phone_number")), daily_limit=most)


def _tier(limit: object) -> int | None:
    """Return how many persons a tier names: `TIER_2K` are 2000, `TIER_UNLIMITED` -1."""
    if limit == "TIER_UNLIMITED":
        return -1
    named = _LIMIT.fullmatch(limit) if isinstance(limit, str) and len(limit) < 20 else None
    return int(named[1]) * (1000 if named[2] else 1) if named else None


_WORDS: Mapping[str, Callable[[Told, str], Word | None]] = {
    "account_update": _ban,
    "business_capability_update": _limit,
    "phone_number_quality_update": _quality,
}


def _map(told: object) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _text(told: Told, name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""


def _needed(told: Told, name: str) -> str:
    if not (found := _text(told, name)):
        raise _Strange
    return found


def _phone(told: object) -> str:
    """Return a number in E.164; the API writes it without its plus."""
    digits = told.strip().removeprefix("+").replace(" ", "").replace("-", "") if isinstance(told, str) else ""
    return f"+{digits}" if _DIGITS.fullmatch(digits) and digits.isascii() else ""


def _scoped(told: object) -> str:
    return told if isinstance(told, str) and SCOPED_ID.fullmatch(told) else ""


def _moment(told: object) -> datetime:
    """Read a moment: whole seconds since 1970, as text."""
    try:
        return datetime.fromtimestamp(int(told), UTC)  # type: ignore[call-overload]  # whatever it is
    except (TypeError, ValueError, OverflowError, OSError):
        raise _Strange from None
