"""Operators are data: each is a folder of `policies/operators`, and the code knows none by name."""

from __future__ import annotations

import re

import pytest

from tests.contracts.house import ROOT, modules

_PUBLISHED = {"wasync", "whatalker", "reseller", "incrm", "isend"}


def operators() -> set[str]:
    """Return the names of the operators that are shipped, and of all whose Terms the register reads."""
    return _PUBLISHED | {folder.name for folder in ROOT.glob("policies/operators/*/")}


def named(text: str) -> list[str]:
    """Return the operators named in a text: in code, comments and docstrings, in any case."""
    words = "|".join(sorted(map(re.escape, operators())))
    return re.findall(rf"(?<![a-z])(?:{words})(?![a-z])", text.lower())


@pytest.mark.parametrize(
    "text",
    ["if operator == 'wasync':", "class InCRM:", "# as iSend.az does", "RESELLER_FEE = 3", "send_whatalker()"],
)
def test_an_operator_in_code_is_found(text: str) -> None:
    """A name is found in strings, identifiers and comments alike."""
    assert len(named(text)) == 1


@pytest.mark.parametrize("text", ["operator.name", "resellers", "is_end", "isending", "incrmental"])
def test_a_word_that_only_resembles_an_operator_passes(text: str) -> None:
    """Only whole words are names."""
    assert named(text) == []


def test_the_code_names_no_operator() -> None:
    """What an operator wants is read from its folder."""
    found = {path: named(text) for path, text in modules().items()}

    assert {path: names for path, names in found.items() if names} == {}
