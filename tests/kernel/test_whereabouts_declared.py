"""What is declared beside a number: it adds places, and narrows a clock only where it is certain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering, closure

_FILES = sorted((Path(__file__).parents[2] / "policies" / "numbers").glob("*.toml"))
_NUMBERING = Numbering.from_toml({file.name: file.read_text(encoding="utf-8") for file in _FILES})
locate = _NUMBERING.locate

_EASTERN, _CENTRAL, _PACIFIC = "America/New_York", "America/Chicago", "America/Los_Angeles"
_NUMBERS = ["+37126000001", "+13055550123", "+18505550123", "+14155550123", "+18005550123", "+883510012345"]
_NUMBERS += ["+447400123456", "+17875550123", "+61412345678", "+994501234567", "+14165550123"]


def zones(number: str | None, place: str, **declared: str) -> set[str]:
    """Return the zones in which the hours of a place are judged."""
    return {name for code, name in locate(number, **declared).zones if code == place}


def test_an_area_code_is_no_residence() -> None:
    """A Californian number of somebody in Miami is judged in both states and on both coasts (T10)."""
    where = locate("+14155550113", country="US", state="FL", city="Miami")

    assert where.places == {"US", "US-CA", "US-FL"}
    assert where.zones == (("US", _PACIFIC), ("US", _EASTERN), ("US-CA", _PACIFIC), ("US-FL", _EASTERN))
    assert locate("+37251234567", country="LV").places == {"EE", "LV", "EU"}


@pytest.mark.parametrize("state", ["FL", "fl", " Florida ", "US-FL"])
def test_a_state_is_read_within_its_country(state: str) -> None:
    """The column says US; its states may be short or long."""
    assert locate(None, country="US", state=state).places == {"US", "US-FL"}


def test_a_declared_state_has_all_its_clocks() -> None:
    """A Miami number says Eastern, an address in Florida may be Pensacola."""
    assert zones("+13055550123", "US-FL", state="FL") == {_EASTERN, _CENTRAL}


def test_a_state_without_a_country_is_refused() -> None:
    """Nobody knows whether CA is Canada."""
    with pytest.raises(Invalid, match="place_not_namespaced"):
        locate(None, state="CA")


def test_a_province_of_another_country_is_not_read() -> None:
    """India's Goa is no Georgia."""
    assert locate(None, country="IN", state="GA").places == {"IN", "global"}


@pytest.mark.parametrize("state", ["Fla.", "AP", "N/A"])
def test_an_unreadable_state_is_an_unknown_one(state: str) -> None:
    """Something was declared that isn't known: the strictest American pack joins."""
    assert locate("+14155550123", state=state).places == {"US", "US-CA", "US-unknown"}


def test_an_american_address_of_no_state_may_be_in_any() -> None:
    """A country alone tells no state; an area code does."""
    assert locate(None, country="US").places == {"US", "US-unknown"}
    assert locate("+37126000001", country="US").places == {"LV", "EU", "US", "US-unknown"}
    assert locate("+13055550123", country="US").places == {"US", "US-FL"}


def test_a_territory_is_american() -> None:
    """Puerto Rico is a country in lists and a place of the US in law."""
    assert locate(None, country="PR").places == {"US", "US-PR"}


@pytest.mark.parametrize(
    ("postcode", "state"),
    [
        ("33101", "US-FL"),
        ("33101-1234", "US-FL"),
        ("00501", "US-NY"),
        ("06390", "US-NY"),
        ("96799", "US-AS"),
        ("20500", "US-DC"),
    ],
)
def test_a_postal_code_proves_a_state(postcode: str, state: str) -> None:
    """By its first three digits, or all five where a place differs from its neighbours."""
    assert state in locate("+14155550123", postcode=postcode).places


@pytest.mark.parametrize("postcode", ["3310", "LV-1050", "09012", "99999x", "331"])
def test_a_postal_code_that_is_none_proves_nothing(postcode: str) -> None:
    """A sheet that ate a zero, another country's code, and the army's."""
    assert locate("+14155550123", postcode=postcode) == locate("+14155550123")


def test_a_postal_code_of_another_country_is_not_read() -> None:
    """Five digits are a German code too."""
    assert locate(None, country="DE", postcode="33101").places == {"DE", "EU"}


@pytest.mark.parametrize(
    ("number", "declared", "names"),
    [
        ("+18505550123", {"state": "FL", "city": "Pensacola"}, {_CENTRAL}),
        ("+18505550123", {"state": "FL", "city": "PENSACOLA "}, {_CENTRAL}),
        ("+18505550123", {"state": "FL", "city": "Sopchoppy"}, {_EASTERN, _CENTRAL}),
        ("+18505550123", {"city": "Pensacola"}, {_EASTERN, _CENTRAL}),
        ("+18505550123", {"postcode": "32501"}, {_CENTRAL}),
        ("+18505550123", {"postcode": "32401"}, {_EASTERN, _CENTRAL}),
        ("+18505550123", {"postcode": "32501", "city": "Miami"}, {_EASTERN, _CENTRAL}),
        ("+13055550123", {"state": "FL", "city": "Miami"}, {_EASTERN}),
        ("+13055550123", {"state": "FL", "city": "Pensacola"}, {_EASTERN, _CENTRAL}),
    ],
)
def test_a_known_city_or_postal_code_narrows_within_its_state(
    number: str, declared: dict[str, str], names: set[str]
) -> None:
    """Only where it is unique; what contradicts the number is added to it."""
    assert zones(number, "US-FL", **declared) == names


def test_an_address_without_any_fact_is_judged_everywhere() -> None:
    """An e-mail address tells no place."""
    where = locate(None)

    assert where.places == {"global"}
    assert (where.region, where.number_class) == ("", "")
    assert {name for _, name in where.zones} == set(_NUMBERING.zones_of("global"))


def test_a_declared_country_ends_the_search_of_the_whole_world() -> None:
    """With +883 and an account in Riga, the pack for the unknown stays and is judged in Riga."""
    assert locate("+883510012345", country="LV").places == {"global", "LV", "EU"}
    assert zones("+883510012345", "global", country="LV") == {"Europe/Riga"}


@pytest.mark.parametrize("country", ["UK", "XX", "lv", "USA"])
def test_an_unknown_country_is_refused(country: str) -> None:
    """A row with such a country goes back to who made it."""
    with pytest.raises(Invalid, match="country_unknown"):
        locate("+37126000001", country=country)


_OF_A_COUNTRY = [number for number in _NUMBERS if locate(number).region]
_COUNTRY = st.sampled_from(["LV", "US", "DE", "CA", "PR", "AZ", "RU"])
_STATE = st.sampled_from(["US-FL", "US-TX", "US-CA", "US-PR", "US-ZZ"])


@given(st.sampled_from(_NUMBERS), _COUNTRY, _STATE)
def test_a_declared_place_only_adds(number: str, country: str, state: str) -> None:
    """No place goes, and no clock but those of a world that is no longer unknown."""
    alone = locate(number)
    for more in (
        locate(number, country=country),
        locate(number, state=state),
        locate(number, country=country, state=state),
    ):
        assert alone.places <= more.places
        assert set(alone.zones) <= set(more.zones) or alone.places == {"global"}


@given(st.sampled_from(_OF_A_COUNTRY), _COUNTRY, _STATE, st.sampled_from(["32501", "33101", "79901", "10001"]))
def test_a_postal_code_narrows_no_other_place(number: str, country: str, state: str, postcode: str) -> None:
    """Every place stays, each with a clock; only the state of the code, and its country, may lose one."""
    before, after = (
        locate(number, country=country, state=state),
        locate(number, country=country, state=state, postcode=postcode),
    )
    narrowed = after.places & {"US", "US-FL", "US-TX", "US-NY"}

    assert before.places <= after.places
    assert {pair for pair in before.zones if pair[0] not in narrowed} <= set(after.zones)
    assert after.places == {place for place, _ in after.zones}


@given(st.sampled_from([*_NUMBERS, None]), st.one_of(st.none(), _COUNTRY), st.one_of(st.none(), _STATE))
def test_every_place_is_complete(number: str | None, country: str | None, state: str | None) -> None:
    """Places hold their parents, zones are sorted pairs of them, and a country without a pack brings `global`."""
    where = locate(number, country=country, state=state)

    assert closure(where.places) == where.places == {place for place, _ in where.zones}
    assert where.zones == tuple(sorted(set(where.zones)))
    assert not where.without_pack or "global" in where.places
