"""Snapshots: what is stored of facts gives the same facts back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings

from backoffice.consent.wordings import Wording
from backoffice.plumbing.policies import library
from backoffice.policy.facts import FOREVER, NEVER, Account, LocalTime, Message, Recipient, Suppression
from backoffice.policy.gaps import is_gap
from backoffice.policy.vocabulary import ContentClass
from backoffice.relay.snapshot import (
    Given,
    Person,
    Rare,
    decode_bases,
    decode_facts,
    decode_person,
    encode_bases,
    encode_facts,
    encode_person,
    recipient_of,
)
from tests.policy.strategies import accounts, messages, recipients

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


TIMES = library().times


def same(one: Any, other: Any) -> bool:  # noqa: ANN401  # any record of facts
    """Whether two records state the same, and leave the same unsaid."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__]
    return all(is_gap(a) and is_gap(b) if is_gap(a) or is_gap(b) else a == b for a, b in pairs)


def gathered(facts: Any) -> Any:  # noqa: ANN401  # any record of facts
    """Take from invented facts what no room can answer: a gap where the default is strict, a word out of its list."""
    kind = type(facts)
    fresh = kind(at=facts.at, channel=facts.channel) if kind is Message else kind()
    own: dict[str, Any] = {}
    for name in kind.__struct_fields__:
        value, default = getattr(facts, name), getattr(fresh, name)
        if is_gap(value) and not is_gap(default):
            own[name] = default
        elif name.startswith("content_") and not is_gap(value):
            own[name] = frozenset(value) & set(get_args(ContentClass))
    return msgspec.structs.replace(facts, **own)


@settings(max_examples=200)
@given(accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_facts_come_back_as_they_were(account: Account, message: Message, recipient: Recipient) -> None:
    """Account, message and bases survive storing, gaps and all."""
    account, message, base = gathered(account), gathered(message), gathered(recipient)
    pairs = (("LV", "Europe/Riga"), ("US-FL", "America/New_York"))
    base = msgspec.structs.replace(base, local_times=TIMES.at(pairs, AT))

    assert same(decode_facts(Account, encode_facts(account)), account)
    assert same(decode_facts(Message, encode_facts(message)), message)
    assert same(decode_bases(encode_bases([base]), TIMES, AT)[0], base)


@settings(max_examples=200)
@given(accounts())
def test_equal_facts_have_equal_bytes(account: Account) -> None:
    """A set has no order that could show in the bytes."""
    again = msgspec.structs.replace(account, places=frozenset(sorted(account.places, reverse=True)))

    assert encode_facts(account) == encode_facts(again)


def test_a_person_comes_back_and_makes_its_recipient() -> None:
    """What is one's own is laid over what is shared."""
    rare = Rare(
        suppressions=(Suppression(scope="marketing", at=AT),),
        last_opt_out_at=AT,
        recent_sends=(AT - timedelta(hours=1),),
        age=15,
    )
    person = Person((Given(7, "B", AT),), rare)
    base = Recipient(
        is_address_valid=True,
        places=frozenset({"LV", "EU"}),
        local_times=(LocalTime("LV", "Europe/Riga", "2026-11-20", 4, 630, ()),),
    )
    wording = Wording(frozenset({"marketing"}), frozenset({"sms"}), names_sender=True)

    made = recipient_of(base, decode_person(encode_person(person)), {7: wording})

    assert decode_person(encode_person(person)) == person
    assert made.consents[0].purposes == frozenset({"marketing"})
    assert made.consents[0].valid_until == FOREVER
    assert (made.age, made.last_inbound_at, made.last_opt_out_at) == (15, NEVER, AT)
    assert made.places == base.places


def test_a_plain_person_takes_hardly_any_room() -> None:
    """Nothing on record is nothing stored."""
    assert len(encode_person(Person())) == 1


def test_a_person_of_a_wording_nobody_knows_is_an_error() -> None:
    """A wording that is gone is noticed, not passed over."""
    with pytest.raises(KeyError):
        recipient_of(Recipient(), Person(consents=(Given(8, "C", AT),)), {})
