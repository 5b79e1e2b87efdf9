"""Holidays under legal control: which days are working days of a place, by a table that a lawyer can read.

The tables are TOML under `policies/calendars`, one row a day, and are handed in as text. Nothing is computed or
guessed: a year that a table doesn't list can't be asked about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from backoffice.kernel.canonical import content_hash
from backoffice.kernel.errors import Invalid

Kind = Literal["statutory", "observed", "moved_workday", "estimated"]
"""What makes a day free: the law names it; the law moves it there from a weekend or another holiday; a decree
swapped it for a working Saturday; or it is expected and no decision has been seen."""

Reading = Literal["legal", "safe"]
"""`legal`: only statutory and observed days are free, as only they move a due date. `safe`: any listed day is."""

_LEGAL_KINDS = frozenset({"statutory", "observed"})
_DAY = timedelta(days=1)
_SATURDAY = 5


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"on": "date"}):
    """One row of a table: a free day, why it is free, and for a swapped day the weekend day worked instead."""

    on: date
    kind: Kind
    name: str
    worked_on: date | None = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The free days of one place in the years listed; `version` names exactly these days.

    `moved_days_bind` says whether a decree that swaps working days binds everybody (Azerbaijan, Labour Code
    105(7)) or only the state's own offices (Latvia, Labour Law 133(4)).
    """

    id: str
    jurisdiction: str
    law: str
    approved_by: str
    moved_days_bind: bool
    years: frozenset[int]
    holidays: Mapping[date, Holiday]
    version: str

    def is_holiday(self, day: date, reading: Reading = "legal") -> bool:
        """Whether the day is listed as free, weekday or not."""
        row = self._row(day)
        return row is not None and (reading == "safe" or row.kind in _LEGAL_KINDS)

    def is_working_day(self, day: date, reading: Reading = "legal") -> bool:
        """Whether the day is Monday to Friday and no holiday (Reg. 1182/71 Art. 2(2))."""
        return not self.is_holiday(day, reading) and day.weekday() < _SATURDAY

    def counts(self, day: date) -> bool:
        """Whether the day is counted in a period of working days.

        It differs from a legal working day only where swaps bind: the swapped day is not counted, the Saturday
        worked for it is.
        """
        row = self._row(day)
        if not self.moved_days_bind:
            return self.is_working_day(day)
        if row is not None and row.kind == "moved_workday":
            return False
        return self.is_working_day(day) or any(row.worked_on == day for row in self.holidays.values())

    def holiday_name(self, day: date) -> str | None:
        """Return what the table calls the day, or None."""
        row = self._row(day)
        return row.name if row else None

    def next_working_day(self, day: date, reading: Reading = "legal") -> date:
        """Return the day itself if it is a working day, else the first one after it (Reg. 1182/71 Art. 3(4))."""
        while not self.is_working_day(day, reading):
            day += _DAY
        return day

    def last_working_day(self, day: date, reading: Reading = "safe") -> date:
        """Return the day itself if it is a working day, else the last one before it."""
        while not self.is_working_day(day, reading):
            day -= _DAY
        return day

    def _row(self, day: date) -> Holiday | None:
        if day.year not in self.years:
            raise Invalid("calendar_year_missing", calendar=self.id, year=day.year)
        return self.holidays.get(day)


class _Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    year: int
    source: str
    days: list[dict[str, object]]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    jurisdiction: str
    law: str
    approved_by: str
    year: list[_Year]
    moved_days_bind: bool = False


def parse_calendar(text: str, *, file: str = "") -> Calendar:
    """Return the calendar written in the text of one table; `Invalid` names file, line and field of what is wrong."""
    table = _table(text, file)
    years = [year.year for year in table.year]
    if not years or len(years) != len(set(years)):
        raise Invalid("calendar_years", file=file, field="year", years=sorted(years))
    rows: dict[date, Holiday] = {}
    for year in table.year:
        for raw in year.days:
            row = _holiday(raw, year.year, text, file)
            if row.on in rows:
                raise _wrong("calendar_date_twice", row.on, "date", text, file)
            rows[row.on] = row
    return Calendar(
        id=table.id,
        jurisdiction=table.jurisdiction,
        law=table.law,
        approved_by=table.approved_by,
        moved_days_bind=table.moved_days_bind,
        years=frozenset(years),
        holidays=rows,
        version=content_hash([table.id, table.moved_days_bind, sorted(years), [rows[day] for day in sorted(rows)]]),
    )


def _table(text: str, file: str) -> _Table:
    try:
        return msgspec.convert(tomllib.loads(text), _Table)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("calendar_not_toml", file=file, detail=str(error)) from None
    except msgspec.ValidationError as error:
        raise Invalid("calendar_table", file=file, detail=str(error)) from None


def _holiday(raw: dict[str, object], year: int, text: str, file: str) -> Holiday:
    day = raw.get("date")
    if not isinstance(day, date) or isinstance(day, datetime):
        raise Invalid("calendar_date", file=file, field="date", value=str(day))
    if day.year != year:
        raise _wrong("calendar_date_in_wrong_year", day, "date", text, file)
    if raw.get("kind") not in get_args(Kind):
        raise _wrong("calendar_kind", day, "kind", text, file)
    if "worked_on" in raw and raw["kind"] != "moved_workday":
        raise _wrong("calendar_worked_on", day, "worked_on", text, file)
    try:
        return msgspec.convert(raw, Holiday)
    except msgspec.ValidationError as error:
        raise Invalid("calendar_row", file=file, line=_line(text, day), detail=str(error)) from None


def _wrong(code: str, day: date, field: str, text: str, file: str) -> Invalid:
    return Invalid(code, file=file, line=_line(text, day), field=field, date=day.isoformat())


def _line(text: str, day: date) -> int:
    """Return the last line that gives the day as a row's date: of two rows for one day, the second."""
    wanted = f"date = {day.isoformat()}"
    return max((number for number, line in enumerate(text.splitlines(), 1) if wanted in line), default=0)
