"""Phrases: found among the words of a text, in time that grows with its length and with nothing else.

A phrase is words in their order, each one of several or any ending of one, and gaps of up to three words. The first
word of a phrase leads to it, so that a text is asked only for the phrases it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, product
from typing import NamedTuple

from backoffice.kernel.language import fold

_GAP: frozenset[str] = frozenset()
_WIDEST = 3  # words
_LONGEST_WORD = 40  # letters: a longer one is no word of ours
_APOSTROPHE = re.compile("['’`´ʼ]")

Element = frozenset[str]
"""One place of a phrase: the words that may stand there, those with any ending as `word~`; none for a gap."""


class Found(NamedTuple):
    """A phrase found in a text: from which word to which, the end exclusive, and what it was listed as."""

    start: int
    end: int
    kind: str


class Phrase(NamedTuple):
    """A phrase: what it is listed as, its places, and the words over which none of its gaps reaches."""

    kind: str
    elements: tuple[Element, ...]
    breaks: frozenset[str] = frozenset()


class Phrases:
    """Phrases of several kinds, ready to be found."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_first: dict[str, list[Phrase]] = {}
        vocabulary: set[str] = set()
        for phrase in phrases:
            vocabulary.update(*phrase.elements)
            for word in phrase.elements[0]:
                self._by_first.setdefault(word, []).append(phrase)
        self._vocabulary = frozenset(vocabulary)
        self._shapes = lru_cache(maxsize=4096)(self._named)

    def find(self, words: Sequence[str]) -> list[Found]:
        """Return every phrase that these folded words hold, in the order of their first words; "" is no word."""
        shapes = [self._shapes(word) if len(word) <= _LONGEST_WORD else _GAP for word in words]
        present = _GAP.union(*shapes)
        held = {word: self._held(word, present) for word in present & self._by_first.keys()}
        return [
            Found(start, end, phrase.kind)
            for start, shape in enumerate(shapes)
            for phrase in chain.from_iterable(held[word] for word in shape & held.keys())
            if (end := _end(_Text(words, shapes, phrase.breaks), start + 1, phrase.elements[1:]))
        ]

    def _held(self, first: str, present: frozenset[str]) -> list[Phrase]:
        """Return the phrases with this first word all of whose words are there, wherever they stand."""
        return [
            phrase
            for phrase in self._by_first[first]
            if all(not element or not element.isdisjoint(present) for element in phrase.elements)
        ]

    def _named(self, word: str) -> frozenset[str]:
        """Return how the phrases may name a word: itself, or one it begins with."""
        beginnings = {f"{word[:length]}~" for length in range(1, len(word) + 1)}
        return frozenset((beginnings | {word}) & self._vocabulary)


class _Text(NamedTuple):
    words: Sequence[str]
    shapes: Sequence[frozenset[str]]
    breaks: frozenset[str]


def _end(text: _Text, at: int, rest: tuple[Element, ...]) -> int | None:
    """Return the first place where a phrase ends whose further elements begin at a word; None where it doesn't."""
    if not rest:
        return at
    if rest[0]:
        is_there = at < len(text.words) and not text.shapes[at].isdisjoint(rest[0])
        return _end(text, at + 1, rest[1:]) if is_there else None
    for place in range(at, min(at + _WIDEST, len(text.words) - 1) + 1):
        if end := _end(text, place, rest[1:]):
            return end
        if not text.words[place] or text.words[place] in text.breaks:
            return None
    return None


def parse_phrase(text: str, classes: Mapping[str, Sequence[str]]) -> Iterator[tuple[Element, ...]]:
    """Yield the phrases that an entry of a table stands for; raises KeyError for a class there isn't.

    >>> [sorted(map(sorted, phrase)) for phrase in parse_phrase("stop ... {write}", {"write": ["text~", "call"]})]
    [[[], ['call', 'text~'], ['stop']]]
    """
    choices: list[list[tuple[Element, ...]]] = []
    for part in text.replace("-", " ").split():
        if part == "...":
            choices.append([(_GAP,)])
            continue
        named = classes[part[1:-1]] if part.startswith("{") else part.split("/")
        items = [item.replace("-", " ") for item in named]
        single = frozenset(_folded(item) for item in items if " " not in item)
        longer = [tuple(frozenset({_folded(word)}) for word in item.split()) for item in items if " " in item]
        choices.append([(single,)] * bool(single) + longer)
    for chosen in product(*choices):
        yield tuple(element for elements in chosen for element in elements)


def simplify(text: str) -> str:
    """Return a text as phrases are compared with it: folded, and without its apostrophes, which people leave out."""
    return _APOSTROPHE.sub("", fold(text))


def _folded(word: str) -> str:
    return simplify(word.removesuffix("~")) + "~" * word.endswith("~")
