"""Periods as policy files write them: read strictly, and ending like the function of their unit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backoffice.kernel.calendars import parse_calendar
from backoffice.kernel.errors import Invalid
from backoffice.kernel.periods import Period, due, parse_period

FOLDER = Path(__file__).parents[2] / "policies" / "calendars"
CALENDARS = {name: parse_calendar((FOLDER / f"{name}.toml").read_text(encoding="utf-8")) for name in ("az", "lv")}
RIGA = ZoneInfo("Europe/Riga")
NOON = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "legal"),
    [
        ({"n": 1, "unit": "month", "calendar": "lv", "roll": "forward"}, "2026-12-21"),
        ({"n": 1, "unit": "month"}, "2026-12-20"),
        ({"n": 1, "unit": "year"}, "2027-11-20"),
        ({"n": 30, "unit": "day", "calendar": "lv"}, "2026-12-20"),
        ({"n": 30, "unit": "day", "calendar": "lv", "roll": "forward"}, "2026-12-21"),
        ({"n": 7, "unit": "working_day", "calendar": "az"}, "2026-12-01"),
        ({"n": 72, "unit": "hour"}, "2026-11-23"),
    ],
)
def test_a_policy_file_s_period_gives_the_same_date(written: dict[str, object], legal: str) -> None:
    """A period that was read from data ends like the function of its unit."""
    assert due(parse_period(written), NOON, RIGA, CALENDARS).legal_on == date.fromisoformat(legal)


@pytest.mark.parametrize(
    ("written", "code", "field"),
    [
        ({"n": 0, "unit": "day"}, "period_not_positive", "clause.hold.n"),
        ({"n": -3, "unit": "day"}, "period_not_positive", "clause.hold.n"),
        ({"n": 40_000, "unit": "day"}, "period_too_long", "clause.hold.n"),
        ({"n": 1.0, "unit": "day"}, "period_malformed", "clause.hold.n"),
        ({"n": True, "unit": "day"}, "period_malformed", "clause.hold.n"),
        ({"n": 1, "unit": "week"}, "period_malformed", "clause.hold.unit"),
        ({"unit": "day"}, "period_malformed", "clause.hold"),
        ({"n": 1, "unit": "day", "kind": "eu"}, "period_unknown_key", "clause.hold.kind"),
        ({"n": 1, "unit": "working_day"}, "period_calendar_missing", "clause.hold.calendar"),
        ({"n": 1, "unit": "month", "roll": "forward"}, "period_calendar_missing", "clause.hold.calendar"),
        ({"n": 72, "unit": "hour", "calendar": "lv", "roll": "forward"}, "period_never_rolls", "clause.hold.roll"),
        ({"n": 1, "unit": "month", "calendar": "lv", "roll": "back"}, "period_malformed", "clause.hold.roll"),
    ],
)
def test_a_period_that_means_nothing_is_refused(written: dict[str, object], code: str, field: str) -> None:
    """Zero, negative, fractional or rolled hours are refused with file and field."""
    with pytest.raises(Invalid) as refused:
        parse_period(written, file="clauses.toml", field="clause.hold")
    assert refused.value.code == code
    assert (refused.value.data["file"], refused.value.data["field"]) == ("clauses.toml", field)


def test_a_period_of_an_unknown_calendar_is_refused() -> None:
    """A rule can't count by a table that isn't there."""
    with pytest.raises(Invalid, match="calendar_unknown"):
        due(Period(7, "working_day", "ee"), NOON, RIGA, CALENDARS)
