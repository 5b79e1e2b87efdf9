"""The summary of a judged list: counts that add up, grades, gaps by fact, and the top reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from backoffice.cli.show import out
from backoffice.contacts.lists import ContactList
from backoffice.policy.telling import Translate
from backoffice.relay.judge import Counts
from backoffice.relay.profile import Profile

TOP = 8
MARKS = {"allow": "✓", "warn": "✓", "hold": "⏸", "deny": "✕"}


def summary_of(
    contacts: ContactList, profile: Profile, operator: str, counts: Counts, seconds: float, peak_mb: float
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
        "grades": {grade: counts.grades[grade] for grade in ("A", "B", "C", "D", "none")},
        "gaps": dict(counts.gaps.most_common()),
        "rejections": dict(counts.rejections.most_common()),
        "without_pack": {country: rows for country, rows in counts.without_pack.most_common() if rows},
        "reasons": top_reasons(counts, 40),
        "assumes": profile.assumes,
        "rows_per_second": round(counts.rows / seconds) if seconds else 0,
        "peak_mb": round(peak_mb),
    }


def top_reasons(counts: Counts, most: int = TOP) -> list[dict[str, Any]]:
    """Return the reasons met most often, each code once with its sources and citations."""
    by_code: dict[str, dict[str, Any]] = {}
    for (code, source, citation), rows in counts.reasons.most_common():
        told = by_code.setdefault(code, {"code": code, "rows": rows, "sources": [], "citations": []})
        told["sources"].append(source)
        if citation not in told["citations"]:
            told["citations"].append(citation)
    return list(by_code.values())[:most]


def print_summary(told: dict[str, Any], out_path: Path | None, translate: Translate) -> None:
    """Print the summary for a person."""
    for line in told["assumes"]:
        out.print(f"{translate('Assumed')}: {line}", markup=False)
    counts = Table(show_header=False, box=None)
    parts = f"{told['judged']} + {told['merged']} + {told['rejected']}"
    counts.add_row(translate("rows"), f"{told['rows']} = {parts} ({translate('judged + merged + rejected')})")
    for verdict, rows in told["verdicts"].items():
        counts.add_row(f"{MARKS[verdict]} {translate(verdict)}", str(rows))
    grades = "  ".join(f"{grade} {rows}" for grade, rows in told["grades"].items())
    counts.add_row(translate("consents by grade"), grades)
    out.print(counts)
    _print_counts(translate("Held for want of a fact"), told["gaps"])
    _print_counts(translate("Rejected"), told["rejections"])
    _print_counts(translate("No law pack"), told["without_pack"])
    if told["rejected_with_opt_out"]:
        warning = translate("Rejected rows with an opt-out and no readable address; stop these people by hand")
        out.print(f"{warning}: {told['rejected_with_opt_out']}")
    out.print(f"\n{translate('Top reasons')}")
    for reason in told["reasons"][:TOP]:
        out.print(f"  {reason['rows']:>6}  {reason['code']}  {', '.join(reason['citations'][:4])}", markup=False)
    out.print(f"\n{told['rows_per_second']} rows/s, {told['peak_mb']} MB", style="dim")
    where = out_path or translate("add --out FILE for one line a row")
    out.print(f"{translate('Lines')}: {where}", markup=False)


def _print_counts(title: str, counts: dict[str, int]) -> None:
    if counts:
        out.print(f"\n{title}")
        for name, rows in counts.items():
            out.print(f"  {rows:>6}  {name}", markup=False)
