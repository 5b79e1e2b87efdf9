"""Telling: a decision in the words a person reads, the same in the API, the command line and every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backoffice.policy.decide import Decision
from backoffice.policy.program import Finding
from backoffice.policy.reasons import NO_COMMON_WINDOW, TEXTS, gap_text, no_pack_text

Translate = Callable[[str], str]


def tell(decision: Decision, translate: Translate) -> dict[str, Any]:
    """Tell a decision: verdict, reasons with clause or citation, what exceptions lifted, and when it opens."""
    told: dict[str, Any] = {
        "verdict": decision.verdict,
        "purpose": decision.purpose,
        "reasons": [reason(finding, translate) for finding in decision.findings],
        "next_allowed_at": decision.next_allowed_at,
        "rulebook": decision.rulebook,
    }
    if decision.no_common_window:
        told["no_common_window"] = translate(NO_COMMON_WINDOW.says)
    if decision.lifted:
        told["lifted"] = [{**reason(one, translate), "lifted_by": one.lifted_by} for one in decision.lifted]
    if decision.classified:
        told["classified"] = [reason(one, translate) for one in decision.classified]
    return told


def reason(finding: Finding, translate: Translate) -> dict[str, Any]:
    """Tell one reason: its code, its source and citation, what stands in the way and what can be done."""
    bound = finding.bound
    text = TEXTS[bound.rule.name]
    told: dict[str, Any] = {
        "code": bound.rule.name,
        "verdict": finding.verdict,
        "source": bound.source,
        "citation": bound.citation,
        "says": gap_text(finding.fact, translate) if finding.fact else translate(text.says),
    }
    if text.remedy and not finding.fact:
        told["remedy"] = translate(text.remedy)
    if finding.fact:
        told["fact"] = finding.fact
    if bound.also:
        told["also"] = bound.also
    return told


def no_pack(countries: tuple[str, ...], translate: Translate) -> str:
    """Tell that a person's country has no law pack of its own, or "" where all have one."""
    return no_pack_text(countries, translate) if countries else ""
