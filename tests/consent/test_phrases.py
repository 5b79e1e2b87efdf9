"""Phrases: words in their order, any endings, and gaps that reach over no other clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.consent.misspelled import Misspelled
from backoffice.consent.phrases import Phrase, Phrases, parse_phrase, simplify

CLASSES = {"write": ["text~", "send me mail"]}
BREAKS = frozenset({"", "and"})


def found(phrase: str, text: str) -> list[tuple[int, int]]:
    """Return where a phrase is found in a text."""
    phrases = Phrases(Phrase("", elements, BREAKS) for elements in parse_phrase(phrase, CLASSES))
    return [(one.start, one.end) for one in phrases.find(simplify(text).split())]


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        ("stop", "please stop now stop", [(1, 2), (3, 4)]),
        ("stop/quit it", "quit it", [(0, 2)]),
        ("stop {write}", "stop texting", [(0, 2)]),
        ("stop {write}", "stop send me mail", [(0, 4)]),
        ("stop ... text", "stop text", [(0, 2)]),
        ("stop ... text", "stop one two three text", [(0, 5)]),
        ("stop ... text", "stop one two three four text", []),
        ("stop ... text", "stop and text", []),
        ("stop ... text", "stop", []),
        ("stop ... now", "stop text", []),
        ("dont", "don't", [(0, 1)]),
        ("е~", "Europa", [(0, 1)]),
        ("stop", "stops", []),
        ("st~", "s" * 100, []),
    ],
)
def test_a_phrase_is_found_where_it_stands(phrase: str, text: str, places: list[tuple[int, int]]) -> None:
    """Its end is exclusive; case, accents, apostrophes and look-alikes don't matter."""
    assert found(phrase, text) == places


@given(st.lists(st.sampled_from(["stop", "text", "and", "x", ""]), max_size=12))
def test_a_gap_is_found_as_the_slow_way_finds_it(words: list[str]) -> None:
    """The first place behind at most three words none of which parts clauses."""
    phrases = Phrases([Phrase("", (frozenset({"stop"}), frozenset(), frozenset({"text"})), BREAKS)])
    slow = []
    for start in (place for place, word in enumerate(words) if word == "stop"):
        ends = [place for place in range(start + 1, min(start + 5, len(words))) if words[place] == "text"]
        if ends and not BREAKS & set(words[start + 1 : ends[0]]):
            slow.append((start, ends[0] + 1))

    assert [(one.start, one.end) for one in phrases.find(words)] == slow


LETTERS = "abcdefgh"


@given(st.text(LETTERS, min_size=4, max_size=9), st.data())
def test_one_slip_is_known(word: str, data: st.DataObject) -> None:
    """A letter wrong, too many, left out, or in its neighbour's place."""
    misspelled = Misspelled([word], [])
    place = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from(LETTERS))
    slips = (
        word[:place] + letter + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + word[place + 1 :],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        word + word[-1] * 5,
    )

    assert all(map(misspelled.holds, slips))


@pytest.mark.parametrize("word", ["shop", "st", "stamp", "spot", "rest", "", "s" * 100, "stopping"])
def test_another_word_is_no_slip(word: str) -> None:
    """Two letters off, too short to tell, or listed as a word of its own."""
    assert not Misspelled(["stop"], ["shop"]).holds(word)
