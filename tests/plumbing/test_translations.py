"""Translations: every message in every language, with the same data, and none guessed."""

from __future__ import annotations

import re
from gettext import c2py  # as the library itself reads a plural header
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.catalogues import literals, messages, written
from backoffice.plumbing.data import data_folder
from backoffice.plumbing.translations import LANGUAGES, catalogue_path, read_catalogue, translator
from tests.contracts.house import ROOT

MESSAGES = sorted({said for said, _, _ in messages()})
TRANSLATED = [language for language in LANGUAGES if language != "en"]
LETTERS = {"lv": "āčēģīķļņšūž", "az": "əıöüğçş", "ru": "абвгдежзийклмнопрстуфхцчшщыьэюя"}
BANNED = re.compile(r"(?i)!|\b(?:block(?:s|ed|ing)?|sorry|unsubscribe\w*|users?|blacklist\w*|tenants?|clients?)\b")


def data(message: str) -> set[str]:
    """Return the names of a message's data."""
    return {field for _, field, _, _ in Formatter().parse(message) if field}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_exactly_what_is_said(language: str) -> None:
    """`python -m backoffice.plumbing.catalogues` would change nothing."""
    assert catalogue_path(language).read_bytes() == written(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    """Nobody meets English by surprise."""
    catalogue = read_catalogue(language)

    assert [said for said in MESSAGES if said not in catalogue or not catalogue[said].string] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_tells_the_same_data(language: str) -> None:
    """Every placeholder is there, and no other."""
    translate = translator(language)

    assert [said for said in MESSAGES if data(translate(said)) != data(said)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_guessed(language: str) -> None:
    """A fuzzy entry is one that no person has read."""
    catalogue = read_catalogue(language)

    assert not catalogue.fuzzy
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_rude(language: str) -> None:
    """No blame, no excuse, no shouting, and nobody is called what the house does not call them."""
    translate = translator(language)

    assert [said for said in MESSAGES if BANNED.search(said) or BANNED.search(translate(said))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_in_its_own_letters(language: str) -> None:
    """No line of one language has slipped into another's catalogue."""
    told = " ".join(map(translator(language), MESSAGES)).lower()
    foreign = {letter for other in TRANSLATED if other != language for letter in LETTERS[other]}

    assert set(told) & set(LETTERS[language])
    assert set(told) & (foreign - set(LETTERS[language])) == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_ends_as_the_message_ends(language: str) -> None:
    """A sentence stays a sentence, and a name stays a name."""
    translate = translator(language)

    assert [said for said in MESSAGES if translate(said).endswith(".") != said.endswith(".")] == []


def test_latvian_counts_by_cldr() -> None:
    """Its forms are zero, one, other, in this order; Babel's own table has another."""
    form = c2py(read_catalogue("lv").plural_expr)
    cldr = Locale("lv").plural_form

    assert read_catalogue("lv").num_plurals == 3
    assert [("zero", "one", "other")[form(n)] for n in range(300)] == [cldr(n) for n in range(300)]


@pytest.mark.parametrize(("tag", "said"), [("lv", "liegts"), ("lv-LV", "liegts"), ("az-Latn-AZ", "rədd edilib")])
def test_the_best_language_there_is_answers(tag: str, said: str) -> None:
    """A region or a script more does no harm."""
    assert translator(tag)("denied") == said


@pytest.mark.parametrize("tag", ["en", "de", "", "no language"])
def test_what_is_not_there_is_said_in_english(tag: str) -> None:
    """Every person is answered."""
    assert translator(tag)("denied") == "denied"


def test_a_message_nobody_translated_stays_as_it_is() -> None:
    """And nothing stays nothing: gettext would answer it with the catalogue's header."""
    translate = translator("lv")

    assert translate("never said before") == "never said before"
    assert translate("") == ""


def test_a_literal_is_found_in_a_call_and_in_an_f_string(tmp_path: Path) -> None:
    """Whatever is handed to `translate` as it stands belongs in the catalogues."""
    module = tmp_path / "said.py"
    module.write_text("translate('a')\nx = f\"{self.translate('b')}: {translate(c)}\"\n", encoding="utf-8")

    assert sorted(literals(module)) == ["a", "b"]


def test_a_folder_of_data_is_found_beside_the_source() -> None:
    """A wheel carries a copy of the same folders."""
    assert data_folder("locales") == ROOT / "locales"
    assert data_folder("policies") == ROOT / "policies"


def test_a_folder_that_is_not_installed_is_told() -> None:
    """The error names where it was looked for."""
    with pytest.raises(NotFound, match="data_missing") as told:
        data_folder("attic")

    assert len(told.value.data["looked_in"]) == 2  # type: ignore[arg-type]
