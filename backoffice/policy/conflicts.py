"""Conflicts for legal: where Terms advise or promise what law or a provider's rules do not let them."""

from __future__ import annotations

from collections.abc import Iterator

from backoffice.policy.library import Library

ADVICE = ("campaign_too_large", "repeated_text", "too_soon", "risk_not_told")  # how to send in bulk


def conflicts(library: Library) -> list[dict[str, str]]:
    """List each conflict with its clause, what it meets and why."""
    return [conflict for operator in sorted(library.operators) for conflict in _of(library, operator)]


def _of(library: Library, operator: str) -> Iterator[dict[str, str]]:
    for clause in library.terms(operator).clause:
        source = f"{operator}/{clause.id}"
        for place, why in clause.unenforceable_for.items():
            yield {"clause": source, "with": place, "why": why, "kind": "unenforceable"}
        if clause.kind == "gate" and any(use.mode == "warn" and use.rule in ADVICE for use in clause.rules):
            why = (
                "advice on bulk sending; from an unofficial WhatsApp number every bulk send is denied whatever it says"
            )
            yield {"clause": source, "with": "PL-WA-09", "why": why, "kind": "overruled"}
        if clause.conflicts:
            yield {"clause": source, "with": "law", "why": clause.conflicts, "kind": "noted"}
