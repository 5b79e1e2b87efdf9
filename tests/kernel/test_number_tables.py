"""The tables of numbers: whole, agreeing with the library and with tzdata, and refused where they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import phonenumbers
import pytest
from phonenumbers import timezone as library_zones

from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering, zone

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILES = sorted((Path(__file__).parents[2] / "policies" / "numbers").glob("*.toml"))
_TEXTS = {file.name: file.read_text(encoding="utf-8") for file in _FILES}
_NUMBERING = Numbering.from_toml(_TEXTS)
_CENTRAL = "America/Chicago"


@cache
def clock(name: str) -> tuple[timedelta | None, ...]:
    """Return what a clock shows against UTC, week by week for four years from November 2026 on."""
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    return tuple((begin + timedelta(weeks=week)).astimezone(zone(name)).utcoffset() for week in range(208))


def clocks(names: Iterable[str]) -> set[tuple[timedelta | None, ...]]:
    """Return the different clocks of some zones."""
    return {clock(name) for name in names}


def world_of_tzdata() -> dict[str, list[str]]:
    """Return the zones of each country as the tzdata package lists them."""
    listed: dict[str, list[str]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            listed.setdefault(country, []).append(name)
    return listed


def american_codes() -> set[str]:
    """Return the geographic area codes that the library knows as American."""
    numbers = (
        phonenumbers.PhoneNumber(country_code=1, national_number=area * 10**7 + 5550123) for area in range(200, 1000)
    )
    return {
        str(number.national_number)[:3]
        for number in numbers
        if phonenumbers.region_code_for_number(number) == "US"
        and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    }


def test_every_area_code_of_the_library_is_in_the_table() -> None:
    """359 codes; an upgrade of the library that knows a new one asks for its row."""
    assert set(_NUMBERING._codes) == american_codes()
    assert len(_NUMBERING._codes) == 359


def test_the_table_holds_every_clock_that_the_library_tells() -> None:
    """Twenty exchanges of each code; 689 is Orlando, where the library errs, and 907 isn't Hawaii."""
    for code, row in _NUMBERING._codes.items():
        numbers = (
            phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}{at}0123"))
            for at in range(200, 1000, 40)
        )
        told = {name for number in numbers for name in library_zones.time_zones_for_number(number)}
        told -= {"Etc/Unknown"} | {"689": {_CENTRAL}, "907": {"Pacific/Honolulu"}}.get(code, set())

        assert clocks(told) <= clocks(row.zones), code


def test_the_zones_of_an_area_code_are_zones_of_its_state() -> None:
    """One name a clock, the same in every table."""
    for code, row in _NUMBERING._codes.items():
        assert set(row.zones) <= {name for state in row.states for name in _NUMBERING.zones_of(state)}, code


def test_a_narrowing_stays_within_its_state() -> None:
    """No postal code or city names a zone that its state doesn't have, and only split states have any."""
    told = [(row.state, row.zone) for row in _NUMBERING._zips.values() if row.zone]
    told += [(state, name) for state, cities in _NUMBERING._cities.items() for name in cities.values()]

    assert all(name in _NUMBERING.zones_of(state) and len(_NUMBERING.zones_of(state)) > 1 for state, name in told)


def test_every_clock_of_a_country_is_in_the_table() -> None:
    """A new version of tzdata in which a country's clocks part asks for a new row."""
    listed = world_of_tzdata()
    missing = {country for country in listed if country not in phonenumbers.SUPPORTED_REGIONS and country != "US"}

    assert missing <= {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}, "places without numbers of their own"
    for country in listed.keys() - missing - {"AS", "GU", "MP", "PR", "VI"}:
        assert clocks(_NUMBERING.zones_of(country)) >= clocks(listed[country]), country


def test_no_marketing_hour_is_common_to_the_whole_world() -> None:
    """From nine to twenty in every zone: at no quarter of an hour of a year's weeks."""
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    moments = [begin + timedelta(days=7 * week, minutes=15 * quarter) for week in range(52) for quarter in range(96)]
    world = [zone(name) for name in _NUMBERING.zones_of("global")]

    assert not any(all(9 <= moment.astimezone(each).hour < 20 for each in world) for moment in moments)


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("countries.toml", "[zones]", "[zone]", "table_unreadable"),
        ("countries.toml", 'LV = ["Europe/Riga"]', "LV = []", "table_unreadable"),
        ("countries.toml", 'LV = ["Europe/Riga"]', 'LV = ["Europe/Rigga"]', "zone_unknown"),
        ("countries.toml", 'LV = ["Europe/Riga"]', "", "table_incomplete"),
        ("us_states.toml", "US-TX", "US-TT", "table_incomplete"),
        ("us_area_codes.toml", "US-NJ", "NJ", "place_unknown"),
        ("us_area_codes.toml", "201 =", "2O1 =", "table_unreadable"),
        ("us_places.toml", "006-007", "6-7", "table_unreadable"),
        ("us_places.toml", "approved_by", "approved", "table_unreadable"),
        ("us_places.toml", "[zips]", "[zips", "table_unreadable"),
    ],
)
def test_a_table_with_a_fault_is_refused_whole(file: str, old: str, new: str, code: str) -> None:
    """The refusal names the file."""
    with pytest.raises(Invalid) as refused:
        Numbering.from_toml(_TEXTS | {file: _TEXTS[file].replace(old, new)})

    assert (refused.value.code, refused.value.data["file"]) == (code, file)


def test_a_missing_table_is_refused() -> None:
    """Three of four tables aren't enough."""
    with pytest.raises(Invalid, match="table_missing"):
        Numbering.from_toml({"countries.toml": _TEXTS["countries.toml"]})
