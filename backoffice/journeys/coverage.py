"""Coverage: which clauses a set of stories proves through the database, and what is missing of the others.

A hard clause of the gate counts when each of its rules was in scope and answered no at some step, and stood in the way
alone at another, in stories in which all came out as expected; one that only points to law, when a row it points to did
so with the clause cited. What a clause declares of credits is no rule of the gate: it counts when such a story says
that it shows it, and states what is left to spend at two steps at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from backoffice.journeys.stories import StoryResult
from backoffice.policy.bound import Bound
from backoffice.policy.coverage import Shown
from backoffice.policy.documents import Clause
from backoffice.policy.library import Library
from backoffice.policy.questions import ASKED

CREDIT_TERMS = "credit_terms"


class AtomCoverage(msgspec.Struct, frozen=True):
    """The atoms that are proved, and for each other what no story shows of it."""

    proved: tuple[str, ...]
    unproved: Mapping[str, tuple[str, ...]]


def proved_atoms(library: Library, results: Iterable[StoryResult]) -> AtomCoverage:
    """Tell which of the hard atoms of the gate, and of those of credits, these stories prove; of all operators."""
    good = [result for result in results if not result.failures]
    shown = Shown.by(proof for result in good for proof in result.proofs)
    figures = frozenset(source for result in good if _counts(result) for source in result.story.shows)
    missing = {
        f"{operator}/{clause.id}": tuple(_missing(library, operator, clause, shown, figures))
        for operator in sorted(library.operators)
        for clause in library.terms(operator).clause
        if is_asked_for(clause)
    }
    return AtomCoverage(
        proved=tuple(source for source, lacks in missing.items() if not lacks),
        unproved={source: lacks for source, lacks in missing.items() if lacks},
    )


def count_proved(library: Library, results: Sequence[StoryResult]) -> dict[str, Any]:
    """Count, by operator and in all, the hard atoms of the gate and those of credits, and how many stories prove.

    With what is missing of each other, and how many stories were played and failed.
    """
    coverage = proved_atoms(library, results)
    operators = {
        name: _counted(name, [one for one in library.terms(name).clause if is_asked_for(one)], coverage)
        for name in sorted(library.operators)
    }
    columns = next(iter(operators.values()))
    return {
        "played": len(results),
        "failed": sum(bool(result.failures) for result in results),
        **{column: sum(counts[column] for counts in operators.values()) for column in columns},
        "operators": operators,
        "unproved": coverage.unproved,
    }


def _counted(operator: str, asked: Iterable[Clause], coverage: AtomCoverage) -> dict[str, int]:
    proved = frozenset(coverage.proved)
    gate = {f"{operator}/{one.id}": one.kind == "gate" for one in asked}
    return {
        "gate_hard": sum(gate.values()),
        "gate_hard_proved": sum(source in proved for source, is_gate in gate.items() if is_gate),
        "credits": sum(not is_gate for is_gate in gate.values()),
        "credits_proved": sum(source in proved for source, is_gate in gate.items() if not is_gate),
    }


def is_asked_for(clause: Clause) -> bool:
    """Tell whether stories must prove a clause: a hard one of the gate, or one that answers how credits live."""
    speaks_of_credits = any(ASKED.get(use.rule) == CREDIT_TERMS for use in clause.rules)
    return clause.enforceable == "hard" and (clause.kind == "gate" or speaks_of_credits)


def _counts(result: StoryResult) -> bool:
    return sum(step.expect.credits is not None for step in result.story.steps) > 1


def _missing(library: Library, operator: str, clause: Clause, shown: Shown, figures: frozenset[str]) -> Iterator[str]:
    source = f"{operator}/{clause.id}"
    if clause.invokes and not clause.rules:
        if source not in shown.pointers:
            yield "no story passes it"
        if source not in shown.cited:
            yield "it is cited where a row stops alone in no story"
    if any(use.mode == "do" for use in clause.rules) and source not in figures:
        yield "no story shows it in figures"
    for bound in library.clauses(operator):
        if bound.source == source:
            yield from _missing_of(bound, shown)


def _missing_of(bound: Bound, shown: Shown) -> Iterator[str]:
    named = " ".join((f"rule {bound.position}", bound.rule.name, *sorted(bound.channels)))
    sleeps = f"; it sleeps until the operator sets {bound.awaits}" if bound.is_asleep else ""
    if bound.key not in shown.passed:
        yield f"{named}: passes in no story{sleeps}"
    if bound.key not in shown.sole:
        yield f"{named}: stops alone in no story{sleeps}"
