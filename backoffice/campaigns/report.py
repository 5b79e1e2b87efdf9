"""Report: every send of a campaign with its verdict, its reasons and what became of it, one a line.

In the order in which they were decided; within a thousand, by the line of the file or the place among the recipients.
No line names a person: the account knows them by that line, or by the contact's id.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any, Literal
from uuid import UUID

import msgspec

from backoffice.campaigns import store
from backoffice.campaigns.shapes import SendRow, StoredCampaign
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.translations import translator
from backoffice.policy.reasons import NO_COMMON_WINDOW
from backoffice.policy.telling import Translate, reason
from backoffice.relay.lines import FORMULA
from backoffice.relay.store import get_outcomes
from backoffice.relay.telling import read_outcome

Form = Literal["csv", "jsonl"]

MEDIA: dict[Form, str] = {"csv": "text/csv", "jsonl": "application/jsonl"}
COLUMNS = (
    *("line", "send_id", "contact_id", "verdict", "state", "reasons", "next_allowed_at"),
    *("delivered_at", "read_at", "failed_at", "failure"),
)


class Report:
    """The lines of one campaign's report, in one language; what sends have in common is told once."""

    def __init__(self, install: Install, campaign: StoredCampaign, language: str, verdict: str = "") -> None:
        self._install, self._campaign, self._verdict = install, campaign, verdict
        self._translate: Translate = translator(language)
        self._reasons: dict[bytes, list[dict[str, Any]]] = {}

    async def lines(self, form: Form) -> AsyncIterator[bytes]:
        """Yield the report a piece at a time; no connection to the database is held while one is taken."""
        if form == "csv":
            yield _csv([COLUMNS])
        after: UUID | None = None
        while page := await self._page(after):
            after = max(UUID(one["send_id"]) for one in page)
            if form == "csv":
                yield _csv([[_cell(one, column) for column in COLUMNS] for one in page])
            else:
                yield b"".join(msgspec.json.encode(one) + b"\n" for one in page)

    async def _page(self, after: UUID | None) -> list[dict[str, Any]]:
        async with self._install.reading() as work:
            sends = await store.list_sends(work, self._campaign, after, self._verdict)
            outcomes = await get_outcomes(work, [one.decision_id for one in sends])
            return [
                await self._told(work, one, outcomes[one.decision_id])
                for one in sorted(sends, key=lambda one: one.number)
            ]

    async def _told(self, work: Work, one: SendRow, outcome: tuple[bytes, Any, bool]) -> dict[str, Any]:
        body, next_allowed_at, no_common_window = outcome
        told: dict[str, Any] = {
            "line": one.number,
            "send_id": str(one.id),
            "contact_id": str(one.contact_id),
            "verdict": one.verdict,
            "state": one.state,
            "reasons": await self._told_reasons(work, body),
            "next_allowed_at": next_allowed_at,
        }
        told |= {part: getattr(one, part) for part in ("delivered_at", "read_at", "failed_at")}
        told["failure"] = one.failure or ""
        if no_common_window:
            told["no_common_window"] = self._translate(NO_COMMON_WINDOW.says)
        return told

    async def _told_reasons(self, work: Work, body: bytes) -> list[dict[str, Any]]:
        if body not in self._reasons:
            try:
                decision = await read_outcome(work, body, self._campaign.channel)
            except Refused:  # the program has changed since: codes and sources stand, the words went with it
                self._reasons[body] = [_bare(finding) for finding in msgspec.json.decode(body)["findings"]]
            else:
                self._reasons[body] = [reason(finding, self._translate) for finding in decision.findings]
        return self._reasons[body]


def _bare(finding: dict[str, Any]) -> dict[str, Any]:
    told = {part: finding[part] for part in ("code", "verdict", "source", "fact") if finding[part]}
    return {**told, "citation": finding["source"], "says": finding["code"]}


def _csv(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(told: dict[str, Any], column: str) -> str:
    """Return one cell that no spreadsheet reads as a formula."""
    value = told[column]
    if column == "reasons":
        notes = [told["no_common_window"]] if "no_common_window" in told else []
        value = "; ".join([f"{one['citation']}: {one['says']}" for one in value] + notes)
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
