"""What a reply says: over a thousand wordings in six languages, stops and what only sounds like one.

Right is: a real stop is a stop or goes to a person, a bare keyword is a stop at once, and what is none is never one.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.consent.replies import Reply, guess_language, read_reply

FOLDER = Path(__file__).parent / "replies"
STOP = Reply("stop")
KEYWORDS = ["stop", "STOP", "Unsubscribe", "opt out", "abmelden", "baja", "atteikties", "стоп", "dayandır", "imtina"]
NEVER_IN_A_WORD = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u0301", "\u0336"]


class Wording(msgspec.Struct, frozen=True):
    """One reply of the corpus, and what whoever reads it understands."""

    language: str
    text: str
    says: str
    scope: str
    is_keyword: bool
    is_friend: bool


def corpus() -> list[Wording]:
    """Return all wordings."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        for group in told["group"]:
            marks = (group.get("scope", "all"), group.get("is_keyword", False), group.get("is_friend", False))
            found += [Wording(told["language"], text, group["says"], *marks) for text in group["texts"]]
    return found


WORDINGS = corpus()


def is_right(wording: Wording, reply: Reply) -> bool:
    """Whether this reading harms nobody: a stop is kept, and nothing else becomes one."""
    if wording.says == "stop":
        as_meant = reply == Reply("stop", wording.scope)  # type: ignore[arg-type]
        return as_meant or (reply.says == "unclear" and not wording.is_keyword)
    if wording.is_friend:
        return reply.says in ("other", "unclear")
    return reply.says == wording.says


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: f"{wording.language}: {wording.text!r}")
def test_a_wording_is_read_rightly(wording: Wording) -> None:
    """Each by itself, so that the one that isn't is named."""
    assert is_right(wording, read_reply(wording.text)), read_reply(wording.text)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    """At least 300 wordings, 80 of them false friends, and 30 a language; none twice."""
    languages = Counter(wording.language for wording in WORDINGS)
    friends = [wording for wording in WORDINGS if wording.is_friend]

    assert len(WORDINGS) >= 300
    assert len(friends) >= 80
    assert set(languages) == {"az", "de", "en", "es", "lv", "ru"}
    assert min(languages.values()) >= 30
    assert {text: count for text, count in Counter(one.text for one in WORDINGS).items() if count > 1} == {}


def test_few_wordings_wait_for_a_person() -> None:
    """More than five of six stops are one at once, and as many false friends hold nothing."""
    stops = [read_reply(one.text).says == "stop" for one in WORDINGS if one.says == "stop"]
    friends = [read_reply(one.text).says == "other" for one in WORDINGS if one.is_friend]

    assert sum(stops) / len(stops) > 0.85
    assert sum(friends) / len(friends) > 0.85


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("No more offers please", "marketing"),
        ("stop advertising", "marketing"),
        ("Stop. No more ads", "all"),
        ("stop all messages and offers", "all"),
        ("no more ads, and remove my number", "all"),
        ("не присылайте рекламу", "marketing"),
        ("Не присылайте рекламу. Удалите мой номер", "all"),
        ("reklam göndərməyin", "marketing"),
        ("keine Werbung mehr", "marketing"),
        ("vairs nekādu piedāvājumu", "marketing"),
        ("no más publicidad", "marketing"),
    ],
)
def test_a_stop_is_of_advertising_only_where_it_names_nothing_else(text: str, scope: str) -> None:
    """A bare stop is one of everything that this sender writes."""
    assert read_reply(text) == Reply("stop", scope)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["yes", "Да", "jā", "ok", "START STOP", "start at nine", "Don't start", "strat"])
def test_a_wish_to_hear_again_is_only_what_is_clear(text: str) -> None:
    """It may lift a stop, so nothing is guessed, and a yes is an answer to something else."""
    assert read_reply(text).says != "start"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Stop\n\n> Reply STOP to opt out\n> Great lamps!", "stop"),
        ("Thanks, see you\n\n> Reply STOP to opt out", "other"),
        ("Yes please\n-- \nStop & Co. KG", "other"),
        ("STOP\n\n-----Original Message-----\nDon't stop", "stop"),
        ("> quoted\n\nstop", "stop"),
        ("see https://example.com/stop and stop@example.com", "other"),
        ("> STOP", "stop"),
        ("?\n--\nstop", "stop"),
        ("👍\n\n> Reply STOP to opt out", "other"),
    ],
)
def test_what_a_mail_quotes_was_not_said_by_the_person(text: str, says: str) -> None:
    """Nor what stands in a link or below a signature; only where that is all there is, it counts."""
    assert read_reply(text).says == says


@pytest.mark.parametrize("sentence", ["Where is my parcel?", "I like it very much.", "See you tomorrow"])
def test_a_stop_among_other_sentences_is_a_stop(sentence: str) -> None:
    """Whatever else the person has to say."""
    assert read_reply(f"{sentence} \n STOP") == STOP


@given(st.sampled_from(KEYWORDS), st.text(alphabet=" \t\n.,!?\"'()*_-«»…", max_size=12), st.text(" !.\n", max_size=12))
def test_a_keyword_is_a_stop_whatever_stands_around_it(keyword: str, before: str, after: str) -> None:
    """Signs and spaces say nothing."""
    quoted = before.rpartition("\n")[2].lstrip(" \t").startswith("--")  # it begins a signature
    assert quoted or read_reply(before + keyword + after).says == "stop"


@given(st.sampled_from(KEYWORDS), st.data())
def test_a_keyword_is_a_stop_whatever_is_hidden_in_it(keyword: str, data: st.DataObject) -> None:
    """Invisible letters, marks of direction and accents change nothing, nor does its case."""
    hidden = st.lists(st.sampled_from(NEVER_IN_A_WORD), max_size=3)
    spelled = "".join(letter + "".join(data.draw(hidden)) for letter in keyword)

    assert read_reply(spelled) == STOP
    assert read_reply(spelled.upper()) == STOP


@given(st.text(max_size=300))
def test_every_text_has_an_answer(text: str) -> None:
    """Signs of every script, controls and NULs; and the same one each time."""
    assert read_reply(text) == read_reply(text)
    assert isinstance(guess_language(text), str)


@given(st.lists(st.sampled_from([one.text for one in WORDINGS]), min_size=1, max_size=4))
def test_a_stop_is_not_lost_among_other_replies(texts: list[str]) -> None:
    """Where one of several sentences is a bare keyword, the whole is a stop or goes to a person."""
    assert read_reply("\n".join([*texts, "STOP"])).says in ("stop", "unclear")


@pytest.mark.parametrize(
    "part",
    [
        *("stop ", "s t o p ", "a ", "no ", "не ", "dont want ", "s", "\u200b", "s\u0301", "\ufdfa", "stop", "1.", "@"),
        *(".com", "> ", "-", " ", "\n", "\0", "take my off ", "🛑", "\u202e", "(((", "'"),
    ],
)
def test_a_giant_text_is_answered_and_read_by_a_person(part: str) -> None:
    """A megabyte of it takes no longer than a page: the rest isn't read, so it is never just something else."""
    says = read_reply(part * (1_000_000 // len(part)) + "x").says

    assert says in ("stop", "unclear")


def test_what_is_too_long_is_never_a_wish_to_hear_again() -> None:
    """Something else may stand behind it."""
    assert read_reply("START" + " please" * 1_000 + " STOP").says == "unclear"


@pytest.mark.parametrize("language", ["az", "de", "en", "es", "lv", "ru"])
def test_the_language_of_a_reply_is_guessed(language: str) -> None:
    """For whoever has to read it: right for seven of ten of what goes to a person."""
    texts = [one.text for one in WORDINGS if one.language == language and one.says == "unclear" and len(one.text) > 9]
    guesses = Counter(guess_language(text) for text in texts)

    assert guesses[language] / len(texts) > 0.7, guesses
