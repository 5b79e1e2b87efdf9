"""Judging a list: read twice, gathered by address, then every person decided by the operator's rulebook."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec

from backoffice.consent.evidence import ListEvidence
from backoffice.consent.grades import grade
from backoffice.contacts.lists import ContactList
from backoffice.contacts.locating import Locator
from backoffice.contacts.merge import Gathered, Known, gather
from backoffice.contacts.rows import Rejection, Row
from backoffice.kernel.errors import Invalid
from backoffice.policy.decide import Decision, Gate
from backoffice.policy.facts import NEVER, PRESUMED_ADULT, Account, Message, Recipient, Suppression
from backoffice.policy.gaps import is_gap
from backoffice.policy.rulebook import Rulebook

Progress = Callable[[str, int], None]  # phase, rows so far
STEP = 500  # rows between two words of progress


class Judged(msgspec.Struct, frozen=True):
    """One row and what was decided of its person."""

    row: Row
    recipient: Recipient
    decision: Decision
    grade: str  # of the best consent on record, or "none"


class Merged(msgspec.Struct, frozen=True):
    """One row that speaks of a person judged at an earlier line."""

    row: Row
    into: int


Outcome = Judged | Merged | Rejection


class Counts(msgspec.Struct, kw_only=True):
    """The counts of one judging; rows = judged + merged + rejected."""

    rows: int = 0
    judged: int = 0
    merged: int = 0
    rejected: int = 0
    rejected_with_opt_out: int = 0
    verdicts: Counter[str] = msgspec.field(default_factory=Counter)
    grades: Counter[str] = msgspec.field(default_factory=Counter)
    gaps: Counter[str] = msgspec.field(default_factory=Counter)
    rejections: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str, str]] = msgspec.field(default_factory=Counter)  # verdict, code, source, cited
    without_pack: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one row."""
        self.rows += 1
        match outcome:
            case Rejection():
                self.rejected += 1
                self.rejections[outcome.reason] += 1
            case Merged():
                self.merged += 1
            case Judged():
                self._judged(outcome)

    def _judged(self, one: Judged) -> None:
        self.judged += 1
        self.verdicts[one.decision.verdict] += 1
        self.grades[one.grade] += 1
        self.gaps.update(sorted({finding.fact for finding in one.decision.findings if finding.fact}))
        for finding in one.decision.findings:
            bound = finding.bound
            if not finding.fact:
                self.reasons[finding.verdict, bound.rule.name, bound.source, bound.citation] += 1
        for country in one.recipient.without_pack:
            self.without_pack[country] += "global" in one.recipient.places


class Judge:
    """Judges one list for one operator, account and message; `home` is where the account is established, or ""."""

    def __init__(
        self,
        rulebook: Rulebook,
        account: Account,
        message: Message,
        assumed: Recipient,
        evidence: ListEvidence,
        *,
        home: str = "",
    ) -> None:
        self.gate = Gate(rulebook, account, message)
        self.message = message
        self.assumed = assumed
        self.evidence = evidence
        self.times = rulebook.library.times
        self._locator = Locator(rulebook.library.numbering, home)

    def judge(self, contacts: ContactList, counts: Counts, progress: Progress) -> Iterator[Outcome]:
        """Yield every row of the list as judged, merged or rejected, in its order; `counts` add up as it goes."""
        try:
            yield from self._outcomes(contacts, counts, progress)
        except Invalid as wrong:
            raise Invalid(wrong.code, **{"file": contacts.path.name, **wrong.data}) from None
        except sqlite3.Error as full:
            raise Invalid("file_unwritable", file=tempfile.gettempdir(), why=str(full)) from None

    def _outcomes(self, contacts: ContactList, counts: Counts, progress: Progress) -> Iterator[Outcome]:
        with gather(self._told("gather", contacts.read(), progress), self._grade) as gathered:
            counts.rejected_with_opt_out = gathered.rejected_with_opt_out
            for item in self._told("judge", contacts.read(), progress):
                outcome = item if isinstance(item, Rejection) else self._outcome(item, gathered)
                counts.add(outcome)
                yield outcome

    def _told(self, phase: str, items: Iterator[Row | Rejection], progress: Progress) -> Iterator[Row | Rejection]:
        number = 0
        for number, item in enumerate(items, 1):
            if number % STEP == 0:
                progress(phase, number)
            yield item
        progress(phase, number)

    def _grade(self, row: Row) -> Any:  # noqa: ANN401  # Consent or None
        return grade(row, self.evidence, self.message.purpose, self.message.channel, self.message.at)

    def _outcome(self, row: Row, gathered: Gathered) -> Outcome:
        if gathered.is_repeat(row):
            return Merged(row, gathered.first_line(row))
        known = gathered.find(row)
        recipient = self.recipient(row, known)
        best = min((consent.grade for consent in known.consents), default="none")
        return Judged(row, recipient, self.gate.decide(recipient), best)

    def recipient(self, row: Row, known: Known) -> Recipient:
        """Make the facts of one person from what the whole list says of the address and what the profile assumes."""
        where = self._locator.locate("email" if self.message.channel == "email" else "phone", row.address, known.places)
        times = self.times.at(where.zones, self.message.at)
        stopped_at = known.stopped_at
        stops = () if stopped_at == NEVER else (Suppression(scope="all", at=stopped_at),)
        assumed = self.assumed
        return msgspec.structs.replace(
            assumed,
            is_address_valid=True,
            region=where.region,
            places=where.places,
            without_pack=where.without_pack,
            local_times=times,
            number_class=where.number_class or "other",
            person_type=known.person_type,
            age=_age(known.born_on, min(time.on for time in times)) if known.born_on else PRESUMED_ADULT,
            consents=known.consents,
            suppressions=_added(stops, assumed.suppressions),
            last_opt_out_at=stopped_at if stops else assumed.last_opt_out_at,
            last_inbound_at=max(row.last_inbound_at, assumed.last_inbound_at),
            last_purchase_at=max(row.last_purchase_at, assumed.last_purchase_at),
        )


def _added(stops: tuple[Suppression, ...], known: tuple[Suppression, ...]) -> tuple[Suppression, ...]:
    """A stop of the list stands whether or not anybody stated the others; without one, what is unknown stays a gap."""
    if is_gap(known):
        return stops or known
    return stops + known


def _age(born_on: date, today: str) -> int:
    """Return the age in whole years on a local day, ISO."""
    on = date.fromisoformat(today)
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
