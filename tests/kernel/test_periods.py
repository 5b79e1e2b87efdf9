"""Due dates, by dates worked out by hand: each is a mistake that somebody has made."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.calendars import Calendar, parse_calendar
from backoffice.kernel.errors import Invalid
from backoffice.kernel.periods import (
    DueDate,
    calendar_days,
    e_qaime_days,
    end_of_day,
    extended_months,
    hours,
    months,
    working_days,
)

FOLDER = Path(__file__).parents[2] / "policies" / "calendars"
RIGA, BAKU = ZoneInfo("Europe/Riga"), ZoneInfo("Asia/Baku")
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")


def load(name: str) -> Calendar:
    """Read a shipped table."""
    return parse_calendar((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), file=f"{name}.toml")


LV, AZ, US = load("lv"), load("az"), load("us")


def on(day: str) -> date:
    """Return a day from its ISO form."""
    return date.fromisoformat(day)


def at(moment: str, zone: ZoneInfo) -> datetime:
    """Return a local moment of a zone."""
    return datetime.fromisoformat(moment).replace(tzinfo=zone)


def legal_and_safe(due_date: DueDate) -> tuple[str, str]:
    """Return both local days in their ISO form."""
    return due_date.legal_on.isoformat(), due_date.safe_on.isoformat()


@pytest.mark.parametrize(
    ("received", "legal", "safe"),
    [
        ("2026-01-31", "2026-03-02", "2026-02-27"),
        ("2027-01-31", "2027-03-01", "2027-02-26"),
        ("2028-01-31", "2028-02-29", "2028-02-29"),
        ("2026-08-31", "2026-09-30", "2026-09-30"),
    ],
)
def test_one_month_is_not_30_days(received: str, legal: str, safe: str) -> None:
    """A month ends on the same date, or on the last day of a shorter month, then rolls (trap T1)."""
    assert legal_and_safe(months(on(received), 1, RIGA, LV)) == (legal, safe)


@pytest.mark.parametrize(
    ("received", "legal", "safe"),
    [
        ("2026-03-03", "2026-04-07", "2026-04-02"),  # Easter
        ("2026-04-01", "2026-05-05", "2026-04-30"),  # 1 May, weekend, 4 May
        ("2026-05-24", "2026-06-25", "2026-06-19"),  # Midsummer, and the swapped Monday for the safe date
        ("2026-10-18", "2026-11-19", "2026-11-17"),  # Proclamation Day
        ("2026-11-24", "2026-12-28", "2026-12-23"),  # Christmas
        ("2026-05-22", "2026-06-22", "2026-06-19"),  # the swapped Monday itself
        ("2028-06-10", "2028-07-11", "2028-07-07"),  # the Monday after the Song and Dance Festival
    ],
)
def test_latvian_holidays_roll_and_moved_working_days_do_not(received: str, legal: str, safe: str) -> None:
    """Law takes the next working day, staff work to the last one before, and swaps count for staff only (trap T2)."""
    assert legal_and_safe(months(on(received), 1, RIGA, LV)) == (legal, safe)


@pytest.mark.parametrize(
    ("aware", "ends"),
    [
        ("2026-10-23T18:00", "2026-10-26T17:00"),  # clocks go back
        ("2026-03-27T18:00", "2026-03-30T19:00"),  # clocks go forward
        ("2026-12-23T16:00", "2026-12-26T16:00"),  # a Saturday and a holiday: no roll
    ],
)
def test_72_hours_are_hours(aware: str, ends: str) -> None:
    """Hours run on absolute time through weekends and holidays, whatever the clocks on the wall do (trap T4)."""
    made = hours(at(aware, RIGA), 72, RIGA)
    assert made.legal_due == at(ends, RIGA)
    assert made.legal_due - made.safe_due == timedelta(hours=7, minutes=12)


def test_different_laws_give_the_same_request_different_dates() -> None:
    """California confirms and answers, GDPR and Azerbaijan answer, by their own days (trap T5)."""
    friday = on("2026-11-20")
    assert legal_and_safe(working_days(friday, 10, LOS_ANGELES, US)) == ("2026-12-07", "2026-12-04")
    assert legal_and_safe(working_days(friday, 15, LOS_ANGELES, US)) == ("2026-12-14", "2026-12-11")
    assert legal_and_safe(calendar_days(friday, 45, LOS_ANGELES)) == ("2027-01-04", "2027-01-04")
    assert legal_and_safe(calendar_days(friday, 90, LOS_ANGELES)) == ("2027-02-18", "2027-02-18")
    assert legal_and_safe(months(friday, 1, RIGA, LV)) == ("2026-12-21", "2026-12-18")
    assert legal_and_safe(working_days(friday, 7, BAKU, AZ)) == ("2026-12-01", "2026-12-01")
    assert legal_and_safe(working_days(friday, 5, BAKU, AZ)) == ("2026-11-27", "2026-11-27")


def test_the_outer_limits_of_a_stop_are_known() -> None:
    """Ten business days skip Christmas and New Year; Florida's fifteen days don't (trap T7)."""
    stop = datetime(2026, 12, 18, 15, tzinfo=UTC)
    assert legal_and_safe(working_days(stop, 10, NEW_YORK, US)) == ("2027-01-05", "2027-01-01")
    assert calendar_days(stop, 15, NEW_YORK).legal_on == on("2027-01-02")


@pytest.mark.parametrize(("contract", "last"), [("2026-11-19", "2026-12-03"), ("2026-12-10", "2026-12-28")])
def test_a_consumer_withdraws_until_a_working_day(contract: str, last: str) -> None:
    """Fourteen days roll over Christmas; the safe date stays where it falls (trap T20)."""
    made = calendar_days(on(contract), 14, RIGA, LV)
    assert made.legal_on == on(last)
    assert made.safe_on == made.raw_on == on(contract) + timedelta(days=14)


def test_an_uninformed_consumer_has_twelve_months_more() -> None:
    """The year counts from the end of the fourteen days (Directive 2011/83 Art. 10; trap T20)."""
    first = calendar_days(on("2026-11-19"), 14, RIGA, LV)
    assert months(first.legal_on, 12, RIGA, LV).legal_on == on("2027-12-03")


def test_a_claim_of_30_working_days_and_an_opt_out_of_10() -> None:
    """The worked cases of a claim in Riga and of an e-mail opt-out over Thanksgiving come out."""
    assert legal_and_safe(working_days(on("2025-03-03"), 30, RIGA, LV)) == ("2025-04-14", "2025-04-14")
    assert working_days(on("2025-11-24"), 10, NEW_YORK, US).legal_on == on("2025-12-09")


def test_a_swapped_day_counts_where_the_swap_binds_the_state_only() -> None:
    """A claim of 12 October 2025 is due on 24 November: neither the swapped Monday nor its Saturday matters."""
    assert legal_and_safe(working_days(on("2025-10-12"), 30, RIGA, LV)) == ("2025-11-24", "2025-11-21")


def test_a_binding_swap_counts_its_saturday_and_the_safe_date_never_lies_behind() -> None:
    """After 14 November 2024 in Baku, Saturday the 16th is the second working day, so staff work to it too."""
    assert legal_and_safe(working_days(on("2024-11-14"), 2, BAKU, AZ)) == ("2024-11-16", "2024-11-16")
    assert legal_and_safe(working_days(on("2024-11-07"), 1, BAKU, AZ)) == ("2024-11-14", "2024-11-08")


def test_an_extension_counts_from_receipt_and_never_from_the_rolled_date() -> None:
    """One month from 31 January 2026 rolls to 2 March; with two more it ends on 30 April, not on 2 May (GDPR 12(3))."""
    made = extended_months(on("2026-01-31"), 1, 2, RIGA, LV)
    assert legal_and_safe(made) == ("2026-04-30", "2026-04-30")
    assert "; extended once, and still counted from receipt; 3 months end on Thu 30" in made.explanation.english()


def test_an_e_qaime_is_due_on_the_fifth_day_after_the_service() -> None:
    """A service of 1 May is invoiced by 6 May, and staff work to the 5th; nothing rolls (Tax Code 71-1.1.3)."""
    made = e_qaime_days(on("2026-05-01"), 5, BAKU)
    assert legal_and_safe(made) == ("2026-05-06", "2026-05-05")
    assert made.explanation.english() == "Service of 1 May 2026; the day after is day one, day 5 is Wed 6 May 2026."


def test_a_day_ends_at_24_00_where_the_rule_says() -> None:
    """The end of 2 March 2026 is 22:00 UTC in Riga, 20:00 in Baku, and 08:00 the next day in Los Angeles."""
    day = on("2026-03-02")
    ends = [end_of_day(day, zone).isoformat() for zone in (RIGA, BAKU, LOS_ANGELES)]
    assert ends == ["2026-03-02T22:00:00+00:00", "2026-03-02T20:00:00+00:00", "2026-03-03T08:00:00+00:00"]
    assert end_of_day(on("2026-09-05"), ZoneInfo("America/Santiago")) == datetime(2026, 9, 6, 4, tzinfo=UTC)  # no 00:00


def test_a_moment_is_received_on_the_local_day() -> None:
    """At 23:00 UTC on 30 January it is the 31st in Riga and still the 30th in New York."""
    late = datetime(2026, 1, 30, 23, tzinfo=UTC)
    assert [months(late, 1, zone).received_on.day for zone in (RIGA, NEW_YORK)] == [31, 30]


@pytest.mark.parametrize(
    ("made", "why", "safe"),
    [
        (
            months(on("2026-01-31"), 1, RIGA, LV),
            "Received 31 Jan 2026; one month ends on 28 Feb, a Saturday; the next working day is Mon 2 Mar 2026.",
            "Safe date Fri 27 Feb 2026, the last working day until 28 Feb 2026.",
        ),
        (
            months(on("2026-03-03"), 1, RIGA, LV),
            (
                "Received 3 Mar 2026; one month ends on 3 Apr, a public holiday (Good Friday); "
                "the next working day is Tue 7 Apr 2026."
            ),
            "Safe date Thu 2 Apr 2026, the last working day until 3 Apr 2026.",
        ),
        (
            calendar_days(on("2026-11-20"), 45, LOS_ANGELES),
            "Received 20 Nov 2026; 45 days end on Mon 4 Jan 2027.",
            "Safe date Mon 4 Jan 2027, not moved to a working day.",
        ),
        (
            working_days(on("2026-12-18"), 10, NEW_YORK, US),
            (
                "Received 18 Dec 2026; 10 working days end on Tue 5 Jan 2027; "
                "2 public holidays are not counted (25 Dec, 1 Jan)."
            ),
            "Safe date Fri 1 Jan 2027, with public holidays counted.",
        ),
        (
            hours(datetime(2026, 10, 23, 15, tzinfo=UTC), 72, RIGA),
            (
                "Counted from Fri 23 Oct 2026 18:00; 72 hours end at Mon 26 Oct 2026 17:00, "
                "weekends and holidays included."
            ),
            "Safe time Mon 26 Oct 2026 09:48, a tenth earlier.",
        ),
    ],
)
def test_every_date_comes_with_its_sentence(made: DueDate, why: str, safe: str) -> None:
    """The sentence names the event, the period, what moved the end, and the day that results."""
    assert made.explanation.english() == why
    assert made.safe_explanation.english() == safe


def test_a_due_date_keeps_the_version_of_the_table_it_asked() -> None:
    """A later correction of the table can be found; where no table was asked there is no version."""
    assert months(on("2026-01-31"), 1, RIGA, LV).calendar_version == LV.version
    assert calendar_days(on("2026-01-31"), 1, RIGA).calendar_version == ""


def test_a_year_without_a_table_has_no_due_date() -> None:
    """A period that ends in 2032 is refused, not guessed."""
    for act in (months, calendar_days, working_days):
        with pytest.raises(Invalid, match="calendar_year_missing"):
            act(on("2031-12-20"), 12, RIGA, LV)


def test_hours_need_a_moment_and_a_moment_needs_a_zone() -> None:
    """A bare day starts no clock of hours, and a naive moment is no moment."""
    with pytest.raises(Invalid, match="moment_needed"):
        hours(on("2026-10-23"), 72, RIGA)
    with pytest.raises(Invalid, match="instant_without_zone"):
        months(datetime(2026, 1, 1), 1, RIGA)  # noqa: DTZ001  # the point of the test


received_days = st.dates(date(2024, 1, 2), date(2029, 12, 30))
minutes = st.integers(0, 1439)
received_moments = st.builds(
    lambda day, minute: datetime.combine(day, time(), UTC) + timedelta(minutes=minute), received_days, minutes
)
lengths = st.integers(1, 18)
places = st.sampled_from([(RIGA, LV), (BAKU, AZ), (NEW_YORK, US)])


@given(received=received_days | received_moments, n=lengths, place=places)
def test_no_due_date_lies_before_receipt_and_no_safe_one_after_the_legal(
    received: date, n: int, place: tuple[ZoneInfo, Calendar]
) -> None:
    """Receipt, then safe, then legal, for every unit, place and length."""
    zone, calendar = place
    made = [
        months(received, n, zone, calendar),
        extended_months(received, n, 2, zone, calendar),
        calendar_days(received, n, zone, calendar),
        calendar_days(received, n, zone),
        working_days(received, n, zone, calendar),
        e_qaime_days(received, n, zone),
    ]
    for each in made:
        assert each.received_on <= each.safe_on <= each.raw_on <= each.legal_on
        assert each.safe_due <= each.legal_due
        if isinstance(received, datetime):
            assert received < each.safe_due


@given(received=received_days, n=lengths, place=places)
def test_a_rolled_end_is_a_working_day(received: date, n: int, place: tuple[ZoneInfo, Calendar]) -> None:
    """A legal end is open in law, and a month's safe end is open in every reading."""
    zone, calendar = place
    month = months(received, n, zone, calendar)
    assert calendar.is_working_day(month.legal_on)
    assert calendar.is_working_day(month.safe_on, "safe")
    assert calendar.counts(working_days(received, n, zone, calendar).legal_on)


@given(received=received_moments, n=st.integers(1, 1000))
def test_hours_are_unaffected_by_the_zone(received: datetime, n: int) -> None:
    """Hours end at the same moments in every zone, also over a change of clocks."""
    made = [hours(received.astimezone(zone), n, zone) for zone in (RIGA, BAKU, NEW_YORK)]
    assert {each.legal_due for each in made} == {received + timedelta(hours=n)}
    assert {each.safe_due for each in made} == {made[0].safe_due}
    assert received < made[0].safe_due < made[0].legal_due


@pytest.mark.parametrize("n", [0, -1])
def test_no_function_takes_a_length_of_nothing(n: int) -> None:
    """Zero and negative lengths are refused by every unit."""
    for act in (months, calendar_days, e_qaime_days, hours):
        with pytest.raises(Invalid, match="period_not_positive"):
            act(at("2026-11-20T12:00", RIGA), n, RIGA)
    with pytest.raises(Invalid, match="period_not_positive"):
        working_days(on("2026-11-20"), n, RIGA, LV)
