"""The summary of a judged list: counts that add up, grades, gaps by fact, and the top reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backoffice.cli.show import out
from backoffice.contacts.lists import ContactList
from backoffice.plumbing.messages import MESSAGES
from backoffice.policy.reasons import FACT_NAMES, GRADES, VERDICTS
from backoffice.policy.telling import Translate
from backoffice.relay.judge import Counts
from backoffice.relay.profile import Profile

TOP = 8
MARKS = {"allow": "✓", "warn": "!", "hold": "⏸", "deny": "✕"}
GRAVEST = ("deny", "hold", "warn")


def summary_of(
    contacts: ContactList, profile: Profile, operator: str, counts: Counts, *, seconds: float, peak_mb: float
) -> dict[str, Any]:
    """Put everything the summary tells into one object."""
    return {
        "file": contacts.path.name,
        "sha256": contacts.sha256,
        "operator": operator,
        "columns": contacts.columns,
        "columns_unknown": contacts.unknown,
        "rows": counts.rows,
        "judged": counts.judged,
        "merged": counts.merged,
        "rejected": counts.rejected,
        "rejected_with_opt_out": counts.rejected_with_opt_out,
        "verdicts": {verdict: counts.verdicts[verdict] for verdict in MARKS},
        "grades": {grade: counts.grades[grade] for grade in GRADES},
        "gaps": dict(counts.gaps.most_common()),
        "rejections": dict(counts.rejections.most_common()),
        "without_pack": {country: rows for country, rows in counts.without_pack.most_common() if rows},
        "reasons": top_reasons(counts, 40),
        "assumes": profile.assumes,
        "rows_per_second": round(counts.rows / seconds) if seconds else 0,
        "peak_mb": round(peak_mb),
    }


def top_reasons(counts: Counts, most: int = TOP) -> list[dict[str, Any]]:
    """Return what stood in the way most often, gravest first; each code once, the operator's own clause cited first.

    The order of the rows changes nothing.
    """
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for (verdict, code, source, citation), rows in sorted(counts.reasons.items(), key=lambda one: (-one[1], one[0])):
        one = told.setdefault(
            (verdict, code), {"verdict": verdict, "code": code, "rows": 0, "sources": [], "citations": []}
        )
        one["rows"] = max(one["rows"], rows)
        first = 0 if "/" in source else len(one["citations"])
        if citation not in one["citations"]:
            one["citations"].insert(first, citation)
        one["sources"].append(source)
    return sorted(told.values(), key=lambda one: (GRAVEST.index(one["verdict"]), -one["rows"]))[:most]


def reason_lines(reasons: list[dict[str, Any]], cited: int) -> list[str]:
    """Write reasons as lines: mark, rows, code, and the first citations."""
    width = max((len(one["code"]) for one in reasons), default=0)
    return [
        f"{MARKS[one['verdict']]} {one['rows']:>6}  {one['code']:<{width}}  {' · '.join(one['citations'][:cited])}"
        for one in reasons
    ]


def print_summary(told: dict[str, Any], out_path: Path | None, translate: Translate) -> None:
    """Print the summary for a person."""
    for line in told["assumes"]:
        out.print(f"{translate('Assumed')}: {line}", markup=False)
    for number, words in _counts(told, translate):
        out.print(f"{number:>8}  {words}", markup=False)
    _print_counts(translate("Held for want of a fact"), told["gaps"], FACT_NAMES, translate)
    _print_counts(translate("Rejected"), told["rejections"], MESSAGES, translate)
    _print_counts(translate("No law pack"), told["without_pack"], {}, translate)
    if told["rejected_with_opt_out"]:
        warning = translate("Rejected rows with an opt-out and no readable address; stop these people by hand")
        out.print(f"{warning}: {told['rejected_with_opt_out']}")
    out.print(f"\n{translate('Top reasons')}")
    for line in reason_lines(told["reasons"][:TOP], cited=4):
        out.print(f"  {line}", markup=False)
    out.print(f"\n{told['rows_per_second']} rows/s, {told['peak_mb']} MB", style="dim")
    where = out_path or translate("add --out FILE for one line a row")
    out.print(f"{translate('Lines')}: {where}", markup=False)


def _counts(told: dict[str, Any], translate: Translate) -> list[tuple[int, str]]:
    """Return rows, verdicts and grades as numbers with what they count."""
    parts = f"{told['judged']} + {told['merged']} + {told['rejected']}"
    rows = f"{translate('rows')} = {parts} ({translate('judged + merged + rejected')})"
    verdicts = [(told["verdicts"][key], f"{MARKS[key]} {translate(words)}") for key, words in VERDICTS.items()]
    grades = [(told["grades"][key], f"{key}: {translate(words)}") for key, words in GRADES.items()]
    return [(told["rows"], rows), *verdicts, *grades]


def _print_counts(title: str, counts: dict[str, int], words: dict[str, str], translate: Translate) -> None:
    if counts:
        out.print(f"\n{title}")
        for name, rows in counts.items():
            said = f"  {translate(words[name])}" if name in words and "{" not in words[name] else ""
            out.print(f"{rows:>8}  {name}{said}", markup=False)
