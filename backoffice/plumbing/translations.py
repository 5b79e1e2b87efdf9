"""Translations: what people read, in their language, from the catalogues as they are written."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from backoffice.kernel.language import Language, choose_language
from backoffice.plumbing.data import data_folder

LANGUAGES = (Language("en"), Language("lv"), Language("az"), Language("ru"))
"""The languages that people are spoken to in; the first answers for all that are missing."""


def translator(language: str) -> Callable[[str], str]:
    """Return what turns an English message into the language's, or into the best one there is for a BCP 47 tag.

    A message without a translation stays English, and "" stays empty.
    """
    translate = _translations(choose_language([language], LANGUAGES)).gettext
    return lambda message: translate(message) if message else ""


def catalogue_path(language: str) -> Path:
    """Return where the catalogue of a language is written."""
    return data_folder("locales") / language / "LC_MESSAGES" / "backoffice.po"


def read_catalogue(language: str) -> Catalog:
    """Read the catalogue of a language; raises FileNotFoundError where there is none."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def _translations(language: Language) -> GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
