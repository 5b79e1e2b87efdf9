"""Snapshots: the facts of a decision as they are stored, so that it can be made again years later.

What a batch shares is stored once in its judgement: account, message, and the *bases*, one for each set of places and
list of which its recipients come. A decision holds the rest: the *person*, who stays nameless: grades, moments, codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import NODEFAULT

from backoffice.consent.wordings import Wording
from backoffice.policy.facts import (
    FOREVER,
    NEVER,
    PRESUMED_ADULT,
    Account,
    Consent,
    Listing,
    Message,
    Moment,
    Recipient,
    Suppression,
)
from backoffice.policy.gaps import is_gap
from backoffice.policy.times import Times, pairs_of
from backoffice.policy.vocabulary import Grade

T = TypeVar("T")


class Given(msgspec.Struct, frozen=True, array_like=True):
    """A person's yes to a wording."""

    wording: int
    grade: Grade
    at: Moment
    valid_until: Moment = FOREVER


class Rare(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What most people have nothing of."""

    suppressions: tuple[Suppression, ...] = ()
    last_opt_out_at: Moment = NEVER
    recent_sends: tuple[Moment, ...] = ()
    recent_on_topic: tuple[Moment, ...] = ()
    last_inbound_at: Moment = NEVER
    last_purchase_at: Moment = NEVER
    last_inquiry_at: Moment = NEVER
    person_type: Literal["natural", "legal", "named_at_legal"] = "natural"
    age: int = PRESUMED_ADULT
    has_parental_consent: bool = False
    restriction: Literal["none", "contested", "objection", "erasure"] = "none"
    provider_error: int = 0
    provider_error_at: Moment = NEVER
    listings: tuple[Listing, ...] = ()
    unclear_stop_at: Moment = NEVER
    last_request_at: Moment = NEVER
    stop_confirmations: int = 0
    answers_sent: int = 0


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts of one recipient that others of the batch don't share."""

    consents: tuple[Given, ...] = ()
    rare: Rare | None = None


NOTHING_RARE = msgspec.structs.asdict(Rare())
"""The facts of somebody of whom there is nothing on record but consents; a base begins with them."""
_encoder = msgspec.msgpack.Encoder()
_person_decoder = msgspec.msgpack.Decoder(Person)


def encode_person(person: Person) -> bytes:
    """Return the person's facts as stored."""
    return _encoder.encode(person)


def decode_person(stored: bytes) -> Person:
    """Read a person's stored facts."""
    return _person_decoder.decode(stored)


def encode_facts(facts: Account | Message | Recipient) -> bytes:
    """Return facts as stored: what was stated and differs from the default; a gap is what is missing."""
    return _encoder.encode(_stated(facts))


def encode_bases(bases: list[Recipient]) -> bytes:
    """Return the bases of a batch as stored: places and zones, from which the rulebook makes local times again."""
    return _encoder.encode([{**_stated(base), "local_times": pairs_of(base.local_times)} for base in bases])


def decode_facts(kind: type[T], stored: bytes) -> T:
    """Read stored facts of a kind."""
    return msgspec.msgpack.decode(stored, type=kind)


def decode_bases(stored: bytes, times: Times, at: datetime) -> list[Recipient]:
    """Read the bases of a batch that was judged at a moment."""
    return [_base(base, times, at) for base in msgspec.msgpack.decode(stored, type=list[dict[str, Any]])]


def _base(stored: dict[str, Any], times: Times, at: datetime) -> Recipient:
    pairs = tuple((place, zone) for place, zone in stored.pop("local_times"))
    base = msgspec.convert(stored, Recipient)
    return msgspec.structs.replace(base, local_times=times.at(pairs, at))


def recipient_of(base: Recipient, person: Person, wordings: Mapping[int, Wording]) -> Recipient:
    """Make the facts of one recipient of what it shares with others and what is its own."""
    consents = tuple([consent_of(given, wordings) for given in person.consents])
    rare = msgspec.structs.asdict(person.rare) if person.rare else {}
    return msgspec.structs.replace(base, consents=consents, **rare)


def consent_of(given: Given, wordings: Mapping[int, Wording]) -> Consent:
    """Make a consent of what was agreed to and when."""
    wording = wordings[given.wording]
    return Consent(
        grade=given.grade,
        given_at=given.at,
        purposes=wording.purposes,
        channels=wording.channels,
        valid_until=given.valid_until,
        names_sender=wording.names_sender,
        is_written=wording.is_written,
        fields=wording.fields,
    )


def _stated(facts: msgspec.Struct) -> dict[str, Any]:
    """Return what differs from the default, sets in order: the same facts have the same bytes."""
    stated = {}
    for name, default in _defaults(type(facts)):
        value = getattr(facts, name)
        if value is not default and not is_gap(value) and (default is NODEFAULT or value != default):
            stated[name] = sorted(value) if type(value) is frozenset else value
    return stated


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a kind of facts, each with its default, NODEFAULT where that is a gap."""
    fields = msgspec.structs.fields(kind)
    return tuple((one.name, NODEFAULT if is_gap(one.default) else one.default) for one in fields)


def latest(*moments: datetime) -> datetime:
    """Return the latest of some moments, NEVER of none."""
    return max(moments, default=NEVER)
