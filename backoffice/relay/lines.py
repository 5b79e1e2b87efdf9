"""Lines: what is written of each row of a judged list, one JSON object or one CSV row a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import msgspec

from backoffice.contacts.rows import Rejection
from backoffice.plumbing.messages import ROWS
from backoffice.policy.program import Finding
from backoffice.policy.reasons import NO_COMMON_WINDOW
from backoffice.policy.telling import Translate, no_pack, reason
from backoffice.relay.judge import Judged, Merged, Outcome

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet's formula may begin
COLUMNS = ("line", "key", "verdict", "reasons", "next_allowed_at", "grade", "places", "into", "address")

_MAIL = re.compile(r"\S@\S+\.\w")


class Lines:
    """Turns outcomes into lines of the same keys; addresses are left out unless they are asked for, also as keys."""

    def __init__(self, translate: Translate, *, with_addresses: bool) -> None:
        self.translate = translate
        self.with_addresses = with_addresses
        self._reasons: dict[int, tuple[tuple[Finding, ...], list[dict[str, Any]]]] = {}

    def told(self, outcome: Outcome) -> dict[str, Any]:
        """Tell one row: its line, the sender's own id, and the verdict with everything that led to it."""
        match outcome:
            case Rejection():
                return self._rejected(outcome)
            case Merged(row=row):
                return {**self._line(row.line, row.key, "merged", row.address), "into": outcome.into}
            case Judged():
                return self._judged(outcome)

    def _line(self, line: int, key: str, verdict: str, address: str) -> dict[str, Any]:
        told = {
            "line": line,
            "key": key if self.with_addresses or not _is_address(key, address) else "",
            "verdict": verdict,
            "reasons": [],
            "next_allowed_at": None,
            "grade": "none",
            "places": [],
        }
        return {**told, "address": address} if self.with_addresses and address else told

    def _rejected(self, one: Rejection) -> dict[str, Any]:
        address = one.told[0].address if one.told else ""
        told = self._line(one.line, one.key, "rejected", address)
        told["reasons"] = [{"code": one.reason, "field": one.field, "says": self.translate(ROWS[one.reason])}]
        return {**told, "field": one.field, "reason": one.reason}

    def _judged(self, one: Judged) -> dict[str, Any]:
        decision = one.decision
        told = self._line(one.row.line, one.row.key, decision.verdict, one.row.address)
        told["reasons"] = self._told_reasons(decision.findings)
        told["next_allowed_at"] = decision.next_allowed_at
        told["grade"] = one.grade
        told["places"] = sorted(one.recipient.places)
        if decision.no_common_window:
            told["no_common_window"] = self.translate(NO_COMMON_WINDOW.says)
        if decision.lifted:
            told["lifted"] = [{"source": lifted.bound.source, "by": lifted.lifted_by} for lifted in decision.lifted]
        if "global" in one.recipient.places and one.recipient.without_pack:
            told["note"] = no_pack(one.recipient.without_pack, self.translate)
        return told

    def _told_reasons(self, findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
        """Programs hand out the same tuple for the same answers, so its words are made once."""
        known = self._reasons.get(id(findings))
        if known is None:
            known = self._reasons[id(findings)] = (findings, [reason(one, self.translate) for one in findings])
        return known[1]


def _is_address(key: str, address: str) -> bool:
    """Tell whether the sender's own id is an address: a mail address, a number with its +, or this row's number."""
    digits = re.sub(r"\D|^0+", "", key)
    is_number = len(digits) >= 7 and (key.startswith("+") or address.endswith(digits))
    return is_number or _MAIL.search(key) is not None


def json_line(told: dict[str, Any]) -> bytes:
    """Write a told row as one line of JSON."""
    return msgspec.json.encode(told) + b"\n"


def csv_line(told: dict[str, Any]) -> bytes:
    """Write a told row as one line of CSV that no spreadsheet reads as a formula."""
    reasons = [
        ": ".join(filter(None, (one.get("citation") or one.get("field"), one["says"]))) for one in told["reasons"]
    ]
    notes = [told[name] for name in ("no_common_window", "note") if name in told]
    cells = {**told, "reasons": "; ".join(reasons + notes), "places": " ".join(told["places"])}
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
