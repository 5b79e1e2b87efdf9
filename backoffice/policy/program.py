"""A program: the rules in scope for one set of places, one channel, one purpose, compiled."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

import msgspec

from backoffice.policy.bound import Bound
from backoffice.policy.compile import Answers, Bind, Gaps, Single, compile_batch, compile_single
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Params, Rule

Verdict = Literal["allow", "warn", "hold", "deny"]
STRICTNESS: tuple[Verdict, ...] = ("allow", "warn", "hold", "deny")


class Finding(msgspec.Struct, frozen=True):
    """A rule that stands in the way; `fact` names the gap where it could not answer."""

    bound: Bound
    fact: str = ""
    lifted_by: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """A gap never denies by itself: it holds, or warns where the rule only warns."""
        if self.bound.mode == "warn":
            return "warn"
        return "hold" if self.fact or self.bound.mode == "hold" else "deny"


class Outcome(msgspec.Struct, frozen=True):
    """What a program found: what is left after exceptions, and what they lifted."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    lifted: tuple[Finding, ...]


class Program:
    """Rules in scope, each equal predicate asked once."""

    def __init__(self, bounds: Iterable[Bound]) -> None:
        self.bounds = tuple(bounds)
        numbers: dict[tuple[str, Params | None], int] = {}
        self.predicates: list[tuple[Rule, Params | None]] = []
        self.uses: list[list[Bound]] = []
        for bound in self.bounds:
            key = (bound.rule.name, _without_places(bound))
            if numbers.setdefault(key, len(numbers)) == len(self.predicates):
                self.predicates.append((bound.rule, bound.params))
                self.uses.append([])
            self.uses[numbers[key]].append(bound)
        self._outcomes: dict[tuple[int, Gaps], Outcome] = {}

    @cached_property
    def bind(self) -> Bind:
        """Fix account and message: `bind(account, message)` judges one recipient after another."""
        return compile_batch(self.predicates)

    @cached_property
    def judge(self) -> Single:
        """Judge one recipient alone: `judge(account, message, recipient)` answers as a batch of one would."""
        return compile_single(self.predicates)

    def ask(self, account: Account, message: Message, recipient: Recipient) -> Answers:
        """Answer as the compiled code does, by calling the functions as they stand: the oracle."""
        mask, missing = 0, []
        for scoped in (False, True):  # rules of the batch first, as the compiled code asks them
            for number, (rule, params) in enumerate(self.predicates):
                if ("recipient" in rule.scope) is scoped:
                    answer = rule.answer(account, message, recipient, params)
                    mask |= (answer is True) << number
                    missing += [(number, answer)] if isinstance(answer, str) else []
        return mask, tuple(missing)

    def outcome(self, mask: int, missing: Gaps) -> Outcome:
        """Turn answers into findings: lift what an exception names, keep what is left."""
        key = (mask, missing)
        if key not in self._outcomes:
            self._outcomes[key] = self._weigh(mask, missing)
        return self._outcomes[key]

    def _weigh(self, mask: int, missing: Gaps) -> Outcome:
        hit = [bound for number, uses in enumerate(self.uses) if mask >> number & 1 for bound in uses]
        lifts = [(lifted, bound.source) for bound in hit if bound.mode == "allow" for lifted in bound.lifts]
        found = [Finding(bound, lifted_by=_lifters(bound, lifts)) for bound in hit if bound.mode != "allow"]
        gaps = [
            Finding(bound, fact) for number, fact in missing for bound in self.uses[number] if bound.mode != "allow"
        ]
        left = sorted((*(one for one in found if not one.lifted_by), *gaps), key=_gravest_first)
        verdict: Verdict = left[0].verdict if left else "allow"
        return Outcome(verdict, tuple(left), tuple(one for one in found if one.lifted_by))


def _lifters(bound: Bound, lifts: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(by for lifted, by in lifts if lifted == bound.source)


def _gravest_first(finding: Finding) -> int:
    return -STRICTNESS.index(finding.verdict)


def _without_places(bound: Bound) -> Params | None:
    """Equal predicates are asked once; places count only where the rule looks at them."""
    if bound.params is None or "p.places" in bound.rule.source:
        return bound.params
    return msgspec.structs.replace(bound.params, places=())
