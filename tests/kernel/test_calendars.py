"""Holiday tables: what is free, in which reading, and where the library errs."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from backoffice.kernel.calendars import Calendar, parse_calendar
from backoffice.kernel.errors import Invalid

FOLDER = Path(__file__).parents[2] / "policies" / "calendars"
IDS = ["az", "lv", "us", "us-al", "us-la", "us-pa", "us-ri", "us-ut"]
FEASTS = {"Novruz", "Ramadan", "Kurban"}

TABLE = """
id = "xx"
jurisdiction = "XX"
law = "an act"
approved_by = "unreviewed"

[[year]]
year = 2026
source = "read"
days = [
    { date = 2026-01-01, kind = "statutory", name = "New Year" },
    { date = 2026-01-02, kind = "moved_workday", name = "Bridge", worked_on = 2026-01-17 },
    { date = 2026-01-05, kind = "estimated", name = "Feast" },
]
"""


def load(name: str) -> Calendar:
    """Read a shipped table."""
    return parse_calendar((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), file=f"{name}.toml")


def days_of(calendar: Calendar, year: int, *kinds: str) -> set[date]:
    """Return the days of some kinds, or of all."""
    return {day for day, row in calendar.holidays.items() if day.year == year and (not kinds or row.kind in kinds)}


def the_library_s(country: str, year: int) -> set[date]:
    """Return the days that the holidays library proposes."""
    return set(holidays.country_holidays(country, years=year))


def test_the_shipped_tables_are_these() -> None:
    """Every table in the folder is read by these tests."""
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_shipped_table_is_unreviewed_and_covers_2024_to_2031(name: str) -> None:
    """Each file is named by its id, says that no lawyer signed it, and lists eight years."""
    calendar = load(name)
    assert (calendar.id, calendar.approved_by) == (name, "unreviewed")
    assert calendar.jurisdiction.lower() == name
    assert calendar.years == frozenset(range(2024, 2032))


@pytest.mark.parametrize("name", IDS)
def test_a_moved_holiday_is_observed_on_a_weekday(name: str) -> None:
    """A substitute for a weekend is never itself on a weekend."""
    assert all(
        day.weekday() < 5 for day, row in load(name).holidays.items() if row.kind in {"observed", "moved_workday"}
    )


def test_only_statutory_and_observed_days_are_free_in_the_legal_reading() -> None:
    """Swapped and estimated days are open for legal dates and closed for safe ones."""
    calendar = parse_calendar(TABLE)
    new_year, bridge, feast = (date(2026, 1, day) for day in (1, 2, 5))
    assert [calendar.is_working_day(day) for day in (new_year, bridge, feast)] == [False, True, True]
    assert not any(calendar.is_working_day(day, "safe") for day in (new_year, bridge, feast))
    assert [calendar.is_holiday(day) for day in (new_year, bridge, feast)] == [True, False, False]
    assert calendar.holiday_name(feast) == "Feast"
    assert calendar.holiday_name(date(2026, 1, 6)) is None


def test_a_free_day_rolls_on_in_law_and_back_for_safety() -> None:
    """Christmas Eve rolls over three free days; Midsummer rolls back also over the swapped Monday, which law keeps."""
    calendar = load("lv")
    assert calendar.next_working_day(date(2026, 12, 24)) == date(2026, 12, 28)
    assert calendar.last_working_day(date(2026, 6, 24)) == date(2026, 6, 19)
    assert calendar.next_working_day(date(2026, 6, 22)) == date(2026, 6, 22)


@pytest.mark.parametrize("day", [date(2023, 12, 29), date(2032, 1, 3)])
def test_a_year_that_the_table_lacks_is_never_guessed(day: date) -> None:
    """A question about another year is refused, also about a Saturday."""
    with pytest.raises(Invalid, match="calendar_year_missing") as refused:
        load("lv").is_working_day(day)
    assert refused.value.data == {"calendar": "lv", "year": day.year}


def test_rolling_into_a_missing_year_is_refused_too() -> None:
    """31 December 2031 is free in Latvia and 2032 isn't listed: no due date comes out."""
    with pytest.raises(Invalid, match="calendar_year_missing"):
        load("lv").next_working_day(date(2031, 12, 31))


def test_a_swap_counts_only_where_it_binds_everybody() -> None:
    """Latvia counts the bridge day and not its Saturday; Azerbaijan the other way round (Labour Code 105(7))."""
    lv, az = load("lv"), load("az")
    assert lv.counts(date(2026, 6, 22))
    assert not lv.counts(date(2026, 6, 27))
    assert not az.counts(date(2024, 11, 12))
    assert az.counts(date(2024, 11, 16))
    assert az.is_working_day(date(2024, 11, 12))


def test_a_version_names_the_days_and_nothing_else() -> None:
    """A comment, a signature or another order of keys keeps the version; another day changes it."""
    version = parse_calendar(TABLE).version
    assert version.startswith("sha256:")
    assert parse_calendar("# read by a lawyer\n" + TABLE.replace("unreviewed", "A. Lawyer")).version == version
    assert parse_calendar(TABLE.replace("2026-01-05", "2026-01-06")).version != version
    assert parse_calendar("moved_days_bind = true\n" + TABLE).version != version


@pytest.mark.parametrize(
    ("code", "old", "new", "line"),
    [
        ("calendar_kind", '"estimated"', '"maybe"', 13),
        ("calendar_date_in_wrong_year", "2026-01-05", "2027-01-05", 13),
        ("calendar_date_twice", "2026-01-05", "2026-01-02", 13),
        ("calendar_worked_on", '"moved_workday"', '"observed"', 12),
        ("calendar_row", 'name = "Feast"', "name = 5", 13),
        ("calendar_row", 'name = "Feast"', 'name = "Feast", until = 1', 13),
        ("calendar_date", "2026-01-05,", '"5 Jan",', None),
        ("calendar_date", "2026-01-05,", "2026-01-05T00:00:00Z,", None),
        ("calendar_years", "[[year]]", '[[year]]\nyear = 2026\nsource = "s"\ndays = []\n[[year]]', None),
        ("calendar_table", 'law = "an act"', "laws = 1", None),
        ("calendar_not_toml", "days = [", "days = ", None),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(code: str, old: str, new: str, line: int | None) -> None:
    """What can't be read names the file, and the line where it is known."""
    with pytest.raises(Invalid, match=code) as refused:
        parse_calendar(TABLE.replace(old, new), file="xx.toml")
    assert refused.value.code == code
    assert refused.value.data["file"] == "xx.toml"
    assert refused.value.data.get("line") == line


@pytest.mark.parametrize("year", range(2024, 2032))
def test_the_library_agrees_on_latvia_but_for_swaps_and_the_song_festival(year: int) -> None:
    """It calls swapped days holidays, and lacks the closing of the festival on 9 July 2028 and its Monday."""
    table, library = load("lv"), the_library_s("LV", year)
    festival = {date(2028, 7, 9), date(2028, 7, 10)} if year == 2028 else set()
    swapped = days_of(table, year, "moved_workday")
    assert library - days_of(table, year, "statutory", "observed") == swapped
    assert days_of(table, year) - library == festival


def test_the_library_agrees_on_azerbaijan_in_2026() -> None:
    """All 25 days are equal, and none is estimated."""
    assert days_of(load("az"), 2026) == the_library_s("AZ", 2026)
    assert len(days_of(load("az"), 2026, "statutory", "observed")) == 25


@pytest.mark.parametrize("year", range(2024, 2032))
def test_the_library_agrees_on_the_federal_holidays(year: int) -> None:
    """All days are equal, with the Friday or Monday of a weekend holiday."""
    assert days_of(load("us"), year) == the_library_s("US", year)


@pytest.mark.parametrize("day", [9, 25, 26, 27, 30])
def test_azerbaijan_s_march_2026_is_free_by_the_moving_rules(day: int) -> None:
    """Women's Day, Novruz and Ramadan on weekends, and Ramadan meeting Novruz, each add a day (AZ-HOL-02)."""
    assert load("az").holidays[date(2026, 3, day)].kind == "observed"


@pytest.mark.parametrize("day", [date(2026, 5, 11), date(2026, 5, 29), date(2026, 11, 10)])
def test_azerbaijan_s_other_moved_days_of_2026_are_free(day: date) -> None:
    """Victory over Fascism, Kurban meeting Independence Day, and Victory Day add a day (AZ-HOL-02)."""
    assert load("az").holidays[day].kind == "observed"


def test_20_january_never_moves() -> None:
    """The day of mourning is free where it falls, and no Monday follows it (2024: a Saturday)."""
    az = load("az")
    assert az.is_holiday(date(2024, 1, 20))
    assert az.is_working_day(date(2024, 1, 22), "safe")


@pytest.mark.parametrize("year", range(2027, 2032))
def test_what_the_cabinet_has_not_set_is_estimated(year: int) -> None:
    """Novruz, Ramadan and Kurban of years without a known decision never lengthen a legal date."""
    az = load("az")
    feasts = [row for row in az.holidays.values() if row.on.year == year and row.name.split(",")[0] in FEASTS]
    assert len(feasts) >= 9
    assert {row.kind for row in feasts} == {"estimated"}


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("us-al", "2026-04-27"),  # Confederate Memorial Day
        ("us-al", "2026-02-17"),  # Mardi Gras, two counties
        ("us-la", "2026-02-17"),  # Mardi Gras
        ("us-la", "2026-04-03"),  # Good Friday
        ("us-la", "2026-11-03"),  # General Election Day
        ("us-la", "2026-08-30"),  # Huey P. Long Day
        ("us-pa", "2026-04-03"),  # Good Friday
        ("us-pa", "2026-06-14"),  # Flag Day
        ("us-pa", "2026-11-03"),  # Election Day
        ("us-pa", "2027-11-02"),  # Election Day of an odd year
        ("us-ri", "2026-08-10"),  # Victory Day
        ("us-ri", "2026-05-04"),  # Rhode Island Independence Day
        ("us-ri", "2026-07-06"),  # Independence Day on a Saturday
        ("us-ut", "2026-07-24"),  # Pioneer Day
        ("us-ut", "2026-06-15"),  # Juneteenth, the Monday before a Friday
    ],
)
def test_a_state_s_own_holiday_is_in_its_table(name: str, day: str) -> None:
    """Days that stop messages in one state only are listed there, and not among the federal ones."""
    assert load(name).is_holiday(date.fromisoformat(day))
    assert not load("us").is_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("name", IDS[3:])
def test_a_state_keeps_the_holidays_that_all_states_keep(name: str) -> None:
    """New Year, Memorial Day, 4 July, Labor Day, Thanksgiving and Christmas are free in each state table."""
    state = load(name)
    days = ["2026-01-01", "2026-05-25", "2026-07-04", "2026-09-07", "2026-11-26", "2026-12-25"]
    assert all(state.is_holiday(date.fromisoformat(day)) for day in days)


def test_working_days_of_a_whole_year_are_counted() -> None:
    """2026 has 261 weekdays; 11 Latvian weekdays are free by law and 2 more by swap."""
    lv = load("lv")
    year = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(365)]
    assert sum(lv.is_working_day(day) for day in year) == 250
    assert sum(lv.is_working_day(day, "safe") for day in year) == 248
