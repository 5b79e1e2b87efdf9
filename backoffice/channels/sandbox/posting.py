"""Posting: which events are due, how they are put together, and what follows where nobody takes them."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.channels import wire
from backoffice.channels.sandbox import hooks
from backoffice.channels.sandbox.hooks import Told
from backoffice.channels.sandbox.memory import told
from backoffice.channels.sandbox.setup import Number
from backoffice.channels.sandbox.state import GRAPH, PLAIN, Person, State

_DUE = """
SELECT event.number, event.sender, field, event.status, event.code, event.at, tries, value,
    event.message, reference, person, bsuid, pricing, version, channel
FROM event LEFT JOIN message ON message.number = event.message
WHERE event.road = ? AND event.due <= ? ORDER BY event.due, event.number LIMIT ?
"""
_FIRST_WAIT = timedelta(seconds=0.2)
GIVES_UP_AFTER = timedelta(days=7)
"""How long an event is told again and again, on the sandbox's clock."""

_BATCH = 100  # events a webhook at most
_CHANGE = 10  # statuses a change at most


class Post(NamedTuple):
    """A request that is due: the events it tells, where it goes, and its signature; a forged one tells none."""

    events: tuple[int, ...]
    path: str
    raw: bytes
    signature: str


def due(state: State, at: datetime, most: int = 200) -> list[Post]:
    """Return the posts that are due, in a disorder of their own."""
    return [*_plain(state, at, most), *_graph(state, at, most)]


def _sign(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def _plain(state: State, at: datetime, most: int) -> Iterator[Post]:
    rows = state.memory.read(_DUE, PLAIN, told(at), most)
    ways: dict[tuple[str, str], list[tuple[int, wire.Event]]] = defaultdict(list)
    for number, sender, _, status, code, since, _, _, message, reference, *_, channel in rows:
        event = wire.Event(
            id=f"fake.{message}",
            reference=UUID(reference),
            status=status,
            at=datetime.fromisoformat(since),
            code=code,
        )
        ways[channel, sender].append((number, event))
    for (channel, sender), events in ways.items():
        events.sort(key=lambda one: state.draw("order", str(one[0])))
        raw = msgspec.json.encode(
            wire.Post(channel=channel, sender=sender, statuses=tuple(event for _, event in events))
        )
        yield Post(tuple(number for number, _ in events), "/fake/webhook", raw, _sign(state.setup.secret, raw))


def _graph(state: State, at: datetime, most: int) -> Iterator[Post]:
    events = [_told(row) for row in state.memory.read(_DUE, GRAPH, told(at), most)]
    events.sort(key=lambda event: state.draw("order", str(event.number)))
    while events:
        first = str(events[0].number)
        is_batch = state.draw("batch", first) < state.faults.batches
        size = 1 + int(state.draw("size", first) * _BATCH) if is_batch else 1
        part, events = events[:size], events[size:]
        raw = hooks.envelope(list(_entries(state, part, at)))
        if state.draw("forge", f"{first}/{part[0].tries}") < state.faults.forges:
            yield Post((), "/whatsapp/webhook", raw, _sign(f"{state.setup.secret}?", raw))
        numbers = tuple(event.number for event in part)
        yield Post(numbers, "/whatsapp/webhook", raw, _sign(state.setup.secret, raw))


def _told(row: tuple[Any, ...]) -> Told:
    number, sender, field, status, code, at, tries, value, message, reference, wa_id, bsuid, pricing, version, _ = row
    return Told(
        number=number,
        sender=sender,
        field=field,
        status=status,
        code=code,
        at=datetime.fromisoformat(at),
        tries=tries,
        value=value,
        message=message,
        reference=reference or "",
        person=Person(wa_id=wa_id or "", bsuid=bsuid or ""),
        pricing=pricing or "",
        version=version or 0,
    )


def _entries(state: State, events: Iterable[Told], at: datetime) -> Iterator[dict[str, Any]]:
    """Put events into entries, one an account and kind."""
    accounts: dict[tuple[str, bool], list[tuple[Number, Told]]] = defaultdict(list)
    for event in events:
        number = state.number(event.sender)
        accounts[number.waba_id, event.field in {"statuses", "messages"}].append((number, event))
    for (_, is_of_messages), told_ in accounts.items():
        changes = list(_changes(told_))
        yield hooks.entry(told_[0][0], changes, at, is_of_messages=is_of_messages)


def _changes(events: list[tuple[Number, Told]]) -> Iterator[dict[str, Any]]:
    """Put events of one account into changes: some statuses of one number, or one of anything else."""
    statuses: dict[str, list[Told]] = defaultdict(list)
    numbers = {number.phone_number_id: number for number, _ in events}
    for _, event in events:
        if event.field == "statuses":
            statuses[event.sender].append(event)
        else:
            yield {"value": msgspec.Raw((event.value or "{}").encode()), "field": event.field}
    for sender, told_ in statuses.items():
        for start in range(0, len(told_), _CHANGE):
            yield hooks.statuses_change(numbers[sender], told_[start : start + _CHANGE])


def posted(state: State, numbers: Iterable[int], at: datetime) -> None:
    """Note that a post was taken; some of its events are posted once more."""
    again = told(at + timedelta(seconds=state.faults.late))
    rows = [(again if state.draw("repeat", str(number)) < state.faults.repeats else None, number) for number in numbers]
    state.memory.write_each(
        "UPDATE event SET posts = posts + 1, due = CASE WHEN posts = 0 THEN ? END WHERE number = ?", rows
    )


def put_off(state: State, numbers: Iterable[int], at: datetime) -> None:
    """Have a post that was not taken come again, each time later, until seven days are over."""
    over, rows = told(at - GIVES_UP_AFTER), []
    for number in numbers:
        ((tries, since),) = state.memory.read("SELECT tries, since FROM event WHERE number = ?", number)
        wait = min(timedelta(seconds=state.setup.longest_wait), _FIRST_WAIT * 2 ** min(tries, 20))
        rows.append((None if since <= over else told(at + wait), number))
    state.memory.write_each("UPDATE event SET tries = tries + 1, due = ? WHERE number = ?", rows)
