"""The compiler keeps to what the rules say: truth and gaps are those of the functions called as they stand."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given

from backoffice.policy.bound import Bound
from backoffice.policy.compile import Gaps
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.program import Program
from tests.policy.strategies import RULEBOOKS, accounts, messages, recipients


def awake(bounds: Iterable[Bound]) -> list[Bound]:
    """Return what can be asked, in scope or not."""
    return [bound for bound in bounds if not bound.is_asleep]


EVERYTHING = Program(bound for rulebook in RULEBOOKS.values() for bound in awake(rulebook.bounds))


def told(mask: int, missing: Gaps) -> tuple[int, list[tuple[int, str]]]:
    """Return answers in an order of their own."""
    return mask, sorted(missing)


@given(accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_every_rule_answers_compiled_as_it_does_called(
    account: Account, message: Message, recipient: Recipient
) -> None:
    """All rules of all operators and all law, whether a fact is given or not."""
    answers = EVERYTHING.bind(account, message)(recipient)

    assert told(*answers) == told(*EVERYTHING.ask(account, message, recipient))
