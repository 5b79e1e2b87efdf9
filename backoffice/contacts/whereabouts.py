"""Whereabouts: where a recipient may be, worked out as a list is judged, kept once and known by a number.

Places only add: what a number tells and what each list or send declared are united, and the law of all of it applies.

Whereabouts know by which tables of numbers they were worked out. Once the tables change, nobody is judged by what the
old ones said: whoever asks takes them `renewed`, and a loop (`relocating`) puts them on record so. The address is asked
anew and each place that was declared is declared again, so what is wider under the new tables is wider; and what the
old ones said stays, since which of it somebody declared isn't known any more. Postal codes aren't kept: a zone that one
had told is joined by all zones of its state.
"""

from __future__ import annotations

from functools import lru_cache

from backoffice.contacts.kept import Kept
from backoffice.contacts.locating import NOWHERE, Locator, unite
from backoffice.contacts.merge import Place
from backoffice.kernel.jurisdiction import Whereabouts, parents
from backoffice.plumbing.policies import library
from backoffice.plumbing.vault.tokens import Kind

WHEREABOUTS = Kept("whereabouts", Whereabouts)
"""The whereabouts that are stored."""


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
