"""Errors in words: every code raised anywhere has a sentence whose data is there."""

from __future__ import annotations

import ast
import re
from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.plumbing.http.problems import KINDS, STATUSES
from backoffice.plumbing.messages import MESSAGES, TITLES, error_text
from tests.contracts.house import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG = {"_wrong", "wrong"}
RAISING = {"BackofficeError", "Invalid", "NotFound", "Refused", "Unavailable", "Unanswered", "kind"} | WRONG
KEEPING = {"handled", "_note_fault", "end"}  # what keeps a code, given last, to be told later
HELPED = {"file", "line", "field", "date"}  # what `_wrong` adds by itself
CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
PART = re.compile(r"[a-z0-9_]*")


class Raised(NamedTuple):
    """A code as it is raised: a pattern, where a part of it is only known when it runs, and the data given with it."""

    pattern: str
    data: frozenset[str] | None  # None: not told here


def raised(text: str) -> Iterator[Raised]:
    """Yield every code that a module raises, looks up in a table, or keeps as `code` or `fault` to raise it later."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[code, *_]) if name in RAISING:
                given = frozenset(keyword.arg or "" for keyword in node.keywords)
                data = None if "" in given else given | (HELPED if name in WRONG else frozenset())
                codes = [str(code.value)] if isinstance(code, ast.Constant) else patterns(code)
                yield from (Raised(pattern, data) for pattern in codes if " " not in pattern)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[*_, code]) if name in KEEPING:
                yield from (Raised(pattern, None) for pattern in patterns(code))
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.JoinedStr() as code, *_]):
                yield from (Raised(pattern, frozenset()) for pattern in patterns(code))
            case ast.Tuple(elts=[ast.Call(func=ast.Attribute(attr="compile"), args=[words, *_]), code]):
                told = frozenset(re.compile(ast.literal_eval(words)).groupindex)
                yield from (Raised(pattern, told) for pattern in patterns(code))
            case ast.Assign(targets=[target], value=value) if {"code", "fault"} & set(named(target)):
                yield from (Raised(pattern, None) for pattern in patterns(value))


def patterns(node: ast.expr) -> Iterator[str]:
    """Yield the codes that an expression may come to, as regular expressions."""
    match node:
        case ast.Constant(value=str(code)) if CODE.fullmatch(code):
            yield re.escape(code)
        case ast.JoinedStr(values=parts) if all(map(is_part, parts)):
            yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from (pattern for each in (one, other) for pattern in patterns(each))
        case ast.BoolOp(values=several) | ast.Tuple(elts=several):
            yield from (pattern for each in several for pattern in patterns(each))


def is_part(node: ast.expr) -> bool:
    """Return whether a piece of an f-string can be a piece of a code."""
    return not isinstance(node, ast.Constant) or PART.fullmatch(str(node.value)) is not None


def named(target: ast.expr) -> list[str]:
    """Return the names that an assignment gives."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def wants(message: str) -> set[str]:
    """Return the names of the data that a sentence tells."""
    return {field for _, field, _, _ in Formatter().parse(message) if field}


EVERYWHERE = [one for path, text in modules().items() if path != "backoffice/kernel/errors.py" for one in raised(text)]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ('raise Invalid("code_a", field="x")', "code_a"),
        ('return self._wrong("code_a", file, at)', "code_a"),
        ('raise Invalid(f"{field}_unknown")', r"\w+_unknown"),
        ('raise NotFound("code_a" if x == "no_code" else y)', "code_a"),
        ('raise Refused("code_a") from None', "code_a"),
        ('raise Unavailable("fault")', "fault"),
        ('return MESSAGES.get(f"title_{status}", "")', r"title_\w+"),
        ('WORDS = ((re.compile("(?P<got>.)"), "code_a"),)', "code_a"),
        ('await handled(work, ids, "code_a")', "code_a"),
        ('cells, fault = [], "code_a"', "code_a"),
        ('fault = fault or "code_a"', "code_a"),
    ],
)
def test_a_raised_code_is_found(text: str, pattern: str) -> None:
    """Literals, choices, patterns and codes kept for later are found."""
    assert [one.pattern for one in raised(text)] == [pattern]


@pytest.mark.parametrize("text", ['raise Refused(f"not base64: {text}")', 'raise Refused("a sentence")', "handled(a)"])
def test_what_is_no_code_is_left_alone(text: str) -> None:
    """A module that runs by itself says what is wrong in words."""
    assert list(raised(text)) == []


def test_a_table_of_patterns_tells_what_they_find() -> None:
    """The named groups are the data of its code."""
    (one,) = raised('WORDS = ((re.compile("(?P<got>.)"), "code_a"),)')

    assert one.data == frozenset({"got"})


def test_every_code_that_is_raised_has_a_sentence() -> None:
    """No error reaches a person as a bare code."""
    codes = "\n".join(MESSAGES)
    bare = {one.pattern for one in EVERYWHERE if not re.search(f"^(?:{one.pattern})$", codes, re.MULTILINE)}

    assert bare == set()


def test_every_sentence_belongs_to_a_code_that_is_raised() -> None:
    """What nobody raises any more is taken out."""
    known = re.compile("|".join(one.pattern for one in EVERYWHERE))

    assert [code for code in MESSAGES if not known.fullmatch(code)] == []


def test_what_a_sentence_tells_is_given_wherever_its_code_is_raised() -> None:
    """A sentence may leave data out, and never asks for what isn't there."""
    lacking = {
        one.pattern: missing
        for one in EVERYWHERE
        if one.data is not None and (missing := wants(MESSAGES.get(one.pattern, "")) - one.data)
    }

    assert lacking == {}


def test_no_sentence_repeats_where_it_happened() -> None:
    """File, line and field are told beside the sentence."""
    assert {code: wants(text) for code, text in MESSAGES.items() if wants(text) & {"file", "line", "field"}} == {}


def test_every_status_of_a_problem_has_a_title() -> None:
    """Whatever an outsider may be answered is headed in words of ours."""
    statuses = {500, *STATUSES.values(), *(status for _, status in KINDS)}

    assert {f"title_{status}" for status in statuses} == set(TITLES)


def test_no_code_stands_in_two_rooms() -> None:
    """One would be said in the other's words."""
    rooms = [room for path, text in modules().items() if "plumbing/messages/" in path for room in codes_in(text)]

    assert sorted(rooms) == sorted(MESSAGES)


def codes_in(text: str) -> Iterator[str]:
    """Yield the codes of the dictionaries that a module spells out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            yield from (ast.literal_eval(key) for key in node.keys if key)


@pytest.mark.parametrize("says", [says for code, says in MESSAGES.items() if code not in TITLES])
def test_a_sentence_is_a_sentence(says: str) -> None:
    """It begins as one and ends as one, or ends with what another says."""
    assert says[0].isupper() or says[0] == "{"
    assert says.endswith((".", "{why}"))


def test_an_error_is_said_with_its_data() -> None:
    """A list is joined, and a code inside is said in its own words."""
    twice = Invalid("column_twice", field="phone", headers=["Phone", "Mobile"])
    header = Invalid("header_unreadable", why="quote_not_closed")

    assert "The headers are: Phone, Mobile." in error_text(twice)
    assert error_text(header) == "The header can't be read. A quotation mark is opened and not closed."


def test_a_code_inside_that_asks_for_data_is_told_as_it_stands() -> None:
    """The data is not here, and braces are nobody's words."""
    inside = BackofficeError("ledger_key_other", why="note_signature_wrong")

    assert "(note_signature_wrong)" in error_text(inside)


def test_an_error_is_said_even_where_words_or_data_are_missing() -> None:
    """To say an error never raises another."""
    assert error_text(BackofficeError("never_heard_of", line=3)) == "never_heard_of (line: 3)"
    assert error_text(Invalid("clause_unknown")) == "There is no clause ?."
