"""Whereabouts: where a recipient may be, worked out as a list is judged, kept once and known by a number.

Places only add: what a number tells and what each list or send declared are united, and the law of all of it applies.

Whereabouts know by which tables of numbers they were worked out. Once the tables change, nobody is judged by what the
old ones said: whoever asks takes them `renewed`, and a loop (`relocating`) puts them on record so. The address is asked
anew and each place that was declared is declared again, so what is wider under the new tables is wider; and what the
old ones said stays, since which of it somebody declared isn't known any more. Postal codes aren't kept: a zone that one
had told is joined by all zones of its state.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from backoffice.contacts.kept import Kept
from backoffice.contacts.merge import Place
from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import Numbering, Whereabouts, parents
from backoffice.plumbing.policies import library
from backoffice.plumbing.vault.tokens import Kind

WHEREABOUTS = Kept("whereabouts", Whereabouts)
"""The whereabouts that are stored."""

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


@lru_cache(maxsize=256)
def locator(home: str) -> Locator:
    """Return who locates the contacts of accounts established there, by the tables of this install."""
    return Locator(library().numbering, home)


def renewed(where: Whereabouts, kind: Kind, address: str) -> Whereabouts:
    """Return whereabouts as today's tables have them: the very same where these told them.

    An address that is "" is one that can't be opened any more: what was declared remains.
    """
    if is_current(where):
        return where
    return unite((locator("").locate(kind, address, _declared(where)), where))


def is_current(where: Whereabouts) -> bool:
    """Whether today's tables told these whereabouts."""
    return where.tables == library().numbering.version


def _declared(where: Whereabouts) -> frozenset[Place]:
    """Return places as a person would declare them; what holds another place goes without saying."""
    held = frozenset[str]().union(*(parents(code) for code in where.places)) | {"EU", "global"}
    return frozenset(_place(code) for code in where.places - held) or NOWHERE


def _place(code: str) -> Place:
    if not code.startswith("US-"):
        return Place(code, "", "")
    return Place("US", "" if code == "US-unknown" else code, "")


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
