"""Sending: what becomes of a body of `POST /{phone_number_id}/messages`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from backoffice.channels.sandbox.kinds import MEDIA, read_body
from backoffice.channels.sandbox.memory import told
from backoffice.channels.sandbox.replies import LATER, Json, Problem, Reply, refusal, success
from backoffice.channels.sandbox.setup import Number, Template
from backoffice.channels.sandbox.shapes import WRONG, name_of
from backoffice.channels.sandbox.state import GRAPH, Person, State
from backoffice.channels.sandbox.templates import check_parameters, check_status

_MESSAGE = """
INSERT INTO message
    (reference, channel, sender, at, status, code, person, bsuid, reached, pricing, version, bearer, body)
VALUES (?, 'whatsapp', ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, ?, ?)
"""
_OF_MARKETING = frozenset({131049, 131050, 130472})
"""Codes that keep marketing templates from a person, and nothing else."""

_ORDER = ("sent", "failed", "delivered", "read", "played")


class Asked(NamedTuple):
    """A request to send: from which number, in which version of the API, by which bearer."""

    number: Number
    version: int
    bearer: str
    raw: bytes
    is_lite: bool = False  # by `marketing_messages`


class Message(NamedTuple):
    """A message that was read and may be accepted."""

    asked: Asked
    body: Mapping[str, Any]
    kind: str
    person: Person
    is_by_bsuid: bool
    template: Template | None
    key: str  # of its chances

    @property
    def is_marketing(self) -> bool:
        """Whether a marketing template is sent."""
        return self.template is not None and self.template.category.upper() == "MARKETING"


def send(state: State, asked: Asked) -> Reply:
    """Answer a request to send: accept it, refuse it, or leave whoever sent it in doubt."""
    body = _decoded(asked.raw)
    reference = body.get("biz_opaque_callback_data") if isinstance(body, dict) else None
    if not isinstance(reference, str) or not reference:
        reference = hashlib.blake2b(asked.raw, digest_size=12).hexdigest()
    key = state.turn(reference)
    after = state.faults.slow * state.draw("slow", key)
    with state.memory.whole():
        try:
            reply = _disturbed(state, key) or _answer(state, asked, body, key)
        except Problem as problem:
            reply = problem.reply
    return reply._replace(after=after)


def _decoded(raw: bytes) -> Json:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(100, "The request body is not valid JSON.") from None


def _disturbed(state: State, key: str) -> Reply | None:
    """Return what comes instead of an answer; nothing is accepted."""
    faults = state.faults
    if faults.resets and state.draw("reset", key) < faults.resets:
        return Reply(None, is_reset=True)
    if faults.overloads and state.draw("overload", key) < faults.overloads:
        return refusal(131016, retry_after=1)
    if faults.throttles and state.draw("throttle", key) < faults.throttles:
        return refusal(130429, retry_after=1)
    return None


def _answer(state: State, asked: Asked, body: Json, key: str) -> Reply:
    kind = read_body(body, is_lite=asked.is_lite)
    if kind == "read":
        return _mark_read(state, asked.number, body["message_id"])
    if asked.number.code and asked.number.code not in LATER:
        raise Problem(asked.number.code)
    person, is_by_bsuid = _recipient(state, asked.number, body)
    if (code := _scripted(state.faults.refuses, person)) is not None:
        raise Problem(code)
    template = _template(state, asked.number, body) if kind == "template" else None
    message = Message(asked, body, kind, person, is_by_bsuid, template, key)
    _check(state, message)
    return _accept_or_not(state, message)


def _mark_read(state: State, number: Number, message_id: str) -> Reply:
    if not state.memory.read("SELECT 1 FROM inbound WHERE id = ?", message_id):
        raise Problem(WRONG, f"Param message_id is no message that {number.display_phone_number} received.")
    return success({"success": True})


def _recipient(state: State, number: Number, body: Mapping[str, Any]) -> tuple[Person, bool]:
    """Return who is written to, and whether by a business-scoped id; a number goes before an id."""
    if (to := body.get("to")) is not None:
        return state.person_by_phone(number.portfolio, _digits_of(to)), False
    if (person := state.find_by_bsuid(number.portfolio, body["recipient"])) is None:
        raise Problem(WRONG, "Param recipient is no person this business knows.")
    return person, True


def _digits_of(to: str) -> str:
    digits = re.sub(r"^\+|[ ().-]", "", to)
    if not re.fullmatch(r"[1-9]\d{6,14}", digits, re.ASCII):
        raise Problem(WRONG, "Param to is not a phone number with its country code.")
    return digits


def _scripted(codes: Mapping[str, int], person: Person) -> int | None:
    """Return the code that the faults have for a person, by whatever of them is named."""
    names = (f"+{person.wa_id}", person.wa_id, person.bsuid) if codes else ()
    return next((codes[name] for name in names if name in codes), None)


def _template(state: State, number: Number, body: Mapping[str, Any]) -> Template:
    sent = body["template"]
    name, language = sent["name"], sent["language"]["code"]
    template = check_status(state.find_template(number.waba_id, name, language), name, language)
    check_parameters(template, sent)
    return template


def _check(state: State, message: Message) -> None:
    """Raise Problem for what is refused at once."""
    number, person = message.asked.number, message.person
    if person.wa_id and person.wa_id == number.display_phone_number.lstrip("+"):
        raise Problem(131021)
    if f"{number.phone_number_id}/{person.key}" in state.barred:
        raise Problem(131026, "The business has blocked this person.")
    if message.is_by_bsuid and message.template and message.template.category.upper() == "AUTHENTICATION":
        raise Problem(131062)
    if message.asked.is_lite and not message.is_marketing:
        raise Problem(100, "Message must be a marketing template message.")
    for way, media_id in _media(message.body):
        file = state.files.get(media_id)
        if file is None or file.phone_number_id != number.phone_number_id:
            name = name_of(way)
            raise Problem(100, f"Param {name} is not a valid whatsapp business account media attachment ID")
    if not state.throughput.is_open(number.phone_number_id, number.throughput):
        raise Problem(130429)
    if not state.pairs.is_open(number.phone_number_id, person.key, state.now()):
        raise Problem(131056)


def _media(value: Json, way: tuple[str | int, ...] = ()) -> Iterator[tuple[list[str | int], str]]:
    """Yield every media id of a body, and where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in MEDIA and isinstance(inner, dict) and inner.get("id") is not None:
                yield [*way, key, "id"], str(inner["id"])
            elif isinstance(inner, (dict, list)):
                yield from _media(inner, (*way, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _media(inner, (*way, place))


def _accept_or_not(state: State, message: Message) -> Reply:
    faults, key = state.faults, message.key
    if faults.breaks and state.draw("break", key) < faults.breaks:
        if state.draw("half", key) < 0.5:
            _accept(state, message)
        return refusal(2, "An unexpected error has occurred. Please retry your request later.", status=500)
    number = _accept(state, message)
    if faults.drops and state.draw("drop", key) < faults.drops:
        return Reply(None)
    return success(_acceptance(message, number))


def _acceptance(message: Message, number: int) -> dict[str, Any]:
    person = message.person
    known = {"user_id": person.bsuid} if message.is_by_bsuid else {"wa_id": person.wa_id}
    accepted = {"id": wamid(person, number)}
    if message.template:
        accepted["message_status"] = "accepted"
    entered = message.body["recipient"] if message.is_by_bsuid else message.body["to"]
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": entered, **known}],
        "messages": [accepted],
    }


def _accept(state: State, message: Message) -> int:
    asked, person, at = message.asked, message.person, state.now()
    is_open = state.is_in_window(asked.number, person, at)
    code = _later(state, message, at, is_open=is_open)
    number = state.memory.write(
        _MESSAGE,
        message.body.get("biz_opaque_callback_data") or "",
        asked.number.phone_number_id,
        told(at),
        code,
        person.wa_id,
        person.bsuid,
        not is_open and not code,
        msgspec.json.encode(_pricing(message, is_open=is_open)).decode(),
        asked.version,
        asked.bearer,
        asked.raw.decode("utf-8", "replace"),
    )
    if not state.faults.is_silent:
        _promise(state, message, number, code, at)
    return number


def _promise(state: State, message: Message, number: int, code: int, at: datetime) -> None:
    for status in _future(state, message, code):
        state.promise(
            road=GRAPH,
            sender=message.asked.number.phone_number_id,
            field="statuses",
            key=f"{message.key}/{status}",
            at=at + timedelta(milliseconds=_ORDER.index(status) + 1),
            asked=at,
            message=number,
            status=status,
            code=code if status == "failed" else 0,
        )


def _future(state: State, message: Message, code: int) -> Iterator[str]:
    if code:
        yield "failed"
        if state.draw("revive", message.key) < state.faults.revives:
            yield "delivered"
        return
    yield "sent"
    if state.draw("omit", message.key) >= state.faults.omits:
        yield "delivered"
    yield "read"
    if message.kind == "audio" and message.body["audio"].get("voice") in (True, "true"):
        yield "played"


def _later(state: State, message: Message, at: datetime, *, is_open: bool) -> int:
    """Return the code with which an accepted message fails, 0 where it arrives."""
    number, person = message.asked.number, message.person
    if code := _scripted(state.faults.fails, person) or number.code:
        return code
    flag = state.flag_of(number, person)
    if flag and (message.is_marketing or flag not in _OF_MARKETING):
        return flag
    if not message.template and not is_open:
        return 131047
    if message.is_marketing and person.wa_id.startswith("1"):
        return 131049  # no marketing templates to +1 numbers since 1 April 2025
    if not is_open and not state.reach.is_open(number.portfolio, person.key, state.tier_of(number.portfolio), at):
        return 131048
    return 0


def _pricing(message: Message, *, is_open: bool) -> dict[str, Any]:
    category = message.template.category.lower() if message.template else "service"
    is_free = is_open and category in {"service", "utility"}
    type_ = "free_customer_service" if is_free else "regular"
    if message.asked.is_lite:
        category = "marketing_lite"
    return {"billable": not is_free, "pricing_model": "PMP", "type": type_, "category": category}


def wamid(person: Person, number: int) -> str:
    """Return a message's id; like the real ones it spells the person's number in base64.

    >>> base64.b64decode(wamid(Person(wa_id="37126000001"), 5)[6:])[3:14]
    b'37126000001'
    """
    digits = (person.wa_id or person.bsuid.rpartition(".")[2]).encode()
    inner = f"3EB0{number:014X}".encode()
    raw = b"\x1d\x18" + bytes([len(digits)]) + digits + b"\x15\x02\x00\x11\x18\x12" + inner + b"\x00"
    return f"wamid.{base64.b64encode(raw).decode()}"
