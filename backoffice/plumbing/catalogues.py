"""Catalogues: every message a person may read, gathered and written for translators, always in the same order.

`python -m backoffice.plumbing.catalogues` writes `locales/*/LC_MESSAGES/backoffice.po` anew: it keeps what is
translated, adds what is new, and drops what nobody says any more. It guesses no translation.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from backoffice.plumbing.messages import MESSAGES
from backoffice.plumbing.translations import LANGUAGES, catalogue_path, read_catalogue
from backoffice.policy.reasons import FACT_NAMES, GAP, GRADES, NO_COMMON_WINDOW, NO_PACK, TEXTS, VERDICTS

_PACKAGE = Path(__file__).parent.parent
_BEGUN = datetime(2026, 11, 20, tzinfo=UTC)  # a date of today would change every file every day

Said = tuple[str, str, str]
"""A message, the module that says it, and the code it belongs to."""


def messages() -> Iterator[Said]:
    """Yield every message: words of policy, words of errors, and the literals given to `translate` anywhere."""
    reasons, texts = "backoffice/policy/reasons.py", "backoffice/policy/texts"
    yield from _named(VERDICTS, reasons)
    yield from _named(GRADES, reasons)
    yield from ((text, reasons, "") for text in (GAP, NO_PACK, NO_COMMON_WINDOW.says))
    for code, text in TEXTS.items():
        yield from ((said, texts, code) for said in (text.says, text.remedy) if said)
    yield from _named(FACT_NAMES, texts)
    yield from _named(MESSAGES, "backoffice/plumbing/messages")
    for path in sorted(_PACKAGE.rglob("*.py")):
        yield from ((said, f"backoffice/{path.relative_to(_PACKAGE).as_posix()}", "") for said in literals(path))


def literals(path: Path) -> Iterator[str]:
    """Yield the literals a module hands to `translate`, in their order; also from inside f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id="translate") | ast.Attribute(attr="translate"), args=[ast.Constant(str(said))]
            ):
                yield said


def written(language: str) -> bytes:
    """Return the catalogue of a language as it should be written; English stands for itself."""
    template = Catalog(project="backoffice", creation_date=_BEGUN)
    for said, module, code in messages():
        template.add(said, locations=[(module, 0)], auto_comments=[code] if code else [])
    catalogue = read_catalogue(language)
    catalogue.update(template, no_fuzzy_matching=True)
    for message in catalogue:
        if language == "en" and message.id and not message.string:
            message.string = message.id
    text = BytesIO()
    write_po(text, catalogue, width=120, ignore_obsolete=True, include_lineno=False)
    return text.getvalue()


def _named(words: Mapping[str, str], module: str) -> Iterator[Said]:
    yield from ((said, module, code) for code, said in words.items())


if __name__ == "__main__":
    for each in LANGUAGES:
        catalogue_path(each).write_bytes(written(each))
