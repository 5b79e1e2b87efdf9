"""Statements: a closed list of facts, each of its own type, and never a person's value."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.accounts.statements import ELSEWHERE, OWN, STATED, decode_statement, encode_statement
from backoffice.kernel.errors import Invalid
from backoffice.policy import facts
from backoffice.policy.facts import FOREVER, NEVER, Account
from backoffice.policy.gaps import is_gap

CODES = st.from_regex(r"[A-Za-z0-9_.:-]{0,64}", fullmatch=True)
SETS = st.frozensets(CODES, max_size=8)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # bounds
COUNTS = st.integers(0, 2**63 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("trial_until", "paid_from", "paid_until"), MOMENTS),
    "has_paid_plan": st.booleans(),
    **dict.fromkeys(("entitlements", "addons_purchased", "addons_configured", "registrations"), SETS),
    **dict.fromkeys(("mail_authentication", "emergencies"), SETS),
    **dict.fromkeys(("lawful_basis", "scan_ground", "transfer_ground"), CODES),
    "mail_complaint_rate": st.decimals(0, 1, allow_nan=False),
    "mail_daily_volume": COUNTS,
}


def refused(fact: str, value: object) -> str:
    """Return the code with which a value is refused."""
    with pytest.raises(Invalid) as caught:
        encode_statement(fact, value)
    return caught.value.code


def test_every_fact_of_an_account_is_answered_once() -> None:
    """By a column of this room, by another room, or by a statement; never by two."""
    assert set(Account.__struct_fields__) == OWN | ELSEWHERE | STATED
    assert len(OWN) + len(ELSEWHERE) + len(STATED) == len(Account.__struct_fields__)
    assert set(VALUES) == STATED


def test_what_the_facts_page_lays_upon_accounts_is_answered_here() -> None:
    """The page names the room that answers each fact."""
    ours = set(re.findall(r"^account\.(\w+) .*\| accounts \|", facts.__doc__ or "", re.MULTILINE))

    assert len(ours) > 10
    assert ours <= OWN | STATED


@given(st.data())
def test_a_stated_value_is_read_as_it_was_stated(data: st.DataObject) -> None:
    """Each fact keeps its value and its type, to the microsecond and to the last digit."""
    fact = data.draw(st.sampled_from(sorted(STATED)))
    value = data.draw(VALUES[fact])

    read = decode_statement(fact, encode_statement(fact, value))

    assert read == value
    assert type(read) is type(value)
    assert not is_gap(getattr(Account(**{fact: read}), fact))


@pytest.mark.parametrize("moment", [NEVER, FOREVER])
def test_never_and_forever_can_be_stated(moment: datetime) -> None:
    """The moments that stand for none are moments."""
    assert decode_statement("paid_until", encode_statement("paid_until", moment)) == moment


def test_a_moment_is_kept_in_utc() -> None:
    """Two ways to write one moment have the same bytes."""
    riga = datetime(2026, 11, 20, 10, 30, tzinfo=timezone(timedelta(hours=2)))

    assert encode_statement("paid_until", riga) == encode_statement("paid_until", "2026-11-20T08:30:00Z")


def test_equal_sets_have_the_same_bytes() -> None:
    """The order in which entitlements are named says nothing."""
    assert encode_statement("entitlements", ["sms", "email"]) == encode_statement("entitlements", {"email", "sms"})


@pytest.mark.parametrize(
    "fact", ["standing", "sender_is_banned", "sender_is_halted", "credits", "registers", "usage_count", "moon", ""]
)
def test_what_a_column_answers_and_what_is_no_fact_cannot_be_stated(fact: str) -> None:
    """No statement contradicts a column."""
    assert refused(fact, "x") == "fact_not_stated"


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("has_paid_plan", 1),
        ("has_paid_plan", None),
        ("paid_until", datetime(2026, 11, 20)),  # noqa: DTZ001  # nobody knows when that is
        ("paid_until", "2026-11-20T08:30:00"),
        ("paid_until", "0001-01-01T00:00:00+14:00"),
        ("mail_daily_volume", -1),
        ("mail_daily_volume", 2**64),
        ("mail_complaint_rate", Decimal("1.01")),
        ("mail_complaint_rate", Decimal("-0.01")),
        ("mail_complaint_rate", "NaN"),
        ("mail_complaint_rate", "Infinity"),
        ("entitlements", "sms"),
        ("entitlements", [1]),
        ("lawful_basis", None),
    ],
)
def test_a_value_of_another_type_or_range_is_refused(fact: str, value: object) -> None:
    """What the gate would misread never gets there."""
    assert refused(fact, value) == "fact_invalid"


@pytest.mark.parametrize(
    "value", ["anna@example.com", "+37126000001", "Anna Bērziņa", "a b", "x" * 65, "\x00", "\ud800", "ə"]
)
def test_no_statement_holds_a_persons_value(value: str) -> None:
    """Only codes pass; and the refusal doesn't repeat what was handed in."""
    for fact, handed_in in (("lawful_basis", value), ("registrations", [value])):
        with pytest.raises(Invalid) as caught:
            encode_statement(fact, handed_in)
        assert value not in str(caught.value)
