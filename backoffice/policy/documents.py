"""Policy files as they are written: clauses, rows of law, and the strict reading of both.

Unknown keys, a wrong type or a bad unit refuse to load, with file, line and field.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any, Literal, TypeVar

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.primitives.terms import Term
from backoffice.policy.units import decode
from backoffice.policy.vocabulary import Channel, Purpose

Mode = Literal["deny", "hold", "warn", "allow", "classify", "do"]
Status = Literal["in_force", "waived", "vacated", "proposed", "adopted", "disputed", "policy"]
Reach = Literal["recipient", "sender", "both", "everyone"]
Kind = Literal[
    "gate",
    "account",
    "terms",
    "billing",
    "consent",
    "privacy",
    "notice",
    "dispute",
    "service",
    "integration",
    "record",
]
ACTING: frozenset[str] = frozenset({"in_force", "disputed", "policy"})

T = TypeVar("T")


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of everything read from a policy file."""


class Use(_Strict, frozen=True, kw_only=True):
    """One rule as a clause or row uses it.

    `awaits` names a parameter the source leaves open: until the operator sets it, the rule sleeps.
    `outer_limit` is when the source itself wants a rule of the gate obeyed at the latest. It permits nothing: the
    rule acts at once.
    """

    rule: str
    mode: Mode
    params: dict[str, Any] = {}
    channels: tuple[Channel, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    places: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    same_as: str = ""
    lifts: tuple[str, ...] = ()
    awaits: str = ""
    outer_limit: Term | None = None


class Clause(_Strict, frozen=True, kw_only=True):
    """One atom of an operator's Terms, in neutral words."""

    id: str
    kind: Kind
    enforceable: Literal["hard", "soft", "none"]
    says: str
    evidence: str = ""
    conflicts: str = ""
    discretionary: bool = False
    invokes: tuple[str, ...] = ()
    invokes_on: tuple[Channel, ...] = ()  # channels, where the clause speaks of some only
    unenforceable_for: dict[str, str] = {}
    rules: tuple[Use, ...]
    why: str = ""


class Row(_Strict, frozen=True, kw_only=True):
    """One row of law, or of a provider's own rules."""

    id: str
    topic: str
    says: str
    parameters: str = ""
    citation: str
    confidence: str = ""
    effect: str = ""
    status: Status
    reach: Reach = "recipient"
    valid_from: date | None = None
    valid_to: date | None = None
    channels: tuple[Channel, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    approved_by: str
    rules: tuple[Use, ...]
    why: str = ""


class Clauses(_Strict, frozen=True, kw_only=True):
    """One edition of an operator's Terms."""

    operator: str
    edition: str
    language: str
    clause: tuple[Clause, ...]


class Pack(_Strict, frozen=True, kw_only=True):
    """The rows of one jurisdiction, or of one provider."""

    jurisdiction: str
    row: tuple[Row, ...]


class Operator(_Strict, frozen=True, kw_only=True):
    """What an operator says of itself; what its Terms leave open is left out."""

    name: str
    place: str
    edition: str
    channels: tuple[Channel, ...]
    languages: tuple[str, ...] = ()
    currency: str | None = None
    zone: str | None = None


class Exempt(_Strict, frozen=True, kw_only=True):
    """A row that speaks of sends but is decided elsewhere, and why."""

    id: str
    why: str


class Exempts(_Strict, frozen=True, kw_only=True):
    """All of them."""

    row: tuple[Exempt, ...]


def read(kind: type[T], file: str, text: str) -> T:
    """Read a policy file as `kind`; raises Invalid with file, line and field."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        line = re.search(r"line (\d+)", str(broken))
        raise Invalid("policy_not_toml", file=file, line=int(line[1]) if line else 1, why=str(broken)) from None
    return convert(kind, table, file, text)


def convert(kind: type[T], value: object, file: str, text: str, at: str = "$") -> T:
    """Give a read value its type; `at` is where it stands in the file, as `$.clause[3].rules[0].params`."""
    try:
        return msgspec.convert(value, kind, dec_hook=decode)
    except msgspec.ValidationError as wrong:
        why, _, path = str(wrong).partition(" - at `")
        field = at + path.rstrip("`").removeprefix("$") if path else at
        if unknown := re.search(r"unknown field `(\w+)`", why):
            field = f"{field}.{unknown[1]}"
        raise Invalid(
            "policy_invalid", file=file, line=line_of(text, field), field=field.lstrip("$."), why=why
        ) from None


def line_of(text: str, field: str) -> int:
    r"""Find the line a field stands on: its table's header, then the first line that names the key.

    >>> line_of('a = 1\n[[row]]\nid = "x"\n[[row]]\nid = 3\n', "$.row[1].id")
    5
    """
    lines, start = text.splitlines(), 0
    keys = re.findall(r"(\w+)(?:\[(\d+)\])?", field.lstrip("$."))
    tables = [re.sub(r"#.*|[\[\]\s\"']", "", line) if line.startswith("[") else "" for line in lines]
    for depth, (_, number) in enumerate(keys, 1):
        table = ".".join(name for name, _ in keys[:depth])
        headers = [line for line, name in enumerate(tables) if name == table and line >= start]
        if int(number or 0) < len(headers):
            start = headers[int(number or 0)]
    end = next((line for line in range(start + 1, len(lines)) if tables[line]), len(lines))
    for name, _ in reversed(keys):
        for written in (rf"(?<![\w.-]){name}\W?\s*[=:]", rf"\b{name}\b"):  # the key itself, else where it is named
            for line in range(start, end):
                if re.search(written, lines[line]):
                    return line + 1
    return start + 1
