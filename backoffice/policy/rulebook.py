"""The rulebook: one operator's clauses and all law, compiled, and named by what can change a verdict."""

from __future__ import annotations

import hashlib
import inspect
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module

import msgspec

from backoffice.kernel import canonical, jurisdiction
from backoffice.kernel.errors import Invalid
from backoffice.policy.bound import Bound, Invoker
from backoffice.policy.library import Library
from backoffice.policy.program import Program
from backoffice.policy.settings import Setting, laid_over

TABLES = ("calendars/", "numbers/")
CODE = (
    *("kernel.calendars", "kernel.jurisdiction", "kernel.number_tables", "kernel.phone"),
    *("policy.bound", "policy.compile", "policy.decide", "policy.facts", "policy.gaps", "policy.language"),
    *("policy.program", "policy.release", "policy.rewrite", "policy.rulebook", "policy.settings", "policy.times"),
    *("policy.units",),
)


class Rulebook:
    """The rules one operator's sends are judged by, with what it set on them; raises Invalid where there are none.

    `settings` stand in place of the library's, where they are given.
    """

    def __init__(
        self, library: Library, operator: str, edition: str = "", settings: Iterable[Setting] | None = None
    ) -> None:
        self.library = library
        self.operator = operator
        self.edition = library.terms(operator, edition).edition
        clauses = tuple(library.clauses(operator, edition))
        if not clauses or not library.law:
            file = f"operators/{operator}/{self.edition}/clauses.toml"
            raise Invalid("rulebook_empty", file=file, line=1, field="clause", operator=operator, edition=self.edition)
        law = tuple(_invoked(bound, library, operator, self.edition) for bound in library.law)
        laid = library.settings(operator, self.edition) if settings is None else settings
        self.bounds = laid_over((*clauses, *law), laid)
        self._judging = tuple(bound for bound in self.bounds if bound.mode != "classify")
        self.classifiers = tuple(bound for bound in self.bounds if bound.mode == "classify")
        self.times = library.times
        self._named = frozenset(place for bound in self.bounds for place in bound.places)
        self._scopes: dict[tuple[object, ...], Program] = {}
        self._programs: dict[tuple[object, ...], Program] = {}
        self._turns = sorted({moment for bound in self.bounds for moment in (bound.from_at, bound.until_at)})

    @cached_property
    def name(self) -> str:
        """Name the rulebook by a SHA-256 over rules, parameters, code, calendars, time zones and number tables."""
        library = self.library
        told = {
            "rules": [bound.told() for bound in self.bounds],
            "primitives": {bound.rule.name: bound.rule.fingerprint() for bound in self.bounds},
            "code": [inspect.getsource(import_module(f"backoffice.{name}")) for name in CODE],
            "tables": [text for file, text in sorted(library.files.items()) if file.startswith(TABLES)],
            "tzdata": jurisdiction.tzdata_version(),
        }
        return "sha256:" + hashlib.sha256(canonical.canonical_json(told)).hexdigest()

    def bound(self, source: str, position: int) -> Bound:
        """Return the rule at a place of a clause or row; raises a KeyError where there is none."""
        return self._by_key[source, position]

    @cached_property
    def _by_key(self) -> dict[tuple[str, int], Bound]:
        return {bound.key: bound for bound in self.bounds}

    def program(
        self, places: frozenset[str], account_places: frozenset[str], channel: str, purpose: str, at: datetime
    ) -> Program:
        """Return the rules in scope there and then, compiled; the same scope is compiled once."""
        known = (places & self._named, account_places & self._named, channel, purpose, self._epoch(at))
        if known not in self._scopes:
            speaking = (bound for bound in self._judging if bound.speaks_of(channel, purpose, at))
            bounds = tuple(bound for bound in speaking if bound.reaches(places, account_places))
            scope = (channel, *(bound.key for bound in bounds))
            if scope not in self._programs:
                self._programs[scope] = Program(bound.on(channel) for bound in bounds)
            self._scopes[known] = self._programs[scope]
        return self._scopes[known]

    def _epoch(self, at: datetime) -> int:
        return bisect_right(self._turns, at)


def _invoked(bound: Bound, library: Library, operator: str, edition: str) -> Bound:
    """Add the clauses that invoke this row."""
    invokers = tuple(
        Invoker(f"{operator}/{clause.id}", frozenset(clause.invokes_on))
        for clause in library.terms(operator, edition).clause
        if any(fnmatchcase(bound.source, wanted) for wanted in clause.invokes)
    )
    return msgspec.structs.replace(bound, invokers=invokers) if invokers else bound
