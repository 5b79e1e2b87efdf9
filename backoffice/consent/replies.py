"""Replies: whether what a person wrote is a stop, of what, or a wish to hear again, in any of the languages we know.

A wrong "other" for a real stop is the worst fault: what may be one and isn't clear is for a person to read, and is held
until then (47 CFR 64.1200(a)(10), GL-STOP-02). So is what nobody can read whole. The words stand in
`policies/replies`, a file a language; all are read for every reply, since nobody asks in which language one stops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Literal
from unicodedata import category

import msgspec

from backoffice.consent.misspelled import Misspelled
from backoffice.consent.phrases import Found, Phrase, Phrases, parse_phrase, simplify
from backoffice.plumbing.policies import library
from backoffice.policy.replies import ReplyWords

Says = Literal["stop", "start", "unclear", "other"]
Scope = Literal["all", "marketing"]

_LONGEST = 4_096  # characters of the person's own: of what is longer the rest isn't read, and a person must
_LONGEST_MAIL = 100_000  # characters, with what a mail quotes
_KINDS = (
    *("stop", "stop_alone", "stop_phrases", "no_stop", "unclear", "perhaps", "unclear_alone", "start", "polite"),
    *("marketing", "everything", "refusing", "messaging"),
)
_STOPS = frozenset({"stop", "stop_alone"})
_ALONE = _STOPS | {"start", "unclear_alone"}

_WORD, _LINK = re.compile(r"\S+"), re.compile(r"@|https?:|www\.|\.(?:com|org|net|lv|az|ru|de|eu|es)\b")
_SENTENCE = re.compile(r"[.!?;\n\r\v\f\x85\u2028\u2029…¡¿]+")
_MARKUP = re.compile(r"[_*~]")
_SPELLED = re.compile(r"(?<!\w)\w(?:[^\w\n]{1,3}\w(?!\w)){2,39}(?!\w)")
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_BELOW = re.compile(
    r"^[ \t]*(?:--[ \t]*$|_{5,}|-{3,}|(?:sent from|get outlook|gesendet von|von meinem|enviado d|отправлено (?:с|из)|"
    r"nosūtīts no|sūtīts no|göndərildi)\b).*",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)


class Reply(msgspec.Struct, frozen=True):
    """What a reply says; the scope counts where it is a stop."""

    says: Says
    scope: Scope = "all"


class Reader:
    """Reads replies by the words of several languages."""

    def __init__(self, languages: Sequence[ReplyWords]) -> None:
        listed = [phrase for one in languages for phrase in _phrases_of(one)]
        self._phrases = Phrases(listed)
        self._languages = [(one.language, Phrases(_phrases_of(one))) for one in languages]
        signs = "|".join(sorted({re.escape(word) for word in _words_of(listed) if not re.match(r"\w", word)})) or "(?!)"
        self._words = re.compile(rf"[^\W\d]+(?=\d+(?!\w))|\w+|{signs}")
        single = [one for one in listed if len(one.elements) == 1]
        self._misspelled = Misspelled(
            words=(simplify(word) for one in languages for word in one.misspelled),
            alike=(
                *(simplify(word) for one in languages for word in one.not_misspelled),
                *_words_of(one for one in single if not one.kind.startswith("stop")),
            ),
            drawn_out=(word for word in _words_of(one for one in single if one.kind in _STOPS) if word.isalpha()),
        )

    def read(self, text: str) -> Reply:
        """Return what a reply says."""
        own = _own(text)
        found = [self._weigh(sentence) for sentence in self._sentences(own)]
        says = self._said(found)
        if says in ("start", "other") and len(own) > _LONGEST:
            return Reply("unclear")
        return Reply(says, self._scope(found) if says == "stop" else "all")

    def guess_language(self, text: str) -> str:
        """Return the language of which a reply holds most words that we know, "" where it holds none."""
        words = [word for sentence in self._sentences(_own(text)) for word in sentence]
        covered = [(len(_places(phrases.find(words))), language) for language, phrases in self._languages]
        most = max((count for count, _ in covered), default=0)
        return next(language for count, language in covered if count == most) if most else ""

    def _sentences(self, own: str) -> list[list[str]]:
        """Return the words of each sentence, as they are compared."""
        told = _MARKUP.sub(" ", simplify(own[:_LONGEST]))
        told = _WORD.sub(lambda word: " 0 " if _LINK.search(word[0]) else word[0], told)
        told = _SPELLED.sub(self._joined, told)
        parts = (self._words.findall(part) for part in _SENTENCE.split(told))
        return [part for part in parts if part]

    def _joined(self, spelled: re.Match[str]) -> str:
        """Return a word that was written letter by letter, or what was written where it makes no word."""
        word = re.sub(r"\W", "", spelled[0])
        return word if self._misspelled.draws_out(word) else spelled[0]

    def _weigh(self, sentence: list[str]) -> _Weighed:
        """Return what a sentence holds; what is no stop is taken out of it first, then what is unclear."""
        words, found, kinds = sentence, self._phrases.find(sentence), set[str]()
        for taken in ("no_stop", "unclear"):
            if places := _places(one for one in found if one.kind == taken):
                kinds.add(taken)
                words = ["" if place in places else word for place, word in enumerate(words)]
                found = self._phrases.find(words)
        kinds |= {one.kind for one in found}
        if kinds >= {"refusing", "messaging"}:
            kinds.add("perhaps")
        return self._alone(words, found, frozenset(kinds))

    def _alone(self, words: list[str], found: list[Found], kinds: frozenset[str]) -> _Weighed:
        """Add what a sentence is where nothing else stands in it but politeness."""
        covered = {kind: _places(one for one in found if one.kind == kind) for kind in kinds & _ALONE}
        polite = _places(one for one in found if one.kind == "polite")
        polite |= {place for place, word in enumerate(words) if word.isdigit()}
        beside = polite | covered.get("unclear_alone", set())
        only = {
            f"only_{kind}"
            for kind, places in covered.items()
            if len(places | (beside if kind in _STOPS else polite)) == len(words)
        }
        if not only & {"only_stop", "only_stop_alone"} and self._is_slip(words, beside | covered.get("stop", set())):
            only.add("only_stop")
        return _Weighed(kinds | only, is_polite=not only and len(polite) == len(words))

    def _is_slip(self, words: Sequence[str], known: set[int]) -> bool:
        """Return whether all words that we don't know are slips for a word that is a stop."""
        rest = [word for place, word in enumerate(words) if place not in known]
        return bool(rest) and all(map(self._misspelled.holds, rest))

    @staticmethod
    def _said(found: Sequence[_Weighed]) -> Says:
        kinds = frozenset[str]().union(*(one.kinds for one in found))
        told = [one.kinds for one in found if not one.is_polite]
        is_alone = len(told) == 1
        if "stop_phrases" in kinds or "only_stop" in kinds or (is_alone and "only_stop_alone" in kinds):
            return "stop"
        if kinds & {"unclear", "perhaps", "stop", "only_stop_alone"} or (is_alone and "only_unclear_alone" in kinds):
            return "unclear"
        return "start" if is_alone and "only_start" in kinds else "other"

    @staticmethod
    def _scope(found: Sequence[_Weighed]) -> Scope:
        """Return marketing where every sentence that is a stop names advertising and nothing else."""
        stops = [one.kinds for one in found if one.kinds & {"stop_phrases", "only_stop", "only_stop_alone"}]
        return "marketing" if all("marketing" in kinds and "everything" not in kinds for kinds in stops) else "all"


class _Weighed(msgspec.Struct, frozen=True):
    """What was found in a sentence; `is_polite` where it holds nothing else but politeness."""

    kinds: frozenset[str]
    is_polite: bool


@cache
def reader() -> Reader:
    """Return the reader of this install's words."""
    return Reader(library().replies)


def read_reply(text: str) -> Reply:
    """Return what a person's reply says: stop and of what, start, something a person must read, or something else.

    >>> read_reply("Stop. Thank you"), read_reply("No more offers please"), read_reply("Where is the bus stop?")
    (Reply(says='stop', scope='all'), Reply(says='stop', scope='marketing'), Reply(says='other', scope='all'))
    """
    return reader().read(text)


def guess_language(text: str) -> str:
    """Return the language that a reply seems to be in, "" where nothing tells; a guess, for whoever reads it.

    >>> guess_language("Не пишите мне больше"), guess_language("12345")
    ('ru', '')
    """
    return reader().guess_language(text)


def _phrases_of(words: ReplyWords) -> Iterator[Phrase]:
    breaks = frozenset(map(simplify, words.breaks))
    for kind in _KINDS:
        for entry in getattr(words, kind):
            yield from (Phrase(kind, elements, breaks) for elements in parse_phrase(entry, words.classes))


def _words_of(phrases: Iterable[Phrase]) -> Iterator[str]:
    yield from (word for phrase in phrases for element in phrase.elements for word in element)


def _places(found: Iterable[Found]) -> set[int]:
    return {place for one in found for place in range(one.start, one.end)}


def _own(text: str) -> str:
    """Return what the person wrote, without what a mail quotes and what stands below it; all, if that says nothing."""
    text = text[:_LONGEST_MAIL]
    own = _BELOW.sub("", _QUOTED.sub("", text)).strip()
    return own if any(category(sign)[0] in "LNS" for sign in own) else text  # a letter, number or picture
