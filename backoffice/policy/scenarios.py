"""Scenarios: worked cases a lawyer can write, run against the compiled rules.

A case starts `from` a base (a compliant account, message and person, every fact given), states what differs and
says what must come out. It pins what law turns on, so that no case passes by an assumption: instant, zone,
number, purpose, channel, provider type and evidence grade. Cases of dates (`due`) stand in the same files and are
run by `dates`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any, Literal

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.dates import DateCase
from backoffice.policy.documents import convert, read
from backoffice.policy.facts import ERA, Moment
from backoffice.policy.settings import Setting
from backoffice.policy.vocabulary import Channel, Grade, Purpose

PINS = ("at", "zone", "number", "purpose", "channel", "provider_type", "grade")


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must come out.

    `only` are the sources that stop (or warn, where nothing stops), and no other does but those that say the
    same; `reasons` are among them. `passes` were in scope and answered no.
    """

    verdict: str
    only: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    classified: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    next_allowed_at: Moment | None = None
    never_opens: bool = False
    no_common_window: bool = False


class Pins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a case pins, and what it says of account, message and person."""

    at: Moment
    zone: str
    number: str  # E.164, or "none" for an address that is none
    purpose: Purpose
    channel: Channel
    provider_type: Literal["official", "unofficial"]
    grade: Grade | Literal["none"]  # of the consent on record; "none" is none
    operator: str = ""
    edition: str = ""
    country: str = ""
    state: str = ""
    postcode: str = ""
    city: str = ""
    account: dict[str, Any] = {}
    message: dict[str, Any] = {}
    recipient: dict[str, Any] = {}
    unknown: tuple[str, ...] = ()  # facts nobody stated, as "account.standing"
    settings: tuple[Setting, ...] = ()
    title: str = ""
    where: tuple[str, int] = ("", 1)  # file and line, as it was read

    def __post_init__(self) -> None:
        if self.at.year not in ERA:
            raise ValueError(f"at lies outside the years {ERA[0]} to {ERA[-1]}")


class Base(Pins, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compliant start, itself a passing case."""

    name: str
    passes: tuple[str, ...] = ()


class Case(Pins, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"base": "from"}):
    """One worked case."""

    id: str
    base: str
    expect: Expect


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base: tuple[Base, ...] = ()
    case: tuple[Case, ...] = ()
    due: tuple[DateCase, ...] = ()
    story: tuple[Any, ...] = ()  # read by `policy.stories`


def read_scenarios(files: Mapping[str, str]) -> tuple[Case, ...]:
    """Read scenario files into cases, each joined with its base; raises Invalid with file, line and field."""
    parsed = {file: _read(file, text) for file, text in files.items()}
    bases = _bases(parsed.values())
    cases = [_as_case(base) for base in bases.values()]
    for scenarios in parsed.values():
        cases += [_joined(case, bases) for case in scenarios.case]
    _refuse_twins((*cases, *(due for scenarios in parsed.values() for due in scenarios.due)))
    return tuple(cases)


def _bases(parsed: Iterable[_File]) -> dict[str, Base]:
    bases: dict[str, Base] = {}
    for scenarios in parsed:
        for base in scenarios.base:
            if bases.setdefault(base.name, base) is not base:
                file, line = base.where
                raise Invalid("base_twice", file=file, line=line, field=base.name)
    return bases


def _read(file: str, text: str) -> _File:
    """Refuse a case that leaves out what it must pin, before anything else is looked at."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return read(_File, file, text)  # tells file and line
    for kind in ("base", "case"):
        headers = [line for line, content in enumerate(text.splitlines(), 1) if content.strip() == f"[[{kind}]]"]
        for line, entry in zip_longest(headers, _entries(table, kind), fillvalue=1):
            if isinstance(entry, dict):
                entry["where"] = [file, line]
                _refuse_unpinned(entry, PINS, entry.get("id") or entry.get("name") or kind)
    return convert(_File, table, file, text)


def _entries(table: dict[str, Any], kind: str) -> list[Any]:
    entries = table.get(kind)
    return entries if isinstance(entries, list) else []


def _refuse_unpinned(entry: dict[str, Any], pins: tuple[str, ...], name: str) -> None:
    for pin in pins:
        if pin not in entry:
            file, line = entry["where"]
            raise Invalid("scenario_pin_missing", file=file, line=line, field=pin, case=name)


def _as_case(base: Base) -> Case:
    told = {name: getattr(base, name) for name in Pins.__struct_fields__}
    return Case(**told, id=f"base-{base.name}", base="", expect=Expect(verdict="allow", passes=base.passes))


def _joined(case: Case, bases: Mapping[str, Base]) -> Case:
    """Lay what a case says over its base."""
    if case.base not in bases:
        file, line = case.where
        raise Invalid("base_unknown", file=file, line=line, field="from", base=case.base, case=case.id)
    base = bases[case.base]
    inherited = {
        name: getattr(base, name)
        for name in ("operator", "edition", "country", "state", "postcode", "city", "settings")
        if not getattr(case, name)
    }
    facts = {name: {**getattr(base, name), **getattr(case, name)} for name in ("account", "message", "recipient")}
    return msgspec.structs.replace(case, **inherited, **facts)


def _refuse_twins(cases: tuple[Case | DateCase, ...]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            where = dict(zip(("file", "line"), case.where, strict=True)) if isinstance(case, Case) else {}
            raise Invalid("case_twice", case=case.id, **where)
        seen.add(case.id)


def read_one(text: str, file: str, files: Mapping[str, str]) -> Case:
    """Read one send as JSON: the keys of a case, without what it expects; it may start `from` a base of the files.

    Raises Invalid with file and field.
    """
    try:
        stated = msgspec.json.decode(text)
    except msgspec.DecodeError as broken:
        raise Invalid("json_invalid", file=file, why=str(broken)) from None
    if not isinstance(stated, dict):
        raise Invalid("json_invalid", file=file, why="expected an object")
    told = {"id": file, "from": "", "expect": {"verdict": ""}, **stated, "where": [file, 1]}
    _refuse_unpinned(told, PINS if told["from"] else (*PINS, "operator"), file)
    case = convert(Case, told, file, text)
    return _joined(case, _bases(_read(*one) for one in files.items())) if case.base else case
