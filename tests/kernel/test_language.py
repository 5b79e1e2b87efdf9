"""A person is answered in the language that suits best, and a typed word is matched as it looks."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import Explanation, Language, Phrase, choose_language, fold, parse_language

OFFERED = [Language(tag) for tag in ("en", "lv", "az", "ru")]


@pytest.mark.parametrize(
    ("tag", "usual"),
    [("LV", "lv"), ("az-cyrl", "az-Cyrl"), ("EN-gb", "en-GB"), ("es-419", "es-419"), ("de-ch-1901", "de-CH-1901")],
)
def test_a_tag_is_kept_in_its_usual_case(tag: str, usual: str) -> None:
    """Language small, Script capitalised, REGION in capitals (BCP 47)."""
    assert parse_language(tag) == usual


@pytest.mark.parametrize("tag", ["", "x", "english", "lv_LV", "lv-", "lv--LV", "ļv"])
def test_a_malformed_tag_is_refused(tag: str) -> None:
    """What is no tag is told with the field."""
    with pytest.raises(Invalid, match="language_tag"):
        parse_language(tag)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["ru", "lv"], "ru"),
        (["de", "lv-LV"], "lv"),
        (["AZ-Cyrl-AZ"], "az"),
        (["az_AZ"], "az"),
        (["de"], "en"),
        ([], "en"),
    ],
)
def test_the_first_wish_that_can_be_met_is_met(wanted: list[str], chosen: str) -> None:
    """Wishes go in order, shortened step by step; without a match the first offer answers."""
    assert choose_language(wanted, OFFERED) == chosen


def test_a_wish_takes_the_same_language_of_another_region() -> None:
    """British English serves who asks for American English."""
    assert choose_language(["en-US"], [Language("lv"), Language("en-GB")]) == "en-GB"


def test_no_offer_at_all_is_refused() -> None:
    """Somebody must offer a language."""
    with pytest.raises(Invalid, match="no_language_offered"):
        choose_language(["en"], [])


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("STOP", "stop"),
        ("ＳＴＯＰ", "stop"),  # full width
        ("𝐒𝐭𝐨𝐩", "stop"),  # mathematical bold
        ("ЅТОР", "stop"),  # all Cyrillic
        ("st\u200bop", "stop"),
        ("İPTAL", "iptal"),
        ("DAYANDIR", "dayandır"),
        ("imtına", "İMTİNA"),
        ("Imtina", "imtina"),
        ("ləğv", "legv"),
        ("Pārtraukt", "partraukt"),
        ("no más", "NO MAS"),
        ("Стоп", "СТОП"),  # Russian
        ("отписаться", "ОТПИСАТЬСЯ"),  # Russian
        ("ещё", "еще"),  # Russian
        ("straße", "STRASSE"),
    ],
)
def test_a_word_matches_however_it_was_typed(typed: str, word: str) -> None:
    """Case, accents, dots of i, look-alikes and invisible characters don't hide a word."""
    assert fold(typed) == fold(word)


@pytest.mark.parametrize(("typed", "word"), [("stopp", "stop"), ("начать", "стоп"), ("1", "l")])
def test_different_words_stay_different(typed: str, word: str) -> None:
    """Folding takes nothing away that makes another word."""
    assert fold(typed) != fold(word)


@given(text=st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded text is its own fold, so stored words can be kept folded."""
    assert fold(fold(text)) == fold(text)


@given(text=st.text())
def test_composed_and_decomposed_texts_fold_alike(text: str) -> None:
    """How a keyboard composes its letters never shows."""
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_sentence_is_made_of_phrases_with_named_values() -> None:
    """Values keep their types, so that a translation can write dates and plurals in its own way."""
    day = date(2026, 3, 2)
    one = Phrase("one day until {end:short}", {"n": 1, "end": day}, "{n} days until {end:short}")
    days = Phrase("free: {days:short}", {"days": (day, date(2026, 3, 3))})
    assert Explanation((one, days)).english() == "one day until 2 Mar; free: 2 Mar, 3 Mar."
