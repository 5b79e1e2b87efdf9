"""Languages by their BCP 47 tags, sentences that can be translated later, and folding to match a typed word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from string import Formatter
from typing import NewType

import msgspec

from backoffice.kernel.errors import Invalid

Language = NewType("Language", str)
"""A BCP 47 tag in its usual case: `lv`, `az-Cyrl`, `en-GB`."""

Value = date | int | str | tuple[date, ...]
"""What a phrase's placeholder can hold; a moment is in the local time to be shown."""

_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*", re.IGNORECASE)
_FORMAT_CHARACTER = "Cf"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Latin letters that look alike or are typed for one another: dotless i, schwa, and the Cyrillic doubles.
_ALIKE = str.maketrans("ıəавеіјкмнорсԁѕтухһ", "ieabeijkmhopcdstyxh")


class Phrase(msgspec.Struct, frozen=True):
    """A clause to be translated: its text, its named values, and its plural text where `n` is counted.

    A date's placeholder says how it is shown: `{d}` 2 Mar 2026, `{d:short}` 2 Mar, `{d:weekday}` Mon 2 Mar 2026,
    `{d:name}` Monday; a moment adds its local time.
    """

    msgid: str
    values: Mapping[str, Value]
    plural: str = ""

    def english(self) -> str:
        """Return the clause in English.

        >>> Phrase("one day ends on {end}", {"n": 2, "end": date(2026, 3, 2)}, "{n} days end on {end}").english()
        '2 days end on 2 Mar 2026'
        """
        text = self.plural if self.plural and self.values["n"] != 1 else self.msgid
        return _English().vformat(text, (), self.values)


class Explanation(msgspec.Struct, frozen=True):
    """Why something is as it is: clauses that make one sentence."""

    phrases: tuple[Phrase, ...]

    def english(self) -> str:
        """Return the sentence in English."""
        return "; ".join(phrase.english() for phrase in self.phrases) + "."


def parse_language(tag: str) -> Language:
    """Return the tag (language, script, region, variants) in its usual case; `language_tag` when it is malformed.

    >>> parse_language("AZ-cyrl-az")
    'az-Cyrl-AZ'
    """
    if not _TAG.fullmatch(tag):
        raise Invalid("language_tag", field="language", value=tag)
    first, *rest = tag.lower().split("-")
    return Language("-".join([first, *map(_usual_case, rest)]))


def choose_language(wanted: Iterable[str], offered: Sequence[Language]) -> Language:
    """Return the offered language that suits best: the wishes in order, each shortened step by step (RFC 4647).

    A wish also takes an offer of the same language from another region. When nothing suits, the first offer:
    a person is always answered. A malformed wish is passed over; no offer at all is `no_language_offered`.

    >>> choose_language(["de", "az-Cyrl-AZ"], [Language("en"), Language("az")])
    'az'
    """
    if not offered:
        raise Invalid("no_language_offered", field="offered")
    for wish in wanted:
        if suiting := _suiting(wish.lower().replace("_", "-"), offered):
            return suiting
    return offered[0]


def fold(text: str) -> str:
    """Return the text as it is compared with stop words and names: for matching only, never to be shown.

    Case, accents and invisible characters go; I, İ, ı and i become one letter, ə becomes e, and Cyrillic letters
    become the Latin ones they look like, in every text alike, so both sides of a comparison must be folded.

    >>> fold("DAYANDIR") == fold("dayandır"), fold("ЅТОР"), fold("Más ĀTRI")
    (True, 'stop', 'mas atri')
    """
    open_form = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (letter for letter in open_form if not _is_dropped(letter))
    return "".join(kept).translate(_ALIKE)


def _suiting(wish: str, offered: Sequence[Language]) -> Language | None:
    by_tag = {offer.lower(): offer for offer in reversed(offered)}
    parts = wish.split("-")
    shorter = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    exact = next((by_tag[tag] for tag in shorter if tag in by_tag), None)
    return exact or next((offer for offer in offered if offer.lower().split("-")[0] == parts[0]), None)


def _usual_case(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.capitalize()
    return part.upper() if len(part) == 2 else part


def _is_dropped(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f" or unicodedata.category(letter) == _FORMAT_CHARACTER


class _English(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, tuple):
            return ", ".join(self.format_field(item, format_spec) for item in value)
        if not isinstance(value, date):
            return str(value)
        name = _WEEKDAYS[value.weekday()]
        short = f"{value.day} {_MONTHS[value.month - 1]}"
        full = f"{short} {value.year}" + (f" {value:%H:%M}" if isinstance(value, datetime) else "")
        return {"": full, "short": short, "weekday": f"{name[:3]} {full}", "name": name}[format_spec]
