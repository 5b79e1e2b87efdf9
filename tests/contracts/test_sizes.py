"""The size of the house: functions and files one can take in at a look, and a docstring on every public name."""

from __future__ import annotations

import ast
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.contracts.house import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTION_LINES = 50
_MEDIAN_LINES = 8
_FILE_LINES = 300

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def sizes(text: str) -> dict[str, int]:
    """Return the lines of each function, from `def` to its last line, docstring and all."""
    return {
        f"{node.name}:{node.lineno}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, _FUNCTION)
    }


def undocumented(text: str) -> list[str]:
    """Name what others may use and nobody explains: the module, its public functions, classes and methods."""
    return list(_undocumented(ast.parse(text), "module"))


def _undocumented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    if ast.get_docstring(node) is None:
        yield name
    if isinstance(node, _FUNCTION):
        return
    for inner in node.body:
        if isinstance(inner, (ast.ClassDef, *_FUNCTION)) and not _is_private(inner):
            yield from _undocumented(inner, inner.name)


def _is_private(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    told_elsewhere = {"overload", "setter"}
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
    return node.name.startswith("_") or bool(marks & told_elsewhere)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("def one(): pass", 1),
        ('def said():\n    """Say."""\n    return 1', 3),
        ("@mark\nasync def late():\n    pass", 2),
        ("class Room:\n    def verb(self):\n        pass", 2),
    ],
)
def test_a_function_is_counted_from_def_to_its_last_line(text: str, lines: int) -> None:
    """Methods and coroutines count as functions; decorators above them don't count."""
    assert list(sizes(text).values()) == [lines]


@pytest.mark.parametrize(
    "text",
    [
        '"""M."""',
        '"""M."""\ndef _own(): pass',
        '"""M."""\ndef told():\n    """T."""\n    def inner(): pass',
        '"""M."""\nclass Told:\n    """T."""\n    def __len__(self): pass',
        '"""M."""\n@typing.overload\ndef told(): ...',
    ],
)
def test_what_is_told_or_private_needs_no_more_words(text: str) -> None:
    """Private names, dunders, inner functions and overloads are told elsewhere."""
    assert undocumented(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "module"),
        ("x = 1", "module"),
        ('"""M."""\ndef untold(): pass', "untold"),
        ('"""M."""\nasync def untold(): pass', "untold"),
        ('"""M."""\nclass Untold: pass', "Untold"),
        ('"""M."""\nclass Told:\n    """T."""\n    def untold(self): pass', "untold"),
    ],
)
def test_a_public_name_without_a_docstring_is_found(text: str, name: str) -> None:
    """The module itself, functions, classes and methods are public names."""
    assert undocumented(text) == [name]


def test_no_function_is_longer_than_fifty_lines() -> None:
    """A function longer than a screen does more than one thing."""
    long = {f"{path}:{name}": size for path, text in modules().items() for name, size in sizes(text).items()}

    assert {name: size for name, size in long.items() if size > _FUNCTION_LINES} == {}


def test_half_of_all_functions_have_at_most_eight_lines() -> None:
    """The median function of the house is short."""
    assert median(size for text in modules().values() for size in sizes(text).values()) <= _MEDIAN_LINES


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    """A module keeps to one matter."""
    long = {path: len(text.splitlines()) for path, text in modules().items()}

    assert {path: size for path, size in long.items() if size > _FILE_LINES} == {}


def test_every_public_name_says_what_it_promises() -> None:
    """No module, class, function or method for others to use lacks a docstring."""
    untold = {path: undocumented(text) for path, text in modules().items()}

    assert {path: names for path, names in untold.items() if names} == {}
