"""The compiler keeps to what the rules say: truth and gaps are those of the functions called as they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from backoffice.policy.compile import Gaps, compile_batch, compile_single
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Rule
from backoffice.policy.program import Program
from tests.policy.strategies import RULEBOOKS, accounts, messages, recipients
from tests.trying import DEAR

EVERYTHING = Program(bound for rulebook in RULEBOOKS.values() for bound in rulebook.bounds if not bound.is_asleep)
DAY = timedelta(days=1)


def told(mask: int, missing: Gaps) -> tuple[int, list[tuple[int, str]]]:
    """Return answers in an order of their own."""
    return mask, sorted(missing)


@DEAR
@given(accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_every_rule_answers_compiled_as_it_does_called(
    account: Account, message: Message, recipient: Recipient
) -> None:
    """All rules of all operators and all law, whether a fact is given or not."""
    answers = EVERYTHING.bind(account, message)(recipient)

    assert told(*answers) == told(*EVERYTHING.ask(account, message, recipient))


@DEAR
@given(accounts(gaps=True), messages(gaps=True), st.lists(recipients(gaps=True), min_size=1, max_size=2))
def test_a_batch_answers_as_each_of_it_alone(account: Account, message: Message, people: list[Recipient]) -> None:
    """The shorter way for one says the same, in the same order, and nobody leaves a trace in the next."""
    judge = EVERYTHING.bind(account, message)

    assert [judge(person) for person in people] == [EVERYTHING.judge(account, message, person) for person in people]


def loop_in_a_comparison(recipient: Recipient) -> bool:
    """Compare what a loop says."""
    return any(stop.scope == "all" for stop in recipient.suppressions) != recipient.is_address_valid


def youngest_of_a_loop(message: Message, recipient: Recipient) -> bool:
    """Take the least of a loop, where there is one."""
    return len(recipient.consents) > 0 and min(one.given_at for one in recipient.consents) > message.at - DAY


def greatest_as_truth(recipient: Recipient) -> bool:
    """Take the greatest of a loop as it stands."""
    return len(recipient.consents) > 0 and max(one.is_written for one in recipient.consents)


def loop_with_a_condition(message: Message, recipient: Recipient) -> bool:
    """Look only at some."""
    return all(stop.scope == "all" for stop in recipient.suppressions if stop.channel == message.channel)


def loop_in_a_loop(account: Account, recipient: Recipient) -> bool:
    """Look through two lists."""
    return all(
        any(held.name == entry.register for held in account.registers) or entry.register == ""
        for entry in recipient.listings
    )


def loop_over_literals(message: Message) -> bool:
    """Look through what is written out here, with a condition."""
    return any(part not in message.carries for part in ("ad_mark", "stop_way", "other") if part != message.topic)


def guarded_by_the_batch(account: Account, message: Message, recipient: Recipient) -> bool:
    """Ask the person only what account and message leave open."""
    return not (account.credits < 1 and message.is_bulk) and (recipient.age < 18 or message.at >= account.trial_until)


SHAPES: list[Callable[..., bool]] = [
    loop_in_a_comparison,
    youngest_of_a_loop,
    greatest_as_truth,
    loop_with_a_condition,
    loop_in_a_loop,
    loop_over_literals,
    guarded_by_the_batch,
]
RULES = [Rule(shape, may_hold=False, may_lift=False) for shape in SHAPES]
bind = compile_batch((rule, None) for rule in RULES)
judge_one = compile_single((rule, None) for rule in RULES)


@DEAR
@given(accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_every_shape_the_grammar_allows_is_compiled_as_it_says(
    account: Account, message: Message, recipient: Recipient
) -> None:
    """Also shapes that no rule of ours has taken yet."""
    called = [rule.answer(account, message, recipient, None) for rule in RULES]
    mask = sum((answer is True) << number for number, answer in enumerate(called))
    missing = [(number, answer) for number, answer in enumerate(called) if isinstance(answer, str)]

    assert told(*bind(account, message)(recipient)) == told(*judge_one(account, message, recipient)) == (mask, missing)
