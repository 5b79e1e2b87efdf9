"""The policy language: what a rule may be, and what it is refused for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import RULES, Params, Rule
from backoffice.policy.primitives.gate.hours import Cap


def two_returns(account: Account) -> bool:  # noqa: D103
    if account.is_registered:
        return account.sender_is_linked
    return account.sender_is_banned


def calls_out(account: Account) -> bool:  # noqa: D103
    return sorted(account.standing) == []


def reads_a_global(account: Account) -> bool:  # noqa: D103
    return account.credits < limit  # type: ignore[name-defined,no-any-return]  # noqa: F821


def uses_is(recipient: Recipient) -> bool:  # noqa: D103
    return recipient.is_own_customer is True


def two_loops(account: Account, message: Message) -> bool:  # noqa: D103
    return any(a == b for a in account.entitlements for b in message.carries)


def computed_index(account: Account) -> bool:  # noqa: D103
    return account.registers[account.credits].name == ""


def one_name_twice(recipient: Recipient) -> bool:  # noqa: D103
    return any(any(a in recipient.places for a in a.fields) for a in recipient.consents)


REFUSED = [two_returns, calls_out, reads_a_global, uses_is, two_loops, computed_index, one_name_twice]


@pytest.mark.parametrize("function", REFUSED)
def test_what_the_grammar_does_not_know_is_refused_with_file_and_line(function: object) -> None:
    """A rule is one return of the small language, or the program does not start."""
    with pytest.raises(Invalid, match="rule_refused") as refused:
        Rule(function, may_hold=False, may_lift=False)  # type: ignore[arg-type]

    assert refused.value.data["file"] == __file__
    assert refused.value.data["line"] > function.__code__.co_firstlineno  # type: ignore[attr-defined]


def no_facts(p: Params) -> bool:
    """Ask nothing."""
    return p.places == ()


def test_a_rule_without_facts_is_refused() -> None:
    """A rule that looks at nothing decides nothing."""
    with pytest.raises(Invalid, match="rule_parameters"):
        Rule(no_facts, may_hold=False, may_lift=False)


def test_a_negative_period_is_refused() -> None:
    """No law gives a term that runs backwards."""
    with pytest.raises(msgspec.ValidationError, match="negative"):
        msgspec.convert({"most": 3, "within": timedelta(hours=-1)}, Cap)


def test_a_service_message_needs_no_answer_about_a_marketing_fact() -> None:
    """Python's own short circuit decides whether a gap was read."""
    over = RULES["stop_confirmation_unfit"]
    message = Message(at=datetime(2026, 1, 1, tzinfo=UTC), channel="sms")

    assert over.answer(Account(), message, Recipient(), None) is False


def test_every_rule_says_what_stands_in_the_way() -> None:
    """The docstring is what a lawyer reads."""
    assert all(rule.says.endswith((".", ")")) for rule in RULES.values())
