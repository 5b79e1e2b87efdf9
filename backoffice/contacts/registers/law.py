"""Law: which rows and clauses ask for a register, and how old its data may be for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from backoffice.contacts.domains import CARRIER_DOMAINS
from backoffice.contacts.registers.store import Held
from backoffice.policy.bound import Bound
from backoffice.policy.library import Library

OTHERS = frozenset({"reassigned_numbers"})
"""Registers that may be held though no row asks for one yet."""

_BY_NAME = {"wireless_domain": CARRIER_DOMAINS}
"""Rules that read a register without naming it."""


class Asker(NamedTuple):
    """A row or clause that asks for a register; `at_most` is how old its data may be, None where it doesn't say."""

    source: str
    at_most: timedelta | None


class Told(NamedTuple):
    """A register as it stands: what is held of it, None for nothing, and who asks for it."""

    name: str
    held: Held | None
    askers: tuple[Asker, ...]

    @property
    def at_most(self) -> timedelta | None:
        """Return the shortest age at which its data is too old for somebody."""
        return min((one.at_most for one in self.askers if one.at_most is not None), default=None)

    def is_missing(self) -> bool:
        """Whether a row asks for it and nothing of it is held."""
        return self.held is None and bool(self.askers)

    def is_too_old(self, at: datetime) -> bool:
        """Whether its data is older at a moment than some row allows, which is a gap: what asks for it holds."""
        return self.held is not None and self.at_most is not None and at > self.held.as_of + self.at_most


def askers_of(library: Library) -> dict[str, tuple[Asker, ...]]:
    """Return who asks for each register: acting rows of law and clauses of the editions in force."""
    found: dict[str, dict[str, timedelta | None]] = {}
    for bound in _bound(library):
        name = getattr(bound.params, "register", None) or _BY_NAME.get(bound.rule.name)
        if name and bound.is_acting:
            sources = found.setdefault(str(name), {})
            age = getattr(bound.params, "at_most", None)
            ages = [one for one in (sources.get(bound.source), age) if one is not None]
            sources[bound.source] = min(ages, default=None)
    return {name: tuple(Asker(*one) for one in sorted(sources.items())) for name, sources in found.items()}


def tell(library: Library, held: list[Held]) -> list[Told]:
    """Return every register that is held or asked for, by name."""
    askers, kept = askers_of(library), {one.name: one for one in held}
    return [Told(name, kept.get(name), askers.get(name, ())) for name in sorted(askers.keys() | kept.keys())]


def _bound(library: Library) -> Iterator[Bound]:
    yield from library.law
    for operator in library.operators:
        yield from library.clauses(operator)
