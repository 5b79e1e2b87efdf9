"""The words of replies: what people write to be left alone, what only sounds like it, a file a language, for lawyers.

Each entry is a phrase of whole words, in any case, with or without accents. `~` stands for any ending, `a/b` for one of
both, `{name}` for one of a class of words named in the file, `...` for up to three words that part no clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

Phrases = tuple[str, ...]

_WORD = r"[^\s~{}/.]+~?"
_PART = rf"(?:{_WORD}(?:/{_WORD})*|\{{\w+\}})"
_PHRASE = re.compile(rf"{_PART}(?: (?:\.\.\. )?{_PART})*")
_ITEM = re.compile(rf"{_WORD}(?: {_WORD})*")


class ReplyWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one language."""

    language: str
    approved_by: str
    classes: dict[str, Phrases] = {}
    """Words that stand for one another in the phrases of this file."""
    stop: Phrases = ()
    """A stop where nothing else stands in the sentence but what is polite; elsewhere a person must read it."""
    stop_alone: Phrases = ()
    """A stop where nothing else is written; a person must read it as a sentence of its own; elsewhere nothing."""
    stop_phrases: Phrases = ()
    """A stop wherever it stands."""
    no_stop: Phrases = ()
    """No stop, whatever words it holds."""
    unclear: Phrases = ()
    """For a person to read, though words in it would be a stop."""
    perhaps: Phrases = ()
    """For a person to read where nothing else in the text is a stop."""
    unclear_alone: Phrases = ()
    """For a person to read, where nothing else is written."""
    refusing: Phrases = ()
    messaging: Phrases = ()
    """A sentence with one of `refusing` and one of `messaging` is for a person to read."""
    start: Phrases = ()
    """A wish to hear again, where nothing else is written."""
    polite: Phrases = ()
    """What may stand beside a stop and changes nothing."""
    marketing: Phrases = ()
    """What names advertising: a stop that names nothing else is one of that only."""
    everything: Phrases = ()
    """What names more than advertising."""
    breaks: Phrases = ()
    """Words that begin another clause: no `...` reaches over them."""
    misspelled: Phrases = ()
    """Words of `stop` that are known with one letter wrong, too few, too many or in its neighbour's place."""
    not_misspelled: Phrases = ()
    """Words that only look like one of those."""


def list_faults(words: ReplyWords) -> Iterator[tuple[str, str]]:
    """Yield the entries that can't be read, each with the field where it stands.

    >>> list(list_faults(ReplyWords(language="en", approved_by="", stop=("stop", "... now", "end {them}"))))
    [('stop', '... now'), ('stop', 'end {them}')]
    """
    for field in words.__struct_fields__:
        value = getattr(words, field)
        for entry in value if isinstance(value, tuple) else ():
            unknown = set(re.findall(r"\{(\w+)\}", entry)) - words.classes.keys()
            if unknown or not _PHRASE.fullmatch(entry):
                yield field, entry
    yield from (("classes", item) for items in words.classes.values() for item in items if not _ITEM.fullmatch(item))
