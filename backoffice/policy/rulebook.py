"""The rulebook: one operator's clauses and all law, compiled, and named by what can change a verdict."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import msgspec

from backoffice.kernel import canonical, jurisdiction, phone
from backoffice.kernel.errors import Invalid
from backoffice.policy import compile as compiler
from backoffice.policy import facts, gaps, language, program, times, units
from backoffice.policy.bound import Bound
from backoffice.policy.documents import convert
from backoffice.policy.library import Library
from backoffice.policy.program import Program

MODES = ("warn", "hold", "deny")  # from mild to strict; a setting may only tighten
TABLES = ("calendars/", "numbers/")
SOURCES = (jurisdiction, phone, compiler, facts, gaps, language, program, times, units)


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
            raise Invalid("rulebook_empty", operator=operator, edition=self.edition)
        law = tuple(_invoked(bound, library, operator, self.edition) for bound in library.law)
        self.bounds = _set((*clauses, *law), tuple(settings))
        self._judging = tuple(bound for bound in self.bounds if bound.mode != "classify")
        self.classifiers = tuple(bound for bound in self.bounds if bound.mode == "classify")
        self.times = library.times
        self._named = frozenset(place for bound in self.bounds for place in bound.places)
        self._scopes: dict[tuple[object, ...], Program] = {}
        self._programs: dict[tuple[tuple[str, int], ...], Program] = {}
        self._turns = sorted({moment for bound in self.bounds for moment in (bound.from_at, bound.until_at)})

    @cached_property
    def name(self) -> str:
        """Name the rulebook by a SHA-256 over rules, parameters, code, calendars, time zones and number tables."""
        library = self.library
        told = {
            "rules": [bound.told() for bound in self.bounds],
            "primitives": {bound.rule.name: bound.rule.fingerprint() for bound in self.bounds},
            "code": [inspect.getsource(module) for module in SOURCES],
            "tables": [
                library.files[file] for file in sorted(library.files) if file.startswith(("calendars/", "numbers/"))
            ],
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
            scope = tuple(bound.key for bound in bounds)
            self._scopes[known] = self._programs[scope] = self._programs.get(scope) or Program(bounds)
        return self._scopes[known]

    def _epoch(self, at: datetime) -> int:
        return sum(turn <= at for turn in self._turns)


def _invoked(bound: Bound, library: Library, operator: str, edition: str) -> Bound:
    """Add the clauses that invoke this row."""
    also = tuple(
        f"{operator}/{clause.id}"
        for clause in library.terms(operator, edition).clause
        if any(fnmatchcase(bound.source, wanted) for wanted in clause.invokes)
    )
    return msgspec.structs.replace(bound, also=also) if also else bound


def _set(bounds: tuple[Bound, ...], settings: tuple[Setting, ...]) -> tuple[Bound, ...]:
    known = {bound.source for bound in bounds if "/" in bound.source}
    for setting in settings:
        if setting.source not in known:
            raise Invalid("setting_unknown", field=setting.source)
    by_source = {setting.source: setting for setting in settings}
    return tuple(_tightened(bound, by_source[bound.source]) if bound.source in by_source else bound for bound in bounds)


def _tightened(bound: Bound, setting: Setting) -> Bound:
    mode = setting.mode or bound.mode
    if MODES.index(mode) < MODES.index(bound.mode):
        raise Invalid("setting_may_only_tighten", field=setting.source, mode=mode)
    if not setting.params or bound.rule.params is None:
        return msgspec.structs.replace(bound, mode=mode)
    params = {**msgspec.structs.asdict(bound.params), **setting.params} if bound.params else setting.params
    made = convert(bound.rule.params, params, "settings", "", f"$.{setting.source}")
    return msgspec.structs.replace(bound, mode=mode, params=made, is_asleep=False)
