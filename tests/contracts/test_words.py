"""One word, one meaning: names and docstrings use the trade's words and not their loose synonyms."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.contracts.house import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTEAD = {
    "blacklist": "suppression",
    "blocklist": "suppression",
    "whitelist": "allowlist",
    "unsubscribe": "opt-out",
    "tenant": "account",
    "gdpr request": "subject request",
}
"""Words that neither a name nor a docstring uses, and what the house says."""

INSTEAD_IN_NAMES = INSTEAD | {
    "user": "account_user, staff, or recipient",
    "client": "account, or recipient",
    "customer": "account, or recipient",
    "delete": "erase, close, or void",
}
"""Words that can't be a name of ours; prose may need them for others' things."""

_EXACT = re.compile("account_user|own_customer")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"\n]*\"|'[^'\n]*'|List-Unsubscribe(?:-Post)?")


def loose(text: str) -> list[str]:
    """Return the loose words in the names and docstrings of a module, each with its line."""
    tree = ast.parse(text)
    return [f"{line}: {word}" for line, name in _names(tree) for word in _in_name(name)] + [
        f"{line}: {word}" for line, prose in _docstrings(tree) for word in _in_prose(prose)
    ]


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what this module names itself; names made by others are theirs."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def _in_name(name: str) -> list[str]:
    words = _EXACT.sub("", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return [word for word in INSTEAD_IN_NAMES if re.search(rf"(?:^|_){word.replace(' ', '_')}(?:s|d|r)?(?:_|$)", words)]


def _in_prose(prose: str) -> list[str]:
    """Quoted words are somebody else's: a header, a keyword people send, a law's own term."""
    words = _QUOTED.sub("", prose).lower()
    return [word for word in INSTEAD if re.search(rf"\b{word}(?:s|d|r)?\b", words)]


@pytest.mark.parametrize(
    "text",
    [
        "def unsubscribe(): ...",
        "class TenantStore: ...",
        "def add(self, user): ...",
        "blacklist = []",
        "self.customers = {}",
        "import x as whitelist",
        "def delete_contact(): ...",
        "row.deleted_at = 1",
        '"""Requests of a tenant."""',
        'def f():\n    """Answer a GDPR request."""',
    ],
)
def test_a_loose_word_is_found(text: str) -> None:
    """Loose words are found in names we give and in docstrings."""
    assert len(loose(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def add(account_user): ...",
        "AccountUser = str",
        "session = httpx.AsyncClient()",
        "words = ['stop', 'unsubscribe']",
        '"""Headers `List-Unsubscribe` and List-Unsubscribe-Post (RFC 8058)."""',
        '"""People send "UNSUBSCRIBE" too (47 CFR 64.1200(a)(10))."""',
        "superuser = is_own_customer = clientele = 1",
    ],
)
def test_words_of_others_and_exact_words_pass(text: str) -> None:
    """A law's, a header's or a library's own word may be quoted; account users and own customers are exact."""
    assert loose(text) == []


def test_the_house_keeps_to_its_words() -> None:
    """No name and no docstring of the product uses a loose synonym."""
    found = {path: loose(text) for path, text in modules().items()}

    assert {path: words for path, words in found.items() if words} == {}
