"""Reading: a list of stops as a stream, each line as the stops it says, as no opt-out, or as what can't be read in it.

A line is unreadable where no address can be read in it. Where an address can be, and something else can't, the stop is
taken all the same, as said at the import's moment and of all that was left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, NamedTuple

from backoffice.consent.stops.formats import ANY, WORDS, Format, format_of
from backoffice.consent.stops.saying import ADDRESSES, Cells, Word, words_of
from backoffice.consent.stops.stated import StatedStops
from backoffice.contacts.addresses import CHANNELS, KIND, kind_of, read_address
from backoffice.contacts.cells import country_of, is_no, said_by
from backoffice.contacts.lists import OpenList, open_any, refuse_without
from backoffice.contacts.records import Record
from backoffice.contacts.rows import parts_of
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault.tokens import Kind

SLICE = 1_000  # lines a transaction

Outcome = Literal["new", "known", "not_opt_out", "unreadable"]
"""What becomes of a line: a stop is added, stands already, isn't meant, or can't be read."""

MOST_STOPS = 100
"""How many stops one line may say; with more of them a cell is no address but a list of its own."""

_SCHEME = re.compile(r"(?:whatsapp|sms|rcs|messenger|tel|mailto):\s*", re.IGNORECASE)
_DIGITS = re.compile(r"[1-9]\d{7,14}", re.ASCII)  # E.164 whose + a spreadsheet took
_RFC_5322 = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} ")
_ZONES = re.compile(r"\s*(?:UTC|GMT)$")


class Said(NamedTuple):
    """A stop that a line says: of one address in its one form, and when, or at the import's moment (`is_dated`)."""

    kind: Kind
    address: str
    scope: str
    channel: str
    at: datetime
    is_dated: bool


class Line(NamedTuple):
    """What one line says: its stops, and the field at fault with the reason's code where something can't be read."""

    line: int
    said: tuple[Said, ...] = ()
    field: str = ""
    reason: str = ""

    @property
    def outcome(self) -> Outcome:
        """Return what becomes of the line where nothing of it stands yet."""
        if self.said:
            return "new"
        return "unreadable" if self.reason else "not_opt_out"


class StopList(NamedTuple):
    """A list of stops that was opened: the file, its format, and how its lines are read for a moment."""

    opened: OpenList
    form: Format
    stated: StatedStops
    at: datetime

    def lines(self) -> Iterator[Line]:
        """Yield each line of the list in its order, as a stream; raises as `OpenList.records` does."""
        return map(_Reader(self).read, self.opened.records())


def open_stops(path: Path, stated: StatedStops, at: datetime) -> StopList:
    """Open a list of stops for a moment, after which nobody can have said anything.

    Raises `Invalid` with file, line and field for what can't be read as a whole; see `lists.open_any`.
    """
    form: Format = stated.form or "csv"

    def chosen(headers: Sequence[str]) -> Format:
        return stated.form or format_of(headers)

    opened = open_any(path, stated.columns, stated.encoding or None, lambda headers: WORDS[chosen(headers)], ANY)
    form = chosen(opened.headers)
    if not opened.places.keys() & {*ADDRESSES, "from", "to"}:
        refuse_without(opened, "address" if "address" in WORDS[form].columns else "phone")
    return StopList(opened, form, stated, at)


class _Reader:
    """Reads the records of one list."""

    def __init__(self, source: StopList) -> None:
        self._form, self._stated, self._at = source.form, source.stated, source.at
        self._places, self._width = source.opened.places, len(source.opened.headers)

    def read(self, record: Record) -> Line:
        """Return what a record says."""
        if record.fault and len(record.cells) != self._width:
            gap = [""] * self._width
            ends = ((record.cells + gap)[: self._width], (gap + record.cells)[-self._width :])
            return _united([self._line(record.line, self._cells(cells), record.fault) for cells in ends], record)
        return self._line(record.line, self._cells(record.cells), record.fault)

    def _cells(self, cells: Sequence[str]) -> Cells:
        return {
            column: [cell for place in places if (cell := cells[place].strip())]
            for column, places in self._places.items()
        }

    def _line(self, line: int, cells: Cells, fault: str) -> Line:
        said: list[Said] = []
        faults = [("", fault)] if fault else []
        for word in words_of(self._form, cells):
            if word.is_opt_out:
                found, wrong = self._stops(word, cells)
                said += [one._replace(at=self._at, is_dated=False) for one in found] if fault else found
                faults += wrong
        if len(said) > MOST_STOPS:
            return Line(line, (), "", "cell_too_long")
        field, reason = faults[0] if faults else ("", "")
        return Line(line, tuple(dict.fromkeys(said)), field, reason)

    def _stops(self, word: Word, cells: Cells) -> tuple[list[Said], list[tuple[str, str]]]:
        """Return the stops of an opt-out, and what is wrong with its row."""
        faults = [word.doubt] if word.doubt[1] else []
        channel = word.channel or self._stated.channel
        at, is_dated, wrong_date = self._moment(cells)
        scope, wrong_scope = self._scope(cells)
        addresses, wrong = self._addresses(word, cells, channel)
        faults += [one for one in (*wrong, wrong_date, wrong_scope) if one[1]]
        return [Said(kind, address, scope, channel, at, is_dated) for kind, address in addresses], faults

    def _addresses(
        self, word: Word, cells: Cells, channel: str
    ) -> tuple[list[tuple[Kind, str]], list[tuple[str, str]]]:
        wanted = tuple(kind for kind, channels in CHANNELS.items() if channel in ("all", *channels))
        found: list[tuple[Kind, str]] = []
        wrong: list[tuple[str, str]] = []
        for column, cell in word.addresses:
            kind: Kind = "email" if column == "email" else kind_of(cell)
            read, fault = self._read(cell, kind, wanted, _country(cells) or self._stated.region.upper() or None)
            found += read
            wrong += [fault] if fault[1] else []
        if not found and not wrong:
            columns = [KIND[channel]] if channel in KIND else [one for one in ADDRESSES if one in self._places]
            needed = columns[0] if columns else "phone"
            wrong = [(needed, "email_missing" if needed == "email" else "number_missing")]
        return found, wrong

    def _read(
        self, cell: str, kind: Kind, wanted: tuple[Kind, ...], region: str | None
    ) -> tuple[list[tuple[Kind, str]], tuple[str, str]]:
        """Return the addresses in a cell; in one that is no address as a whole, those of its parts."""
        try:
            return self._address(cell, kind, wanted, region), ("", "")
        except Invalid as fault:
            found = []
            for part in parts_of(cell):
                with suppress(Invalid):
                    found += self._address(part, kind_of(part), wanted, region)
            return found, (str(fault.data["field"]), fault.code)

    def _address(self, cell: str, kind: Kind, wanted: tuple[Kind, ...], region: str | None) -> list[tuple[Kind, str]]:
        """Return an address of a kind that is wanted, none for one of another kind; raises Invalid."""
        written = _SCHEME.sub("", cell, count=1) if _SCHEME.match(cell) else cell
        if self._form == "twilio" and _DIGITS.fullmatch(written):
            written = f"+{written}"
        if kind not in wanted:
            return []
        return [(kind, read_address(kind, written, region))]

    def _moment(self, cells: Cells) -> tuple[datetime, bool, tuple[str, str]]:
        """Return when the stop was said, the newest of several dates; at the import's moment where that isn't told."""
        found: list[datetime] = []
        for column in ("date", "flag"):
            for cell in cells.get(column, ()):
                if is_no(cell):
                    continue
                try:
                    at = said_by(_iso(cell), column, self._at)
                except Invalid as fault:
                    return self._at, False, (column, fault.code)
                found += [at] if at else []
        return (max(found), True, ("", "")) if found else (self._at, False, ("", ""))

    def _scope(self, cells: Cells) -> tuple[str, tuple[str, str]]:
        named = next(iter(cells.get("scope", ())), "").lower()
        if named in ("", "all", "marketing"):
            return named or self._stated.scope, ("", "")
        return "all", ("scope", "stop_scope_unknown")


def _united(lines: Sequence[Line], record: Record) -> Line:
    """Return what a row with too few or too many cells may say, read from both its ends."""
    said = dict.fromkeys(one for line in lines for one in line.said)
    return Line(record.line, tuple(said), "", record.fault)


def _country(cells: Cells) -> str:
    try:
        return country_of(next(iter(cells.get("country", ())), ""))
    except Invalid:
        return ""


def _iso(cell: str) -> str:
    """Return a date as ISO 8601 writes it, where it can mean one moment only.

    >>> _iso("2026-02-28 10:05:27 UTC"), _iso("Sat, 28 Feb 2026 10:05:27 +0000"), _iso("28/02/2026")
    ('2026-02-28 10:05:27Z', '2026-02-28T10:05:27+00:00', '28/02/2026')
    """
    if _RFC_5322.match(cell):
        with suppress(ValueError):
            return parsedate_to_datetime(cell).isoformat()
    return _ZONES.sub("Z", cell)


def slices(lines: Iterator[Line], after: int = 0) -> Iterator[list[Line]]:
    """Yield the lines behind one, about `SLICE` stops at a time and no more lines than that."""
    part: list[Line] = []
    weight = 0
    for line in lines:
        if line.line > after:
            part.append(line)
            weight += max(len(line.said), 1)
        if weight >= SLICE:
            yield part
            part, weight = [], 0
    if part:
        yield part
