"""Strategies for the three records of facts: compliant ones of the scenarios, led astray where rules look.

Values lie at, just before and just after whatever a rule or its parameters compare with; places and clocks come
from real numbers and packs. With `gaps`, any fact that does not choose the rules in scope may be one nobody stated.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from backoffice.kernel.jurisdiction import Whereabouts
from backoffice.plumbing.policies import library, read_scenario_files
from backoffice.policy.facts import FOREVER, NEVER, Account, Consent, Listing, Message, Recipient, Register, Suppression
from backoffice.policy.gaps import gap
from backoffice.policy.language import FACTS, Params, Rule
from backoffice.policy.proving import Prover
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.scenarios import read_scenarios

Record = TypeVar("Record", Account, Message, Recipient)

RULEBOOKS = {operator: Rulebook(library(), operator) for operator in library().operators}
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
UNCOVERED = datetime(2060, 7, 4, 15, tzinfo=UTC)  # no calendar speaks of this year
NUMBERS = (
    *("+13055550143", "+14155550143", "+12125550143", "+19155550143", "+16065550143", "+19065550143", "+18005550143"),
    *("+37126000001", "+34612345678", "+4915123456789", "+994501234567", "+447400123456", "+5511961234567", None),
)
CHOOSE_RULES = {"places", "channel", "purpose", "at"}  # a gap in one of these has no rulebook to be judged by
TOGETHER = {"places", "without_pack", "local_times"}  # what follows from where the person may be
OPEN_ENDED = {"trial_until", "paid_until", "portfolio_room_at"}


def _scalars(value: object) -> Iterator[object]:
    """Yield every word and number of a rule's parameters."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.astuple(value)
    if isinstance(value, (tuple, frozenset)):
        for item in value:
            yield from _scalars(item)
    else:
        yield value


def _compared(rule: Rule, params: Params | None) -> Iterator[object]:
    """Yield what a rule compares facts with: its parameters, literals and constants."""
    yield from _scalars(params)
    for node in ast.walk(rule.expression):
        if isinstance(node, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Name) and node.id.isupper():
            yield rule.function.__globals__[node.id]


def _known() -> dict[str, set[object]]:
    """Return by fact, as `message.carries`, all that some rule of some rulebook compares it with."""
    known: dict[str, set[object]] = defaultdict(set)
    for bound in {(one.rule, one.params) for rulebook in RULEBOOKS.values() for one in rulebook.bounds}:
        compared = set(_compared(*bound))
        for node in ast.walk(bound[0].expression):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in FACTS:
                known[f"{node.value.id}.{node.attr}"] |= compared
    return known


KNOWN = _known()


def _near(fact: str, kind: type, step: Any) -> list[Any]:  # noqa: ANN401  # a number or a period
    """Return what the fact is compared with, a step below and a step above."""
    centres = {value for value in KNOWN[fact] if type(value) is kind} | {kind(0)}
    return sorted({value + away for value in centres for away in (-step, 0 * step, step)})


def _words(fact: str) -> list[str]:
    return sorted({value for value in KNOWN[fact] if type(value) is str} | {"", "other"})


def moments() -> st.SearchStrategy[datetime]:
    """Make moments of a send: mostly one and the same, else full hours of two years and the minute before."""
    hours = st.builds(
        lambda hour, minute: NOW + timedelta(hours=hour, minutes=minute), st.integers(0, 17_520), _MINUTES
    )
    return st.one_of(st.just(NOW), hours)


_MINUTES = st.sampled_from([0, -1])


def _instants(fact: str) -> st.SearchStrategy[datetime]:
    spans = _near(fact, timedelta, timedelta(seconds=1))
    ends = [FOREVER] if fact.partition(".")[2] in OPEN_ENDED else []
    return st.sampled_from([NEVER, *ends, *(NOW - span for span in spans), *(NOW + span for span in spans)])


def _sets(words: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.one_of(st.frozensets(st.sampled_from(words)), st.just(frozenset(words)))


_CHANNELS = get_args(get_type_hints(Message)["channel"])
_PURPOSES = get_args(get_type_hints(Message)["purpose"])
_TOPICS = ["", "autumn", "other"]

_TUPLES: dict[str, st.SearchStrategy[Any]] = {
    "recipient.consents": st.builds(
        Consent,
        grade=st.sampled_from("ABCD"),
        given_at=_instants("recipient.consents"),
        purposes=_sets([*_PURPOSES]),
        channels=_sets([*_CHANNELS]),
        valid_until=st.one_of(st.just(FOREVER), _instants("recipient.consents")),
        names_sender=st.booleans(),
        is_written=st.booleans(),
        fields=_sets(_words("recipient.consents")),
    ),
    "recipient.suppressions": st.builds(
        Suppression,
        scope=st.sampled_from(["all", "marketing", "topic"]),
        channel=st.sampled_from(["all", *_CHANNELS]),
        at=_instants("recipient.suppressions"),
        topic=st.sampled_from(_TOPICS),
    ),
    "recipient.listings": st.builds(
        Listing, st.sampled_from(_words("recipient.listings")), _instants("recipient.listings")
    ),
    "account.registers": st.builds(
        Register, st.sampled_from(_words("account.registers")), _instants("account.registers")
    ),
    "recipient.recent_sends": _instants("recipient.recent_sends"),
    "recipient.recent_on_topic": _instants("recipient.recent_on_topic"),
}


def _values(fact: str, hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  # a type
    """Choose how values of a fact are made, by its type."""
    if fact in _TUPLES:
        return st.lists(_TUPLES[fact], max_size=6).map(lambda items: tuple(_in_order(items)))
    if fact == "message.at":
        return moments()
    if fact == "account.restricted_channels":
        return _sets([*_CHANNELS])
    if fact == "message.topic":
        return st.sampled_from(_TOPICS)
    if get_origin(hint) in {Literal, frozenset}:
        return st.sampled_from(get_args(hint)) if get_origin(hint) is Literal else _sets(_words(fact))
    made: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        str: st.sampled_from(_words(fact)),
        int: st.sampled_from(_near(fact, int, 1)),
        Decimal: st.sampled_from(_near(fact, Decimal, Decimal("0.0001"))),
        timedelta: st.sampled_from(_near(fact, timedelta, timedelta(seconds=1))),
        datetime: _instants(fact),
    }
    return made[hint]


def _in_order(items: list[Any]) -> list[Any]:
    """Sends are listed oldest first."""
    return sorted(items) if items and isinstance(items[0], datetime) else items


_STATES = [pack.jurisdiction[3:] for pack in library().packs if len(pack.jurisdiction.removeprefix("US-")) == 2]
_WHERE = [
    *(library().numbering.locate(number) for number in NUMBERS),
    *(library().numbering.locate(None, country="US", state=state) for state in _STATES),
]


def _somewhere(where: list[Whereabouts], at: datetime) -> dict[str, Any]:
    """Return the facts that follow from where the person may be, all clocks set to a moment."""
    return {
        "places": frozenset(place for one in where for place in one.places),
        "without_pack": tuple(sorted({country for one in where for country in one.without_pack})),
        "local_times": library().times.at(tuple(sorted({pair for one in where for pair in one.zones})), at),
    }


_PROVER = Prover(library())
_BASES = [_PROVER.facts(case) for case in read_scenarios(read_scenario_files()) if not case.base]


def _fields(kind: type[Record]) -> dict[str, st.SearchStrategy[Any]]:
    record, hints = kind.__name__.lower(), get_type_hints(kind)
    alone = [name for name in kind.__struct_fields__ if kind is not Recipient or name not in TOGETHER]
    return {name: _values(f"{record}.{name}", hints[name]) for name in alone}


@st.composite
def _astray(draw: st.DrawFn, bases: list[Record], fields: dict[str, st.SearchStrategy[Any]], gaps: bool) -> Record:  # noqa: FBT001
    base: Record = draw(st.sampled_from(bases))
    few, all_of_them = st.sets(st.sampled_from(sorted(fields)), max_size=4), st.just(fields.keys())
    changed = {name: draw(fields[name]) for name in draw(st.one_of(few, all_of_them))}
    if isinstance(base, Recipient):
        at = st.one_of(moments(), st.just(UNCOVERED)) if gaps else moments()
        changed |= _somewhere(draw(st.lists(st.sampled_from(_WHERE), min_size=1, max_size=8)), draw(at))
    if gaps:
        record, may_be = type(base).__name__.lower(), sorted({*base.__struct_fields__} - CHOOSE_RULES)
        changed |= {name: gap(f"{record}.{name}") for name in draw(st.sets(st.sampled_from(may_be), max_size=4))}
    return msgspec.structs.replace(base, **changed)


def accounts(*, gaps: bool = False) -> st.SearchStrategy[Account]:
    """Make accounts, most of them compliant but for a few facts."""
    return _astray([account for account, _, _ in _BASES], _fields(Account), gaps)


def messages(*, gaps: bool = False) -> st.SearchStrategy[Message]:
    """Make messages, most of them compliant but for a few facts."""
    return _astray([message for _, message, _ in _BASES], _fields(Message), gaps)


def recipients(*, gaps: bool = False) -> st.SearchStrategy[Recipient]:
    """Make recipients somewhere in the world, at the time their clocks show then."""
    return _astray([recipient for _, _, recipient in _BASES], _fields(Recipient), gaps)
