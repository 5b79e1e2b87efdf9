"""The gate: one pure function from facts and rulebook to decisions.

No rule is skipped after the first denial. What an exception lifts is shown beside it. A hold says when it
ends: the least moment at which no rule in force then stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec

from backoffice.policy.compile import Answers, Gaps, Judge
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.program import Finding, Program, Verdict
from backoffice.policy.release import release_of
from backoffice.policy.rulebook import Rulebook

MOST_SCOPES = 2_000  # sets of places kept at a time: a list has a few hundred, one made to fill the memory any number


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one message to one person, with everything that led to it.

    `next_allowed_at` is set where time alone opens a hold; `no_common_window` where no moment of the next
    seven days is open to all zones and rules, so that people decide.
    """

    verdict: Verdict
    purpose: str
    findings: tuple[Finding, ...]
    lifted: tuple[Finding, ...]
    classified: tuple[Finding, ...]
    next_allowed_at: datetime | None
    no_common_window: bool
    rulebook: str


class _Scope(msgspec.Struct, frozen=True):
    """What is shared by recipients in the same set of places."""

    message: Message
    classified: tuple[Finding, ...]
    program: Program
    judge: Judge
    decisions: dict[Answers, Decision] = {}  # people who differ in nothing that counts share one


class Gate:
    """Decides batches of one account and one message; `is_single` spares a batch of one its preparation."""

    def __init__(self, rulebook: Rulebook, account: Account, message: Message, *, is_single: bool = False) -> None:
        self.rulebook = rulebook
        self.account = account
        self.message = message
        self.is_single = is_single
        self._scopes: dict[tuple[frozenset[str], datetime], _Scope] = {}

    def decide(self, recipient: Recipient) -> Decision:
        """Decide one recipient of the batch."""
        scope = self._scope(recipient.places, self.message.at)
        answers = scope.judge(recipient)
        decision = scope.decisions.get(answers)
        if decision is None:
            decision = scope.decisions[answers] = self._decision(scope, answers)
        if decision.verdict != "hold":
            return decision
        release = release_of(recipient, self.message.at, self._findings_at, self.rulebook.times)
        return msgspec.structs.replace(decision, next_allowed_at=release.at, no_common_window=release.no_common_window)

    def _decision(self, scope: _Scope, answers: Answers) -> Decision:
        outcome = scope.program.outcome(*answers)
        return Decision(
            verdict=outcome.verdict,
            purpose=scope.message.purpose,
            findings=outcome.findings,
            lifted=outcome.lifted,
            classified=scope.classified,
            next_allowed_at=None,
            no_common_window=False,
            rulebook=self.rulebook.name,
        )

    def answers(self, recipient: Recipient) -> tuple[Program, int, Gaps]:
        """Return the program in scope with its raw answers, for those who check it."""
        scope = self._scope(recipient.places, self.message.at)
        return scope.program, *scope.judge(recipient)

    def _findings_at(self, recipient: Recipient, at: datetime) -> tuple[Account, Message, tuple[Finding, ...]]:
        scope = self._scope(recipient.places, at)
        return self.account, scope.message, scope.program.outcome(*scope.judge(recipient)).findings

    def _scope(self, places: frozenset[str], at: datetime) -> _Scope:
        scope = self._scopes.get((places, at))
        if scope is None:
            if len(self._scopes) >= MOST_SCOPES:
                self._scopes.clear()
            scope = self._scopes[places, at] = self._make(places, at)
        return scope

    def _make(self, places: frozenset[str], at: datetime) -> _Scope:
        message = self.message if at == self.message.at else msgspec.structs.replace(self.message, at=at)
        classified = self._classified(message, places)
        if classified and message.purpose != "marketing":
            message = msgspec.structs.replace(message, purpose="marketing")
        program = self.rulebook.program(places, self.account.places, message.channel, message.purpose, at)
        judge = partial(program.judge, self.account, message) if self.is_single else program.bind(self.account, message)
        return _Scope(message, classified, program, judge)

    def _classified(self, message: Message, places: frozenset[str]) -> tuple[Finding, ...]:
        """Ask the classifiers first: a message they can't rule out counts as marketing."""
        asked = (
            (bound, bound.rule.answer(self.account, message, None, bound.params))
            for bound in self.rulebook.classifiers
            if bound.speaks_of(message.channel, message.purpose, message.at)
            and bound.reaches(places, self.account.places)
        )
        return tuple(Finding(bound, answer if isinstance(answer, str) else "") for bound, answer in asked if answer)


def decide(rulebook: Rulebook, account: Account, message: Message, recipients: Sequence[Recipient]) -> list[Decision]:
    """Decide a batch: one account, one message, many recipients; each gets a decision, in order."""
    gate = Gate(rulebook, account, message, is_single=len(recipients) == 1)
    return [gate.decide(recipient) for recipient in recipients]
