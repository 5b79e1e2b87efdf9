"""Proving: a case's facts are made, judged and held against what must come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.kernel.jurisdiction import closure
from backoffice.kernel.phone import is_emergency, parse_phone
from backoffice.policy.decide import Decision, Gate
from backoffice.policy.documents import convert
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.library import Library
from backoffice.policy.program import Finding, Program
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.scenarios import Case

RuleKey = tuple[str, int]  # source, and the rule's place there

_FACTS = {
    f"{kind.__name__.lower()}.{name}" for kind in (Account, Message, Recipient) for name in kind.__struct_fields__
}


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a case showed.

    `sole` are the rules of which this case shows that they stop (or warn) by themselves, together only with
    rules that say the same; `passed` those it lists as in scope and answering no.
    """

    case: Case
    decision: Decision
    failures: tuple[str, ...]
    sole: frozenset[RuleKey]
    passed: frozenset[RuleKey]
    cited: frozenset[str]  # clauses that a sole reason's rows invoke
    lifting: frozenset[RuleKey]  # exceptions that lifted, classifiers that classified
    idle: frozenset[RuleKey]  # exceptions and classifiers that were in scope and did neither


class Prover:
    """Runs cases; a rulebook is made once for each operator, edition and settings."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._rulebooks: dict[tuple[str, str, bytes], Rulebook] = {}

    def prove(self, cases: Iterable[Case]) -> Iterator[Proof]:
        """Run cases in order."""
        for case in cases:
            with _naming(case):
                proof = self._prove(case)
            yield proof

    def decide(self, case: Case) -> tuple[Decision, Program, set[int]]:
        """Judge a case; returns the decision, the rules in scope, and the numbers of those that did not answer no."""
        with _naming(case):
            account, message, recipient = self.facts(case)
            gate = Gate(self._rulebook(case), account, message)
            program, mask, missing = gate.answers(recipient)
        hit = {number for number in range(len(program.predicates)) if mask >> number & 1}
        return gate.decide(recipient), program, hit | {number for number, _ in missing}

    def facts(self, case: Case) -> tuple[Account, Message, Recipient]:
        """Make the facts of a case; raises Invalid naming the case where a fact has a wrong name or type."""
        if strangers := set(case.unknown) - _FACTS:
            raise Invalid("fact_unknown", field=min(strangers))
        pinned = {"purpose": case.purpose, "channel": case.channel, "at": case.at}
        return (
            self._fact(Account, {**self._established(case), "sender_provider_type": case.provider_type}, case),
            self._fact(Message, {**case.message, **pinned}, case),
            self._fact(Recipient, {**self._place(case), **_graded(case)}, case),
        )

    def _fact(self, kind: type[Any], given: dict[str, Any], case: Case) -> Any:  # noqa: ANN401  # one of the three
        name = kind.__name__.lower()
        stated = {key: value for key, value in given.items() if f"{name}.{key}" not in case.unknown}
        if strangers := stated.keys() - set(kind.__struct_fields__):
            raise Invalid("fact_unknown", field=f"{name}.{min(strangers)}")
        times = stated.pop("local_times") if isinstance(stated.get("local_times"), tuple) else None
        made = convert(kind, stated, case.where[0], "", f"$.{name}")
        return made if times is None else msgspec.structs.replace(made, local_times=times)

    def _established(self, case: Case) -> dict[str, Any]:
        """Add the operator's place and all parents: who is established in Latvia is established in the EU."""
        places = case.account.get("places")
        if not isinstance(places, list):
            return dict(case.account)
        home = self.library.operator(case.operator).place
        return {**case.account, "places": sorted(closure({*places, home}))}

    def _place(self, case: Case) -> dict[str, Any]:
        """Work out the places and clocks of the pinned number and the declared address."""
        declared = {name: getattr(case, name) or None for name in ("country", "state", "postcode", "city")}
        number, is_valid, number_class = _number(case)
        where = self.library.numbering.locate(number, **declared)
        if case.zone not in {zone for _, zone in where.zones}:
            raise Invalid("scenario_zone_not_found", case=case.id, field="zone", zone=case.zone)
        return {
            "is_address_valid": is_valid,
            "region": where.region,
            "places": where.places,
            "without_pack": where.without_pack,
            "number_class": number_class or where.number_class,
            "local_times": self.library.times.at(where.zones, case.at),
        }

    def _rulebook(self, case: Case) -> Rulebook:
        operator, edition = case.operator, case.edition
        key = (operator, edition, msgspec.json.encode(case.settings))
        if key not in self._rulebooks:
            self._rulebooks[key] = Rulebook(self.library, operator, edition, case.settings)
        return self._rulebooks[key]

    def _prove(self, case: Case) -> Proof:
        decision, program, hit = self.decide(case)
        passed, failed = _passed(case, program, hit)
        sole = _sole(decision)
        failures = [
            *_mismatches(case, decision),
            *(f"{source} was not in scope or did not answer no" for source in failed),
        ]
        if case.expect.only and not {source for source, _ in sole} >= set(case.expect.only):
            failures.append(f"only {', '.join(case.expect.only)} should stand in the way")
        return Proof(
            case=case,
            decision=decision,
            failures=tuple(failures),
            sole=frozenset(sole),
            passed=passed,
            cited=frozenset(also for one in _weightiest(decision) if sole for also in one.bound.also),
            lifting=_lifting(decision, program),
            idle=self._idle(case, decision, program),
        )

    def _idle(self, case: Case, decision: Decision, program: Program) -> frozenset[RuleKey]:
        """Return the exceptions and classifiers that spoke of this case and changed nothing."""
        account, message, recipient = self.facts(case)
        busy = _lifting(decision, program)
        speaking = (
            one for one in self._rulebook(case).classifiers if one.speaks_of(case.channel, case.purpose, case.at)
        )
        classifiers = (one for one in speaking if one.reaches(recipient.places, account.places))
        asked = (one for one in classifiers if one.rule.answer(account, message, None, one.params) is False)
        lifts = (one for one in program.bounds if one.mode == "allow" and decision.verdict in {"deny", "hold"})
        return frozenset(one.key for one in (*asked, *lifts)) - busy


@contextmanager
def _naming(case: Case) -> Iterator[None]:
    """Say of an error where its case stands."""
    try:
        yield
    except BackofficeError as wrong:
        file, line = case.where
        raise type(wrong)(wrong.code, **{**wrong.data, "file": file, "line": line, "case": case.id}) from None


def _number(case: Case) -> tuple[str | None, bool, str]:
    """Read the pinned number: E.164 or None, whether it can be an address, and a class where only we know it."""
    if case.number == "none":
        return None, case.channel == "email", "other"
    try:
        return parse_phone(case.number, case.country or None), True, ""
    except Invalid:
        emergency = is_emergency(case.number, case.country or None)
        return None, emergency, "emergency" if emergency else "other"


def _graded(case: Case) -> dict[str, Any]:
    """Give the base's consents the pinned grade; "none" takes them away."""
    if case.grade == "none":
        return {**case.recipient, "consents": []}
    consents = case.recipient.get("consents", [])
    if not isinstance(consents, list) or not all(isinstance(one, dict) for one in consents):
        return case.recipient  # what it has to be is told where facts are read
    return {**case.recipient, "consents": [{**one, "grade": case.grade} for one in consents]}


def _weightiest(decision: Decision) -> list[Finding]:
    stopping = [one for one in decision.findings if one.verdict != "warn"]
    return stopping or [one for one in decision.findings if one.verdict == "warn"]


def _sole(decision: Decision) -> set[RuleKey]:
    """Return what stops by itself: one rule, or several of one `same_as` group; a gap shows nothing."""
    shown: set[RuleKey] = set()
    for verdicts in ({"deny", "hold"}, {"warn"}):
        found = [one for one in decision.findings if one.verdict in verdicts]
        says_the_same = {(one.bound.rule.name, one.bound.same_as or one.bound.key) for one in found}
        if len(says_the_same) == 1 and not any(one.fact for one in found):
            shown |= {one.bound.key for one in found}
    return shown


def _passed(case: Case, program: Program, hit: set[int]) -> tuple[frozenset[RuleKey], list[str]]:
    """Return the rules of the listed sources that were in scope and answered no, and the sources that failed it."""
    answers: dict[str, list[tuple[RuleKey, bool]]] = {}
    for number, uses in enumerate(program.uses):
        for bound in uses:
            for source in (bound.source, *bound.also):
                answers.setdefault(source, []).append((bound.key, number in hit))
    listed = {source: answers.get(source, []) for source in case.expect.passes}
    failed = [source for source, told in listed.items() if not told or any(is_hit for _, is_hit in told)]
    own = (key for source, told in listed.items() if source not in failed for key, _ in told if key[0] == source)
    return frozenset(own), failed


def _lifting(decision: Decision, program: Program) -> frozenset[RuleKey]:
    by = {source for one in decision.lifted for source in one.lifted_by}
    lifts = {bound.key for bound in program.bounds if bound.mode == "allow" and bound.source in by}
    return frozenset(lifts | {one.bound.key for one in decision.classified if not one.fact})


def _mismatches(case: Case, decision: Decision) -> Iterator[str]:
    expect, found = case.expect, decision.findings
    if decision.verdict != expect.verdict:
        stands = ", ".join(
            f"{one.bound.source} {one.bound.rule.name}{' gap ' + one.fact if one.fact else ''}" for one in found
        )
        yield f"verdict {decision.verdict}, expected {expect.verdict} ({stands})"
    shown = {
        "reasons": {source for one in found for source in (one.bound.source, *one.bound.also)},
        "codes": {one.bound.rule.name for one in found},
        "citations": {one.bound.citation for one in found},
        "gaps": {one.fact for one in found if one.fact},
        "lifted": {one.bound.source for one in decision.lifted},
        "classified": {one.bound.source for one in decision.classified},
    }
    for name, there in shown.items():
        for wanted in getattr(expect, name):
            if wanted not in there:
                yield f"{name}: {wanted} is missing"
    if expect.next_allowed_at is not None and decision.next_allowed_at != expect.next_allowed_at:
        yield f"next_allowed_at {decision.next_allowed_at}, expected {expect.next_allowed_at}"
    if expect.never_opens and decision.next_allowed_at is not None:
        yield f"next_allowed_at {decision.next_allowed_at}, expected none"
    if expect.no_common_window != decision.no_common_window:
        yield f"no_common_window {decision.no_common_window}"
