"""Codes of places with what holds them, and clocks that come with the program."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest

from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering, closure, local_midnight, parents, tzdata_version, zone

_FILES = sorted((Path(__file__).parents[2] / "policies" / "numbers").glob("*.toml"))
_NUMBERING = Numbering.from_toml({file.name: file.read_text(encoding="utf-8") for file in _FILES})
_EASTERN, _CENTRAL, _PACIFIC = "America/New_York", "America/Chicago", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("US-FL", {"US"}),
        ("US-unknown", {"US"}),
        ("LV", {"EU"}),
        ("IS", {"EU"}),
        ("GP", {"FR", "EU"}),
        ("AX", {"FI", "EU"}),
        ("PM", set()),
        ("GB", set()),
        ("CH", set()),
        ("AZ", set()),
        ("US-AZ", {"US"}),
        ("EU", set()),
        ("global", set()),
    ],
)
def test_a_place_names_the_places_that_hold_it(code: str, above: set[str]) -> None:
    """Azerbaijan isn't Arizona, and France overseas is of the Union only where the treaty says so."""
    assert parents(code) == above


@pytest.mark.parametrize("code", ["FL", "TX", "PR", "GU"])
def test_a_bare_state_is_refused(code: str) -> None:
    """A state without its country is one typing error away from another country."""
    with pytest.raises(Invalid, match="place_not_namespaced"):
        parents(code)


@pytest.mark.parametrize("code", ["", "XX", "UK", "lv", "US-", "US-ZZ", "US-us", "EEA", "CA-ON"])
def test_what_is_no_place_is_refused(code: str) -> None:
    """A typing error in a pack doesn't become a place without law."""
    with pytest.raises(Invalid, match="place_unknown"):
        parents(code)


def test_the_union_has_thirty_states_and_their_parts() -> None:
    """27 member states, three of the EEA, six outermost regions, Åland and Svalbard."""
    held = [
        code
        for code in phonenumbers.SUPPORTED_REGIONS
        if code not in {"AS", "GU", "MP", "PR", "VI"} and "EU" in parents(code)
    ]

    assert len(held) == 27 + 3 + 6 + 2


def test_a_closure_is_closed() -> None:
    """Adding the parents of a closure adds nothing."""
    places = closure({"US-FL", "GP", "LV"})

    assert places == {"US", "US-FL", "GP", "FR", "EU", "LV"}
    assert closure(places) == places


def test_zones_come_from_the_package_and_not_from_the_machine() -> None:
    """A machine without time zones, or with old ones, judges no differently."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    try:
        zone.cache_clear()
        assert datetime(2026, 7, 1, tzinfo=zone("Europe/Riga")).utcoffset() == timedelta(hours=3)
    finally:
        zoneinfo.reset_tzpath(to=before)
    assert zone("Europe/Riga") is zone("Europe/Riga")
    assert zone("Europe/Riga") is not zoneinfo.ZoneInfo("Europe/Riga")


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Rigga", "../zones", "/etc/localtime", "zone.tab", "leapseconds"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    """Nothing but the name of a zone opens a file."""
    with pytest.raises(Invalid, match="zone_unknown"):
        zone(name)


def test_the_version_of_the_zones_is_known() -> None:
    """A decision stores it."""
    assert tzdata_version() >= "2026.1"


def test_a_date_begins_at_several_moments_in_a_country_of_several_clocks() -> None:
    """A row of US law in force on a date begins first in Guam and last in American Samoa."""
    first, last = local_midnight(date(2026, 11, 20), _NUMBERING.zones_of("US"))

    assert first == datetime(2026, 11, 19, 14, tzinfo=UTC)
    assert last == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_a_day_without_midnight_begins_with_its_first_moment() -> None:
    """In Beirut the clock skips from 24:00 to 01:00 in spring."""
    first, last = local_midnight(date(2026, 3, 29), ["Asia/Beirut"])

    assert first == last == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_a_date_of_no_zone_is_refused() -> None:
    """No place has no midnight."""
    with pytest.raises(Invalid, match="zones_missing"):
        local_midnight(date(2026, 3, 29), [])


@pytest.mark.parametrize(
    ("place", "names"),
    [("LV", {"Europe/Riga"}), ("US-FL", {_EASTERN, _CENTRAL}), ("US-unknown", set(_NUMBERING.zones_of("US-unknown")))],
)
def test_a_place_tells_its_zones(place: str, names: set[str]) -> None:
    """Where a row of its law takes effect on a date."""
    assert set(_NUMBERING.zones_of(place)) == names


def test_the_zones_of_a_union_are_those_of_its_parts() -> None:
    """The EU reaches from the Azores to Réunion, the US to Guam; an unknown place has none."""
    assert {"Europe/Riga", "Atlantic/Azores", "Indian/Reunion", "Atlantic/Reykjavik"} <= set(_NUMBERING.zones_of("EU"))
    assert {"Pacific/Guam", "America/Adak", _EASTERN} <= set(_NUMBERING.zones_of("US"))
    with pytest.raises(Invalid, match="place_unknown"):
        _NUMBERING.zones_of("XX")
