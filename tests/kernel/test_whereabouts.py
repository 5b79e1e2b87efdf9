"""Where a number points: every country and state it may belong to, and every clock of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering

_FILES = sorted((Path(__file__).parents[2] / "policies" / "numbers").glob("*.toml"))
_TEXTS = {file.name: file.read_text(encoding="utf-8") for file in _FILES}
_NUMBERING = Numbering.from_toml(_TEXTS)
locate = _NUMBERING.locate

_EASTERN, _CENTRAL, _PACIFIC = "America/New_York", "America/Chicago", "America/Los_Angeles"


def zones(number: str | None, place: str, **declared: str) -> set[str]:
    """Return the zones in which the hours of a place are judged."""
    return {name for code, name in locate(number, **declared).zones if code == place}


@pytest.mark.parametrize(
    ("number", "places", "names"),
    [
        ("+37126000001", {"LV", "EU"}, {"Europe/Riga"}),
        ("+3725123456", {"EE", "EU"}, {"Europe/Tallinn"}),
        ("+37061234567", {"LT", "EU"}, {"Europe/Vilnius"}),
        ("+994501234567", {"AZ"}, {"Asia/Baku"}),
        ("+34612345678", {"ES", "EU"}, {"Europe/Madrid", "Atlantic/Canary"}),
        ("+351912345678", {"PT", "EU"}, {"Europe/Lisbon", "Atlantic/Azores"}),
        ("+33612345678", {"FR", "EU"}, {"Europe/Paris"}),
        ("+262692123456", {"RE", "FR", "EU"}, {"Indian/Reunion"}),
        ("+687750012", {"NC", "global"}, {"Pacific/Noumea"}),
        ("+447400123456", {"GB", "global"}, {"Europe/London"}),
        ("+13055550138", {"US", "US-FL"}, {_EASTERN}),
        ("+14805550138", {"US", "US-AZ"}, {"America/Phoenix"}),
        ("+17875550123", {"US", "US-PR"}, {"America/Puerto_Rico"}),
    ],
)
def test_a_number_points_to_its_country_and_clocks(number: str, places: set[str], names: set[str]) -> None:
    """The Baltic capitals have their own clocks, and a country of two clocks is judged in both."""
    where = locate(number)

    assert where.places == places
    assert where.zones == tuple(sorted((place, name) for place in places for name in names))


@pytest.mark.parametrize(
    ("area", "names"),
    [
        ("850", {_EASTERN, _CENTRAL}),
        ("448", {_EASTERN, _CENTRAL}),
        ("689", {_EASTERN}),
        ("270", {_EASTERN, _CENTRAL}),
        ("364", {_EASTERN, _CENTRAL}),
        ("458", {_PACIFIC, "America/Boise"}),
        ("930", {"America/Indiana/Indianapolis", _CENTRAL}),
        ("986", {_PACIFIC, "America/Boise"}),
        ("906", {"America/Detroit", "America/Menominee"}),
        ("915", {_CENTRAL, "America/Denver"}),
        ("432", {_CENTRAL, "America/Denver"}),
        ("928", {"America/Phoenix", "America/Denver"}),
        ("907", {"America/Anchorage", "America/Adak"}),
        ("415", {_PACIFIC}),
    ],
)
def test_an_area_code_keeps_every_clock_of_its_area(area: str, names: set[str]) -> None:
    """Overlays have the clocks of the code they overlay, whatever exchange follows."""
    for exchange in ("2345", "5550", "4441"):
        assert zones(f"+1{area}{exchange}123", "US") == names


def test_each_area_code_has_the_zones_of_its_twin() -> None:
    """An overlay covers the same ground."""
    for overlay, twin in [
        ("364", "270"),
        ("448", "850"),
        ("458", "541"),
        ("930", "812"),
        ("986", "208"),
        ("689", "407"),
    ]:
        assert set(_NUMBERING._codes[overlay].zones) == set(_NUMBERING._codes[twin].zones)


@pytest.mark.parametrize("number", ["+18005550123", "+19002345678", "+15005550123"])
def test_an_american_number_of_no_place_may_be_in_any_state(number: str) -> None:
    """Its hours are those of the unknown state, in the zones of the fifty states and DC."""
    where = locate(number)

    assert {"US", "US-unknown"} <= where.places
    assert zones(number, "US-unknown") == zones(number, "US") == set(_NUMBERING.zones_of("US-unknown"))
    assert {"America/Adak", "Pacific/Honolulu", _EASTERN} <= zones(number, "US-unknown")
    assert not {"Pacific/Guam", "America/Puerto_Rico"} & zones(number, "US-unknown")


def test_a_toll_free_number_may_be_of_any_country_of_its_plan() -> None:
    """Canada and eighteen islands answer to +1 800 as well, and have no pack."""
    where = locate("+18005550123")

    assert len(where.without_pack) == 19
    assert {"CA", "JM", "global"} <= where.places
    assert zones(None, "CA", country="CA") == zones("+18005550123", "CA")


def test_a_number_of_no_country_is_judged_everywhere() -> None:
    """+883 belongs to nobody: the strictest pack, in zones that share no marketing hour."""
    where = locate("+883510012345")

    assert where.places == {"global"}
    assert (where.region, where.without_pack) == ("", ())
    assert zones("+883510012345", "global") == set(_NUMBERING.zones_of("global"))


def test_a_number_of_two_countries_is_judged_in_both() -> None:
    """Australian mobiles ring on the Cocos Islands, half past six from Greenwich."""
    where = locate("+61412345678")

    assert {"AU", "CC", "CX", "global"} <= where.places
    assert {"Indian/Cocos", "Australia/Sydney", "Australia/Eucla"} <= zones("+61412345678", "global")


def test_a_country_without_a_pack_is_named() -> None:
    """The reason can say: no law pack for GB."""
    assert locate("+447400123456").without_pack == ("GB",)
    assert locate("+3725123456").without_pack == ()
    assert locate("+37126000001").without_pack == ()


def test_an_american_code_newer_than_the_table_has_no_known_state() -> None:
    """The library may learn a code first."""
    without = Numbering.from_toml(_TEXTS | {"us_area_codes.toml": 'approved_by = "unreviewed"\n[codes]\n'})

    assert without.locate("+13055550123").places == {"US", "US-unknown"}


def test_what_a_number_is_stands_beside_where_it_is() -> None:
    """Class, fiction and country of the number are facts of their own."""
    where = locate("+14165550123", country="LV")

    assert (where.region, where.number_class, where.is_fictional) == ("CA", "fixed_or_mobile", True)


@pytest.mark.parametrize("number", ["26000001", "+371", "+4407400123456"])
def test_a_number_that_was_not_read_is_refused(number: str) -> None:
    """Only E.164 is located."""
    with pytest.raises(Invalid, match="number_invalid"):
        locate(number)


def test_mississippi_counts_by_its_lawful_clock_too_and_the_federal_window_does_not() -> None:
    """Central Standard Time in summer is an hour behind the clocks on the wall (Miss. Code 77-3-723(1))."""
    assert zones("+16015550143", "US-MS") == {"America/Chicago", "Etc/GMT+6"}
    assert zones("+16015550143", "US") == {"America/Chicago"}
