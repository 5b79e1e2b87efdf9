"""Where the owner of an address may be, by the address itself and by what is declared of it; no database is asked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from backoffice.contacts.merge import Place
from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering, Whereabouts

if TYPE_CHECKING:
    from backoffice.plumbing.vault.tokens import Kind

NOWHERE = frozenset((Place("", "", ""),))
"""Where somebody is of whom nothing is declared."""


class Locator:
    """Says where the owner of an address may be; `home` is the account's establishment, as in LV or US-FL."""

    def __init__(self, numbering: Numbering, home: str) -> None:
        self._numbering = numbering
        self._home = "" if home in {"EU", "global"} else home
        self._where = lru_cache(maxsize=65_536)(self._locate)

    def locate(self, kind: Kind, address: str, places: frozenset[Place] = NOWHERE) -> Whereabouts:
        """Return where the owner of an address may be by the address itself and all places declared of it."""
        if kind == "scoped_id":
            return self._of_scoped_id(address[:2], places)
        number = address if kind == "phone" else None
        return unite(self._where(number, place if number else self._or_home(place)) for place in places)

    def _of_scoped_id(self, country: str, places: frozenset[Place]) -> Whereabouts:
        """WhatsApp's id of a person begins with a country: that of their number, which it keeps to itself."""
        try:
            own = self._numbering.locate(None, country=country)
        except Invalid:  # a country that nobody knows
            own = self._numbering.locate(None)
        declared = (self._where(None, place) for place in places if place.country)
        return msgspec.structs.replace(unite((own, *declared)), region=country)

    def _or_home(self, place: Place) -> Place:
        """A mail address tells no place: where nobody names one, the account's own country counts."""
        return place if place.country else Place(self._home[:2], place.state or self._home[3:], place.zip)

    def _locate(self, number: str | None, place: Place) -> Whereabouts:
        country = place.country or None
        try:
            return self._numbering.locate(
                number, country=country, state=place.state or None, postcode=place.zip or None
            )
        except Invalid:  # a state without a country says nothing that can be read
            return self._numbering.locate(number, country=country)


def unite(found: Iterable[Whereabouts]) -> Whereabouts:
    """Return whereabouts that hold all places and zones of these; region, class and tables are those of the first.

    Raises a ValueError for none.
    """
    first, *others = found
    if all(other == first for other in others):
        return first
    every = (first, *others)
    return msgspec.structs.replace(
        first,
        places=frozenset[str]().union(*(where.places for where in every)),
        zones=tuple(sorted({pair for where in every for pair in where.zones})),
        without_pack=tuple(sorted({country for where in every for country in where.without_pack})),
    )
