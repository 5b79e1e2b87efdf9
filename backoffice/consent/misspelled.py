"""Misspelled words: one letter wrong, too few, too many, or in its neighbour's place; repeated letters are one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_RUN = re.compile(r"(.)\1+")
_DIGITS = str.maketrans("013457", "oieast")
_SHORTEST, _LONGEST = 3, 40  # letters


def squeezed(word: str) -> str:
    """Return a word with each run of a letter as one letter.

    >>> squeezed("stooopp")
    'stop'
    """
    return _RUN.sub(r"\1", word)


class Misspelled:
    """Words that are known though they are misspelled; those of `alike` are other words."""

    def __init__(self, words: Iterable[str], alike: Iterable[str], drawn_out: Iterable[str] = ()) -> None:
        self._words = frozenset(words)
        self._alike = frozenset(alike)
        self._drawn_out = {squeezed(word) for word in (*drawn_out, *self._words)}
        self._near = {slip for word in self._words for slip in (*_without(word), *_swapped(word))}
        self._holes = {hole for word in self._words for hole in enumerate(_without(word))}
        self._repeated = re.compile(f"(?:{'|'.join(sorted(map(re.escape, self._words))) or '(?!)'}){{2,10}}")

    def draws_out(self, word: str) -> bool:
        """Whether this is one of the words, its letters perhaps repeated.

        >>> Misspelled(["stop"], []).draws_out("stooop")
        True
        """
        return squeezed(word) in self._drawn_out

    def holds(self, word: str) -> bool:
        """Whether this is one of the words, with one slip or drawn out, or written several times in one.

        >>> [Misspelled(["stop"], ["shop"]).holds(one) for one in ("stpo", "5top", "stopstop", "shop", "stamp")]
        [True, True, True, False, False]
        """
        if word in self._alike or not _SHORTEST <= len(word) <= _LONGEST:
            return False
        bare = word if word.isalpha() else word.translate(_DIGITS)
        if self.draws_out(bare) or bare in self._near or self._repeated.fullmatch(bare):
            return True
        shorter = list(_without(bare))
        return not self._words.isdisjoint(shorter) or not self._holes.isdisjoint(enumerate(shorter))


def _without(word: str) -> Iterator[str]:
    """Yield a word without its first letter, without its second, and so on."""
    yield from (word[:place] + word[place + 1 :] for place in range(len(word)))


def _swapped(word: str) -> Iterator[str]:
    """Yield a word with two neighbours in one another's place."""
    for place in range(len(word) - 1):
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
