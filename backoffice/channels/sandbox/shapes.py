"""Shapes: a small language in which the tables say what JSON the Graph API takes, and the one reader of it.

A value that doesn't fit raises a `Problem` with the code and the parameter as the API names it: 100 for what has no
place or another form, is too long or none of the choices, or is missing at the top; 131008 for what is missing or empty
further in; 131009 for what can't be, and for all bounds inside `interactive`. `null` counts as left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from backoffice.channels.sandbox.replies import Json, Problem

UNEXPECTED, MISSING, WRONG = 100, 131008, 131009
_BOUND = -1  # a length, a count, a choice: which code that is depends on where it stands


class Text(NamedTuple):
    """A string of so many characters at most."""

    most: int = 4096
    least: int = 1  # 0 where it may be empty
    like: str = ""  # an expression that the whole string has to match
    of: tuple[str, ...] = ()  # the only ones, in any case of letters


class Whole(NamedTuple):
    """A whole number, or a string of digits that says one."""

    least: int = 0
    most: int = 10**15


class Decimal(NamedTuple):
    """A number, or a string that says one."""

    least: float
    most: float


class Flag(NamedTuple):
    """True or false."""


class Items(NamedTuple):
    """A list of so many of a shape."""

    each: Any
    most: int = 100
    least: int = 1


class Fields(NamedTuple):
    """An object: what it needs, what it may have, and of which it has exactly one."""

    needs: Mapping[str, Any] = {}
    may: Mapping[str, Any] = {}
    one_of: tuple[str, ...] = ()
    then: Callable[[Json], None] | None = None  # looks at what the fields say together


class Either(NamedTuple):
    """An object whose field `by` says which shape it has."""

    by: str
    shapes: Mapping[str, Fields]


class Anything(NamedTuple):
    """Whatever JSON can hold."""


Shape: TypeAlias = Text | Whole | Decimal | Flag | Items | Fields | Either | Anything


class _Misfit(Exception):  # noqa: N818
    def __init__(self, code: int, says: str) -> None:
        super().__init__(code, says)
        self.code, self.says = code, says
        self.way: list[str | int] = []

    def inside(self, key: str | int) -> _Misfit:
        self.way.insert(0, key)
        return self


def check(shape: Shape, value: Json, *, only: int = 0) -> None:
    """Read a value against a shape; raises Problem with the parameter's name in its details.

    A door that has no other code for a wrong body says which `only`.
    """
    try:
        _read(shape, value)
    except _Misfit as misfit:
        raise Problem(only or _code_of(misfit), misfit.says.replace("{}", name_of(misfit.way))) from None


def _code_of(misfit: _Misfit) -> int:
    if misfit.code == _BOUND:
        return WRONG if misfit.way[:1] == ["interactive"] else UNEXPECTED
    return UNEXPECTED if misfit.code == MISSING and len(misfit.way) == 1 else misfit.code


def name_of(way: list[str | int]) -> str:
    """Name a parameter as the API does.

    >>> name_of(["template", "components", 0, "type"])
    "template['components'][0]['type']"
    """
    return "".join(str(key) if place == 0 else f"[{key!r}]" for place, key in enumerate(way)) or "body"


def _read(shape: Shape, value: Json) -> None:
    _READERS[type(shape)](shape, value)


def _read_text(shape: Text, value: Json) -> None:
    if not isinstance(value, str):
        raise _Misfit(UNEXPECTED, "Param {} must be a string.")
    if shape.least and not value:
        raise _Misfit(MISSING, "The parameter {} is required.")
    if len(value) > shape.most:
        raise _Misfit(_BOUND, f"Param {{}} must be at most {shape.most} characters long.")
    if shape.of and value.lower() not in shape.of:
        raise _Misfit(_BOUND, f"Param {{}} must be one of {', '.join(shape.of)}.")
    if shape.like and not re.fullmatch(shape.like, value):
        raise _Misfit(WRONG, "Param {} is not valid.")


def _read_whole(shape: Whole, value: Json) -> None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:20])
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Misfit(UNEXPECTED, "Param {} must be an integer.")
    if not shape.least <= value <= shape.most:
        raise _Misfit(WRONG, f"Param {{}} must be from {shape.least} to {shape.most}.")


def _read_decimal(shape: Decimal, value: Json) -> None:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,9}(\.\d{1,20})?", value, re.ASCII):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _Misfit(UNEXPECTED, "Param {} must be a number.")
    if not shape.least <= value <= shape.most:
        raise _Misfit(WRONG, f"Param {{}} must be from {shape.least} to {shape.most}.")


def _read_flag(_: Flag, value: Json) -> None:
    if value not in (True, False, "true", "false"):
        raise _Misfit(UNEXPECTED, "Param {} must be a boolean.")


def _read_items(shape: Items, value: Json) -> None:
    if not isinstance(value, list):
        raise _Misfit(UNEXPECTED, "Param {} must be an array.")
    if not shape.least <= len(value) <= shape.most:
        raise _Misfit(_BOUND, f"Param {{}} must have {shape.least} to {shape.most} elements.")
    for place, one in enumerate(value):
        try:
            _read(shape.each, one)
        except _Misfit as misfit:
            raise misfit.inside(place) from None


def _read_fields(shape: Fields, value: Json) -> None:
    if not isinstance(value, dict):
        raise _Misfit(UNEXPECTED, "Param {} must be a JSON object.")
    for key, one in value.items():
        inner = shape.needs.get(key) or shape.may.get(key)
        if inner is None:
            raise _Misfit(UNEXPECTED, f'Unexpected key "{key[:64]}" on param "{{}}".')
        if one is not None:
            try:
                _read(inner, one)
            except _Misfit as misfit:
                raise misfit.inside(key) from None
    for key in shape.needs:
        if value.get(key) is None:
            raise _Misfit(MISSING, "The parameter {} is required.").inside(key)
    if shape.one_of and sum(value.get(key) is not None for key in shape.one_of) != 1:
        raise _Misfit(MISSING, f"Param {{}} needs exactly one of {', '.join(shape.one_of)}.")
    if shape.then:
        _look(shape.then, value)


def _look(then: Callable[[Json], None], value: Json) -> None:
    try:
        then(value)
    except ValueError as fault:
        raise _Misfit(WRONG, f"Param {{}}: {fault}") from None


def _read_either(shape: Either, value: Json) -> None:
    if not isinstance(value, dict):
        raise _Misfit(UNEXPECTED, "Param {} must be a JSON object.")
    which = value.get(shape.by)
    if which is None:
        raise _Misfit(MISSING, "The parameter {} is required.").inside(shape.by)
    fields = shape.shapes.get(which.lower()) if isinstance(which, str) else None
    if fields is None:
        raise _Misfit(_BOUND, f"Param {{}} must be one of {', '.join(shape.shapes)}.").inside(shape.by)
    _read(fields, {key: one for key, one in value.items() if key != shape.by})


def _read_anything(_: Anything, value: Json) -> None:
    """Take it."""


_READERS: Mapping[type, Callable[[Any, Any], None]] = {
    Text: _read_text,
    Whole: _read_whole,
    Decimal: _read_decimal,
    Flag: _read_flag,
    Items: _read_items,
    Fields: _read_fields,
    Either: _read_either,
    Anything: _read_anything,
}
