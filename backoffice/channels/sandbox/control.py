"""The sandbox's own doors, under `/sandbox`: what people and Meta do, and what was accepted. No real API has them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from backoffice.channels.sandbox import files, hooks, registry
from backoffice.channels.sandbox.memory import told
from backoffice.channels.sandbox.news import news_of
from backoffice.channels.sandbox.replies import Json, Problem, Reply, success
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.sending import wamid
from backoffice.channels.sandbox.setup import Faults, Number
from backoffice.channels.sandbox.state import GRAPH, Person, State

T = TypeVar("T")

_KINDS = (
    *("text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive"),
    *("button", "order", "system", "unsupported", "request_welcome", "edit", "revoke"),
)
_MEDIA = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/ogg", "document": "application/pdf"} | {
    "sticker": "image/webp"
}
_ACCEPTED = """
SELECT number, at, reference, channel, sender, bearer, version, body, code FROM message WHERE number > ?
ORDER BY number LIMIT 1000
"""
_POSTS = "SELECT count(due), count(*) FILTER (WHERE due IS NULL AND posts = 0) FROM event"


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone_number_id: str
    wa_id: str = msgspec.field(name="from", default="")
    bsuid: str = msgspec.field(name="user_id", default="")


class _Preference(_Form, frozen=True, kw_only=True):
    value: Literal["stop", "resume"]


class _Flag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: str = msgspec.field(name="from")
    code: int


class _Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: int | None = None
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None
    tier: int | None = None
    throughput: int | None = None


class _TemplateChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    waba_id: str
    name: str
    language: str
    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"] | None = None
    code: int | None = None
    reason: str = "NONE"


class _Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    stands: bool = False


def answer(state: State, request: Request) -> Reply:
    """Answer a request to the sandbox itself; what can't be read is a 400 that says why."""
    try:
        return _answer(state, request)
    except Problem as problem:
        return problem.reply
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        return Reply(400, msgspec.json.encode({"error": {"code": 100, "message": str(fault)}}))


def _answer(state: State, request: Request) -> Reply:
    parts = request.parts[1:]
    if (door := _DOORS.get((request.method, parts[0] if parts else ""))) is None:
        return Reply(405)
    return door(state, request)


def _read(request: Request, form: type[T]) -> T:
    return msgspec.json.decode(request.body, type=form)


def _person(state: State, number: Number, form: _Form, name: str = "") -> Person:
    """Return who is meant; somebody new is known from now on, and a new name too."""
    digits = re.sub(r"\D", "", form.wa_id)
    if not digits and not form.bsuid:
        raise ValueError("from or user_id: who?")
    known = state.person_by_phone(number.portfolio, digits) if digits else None
    known = known or state.find_by_bsuid(number.portfolio, form.bsuid) or Person(bsuid=form.bsuid)
    person = Person(wa_id=known.wa_id, bsuid=form.bsuid or known.bsuid, name=name or known.name)
    if person != known or not digits:
        state.know(number.portfolio, person)
    return person


def _hear(state: State, request: Request) -> Reply:
    """Have a person write to a number: the window opens, and a webhook tells it, unless the person is barred."""
    body = request.json()
    if not isinstance(body, dict):
        raise Problem(100, "Param body must be a JSON object.")
    form = {key: body[key] for key in ("phone_number_id", "from", "user_id") if key in body}
    kind, name = body.get("type", "text"), body.get("name", "")
    if kind not in _KINDS or not isinstance(name, str):
        raise ValueError(f"type must be one of {', '.join(_KINDS)}")
    read = msgspec.convert(form, _Form)
    number = state.number(read.phone_number_id)
    with state.memory.whole():
        person, at = _person(state, number, read, name), state.now()
        message = _message(state, number, person, body, at)
        if f"{number.phone_number_id}/{person.key}" not in state.barred:
            state.windows.put(f"{number.phone_number_id}/{person.key}", at)
            _tell(state, number, "messages", message["id"], hooks.received(number, person, message))
    return success({"id": message["id"], "wa_id": person.wa_id, "user_id": person.bsuid})


def _message(state: State, number: Number, person: Person, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    kind = body.get("type", "text")
    place = state.memory.write("INSERT INTO inbound (id) VALUES ('')")
    message: dict[str, Any] = {"from": person.wa_id} if person.wa_id else {}
    message |= {
        "from_user_id": person.bsuid,
        "id": wamid(person, 10**12 + place),
        "timestamp": hooks.seconds(at),
        "type": kind,
    }
    if kind in body:
        message[kind] = _file(state, number, kind, body[kind]) if kind in _MEDIA else body[kind]
    beside = ("context", "referral", "errors", "identity", "origin")
    message |= {key: body[key] for key in beside if key in body}
    state.memory.write("UPDATE inbound SET id = ? WHERE number = ?", message["id"], place)
    return message


def _file(state: State, number: Number, kind: str, sent: Json) -> dict[str, Any]:
    """Keep a file that a person sent: `content` in base64, or nothing much."""
    sent = dict(sent) if isinstance(sent, dict) else {}
    content = base64.b64decode(sent.pop("content", "") or "c2FuZGJveA==")
    form = str(sent.get("mime_type") or _MEDIA[kind])
    media_id = files.keep(state, number, form, content, str(sent.get("filename", "")))
    file = state.files.get(media_id)
    return {"mime_type": form, "sha256": file.sha256 if file else "", "id": media_id, **sent}


def _tell(state: State, number: Number, field: str, key: str, value: Mapping[str, Any]) -> None:
    at = state.now()
    state.promise(
        road=GRAPH,
        sender=number.phone_number_id,
        field=field,
        key=f"{field}/{key}/{at.timestamp()}",
        at=at,
        asked=at,
        value=value,
    )


def _prefer(state: State, request: Request) -> Reply:
    """Have a person stop or resume a number's marketing in the app."""
    form = _read(request, _Preference)
    number = state.number(form.phone_number_id)
    with state.memory.whole():
        person = _person(state, number, form)
        key = f"{number.phone_number_id}/{person.key}"
        if form.value == "stop":
            state.flags.put(key, 131050)
        else:
            state.flags.drop(key)
        _tell(state, number, "user_preferences", key, hooks.preference(number, person, form.value, state.now()))
    return Reply(200)


def _flag(state: State, request: Request) -> Reply:
    """Have messages to a person fail with a code, or no longer."""
    form = _read(request, _Flag)
    key = form.key if "." in form.key else re.sub(r"\D", "", form.key)
    if form.code:
        state.flags.put(key, form.code)
    else:
        state.flags.drop(key)
    return Reply(200)


def _change(state: State, request: Request) -> Reply:
    """Have Meta ban a number, lift the ban, or change its quality, tier or throughput; webhooks tell it."""
    number, change = state.number("/".join(request.parts[2:])), _read(request, _Change)
    wanted = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not None}
    changed = msgspec.structs.replace(number, **wanted)
    with state.memory.whole():
        state.numbers.put(number.phone_number_id, changed)
        if changed.tier != number.tier:
            _share_tier(state, changed)
        for field, value in news_of(number, changed, state.now()):
            _tell(state, changed, field, number.phone_number_id, value)
    return success(msgspec.to_builtins(changed))


def _share_tier(state: State, changed: Number) -> None:
    for key, other in state.numbers.items():
        if other.portfolio == changed.portfolio:
            state.numbers.put(key, msgspec.structs.replace(other, tier=changed.tier))


def _change_template(state: State, request: Request) -> Reply:
    """Have Meta approve, reject, pause or disable a template, or refuse its sends with a code."""
    change = _read(request, _TemplateChange)
    template = state.find_template(change.waba_id, change.name, change.language)
    if template is None:
        raise Problem(132001)
    wanted = {name: value for name in ("status", "code") if (value := getattr(change, name)) is not None}
    with state.memory.whole():
        changed = state.add_template(msgspec.structs.replace(template, **wanted))
        if changed.status != template.status:
            registry.tell(state, changed, change.reason)
    return success(msgspec.to_builtins(changed))


def _accepted(state: State, request: Request) -> Reply:
    """Tell every message that was accepted, after the number given; at most 1,000 at a time."""
    since = request.query.get("since", "0")
    rows = state.memory.read(_ACCEPTED, int(since) if since.isdecimal() and len(since) < 16 else 0)
    names = ("number", "at", "reference", "channel", "phone_number_id", "bearer", "version", "body", "code")
    found: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in rows]
    for one in found:
        one["body"] = msgspec.Raw((one["body"] or "null").encode())
    return success(found)


def _posts(state: State, _: Request) -> Reply:
    """Tell how many events wait, how many were given up, and how many forged ones somebody took."""
    ((waiting, given_up),) = state.memory.read(_POSTS)
    return success(
        {
            "waiting": waiting,
            "given_up": given_up,
            "forged": state.forged,
            "forged_taken": state.forged_taken,
            "at": told(state.now()),
        }
    )


def _misbehave(state: State, request: Request) -> Reply:
    state.faults = _read(request, Faults)
    return Reply(200)


def _set_clock(state: State, request: Request) -> Reply:
    hand = _read(request, _Clock)
    state.set_clock(hand.at, stands=hand.stands)
    return _tell_time(state, request)


def _tell_time(state: State, _: Request) -> Reply:
    return success({"at": state.now()})


_DOORS: Mapping[tuple[str, str], Callable[[State, Request], Reply]] = {
    ("POST", "inbound"): _hear,
    ("POST", "preferences"): _prefer,
    ("PUT", "persons"): _flag,
    ("PUT", "numbers"): _change,
    ("PUT", "templates"): _change_template,
    ("PUT", "faults"): _misbehave,
    ("PUT", "clock"): _set_clock,
    ("GET", "clock"): _tell_time,
    ("GET", "accepted"): _accepted,
    ("GET", "posts"): _posts,
}
