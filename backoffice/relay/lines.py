"""Lines: what is written of each row of a judged list, one JSON object or one CSV row a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import msgspec

from backoffice.contacts.rows import Rejection
from backoffice.policy.program import Finding
from backoffice.policy.reasons import NO_COMMON_WINDOW
from backoffice.policy.telling import Translate, no_pack, reason
from backoffice.relay.judge import Judged, Merged, Outcome

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet's formula may begin
COLUMNS = ("line", "key", "verdict", "reasons", "next_allowed_at", "grade", "places", "address")


class Lines:
    """Turns outcomes into lines; addresses are left out unless they are asked for."""

    def __init__(self, translate: Translate, *, with_addresses: bool) -> None:
        self.translate = translate
        self.with_addresses = with_addresses
        self._reasons: dict[int, tuple[tuple[Finding, ...], list[dict[str, Any]]]] = {}

    def told(self, outcome: Outcome) -> dict[str, Any]:
        """Tell one row: its line, the sender's own id, and the verdict with everything that led to it."""
        match outcome:
            case Rejection():
                return {
                    "line": outcome.line,
                    "key": outcome.key,
                    "verdict": "rejected",
                    "field": outcome.field,
                    "reason": outcome.reason,
                }
            case Merged():
                return {"line": outcome.row.line, "key": outcome.row.key, "verdict": "merged", "into": outcome.into}
            case Judged():
                return self._judged(outcome)

    def _judged(self, one: Judged) -> dict[str, Any]:
        decision = one.decision
        told: dict[str, Any] = {
            "line": one.row.line,
            "key": one.row.key,
            "verdict": decision.verdict,
            "reasons": self._told_reasons(decision.findings),
            "next_allowed_at": decision.next_allowed_at,
            "grade": one.grade,
            "places": sorted(one.recipient.places),
        }
        if decision.no_common_window:
            told["no_common_window"] = self.translate(NO_COMMON_WINDOW.says)
        if decision.lifted:
            told["lifted"] = [{"source": lifted.bound.source, "by": lifted.lifted_by} for lifted in decision.lifted]
        if "global" in one.recipient.places and one.recipient.without_pack:
            told["note"] = no_pack(one.recipient.without_pack, self.translate)
        if self.with_addresses:
            told["address"] = one.row.address
        return told

    def _told_reasons(self, findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
        """Programs hand out the same tuple for the same answers, so its words are made once."""
        known = self._reasons.get(id(findings))
        if known is None:
            known = self._reasons[id(findings)] = (findings, [reason(one, self.translate) for one in findings])
        return known[1]


def json_line(told: dict[str, Any]) -> bytes:
    """Write a told row as one line of JSON."""
    return msgspec.json.encode(told) + b"\n"


def csv_line(told: dict[str, Any]) -> bytes:
    """Write a told row as one line of CSV that no spreadsheet reads as a formula."""
    reasons = told.get("reasons") or [told[name] for name in ("reason", "into") if name in told]
    shown = "; ".join(one["citation"] + ": " + one["says"] if isinstance(one, dict) else str(one) for one in reasons)
    cells = {**told, "reasons": shown, "places": " ".join(told.get("places", []))}
    text = io.StringIO()
    csv.writer(text).writerow(_safe(cells.get(column)) for column in COLUMNS)
    return text.getvalue().encode()


def _safe(value: object) -> str:
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def writer_for(name: str) -> tuple[bytes, Callable[[dict[str, Any]], bytes]]:
    """Choose the form of the lines by the file's ending: CSV with a header, or JSON."""
    if name.lower().endswith(".csv"):
        return (",".join(COLUMNS) + "\r\n").encode(), csv_line
    return b"", json_line
