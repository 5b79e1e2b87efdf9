"""Scenarios: worked cases a lawyer can write, run against the compiled rules.

A case starts `from` a base (a compliant account, message and person, every fact given), states what differs and
says what must come out. It pins what law turns on, so that no case passes by an assumption: instant, zone,
number, purpose, channel, provider type and evidence grade.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.documents import convert, line_of, read
from backoffice.policy.rulebook import Setting

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
    next_allowed_at: datetime | None = None
    never_opens: bool = False
    no_common_window: bool = False


class Pins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a case pins, and what it says of account, message and person."""

    at: datetime
    zone: str
    number: str  # E.164, or "none" for an address that is none
    purpose: str
    channel: str
    provider_type: str
    grade: str  # of the consent on record; "none" is none
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


def read_scenarios(files: Mapping[str, str]) -> tuple[Case, ...]:
    """Read scenario files into cases, each joined with its base; raises Invalid with file, line and field."""
    parsed = {file: _read(file, text) for file, text in files.items()}
    bases: dict[str, Base] = {}
    for file, scenarios in parsed.items():
        for base in scenarios.base:
            if bases.setdefault(base.name, base) is not base:
                raise Invalid("base_twice", file=file, field=base.name)
    cases = [_as_case(base) for base in bases.values()]
    for file, scenarios in parsed.items():
        cases += _joined(scenarios.case, bases, file, files[file])
    _refuse_twins(cases)
    return tuple(cases)


def _read(file: str, text: str) -> _File:
    """Refuse a case that leaves out what it must pin, before anything else is looked at."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return read(_File, file, text)  # tells file and line
    for kind in ("base", "case"):
        for number, entry in enumerate(table.get(kind, [])):
            for pin in PINS:
                if isinstance(entry, dict) and pin not in entry:
                    field = f"{kind}[{number}]"
                    name = entry.get("id") or entry.get("name")
                    raise Invalid("scenario_pin_missing", file=file, line=line_of(text, field), field=pin, case=name)
    return convert(_File, table, file, text)


def _as_case(base: Base) -> Case:
    told = {name: getattr(base, name) for name in Pins.__struct_fields__}
    return Case(**told, id=f"base-{base.name}", base="", expect=Expect(verdict="allow", passes=base.passes))


def _joined(cases: tuple[Case, ...], bases: Mapping[str, Base], file: str, text: str) -> Iterator[Case]:
    for number, case in enumerate(cases):
        if case.base not in bases:
            field = f"case[{number}].from"
            raise Invalid(
                "base_unknown", file=file, line=line_of(text, field), field="from", base=case.base, case=case.id
            )
        yield _on(bases[case.base], case)


def _on(base: Base, case: Case) -> Case:
    """Lay what a case says over its base."""
    inherited = {
        name: getattr(base, name)
        for name in ("operator", "edition", "country", "state", "postcode", "city", "settings")
        if not getattr(case, name)
    }
    facts = {name: {**getattr(base, name), **getattr(case, name)} for name in ("account", "message", "recipient")}
    return msgspec.structs.replace(case, **inherited, **facts)


def _refuse_twins(cases: list[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise Invalid("case_twice", case=case.id)
        seen.add(case.id)


def read_one(text: str, file: str) -> Case:
    """Read one send as JSON: the keys of a case, without what it expects; raises Invalid with file and field."""
    try:
        stated = msgspec.json.decode(text)
    except msgspec.DecodeError as broken:
        raise Invalid("json_invalid", file=file, why=str(broken)) from None
    if not isinstance(stated, dict):
        raise Invalid("json_invalid", file=file, why="expected an object")
    for pin in (*PINS, "operator"):
        if pin not in stated:
            raise Invalid("scenario_pin_missing", file=file, field=pin, case=file)
    return convert(Case, {"id": file, "from": "", "expect": {"verdict": ""}, **stated}, file, text)
