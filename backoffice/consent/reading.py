"""Reading: a list as an import takes it, first gathered, then handed out in slices of what each row adds.

All of it is work for a processor and none for the database, so it runs in a thread of its own and only there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.consent.acts import Acts
from backoffice.consent.evidence import ListEvidence, read_evidence
from backoffice.consent.grades import grade
from backoffice.consent.recording import Shown
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import CHANNELS
from backoffice.contacts.cells import country_of
from backoffice.contacts.lists import ContactList, open_list
from backoffice.contacts.locating import unite
from backoffice.contacts.merge import Gathered, Known, gather
from backoffice.contacts.persons import Told
from backoffice.contacts.rows import Rejection, Row
from backoffice.contacts.whereabouts import locator
from backoffice.plumbing.vault import Vault
from backoffice.policy.facts import NEVER, Consent

SLICE = 1_000  # rows a transaction


class Counts(msgspec.Struct, kw_only=True):
    """What was counted of a list; rows = recipients + merged, each line is a row or rejected.

    `rejected_with_opt_out` are rejected rows whose stop stops nobody, since no address can be read in them; `grades`
    those of each recipient's best consent for the send that was asked about. The last five are what an import changed;
    `listed` counts who did not stand in the list before.
    """

    rows: int = 0
    recipients: int = 0
    merged: int = 0
    rejected: int = 0
    rejected_with_opt_out: int = 0
    opt_outs: int = 0
    rejections: dict[str, int] = {}
    grades: dict[str, int] = {}
    added: int = 0
    changed: int = 0
    listed: int = 0
    consents: int = 0
    stops: int = 0

    def add(self, other: Counts) -> None:
        """Add what was counted of another part of the list."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, dict(Counter(mine) + Counter(theirs)) if isinstance(mine, dict) else mine + theirs)


class Claim(NamedTuple):
    """A consent that a row shows of the person with this token."""

    token: bytes
    consent: Consent
    shown: Shown


class Rejected(NamedTuple):
    """A line that can't be read, the field at fault and the code of the reason; nothing of what stands in it."""

    line: int
    field: str
    reason: str


class Slice(NamedTuple):
    """What the rows of some lines after one add; each person once, and each person's newest stop.

    `repeats` are persons whose first row lies in an earlier slice.
    """

    after: int
    last_line: int
    told: dict[bytes, Told]
    repeats: set[bytes]
    claims: list[Claim]
    stops: dict[bytes, datetime]
    rejected: list[Rejected]
    counts: Counts


class Source(NamedTuple):
    """A list to be read: its file, what was stated of it, for whom and for which moment."""

    path: Path
    stated: Stated
    account_id: UUID
    home: str
    vault: Vault
    at: datetime
    list_id: UUID | None = None


class StoppedError(Exception):
    """The reading was stopped from outside; nobody waits for what it read."""


class Reading:
    """A list that is being read; begun, read and closed in one thread."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._where = locator(source.home)
        self.contacts: ContactList
        self._evidence: ListEvidence
        self._acts: Acts
        self._gathered: Gathered
        self._is_graded = self._is_stopped = False

    def begin(self, channel: str = "", purpose: str = "") -> None:
        """Open the list and gather what it says of each address, graded for a send where one is named.

        Raises Invalid for what can't be read as a whole.
        """
        source, stated = self._source, self._source.stated
        self.contacts = open_list(
            source.path,
            channel=CHANNELS[stated.kind][0],
            region=country_of(stated.region) or None,
            at=source.at,
            mapping=stated.columns,
            encoding=stated.encoding or None,
        )
        evidence = self._evidence = read_evidence(stated.evidence, file_sha256=self.contacts.sha256)
        self._acts = Acts(evidence, stated.kind, source.at)
        self._is_graded = bool(channel)

        def graded(row: Row) -> Consent | None:
            return grade(row, evidence, purpose, channel, source.at) if channel else None

        self._gathered = gather(self._items(), graded)

    def belong(self, list_id: UUID | None) -> None:
        """Say from now on of everybody that they stand in this list."""
        self._source = self._source._replace(list_id=list_id)

    def stop(self) -> None:
        """Let the thread that reads come to an end at its next row."""
        self._is_stopped = True

    def close(self) -> None:
        """Let go of what was gathered."""
        if hasattr(self, "_gathered"):
            self._gathered.close()

    def slices(self, after: int = 0) -> Iterator[Slice]:
        """Yield what the lines after one add, in their order, at most `SLICE` rows at a time."""
        items = (item for item in self._items() if item.line > after)
        while batch := list(islice(items, SLICE)):
            yield self._slice(after, batch)
            after = batch[-1].line

    def _items(self) -> Iterator[Row | Rejection]:
        for item in self.contacts.read():
            if self._is_stopped:
                raise StoppedError
            yield item

    def _slice(self, after: int, items: list[Row | Rejection]) -> Slice:
        part = Slice(after, items[-1].line, {}, set(), [], {}, [], Counts())
        for item in items:
            if isinstance(item, Rejection):
                self._reject(part, item)
            else:
                self._take(part, item)
        return part

    def _reject(self, part: Slice, item: Rejection) -> None:
        counts = part.counts
        counts.rejected += 1
        counts.rejected_with_opt_out += item.has_opt_out and not item.told
        counts.rejections[item.reason] = counts.rejections.get(item.reason, 0) + 1
        part.rejected.append(Rejected(item.line, item.field, item.reason))
        for told in item.told:
            if told.opted_out_at != NEVER:
                self._stop(part, self._token(told.address), told.opted_out_at)

    def _take(self, part: Slice, row: Row) -> None:
        gathered, counts, token = self._gathered, part.counts, self._token(row.address)
        known, is_repeat = gathered.find(row), gathered.is_repeat(row)
        counts.rows += 1
        counts.merged += is_repeat
        if not is_repeat:
            counts.recipients += 1
            if self._is_graded:
                best = min((consent.grade for consent in known.consents), default="none")
                counts.grades[best] = counts.grades.get(best, 0) + 1
            if known.opted_out_at != NEVER:
                self._stop(part, token, known.opted_out_at)
        if is_repeat and token not in part.told:
            part.repeats.add(token)
        if not is_repeat or token not in part.told:
            told, other = self._told(row, token, known, is_repeat=is_repeat), part.told.get(token)
            part.told[token] = told._replace(where=unite((other.where, told.where))) if other else told
        if consents := self._acts.of(row):
            shown = self._shown(row)
            part.claims.extend(Claim(token, consent, shown) for consent in consents)

    def _stop(self, part: Slice, token: bytes, at: datetime) -> None:
        part.counts.opt_outs += token not in part.stops
        part.stops[token] = max(at, part.stops.get(token, at))

    def _told(self, row: Row, token: bytes, known: Known, *, is_repeat: bool) -> Told:
        source, kind = self._source, self._source.stated.kind
        return Told(
            account_id=source.account_id,
            kind=kind,
            address=row.address,
            token=token,
            where=self._where.locate(kind, row.address, known.places),
            list_id=source.list_id,
            person_type=known.person_type,
            born_on=known.born_on,
            last_inbound_at=None if is_repeat else _moment(row.last_inbound_at),
            last_purchase_at=None if is_repeat else _moment(row.last_purchase_at),
        )

    def _shown(self, row: Row) -> Shown:
        said: dict[str, Any] = {"words": row.consent_text or self._evidence.words, "sender": self._evidence.sender}
        said |= {"method": row.consent_method, "language": row.language, "source": row.source}
        return Shown(proof=row.evidence, line=row.line, **said)

    def _token(self, address: str) -> bytes:
        return self._source.vault.token(self._source.stated.kind, address)


def _moment(at: datetime) -> datetime | None:
    return None if at == NEVER else at
