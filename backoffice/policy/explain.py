"""Explaining: one clause or row, its rules, where they act, and the cases that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from backoffice.policy.bound import Bound
from backoffice.policy.coverage import Shown, clause_enforced, row_enforced
from backoffice.policy.dates import DateProof, entry_of
from backoffice.policy.documents import Clause, Row, Use
from backoffice.policy.language import RULES
from backoffice.policy.library import Library
from backoffice.policy.proving import Proof
from backoffice.policy.questions import ASKED, DECLARED


def explain(library: Library, source: str, proofs: Iterable[Proof], dates: Iterable[DateProof] = ()) -> dict[str, Any]:
    """Tell all about `operator/5.2#1` or `EU-CONS-01`; raises NotFound where there is no such clause or row."""
    proofs = tuple(proofs)
    shown = Shown.by(proofs)
    entry = entry_of(library, source)
    if isinstance(entry, Clause):
        operator = source.partition("/")[0]
        bounds = [bound for bound in library.clauses(operator) if bound.source == source]
        told = {**_told(entry), "enforced": clause_enforced(library, operator, entry, shown)}
    else:
        bounds = [bound for bound in library.law if bound.source == source]
        told = {**_told(entry), "enforced": row_enforced(library, entry, shown)}
        told["not_on_a_send"] = library.exempt.get(source, "")
    scenarios = [*_cases(source, proofs), *_dates(source, dates)]
    return {**told, "rules": _rules(bounds, told.pop("rules")), "scenarios": scenarios}


def _told(entry: Clause | Row) -> dict[str, Any]:
    told = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return {name: value for name, value in told.items() if value not in ("", (), {}, None, False)}


def _rules(bounds: list[Bound], uses: tuple[Use, ...]) -> list[dict[str, Any]]:
    acting = {bound.position: bound for bound in bounds}
    return [_rule(use, acting.get(position)) for position, use in enumerate(uses)]


def _rule(use: Use, bound: Bound | None) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": use.rule, "mode": use.mode}
    if use.mode == "do":
        return {**told, "question": ASKED[use.rule], "says": DECLARED[use.rule].__doc__ or "", "params": use.params}
    told |= {"question": "may_send", "says": RULES[use.rule].says, "params": use.params}
    if bound is not None:
        told |= {
            "places": sorted(bound.places),
            "channels": sorted(bound.channels),
            "purposes": sorted(bound.purposes),
            "acts": bound.is_acting and not bound.is_asleep,
            "outer_limit": {} if use.outer_limit is None else msgspec.to_builtins(use.outer_limit),
        }
    return {name: value for name, value in told.items() if value not in ([], {}, "")}


def _cases(source: str, proofs: tuple[Proof, ...]) -> list[dict[str, str]]:
    return [{"case": proof.case.id, "shows": shows} for proof in proofs if (shows := _shows(source, proof))]


def _dates(source: str, dates: Iterable[DateProof]) -> Iterator[dict[str, str]]:
    for proof in dates:
        if proof.case.source == source and not proof.failures:
            yield {"case": proof.case.id, "shows": "proves the date"}


def _shows(source: str, proof: Proof) -> str:
    if source in proof.case.expect.passes:
        return "passes"
    if source in {one for one, _ in proof.sole} | proof.cited:
        return "decides alone"
    found = {also for one in proof.decision.findings for also in (one.bound.source, *one.bound.also)}
    if source in found:
        return "stands in the way"
    return "lifts" if source in {one for one, _ in proof.lifting} else ""


def diff(library: Library, operator: str, old: str, new: str) -> list[dict[str, Any]]:
    """Compare two editions of an operator's Terms, atom by atom: added, gone, changed in words or in rules."""
    before = {clause.id: clause for clause in library.terms(operator, old).clause}
    after = {clause.id: clause for clause in library.terms(operator, new).clause}
    ids = [*before, *(one for one in after if one not in before)]
    return [told for one in ids if (told := _changed(one, before.get(one), after.get(one)))]


def _changed(clause: str, before: Clause | None, after: Clause | None) -> dict[str, Any]:
    if before is None or after is None:
        return {"clause": clause, "change": "added" if before is None else "gone"}
    plain = (msgspec.to_builtins(before), msgspec.to_builtins(after))
    fields = {name: {"old": old, "new": plain[1][name]} for name, old in plain[0].items() if old != plain[1][name]}
    return {"clause": clause, "change": "changed", "fields": fields} if fields else {}
