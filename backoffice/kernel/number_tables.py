"""The four tables of `policies/numbers` as typed values, refused whole where a row can't be read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from backoffice.kernel.canonical import content_hash
from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

Zones = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
AreaDigits = Annotated[str, msgspec.Meta(pattern=r"^[2-9]\d\d$")]
ZipSpan = Annotated[str, msgspec.Meta(pattern=r"^(\d{3}(-\d{3})?|\d{5}(-\d{5})?)$")]


class AreaCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A US area code: its state ("US-FL"), and each zone that some exchange of it lies in."""

    states: Zones
    zones: Zones


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A US state, district or territory: its English name, and a zone for each clock that is kept there.

    `lawful_clock` is one more, which no wall shows: Mississippi's hours are written in standard time all year.
    """

    name: str
    zones: Zones
    lawful_clock: str = ""


class Zip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range of US postal codes: the state it proves, and its zone where all of it keeps one clock."""

    state: str
    zone: str = ""


class AreaCodes(msgspec.Struct, forbid_unknown_fields=True):
    """us_area_codes.toml: "305" -> its row."""

    approved_by: str
    codes: dict[AreaDigits, AreaCode]


class States(msgspec.Struct, forbid_unknown_fields=True):
    """us_states.toml: the fifty states with DC, and the territories, by code ("US-FL")."""

    approved_by: str
    states: dict[str, State]
    territories: dict[str, State]


class Countries(msgspec.Struct, forbid_unknown_fields=True):
    """countries.toml: zones by country, who has a law pack, and zones that span the world."""

    approved_by: str
    packs: frozenset[str]
    world: Zones
    zones: dict[str, Zones]


class Places(msgspec.Struct, forbid_unknown_fields=True):
    """us_places.toml: postal codes or ranges of their first digits, and cities with their zone by state."""

    approved_by: str
    zips: dict[ZipSpan, Zip]
    cities: dict[str, dict[str, str]]

    def zips_by_prefix(self) -> dict[str, Zip]:
        """Return the row of each prefix, ranges written out: "006-007" is "006" and "007"."""
        return {prefix: row for span, row in self.zips.items() for prefix in _spread(span)}


Table = TypeVar("Table", AreaCodes, States, Countries, Places)


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """All four, each by the name of its file."""

    us_area_codes: AreaCodes
    us_states: States
    countries: Countries
    us_places: Places

    def zones(self) -> Iterator[tuple[str, str]]:
        """Yield each zone name with the file it stands in."""
        states = self.us_states.states | self.us_states.territories
        yield from (("us_area_codes.toml", zone) for row in self.us_area_codes.codes.values() for zone in row.zones)
        yield from (("us_states.toml", zone) for state in states.values() for zone in state.zones)
        yield from (("us_states.toml", state.lawful_clock) for state in states.values() if state.lawful_clock)
        yield from (("countries.toml", zone) for zones in self.countries.zones.values() for zone in zones)
        yield from (("countries.toml", zone) for zone in self.countries.world)
        yield from (("us_places.toml", row.zone) for row in self.us_places.zips.values() if row.zone)
        yield from (("us_places.toml", zone) for city in self.us_places.cities.values() for zone in city.values())

    def version(self) -> str:
        """Return the hash of all that the tables say; who approved them says nothing of places."""
        told = msgspec.to_builtins(self, order="sorted")
        return content_hash({name: {**table, "approved_by": ""} for name, table in told.items()})

    def states(self) -> Iterator[tuple[str, str]]:
        """Yield each state that a row names with the file it stands in."""
        yield from (("us_area_codes.toml", state) for row in self.us_area_codes.codes.values() for state in row.states)
        yield from (("us_places.toml", row.state) for row in self.us_places.zips.values())
        yield from (("us_places.toml", state) for state in self.us_places.cities)


def read_tables(
    texts: Mapping[str, str],
    states: AbstractSet[str],
    countries: AbstractSet[str],
    read_zone: Callable[[str], object],
) -> Tables:
    """Read the tables, handed over as text by file name; they must hold exactly these states and countries.

    Raises `Invalid` with the file: `table_missing`, `table_unreadable` (no TOML, an unknown key, a wrong type),
    `table_incomplete`, `place_unknown` (a row names a state that isn't in the list), or what `read_zone` raises.
    """
    tables = Tables(
        us_area_codes=_read(texts, "us_area_codes.toml", AreaCodes),
        us_states=_read(texts, "us_states.toml", States),
        countries=_read(texts, "countries.toml", Countries),
        us_places=_read(texts, "us_places.toml", Places),
    )
    _refuse_gaps("us_states.toml", states, tables.us_states.states.keys() | tables.us_states.territories.keys())
    _refuse_gaps("countries.toml", countries, tables.countries.zones.keys())
    for file, state in tables.states():
        if state not in states:
            raise Invalid("place_unknown", file=file, place=state)
    for file, name in set(tables.zones()):
        try:
            read_zone(name)
        except Invalid as unknown:
            raise Invalid(unknown.code, file=file, **unknown.data) from None
    return tables


def _refuse_gaps(file: str, wanted: AbstractSet[str], named: AbstractSet[str]) -> None:
    if wanted != named:
        raise Invalid("table_incomplete", file=file, places=sorted(wanted ^ named))


def _read(texts: Mapping[str, str], file: str, kind: type[Table]) -> Table:
    if file not in texts:
        raise Invalid("table_missing", file=file)
    try:
        return msgspec.convert(tomllib.loads(texts[file]), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid("table_unreadable", file=file, reason=str(error)) from error


def _spread(span: str) -> Iterator[str]:
    first, _, last = span.partition("-")
    return (f"{each:0{len(first)}}" for each in range(int(first), int(last or first) + 1))
