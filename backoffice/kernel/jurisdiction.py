"""Places of the law, and where a recipient may be: every place and every clock that may count, never one guess.

A code names one place: `AZ` is Azerbaijan and `US-AZ` Arizona. A number, a declared country, state, postal code
or city each add candidates; the law of all of them applies. Time zones come from the PyPI package tzdata, so that
the locked version decides and not the machine's own files.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from phonenumbers import SUPPORTED_REGIONS

from backoffice.kernel.errors import Invalid
from backoffice.kernel.number_tables import read_tables
from backoffice.kernel.phone import describe, is_fictional, is_geographic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backoffice.kernel.number_tables import Tables, Zip

_MEMBERS = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
_EEA = "IS LI NO"  # EEA Agreement: the same rules of data, mail and consumers
_PART_OF = {  # Art. 349 and 355 TFEU: outermost regions and Åland; Svalbard is Norwegian
    **dict.fromkeys(("GF", "GP", "MF", "MQ", "RE", "YT"), "FR"),
    "AX": "FI",
    "SJ": "NO",
}
_FIFTY = """AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT
NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"""
_IN_EU = frozenset(f"{_MEMBERS} {_EEA}".split())
_TERRITORIES = frozenset(("AS", "GU", "MP", "PR", "VI"))
_STATES = _TERRITORIES | frozenset(_FIFTY.split())
_COUNTRIES = frozenset(SUPPORTED_REGIONS) - _TERRITORIES
_AMERICAN = _TERRITORIES | {"US"}
_UNKNOWN_STATE = "US-unknown"
_RULES = resources.files("tzdata").joinpath("zoneinfo")
_ZONE = re.compile(r"[\w+-]+(?:/[\w+-]+)*")
_ZIP = re.compile(r"\s*(\d{5})(?:[- ]?\d{4})?\s*", re.ASCII)


@cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name, from the locked tzdata package; raises `Invalid("zone_unknown")`."""
    file = _RULES.joinpath(name)
    if _ZONE.fullmatch(name) is None or name == "leapseconds" or not file.is_file():
        raise Invalid("zone_unknown", zone=name)
    with file.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


def tzdata_version() -> str:
    """Return the version of the time zone rules, as each decision stores it: "2026.6" is IANA's 2026f."""
    return metadata.version("tzdata")


def local_midnight(on: date, zones: Iterable[str]) -> tuple[datetime, datetime]:
    """Return the UTC instants at which a date first and last begins over zones: a row in force on a date.

    Where the clock skips midnight the day begins with the first moment that exists.

    >>> first, last = local_midnight(date(2026, 10, 18), ["America/New_York", "America/Chicago"])
    >>> first.isoformat(), last.isoformat()
    ('2026-10-18T04:00:00+00:00', '2026-10-18T05:00:00+00:00')
    """
    begins = [datetime(on.year, on.month, on.day, tzinfo=zone(name)).astimezone(UTC) for name in zones]
    if not begins:
        raise Invalid("zones_missing", date=on.isoformat())
    return min(begins), max(begins)


def parents(code: str) -> frozenset[str]:
    """Return the places that hold a place, itself left out: Florida's US, Latvia's EU, Guadeloupe's France and EU.

    EU means its 27 member states with their outermost regions, and the EEA's Iceland, Liechtenstein and Norway.
    Raises `Invalid`: `place_not_namespaced` for a bare US state, `place_unknown`.

    >>> sorted(parents("US-FL")), sorted(parents("GP")), sorted(parents("AZ"))
    (['US'], ['EU', 'FR'], [])
    """
    if code in ("EU", "global"):
        return frozenset()
    if code == _UNKNOWN_STATE or (code.startswith("US-") and code[3:] in _STATES):
        return frozenset(("US",))
    if code not in _COUNTRIES:
        raise Invalid("place_not_namespaced" if code in _STATES else "place_unknown", place=code)
    whole = _PART_OF.get(code, code)
    return frozenset({whole} - {code}) | frozenset({"EU"} if whole in _IN_EU else ())


def closure(places: Iterable[str]) -> frozenset[str]:
    """Return places with all their parents.

    >>> sorted(closure({"US-FL", "LV"}))
    ['EU', 'LV', 'US', 'US-FL']
    """
    return frozenset(each for place in places for each in (place, *parents(place)))


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recipient may be, as the law counts it.

    `places`: every candidate with its parents. `global` joins where a candidate country has no law pack, or
    nothing is known; `US-unknown` where a number or address is American and its state can't be told.
    `zones`: each place with each IANA zone its hours are judged in, sorted; a send must suit all.
    `region`: the country of the number, "" where it has none or there is no number; it is no residence.
    `number_class`: as in `kernel.phone`, "" without a number. `without_pack`: candidate countries that no pack
    speaks of ("no law pack for GB"); a member state of the EU has the EU's. `tables`: the version of the tables
    that say so.
    """

    places: frozenset[str]
    zones: tuple[tuple[str, str], ...]
    region: str
    number_class: str
    is_fictional: bool
    without_pack: tuple[str, ...]
    tables: str = ""


class _Shape(NamedTuple):
    """What of a number decides on places: numbers of one shape share an answer."""

    area: str = ""
    region: str = ""
    regions: tuple[str, ...] = ()
    number_class: str = ""
    is_fictional: bool = False


class _Address(NamedTuple):
    country: str
    state: str
    zip: Zip | None
    town: str


_Found = dict[str, frozenset[str]]  # a candidate place and the zones it may lie in


class Numbering:
    """The tables of numbers and places, and the one question they answer: where may this person be?"""

    def __init__(self, tables: Tables) -> None:
        self.version = tables.version()
        states = tables.us_states.states
        named = states | tables.us_states.territories
        self._codes = tables.us_area_codes.codes
        self._packs = frozenset(tables.countries.packs)
        self._world = frozenset(tables.countries.world)
        self._zones = {code: frozenset(state.zones) for code, state in named.items()}
        self._lawful = {(code, state.lawful_clock) for code, state in named.items() if state.lawful_clock}
        self._zones |= {code: frozenset(zones) for code, zones in tables.countries.zones.items()}
        self._zones[_UNKNOWN_STATE] = frozenset(name for state in states.values() for name in state.zones)
        self._zones_of = _by_holder(self._zones)
        self._spelled = {spelling: code for code in named for spelling in (code, code[3:], named[code].name.upper())}
        self._zips = tables.us_places.zips_by_prefix()
        self._cities = tables.us_places.cities
        self._towns = {town for cities in self._cities.values() for town in cities}
        self._work_out = lru_cache(maxsize=65_536)(self._whereabouts)

    @classmethod
    def from_toml(cls, texts: Mapping[str, str]) -> Numbering:
        """Read the four tables of `policies/numbers`, handed over as text by file name.

        Raises `Invalid` with the file: `table_missing`, `table_unreadable`, `table_incomplete` (a country or state
        left out, or one too many), `place_unknown`, `zone_unknown`.
        """
        return cls(read_tables(texts, {f"US-{state}" for state in _STATES}, _COUNTRIES - {"US"}, zone))

    def locate(
        self,
        e164: str | None,
        *,
        country: str | None = None,
        state: str | None = None,
        postcode: str | None = None,
        city: str | None = None,
    ) -> Whereabouts:
        """Return every place and zone where the owner of a number or e-mail address (`e164` None) may be.

        A number adds each country of its plan that it may belong to, an American one the state of its area code;
        without an area code it adds `US-unknown` with the zones of the fifty states and DC. What is declared adds
        a candidate with all its zones, and takes none away. `state` is "US-FL", or, where the country (or else the
        number) is American, "FL" or "Florida"; unreadable it counts as unknown, and another country's isn't read.
        A US postal code adds its state.

        Three things narrow. A state settles which state a declared "US" meant. A postal code or city of a declared
        state, where the table knows its one clock, settles the zone within that state; where the number's area
        code lies in another zone, both stay. And the zones of the whole world, which have no marketing hour in
        common, stand only while nothing is known: an e-mail address tells no place, so pass the account's own
        country where the person declared none.

        Raises `Invalid`: `number_invalid`, `country_unknown`, `place_not_namespaced` (a bare state, no country).
        """
        shape = _shape(e164) if e164 else _Shape()
        row = self._zip(postcode) if postcode else None
        town = city.strip().lower() if city else ""
        return self._work_out(shape, _Address(country or "", state or "", row, town if town in self._towns else ""))

    def zones_of(self, place: str) -> tuple[str, ...]:
        """Return all zones of a place, sorted: where a row of its law takes effect on a date."""
        if place == "global":
            return tuple(sorted(self._world))
        parents(place)  # refuses what is no place
        return self._zones_of[place]

    def _whereabouts(self, shape: _Shape, address: _Address) -> Whereabouts:
        found = self._by_number(shape)
        self._add_declared(found, shape.region, address)
        if not found or (shape.number_class and not shape.regions):
            found["global"] = frozenset[str]().union(*found.values()) or self._world
        held = {code: self._with_holders(code) for code in found}
        zones = {(place, name) for code in found for place in held[code] for name in found[code]}
        return Whereabouts(
            places=frozenset[str]().union(*held.values()),
            zones=tuple(sorted(zones | {pair for pair in self._lawful if pair[0] in found})),
            region=shape.region,
            number_class=shape.number_class,
            is_fictional=shape.is_fictional,
            without_pack=tuple(sorted(code for code in found if self._lacks_pack(code))),
            tables=self.version,
        )

    def _by_number(self, shape: _Shape) -> _Found:
        if shape.area in self._codes:
            row = self._codes[shape.area]
            return dict.fromkeys(row.states, frozenset(row.zones))
        is_american = "US" in shape.regions  # toll-free, premium or personal, or an area code newer than the table
        places = [_UNKNOWN_STATE] if is_american else []
        places += [_place(region) for region in shape.regions if region != "US"]
        return {code: self._zones[code] for code in places if not (is_american and code[3:] in _TERRITORIES)}

    def _add_declared(self, found: _Found, region: str, address: _Address) -> None:
        is_american = (address.country or region) in _AMERICAN or address.state.startswith("US-")
        states = {self._state(address, is_american=is_american)} if address.state else set()
        if is_american and address.zip:
            states.add(address.zip.state)
        if address.country in _TERRITORIES:
            states.add(_place(address.country))
        for code in states - {""}:
            found[code] = self._zones_there(code, found.get(code, frozenset()), address)
        if address.country == "US" and not any(code.startswith("US-") for code in found):
            found[_UNKNOWN_STATE] = self._zones[_UNKNOWN_STATE]
        elif address.country and address.country not in _AMERICAN:
            if address.country not in _COUNTRIES:
                raise Invalid("country_unknown", country=address.country)
            found.setdefault(address.country, self._zones[address.country])

    def _state(self, address: _Address, *, is_american: bool) -> str:
        if is_american:
            return self._spelled.get(address.state.strip().upper(), _UNKNOWN_STATE)
        if address.country:
            return ""
        raise Invalid("place_not_namespaced", place=address.state)

    def _zones_there(self, code: str, known: frozenset[str], address: _Address) -> frozenset[str]:
        """Return the zones of a declared state with those of the number, or the one that the address tells."""
        told = {address.zip.zone} if address.zip and address.zip.state == code else set()
        one = frozenset(told | {self._cities.get(code, {}).get(address.town, "")}) - {""}
        return (known & one) or (known | one) if len(one) == 1 else known | self._zones[code]

    def _with_holders(self, code: str) -> frozenset[str]:
        return closure((code,)) | ({"global"} if self._lacks_pack(code) else frozenset())

    def _lacks_pack(self, code: str) -> bool:
        return code in _COUNTRIES and not closure((code,)) & self._packs

    def _zip(self, postcode: str) -> Zip | None:
        """Return the row of a US postal code; four digits are a code that lost its zero, and are not guessed."""
        read = _ZIP.fullmatch(postcode)
        return (self._zips.get(read[1]) or self._zips.get(read[1][:3])) if read else None


def _shape(e164: str) -> _Shape:
    number = describe(e164)
    area = e164[2:5] if number.region == "US" and is_geographic(number) else ""
    return _Shape(area, number.region, number.regions, number.number_class, is_fictional(e164))


def _place(country: str) -> str:
    return f"US-{country}" if country in _TERRITORIES else country


def _by_holder(zones: _Found) -> dict[str, tuple[str, ...]]:
    held: dict[str, set[str]] = {}
    for code, names in zones.items():
        for place in (code, *parents(code)):
            held.setdefault(place, set()).update(names)
    return {place: tuple(sorted(names)) for place, names in held.items()}
