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
from typing import Any

import msgspec

from backoffice.kernel import canonical, jurisdiction
from backoffice.kernel.errors import Invalid
from backoffice.policy.bound import Bound, Invoker
from backoffice.policy.documents import convert
from backoffice.policy.library import Library
from backoffice.policy.program import Program

MODES = ("warn", "hold", "deny")  # from mild to strict; a setting may only tighten
TABLES = ("calendars/", "numbers/")
CODE = (
    *("kernel.calendars", "kernel.jurisdiction", "kernel.number_tables", "kernel.phone"),
    *("policy.bound", "policy.compile", "policy.decide", "policy.facts", "policy.gaps", "policy.language"),
    *("policy.program", "policy.release", "policy.rewrite", "policy.rulebook", "policy.times", "policy.units"),
)


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator sets on a clause of its own: an open parameter, or a stricter mode."""

    source: str
    mode: str = ""
    params: dict[str, Any] = {}


class Rulebook:
    """The rules one operator's sends are judged by; raises Invalid where there are none."""

    def __init__(self, library: Library, operator: str, edition: str = "", settings: Iterable[Setting] = ()) -> None:
        self.library = library
        self.operator = operator
        self.edition = library.terms(operator, edition).edition
        clauses = tuple(library.clauses(operator, edition))
        if not clauses or not library.law:
            file = f"operators/{operator}/{self.edition}/clauses.toml"
            raise Invalid("rulebook_empty", file=file, line=1, field="clause", operator=operator, edition=self.edition)
        law = tuple(_invoked(bound, library, operator, self.edition) for bound in library.law)
        self.bounds = _set((*clauses, *law), tuple(settings))
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


def _set(bounds: tuple[Bound, ...], settings: tuple[Setting, ...]) -> tuple[Bound, ...]:
    """Lay settings over the clauses: each fills what a rule of its clause awaits, or makes the clause stricter."""
    by_source = {setting.source: setting for setting in settings}
    for setting in settings:
        awaited = {bound.awaits for bound in bounds if bound.source == setting.source and "/" in setting.source}
        if not awaited:
            raise Invalid("setting_unknown", field=setting.source)
        if strangers := setting.params.keys() - awaited:
            raise Invalid("setting_not_awaited", field=f"{setting.source}.{min(strangers)}")
    return tuple(_tightened(bound, by_source[bound.source]) if bound.source in by_source else bound for bound in bounds)


def _tightened(bound: Bound, setting: Setting) -> Bound:
    if bound.mode not in MODES or (setting.mode or bound.mode) not in MODES[MODES.index(bound.mode) :]:
        raise Invalid("setting_may_only_tighten", field=setting.source, mode=setting.mode)
    if setting.mode not in ("", bound.mode):
        citation = bound.citation.replace(" Terms ", " policy on Terms ")
        bound = msgspec.structs.replace(bound, mode=setting.mode, citation=citation)
    if bound.is_asleep and bound.awaits in setting.params and bound.rule.params is not None:
        given = {**bound.given, bound.awaits: setting.params[bound.awaits]}
        made = convert(bound.rule.params, given, "settings", "", f"$.{setting.source}")
        bound = msgspec.structs.replace(bound, params=made)
    return bound
