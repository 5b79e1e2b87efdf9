"""Due dates: when a period of law or contract ends, the safe day before it, and the sentence that explains it.

The day of the event is never counted, and a day ends at 24:00 in the zone of whom the rule names. `legal_due` is
the last lawful moment, `safe_due` what staff work to:

=================  ==========================================  =============================
unit               legal                                       safe
=================  ==========================================  =============================
month, year        same day of the month or its last day,      rolled back to a working day
                   rolled on to a working day
day                rolled on (EU), or as it falls (US)         as it falls
working day        Monday to Friday less public holidays       Monday to Friday
hour               absolute time, never rolled                 a tenth earlier
day of an e-qaimə  as it falls                                 a day earlier
=================  ==========================================  =============================

Reg. 1182/71 Art. 3(1)-(4); a US business day is a working day of the federal calendar (policy: the acts define
none). Art. 3(5), at least two working days, is disputed and could only lengthen a period: it isn't applied.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from backoffice.kernel.clock import as_utc
from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import Explanation, Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from backoffice.kernel.calendars import Calendar
    from backoffice.kernel.language import Value

_DAY = timedelta(days=1)
_SATURDAY = 5
_LONGEST = 36_500  # a hundred years of days: more is a slip of the pen


class _Ends(NamedTuple):
    """How a period's end is told, each for one and for many: on an open day, a weekend, a holiday."""

    open: tuple[str, str]
    weekend: tuple[str, str]
    holiday: tuple[str, str]


_DAYS_END = _Ends(
    ("one day ends on {legal:weekday}", "{n} days end on {legal:weekday}"),
    ("one day ends on {raw:short}, a {raw:name}", "{n} days end on {raw:short}, a {raw:name}"),
    (
        "one day ends on {raw:short}, a public holiday ({holiday})",
        "{n} days end on {raw:short}, a public holiday ({holiday})",
    ),
)
_MONTHS_END = _Ends(
    ("one month ends on {legal:weekday}", "{n} months end on {legal:weekday}"),
    ("one month ends on {raw:short}, a {raw:name}", "{n} months end on {raw:short}, a {raw:name}"),
    (
        "one month ends on {raw:short}, a public holiday ({holiday})",
        "{n} months end on {raw:short}, a public holiday ({holiday})",
    ),
)
_WORKING_DAYS_END = ("one working day ends on {legal:weekday}", "{n} working days end on {legal:weekday}")
_NOT_COUNTED = (
    "one public holiday is not counted ({days:short})",
    "{n} public holidays are not counted ({days:short})",
)
_HOURS_END = ("one hour ends at {legal:weekday}", "{n} hours end at {legal:weekday}, weekends and holidays included")


class DueDate(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a period in both readings, as a UTC moment and as the local day that it ends or falls on.

    `raw_on` is the day before any rolling; `calendar_version` is empty where no table was asked.
    """

    received_on: date
    raw_on: date
    legal_on: date
    legal_due: datetime
    safe_on: date
    safe_due: datetime
    calendar_version: str
    explanation: Explanation
    safe_explanation: Explanation


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length of time as a policy file writes it: `{n = 1, unit = "month", calendar = "lv", roll = "forward"}`.

    `calendar` names a holiday table; `roll` moves an end on a free day to the next working day.
    """

    n: int
    unit: Literal["hour", "day", "working_day", "month", "year"]
    calendar: str = ""
    roll: Literal["none", "forward"] = "none"

    def __post_init__(self) -> None:
        _positive(self.n)
        if self.roll == "forward" and self.unit in {"hour", "working_day"}:
            raise Invalid("period_never_rolls", field="roll", unit=self.unit)
        if not self.calendar and (self.roll == "forward" or self.unit == "working_day"):
            raise Invalid("period_calendar_missing", field="calendar", unit=self.unit)


def parse_period(data: Mapping[str, object], *, file: str = "", field: str = "period") -> Period:
    """Return the period that a policy file writes; `Invalid` names the file and the field that is wrong."""
    for key in data.keys() - set(Period.__struct_fields__):
        raise Invalid("period_unknown_key", file=file, field=f"{field}.{key}")
    try:
        return msgspec.convert(data, Period)
    except msgspec.ValidationError as error:
        inner = str(error).partition("`$")[2].rstrip("`")  # msgspec ends with the path: "… - at `$.unit`"
        raise Invalid("period_malformed", file=file, field=field + inner, detail=str(error)) from None
    except Invalid as error:
        raise Invalid(error.code, **{**error.data, "file": file, "field": f"{field}.{error.data['field']}"}) from None


def due(period: Period, received: date, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> DueDate:
    """Return when a policy file's period ends that began with an event on a local day or at a moment."""
    calendar = calendars.get(period.calendar)
    if period.calendar and calendar is None:
        raise Invalid("calendar_unknown", field="calendar", calendar=period.calendar)
    if period.unit == "hour":
        return hours(received, period.n, zone)
    if period.unit == "working_day" and calendar:
        return working_days(received, period.n, zone, calendar)
    rolled_by = calendar if period.roll == "forward" else None
    if period.unit == "day":
        return calendar_days(received, period.n, zone, rolled_by)
    return months(received, period.n * (12 if period.unit == "year" else 1), zone, rolled_by)


def months(received: date, n: int, zone: ZoneInfo, calendar: Calendar | None = None) -> DueDate:
    """Return the end of `n` months, rolled by the calendar if one is given (Reg. 1182/71 Art. 3(2)(c), 3(4)).

    >>> from zoneinfo import ZoneInfo
    >>> months(date(2028, 1, 31), 1, ZoneInfo("Europe/Riga")).explanation.english()
    'Received 31 Jan 2028; one month ends on Tue 29 Feb 2028.'
    """
    on = local_date(received, zone)
    raw = _add_months(on, _positive(n))
    safe_on = calendar.last_working_day(raw) if calendar else raw
    safe = Phrase("Safe date {safe:weekday}, the last working day until {raw}", {"safe": safe_on, "raw": raw})
    return _rolled(on, n, _MONTHS_END, raw, safe_on=safe_on, safe=safe, zone=zone, calendar=calendar)


def extended_months(received: date, n: int, further: int, zone: ZoneInfo, calendar: Calendar | None = None) -> DueDate:
    """Return the end of `n` months extended by `further`, from receipt, never from the first date (GDPR 12(3))."""
    whole = months(received, _positive(n) + _positive(further), zone, calendar)
    first, *rest = whole.explanation.phrases
    extended = Phrase("extended once, and still counted from receipt", {})
    return msgspec.structs.replace(whole, explanation=Explanation((first, extended, *rest)))


def calendar_days(received: date, n: int, zone: ZoneInfo, calendar: Calendar | None = None) -> DueDate:
    """Return the end of `n` days: rolled by a calendar in the EU (Art. 3(4)), as they fall without one (US)."""
    on = local_date(received, zone)
    raw = on + _positive(n) * _DAY
    safe = Phrase("Safe date {safe:weekday}, not moved to a working day", {"safe": raw})
    return _rolled(on, n, _DAYS_END, raw, safe_on=raw, safe=safe, zone=zone, calendar=calendar)


def working_days(received: date, n: int, zone: ZoneInfo, calendar: Calendar) -> DueDate:
    """Return the end of `n` working days of the calendar's place; by the federal calendar they are US business days."""
    on = local_date(received, zone)
    legal_on = _nth(on, _positive(n), calendar.counts)
    safe_on = min(legal_on, _nth(on, n, _is_weekday))
    between = (on + step * _DAY for step in range(1, (legal_on - on).days))
    skipped = tuple(day for day in between if _is_weekday(day) and not calendar.counts(day))
    why = [_received(on), _phrase(_WORKING_DAYS_END, n=n, legal=legal_on)]
    if skipped:
        why.append(_phrase(_NOT_COUNTED, n=len(skipped), days=skipped))
    safe = Phrase("Safe date {safe:weekday}, with public holidays counted", {"safe": safe_on})
    return _whole_days(on, legal_on, legal_on, safe_on=safe_on, zone=zone, calendar=calendar, why=why, safe=safe)


def hours(received: date, n: int, zone: ZoneInfo) -> DueDate:
    """Return the end of `n` hours of absolute time after a moment; the zone only names the local days (Art. 3(4))."""
    if not isinstance(received, datetime):
        raise Invalid("moment_needed", field="received", value=received.isoformat())
    start = as_utc(received, field="received")
    legal_due, safe_due = start + timedelta(hours=_positive(n)), start + timedelta(minutes=54 * n)
    begun, legal, safe = (moment.astimezone(zone) for moment in (start, legal_due, safe_due))
    ends = _phrase(_HOURS_END, n=n, legal=legal)
    return DueDate(
        received_on=begun.date(),
        raw_on=legal.date(),
        legal_on=legal.date(),
        legal_due=legal_due,
        safe_on=safe.date(),
        safe_due=safe_due,
        calendar_version="",
        explanation=Explanation((Phrase("Counted from {start:weekday}", {"start": begun}), ends)),
        safe_explanation=Explanation((Phrase("Safe time {safe:weekday}, a tenth earlier", {"safe": safe}),)),
    )


def e_qaime_days(service: date, n: int, zone: ZoneInfo) -> DueDate:
    """Return the end of `n` days after a service, the day after being day one (Azerbaijan, Tax Code 71-1.1.3)."""
    on = local_date(service, zone)
    legal_on = on + _positive(n) * _DAY
    day_n = Phrase("the day after is day one, day {n} is {legal:weekday}", {"n": n, "legal": legal_on})
    why = [Phrase("Service of {service}", {"service": on}), day_n]
    safe = Phrase("Safe date {safe:weekday}, a day earlier", {"safe": legal_on - _DAY})
    return _whole_days(on, legal_on, legal_on, safe_on=legal_on - _DAY, zone=zone, calendar=None, why=why, safe=safe)


def local_date(received: date, zone: ZoneInfo) -> date:
    """Return the day of an event in a zone: of a moment the local day, a day as it stands."""
    return as_utc(received, field="received").astimezone(zone).date() if isinstance(received, datetime) else received


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return 24:00 of a local day, as a UTC moment.

    >>> from zoneinfo import ZoneInfo
    >>> end_of_day(date(2026, 3, 2), ZoneInfo("Europe/Riga")).isoformat()
    '2026-03-02T22:00:00+00:00'
    """
    return datetime.combine(day + _DAY, time(), zone).astimezone(UTC)


def _rolled(
    on: date, n: int, ends: _Ends, raw: date, *, safe_on: date, safe: Phrase, zone: ZoneInfo, calendar: Calendar | None
) -> DueDate:
    legal_on = calendar.next_working_day(raw) if calendar else raw
    why = [_received(on)]
    if legal_on == raw:
        why.append(_phrase(ends.open, n=n, legal=legal_on))
    elif calendar and calendar.is_holiday(raw):
        why.append(_phrase(ends.holiday, n=n, raw=raw, holiday=calendar.holiday_name(raw) or ""))
    else:
        why.append(_phrase(ends.weekend, n=n, raw=raw))
    if legal_on != raw:
        why.append(Phrase("the next working day is {legal:weekday}", {"legal": legal_on}))
    return _whole_days(on, raw, legal_on, safe_on=safe_on, zone=zone, calendar=calendar, why=why, safe=safe)


def _whole_days(
    on: date,
    raw: date,
    legal_on: date,
    *,
    safe_on: date,
    zone: ZoneInfo,
    calendar: Calendar | None,
    why: list[Phrase],
    safe: Phrase,
) -> DueDate:
    return DueDate(
        received_on=on,
        raw_on=raw,
        legal_on=legal_on,
        legal_due=end_of_day(legal_on, zone),
        safe_on=safe_on,
        safe_due=end_of_day(safe_on, zone),
        calendar_version=calendar.version if calendar else "",
        explanation=Explanation(tuple(why)),
        safe_explanation=Explanation((safe,)),
    )


def _received(on: date) -> Phrase:
    return Phrase("Received {received}", {"received": on})


def _phrase(text: tuple[str, str], **values: Value) -> Phrase:
    return Phrase(text[0], values, text[1])


def _positive(n: int) -> int:
    if not 0 < n <= _LONGEST:
        raise Invalid("period_not_positive" if n <= 0 else "period_too_long", field="n", n=n)
    return n


def _add_months(on: date, n: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 + n, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def _nth(on: date, n: int, counts: Callable[[date], bool]) -> date:
    while n:
        on += _DAY
        n -= counts(on)
    return on


def _is_weekday(day: date) -> bool:
    return day.weekday() < _SATURDAY
