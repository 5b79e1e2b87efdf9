"""Coverage: what is enforced, what is declared, and what the cases prove of it.

An atom or row counts as enforced when each of its rules does: at least one case lists it as passing, and in at
least one other the rule is the only one that stands in the way (a soft one warns), alone or with rules that say
the same. An exception counts when a case shows it lift and another shows it not; a classifier likewise. An atom
that only points to law counts when a row it invokes does, with the atom cited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from backoffice.policy.bound import Bound
from backoffice.policy.conflicts import conflicts
from backoffice.policy.documents import ACTING, Clause, Row
from backoffice.policy.library import Library
from backoffice.policy.proving import Proof, RuleKey

SENDS = frozenset({"deny", "hold", "warn", "allow", "classify"})


class Shown(msgspec.Struct, frozen=True):
    """What all cases together show."""

    sole: frozenset[RuleKey]
    passed: frozenset[RuleKey]
    pointers: frozenset[str]  # sources listed as passing; for clauses that only point to rows
    cited: frozenset[str]
    lifting: frozenset[RuleKey]
    idle: frozenset[RuleKey]  # exceptions and classifiers that were in scope and did nothing

    @classmethod
    def by(cls, proofs: Iterable[Proof]) -> Shown:
        """Add up the cases that came out as they should."""
        good = [proof for proof in proofs if not proof.failures]
        return cls(
            sole=frozenset(key for proof in good for key in proof.sole),
            passed=frozenset(key for proof in good for key in proof.passed),
            pointers=frozenset(source for proof in good for source in proof.case.expect.passes),
            cited=frozenset(source for proof in good for source in proof.cited),
            lifting=frozenset(key for proof in good for key in proof.lifting),
            idle=frozenset(key for proof in good for key in proof.idle),
        )

    def proves(self, bound: Bound) -> bool:
        """Tell whether the cases prove this rule."""
        if bound.mode in {"allow", "classify"}:
            return bound.key in self.lifting and bound.key in self.idle
        return bound.key in self.sole and bound.key in self.passed


OWN = "global"  # the pack of our own policy rows, counted apart from the law's


def check(library: Library, shown: Shown) -> dict[str, Any]:
    """Count what is enforced, declared and none, by operator and by jurisdiction, with conflicts for legal.

    `declared` is mapped to a primitive but not proved on a send; `gate_hard` are the hard atoms of kind gate;
    `errors` are the atoms and rows that should be proved on a send and are not.
    """
    packs = dict.fromkeys(pack.jurisdiction for pack in library.packs)
    return {
        "operators": {name: _operator(library, name, shown) for name in sorted(library.operators)},
        "law": {pack: _law(library, pack, shown) for pack in packs if pack != OWN},
        "policy": {OWN: _law(library, OWN, shown)},
        "conflicts": conflicts(library),
        "errors": [f"{source} is not proved by the cases" for source in _unproved(library, shown)],
    }


def _unproved(library: Library, shown: Shown) -> Iterator[str]:
    for name in sorted(library.operators):
        for clause in library.terms(name).clause:
            if clause.kind == "gate" and not clause_enforced(library, name, clause, shown):
                yield f"{name}/{clause.id}"
    for row in library.rows.values():
        acts = row.status in ACTING and row.id not in library.exempt
        if acts and any(use.mode in SENDS for use in row.rules) and not row_enforced(library, row, shown):
            yield row.id


def _operator(library: Library, name: str, shown: Shown) -> dict[str, Any]:
    clauses = library.terms(name).clause
    enforced = {clause.id for clause in clauses if clause_enforced(library, name, clause, shown)}
    hard = [clause for clause in clauses if clause.enforceable == "hard"]
    soft = [clause for clause in clauses if clause.enforceable == "soft"]
    return {
        "atoms": len(clauses),
        "hard": len(hard),
        "hard_enforced": sum(clause.id in enforced for clause in hard),
        "soft": len(soft),
        "soft_enforced": sum(clause.id in enforced for clause in soft),
        "declared": sum(clause.id not in enforced for clause in (*hard, *soft)),
        "none": sum(clause.enforceable == "none" for clause in clauses),
        "gate_hard": sum(clause.kind == "gate" for clause in hard),
        "gate_hard_enforced": sum(clause.kind == "gate" and clause.id in enforced for clause in hard),
        "unmapped": [clause.id for clause in clauses if not clause.rules and not clause.why],
    }


def clause_enforced(library: Library, operator: str, clause: Clause, shown: Shown) -> bool:
    """Tell whether every rule of an atom is proved on a send, or the rows it points to are, with it cited."""
    source = f"{operator}/{clause.id}"
    if clause.invokes and not clause.rules:
        return source in shown.cited and source in shown.pointers
    if any(use.mode == "do" for use in clause.rules):
        return False
    bounds = [bound for bound in library.clauses(operator) if bound.source == source]
    return bool(bounds) and all(shown.proves(bound) for bound in bounds)


def _law(library: Library, jurisdiction: str, shown: Shown) -> dict[str, int]:
    rows = [row for pack in library.packs if pack.jurisdiction == jurisdiction for row in pack.row]
    enforced = sum(row_enforced(library, row, shown) for row in rows)
    none = sum(not row.rules for row in rows)
    return {"rows": len(rows), "enforced": enforced, "declared": len(rows) - enforced - none, "none": none}


def row_enforced(library: Library, row: Row, shown: Shown) -> bool:
    """Tell whether every rule of a row is in force and proved on a send."""
    if row.status not in ACTING or row.id in library.exempt or not row.rules:
        return False
    bounds = [bound for bound in library.law if bound.source == row.id]
    return all(use.mode in SENDS for use in row.rules) and all(shown.proves(bound) for bound in bounds)
