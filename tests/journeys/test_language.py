"""The language of stories: what a lawyer writes is read strictly, and what is wrong is named with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from backoffice.consent.standing import Reason
from backoffice.kernel.errors import Invalid
from backoffice.policy import steps, vocabulary
from backoffice.policy.stories import Story, read_stories
from backoffice.relay import states
from tests.journeys.conftest import SHORT


def story(bases: dict[str, str], text: str = SHORT) -> Story:
    """Read one story."""
    return read_stories({**bases, "stories-short.toml": text})[0]


def test_a_story_starts_from_its_base(bases: dict[str, str]) -> None:
    """What the story does not say, its base does; what it says itself is remembered."""
    read = story(bases)

    assert read.operator == "incrm"
    assert read.account["standing"] == "active"
    assert read.account["credits"] == 7
    assert read.own == ("account.credits",)


def test_a_step_without_a_moment_is_done_at_the_last_one(bases: dict[str, str]) -> None:
    """Every step has its moment once the story is read."""
    moments = [step.at for step in story(bases).steps]

    assert moments == [datetime(2025, 9, 2, 10, minute, tzinfo=UTC) for minute in (0, 1, 1, 1)]


def test_the_words_are_those_of_the_rooms() -> None:
    """States and reasons are named once more in the pure part, and are the same."""
    assert set(get_args(steps.State)) == set(get_args(states.State))
    assert set(get_args(vocabulary.Reason)) == set(get_args(Reason))


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "field"),
    [
        ('do = "mark_number"', 'do = "mark_nummer"', "policy_invalid", 28, "story[0].step[2].do"),
        ("is_linked", "is_lniked", "policy_invalid", 29, "story[0].step[2].is_lniked"),
        ("is_linked = false", 'is_linked = "no"', "policy_invalid", 29, "story[0].step[2].is_linked"),
        ("states = {", "status = {", "policy_invalid", 25, "story[0].step[1].expect.status"),
        ('first = "sent"', 'first = "gone"', "policy_invalid", 25, "story[0].step[1].expect.states[...]"),
        ('first = "sent"', 'frist = "sent"', "story_name_unknown", 25, "story[0].step[1].expect.states"),
        ('text = "Another"', 'to = "berta"', "story_name_unknown", 34, "story[0].step[3].to"),
        ('text = "Another"', 'number = "old"', "story_name_unknown", 34, "story[0].step[3].number"),
        ('verdict = "deny", ', "", "policy_invalid", 35, "story[0].step[3].expect"),
        ("10:01:00Z", "09:59:00Z", "story_runs_backwards", 23, "story[0].step[1].at"),
        ("10:01:00Z", "10:01:00", "policy_invalid", 23, "story[0].step[1].at"),
        ("credits = 7", "credist = 7", "fact_unknown", 13, "story[0].account.credist"),
        ("credits = 7", 'credits = "many"', "policy_invalid", 13, "story[0].account.credits"),
        ('text = "Another"', "message = { topci = 1 }", "fact_unknown", 34, "story[0].step[3].message.topci"),
        ('grade = "C"\n', "", "scenario_pin_missing", 2, "story[0].grade"),
        ('from = "lv', 'from = "vl', "base_unknown", 5, "story[0].from"),
        ("passes =", "pases =", "policy_invalid", 14, "story[0].pases"),
        ("stops =", 'unknown = ["account.credist"]\nstops =', "fact_unknown", 15, "story[0].unknown"),
        ("stops =", "settings = [{ sauce = 1 }]\nstops =", "policy_invalid", 15, "story[0].settings[0].sauce"),
    ],
)
def test_what_is_wrong_is_named(bases: dict[str, str], old: str, new: str, code: str, line: int, field: str) -> None:
    """Unknown keys, verbs, names and facts refuse to load, where they stand."""
    with pytest.raises(Invalid) as refused:
        story(bases, SHORT.replace(old, new, 1))

    told = refused.value.data
    assert (refused.value.code, told["file"], told["line"], told["field"]) == (code, "stories-short.toml", line, field)


def test_twins_are_refused(bases: dict[str, str]) -> None:
    """Two stories of one id could hide each other."""
    with pytest.raises(Invalid, match="case_twice"):
        story(bases, SHORT + SHORT)


def test_a_story_without_steps_is_refused(bases: dict[str, str]) -> None:
    """It would prove nothing."""
    head = SHORT.partition("[[story.step]]")[0] + "step = []\n"

    with pytest.raises(Invalid, match="story_without_steps"):
        story(bases, head)


def test_a_name_is_given_once(bases: dict[str, str]) -> None:
    """The person of the scene is called person already."""
    twin = SHORT + '\n[[story.step]]\ndo = "add_person"\naddress = "+37126000002"\n'

    with pytest.raises(Invalid, match="story_name_twice"):
        story(bases, twin)


def test_what_is_refused_makes_no_name(bases: dict[str, str]) -> None:
    """Nobody can be spoken of who was never added."""
    more = """
[[story.step]]
do = "add_person"
name = "berta"
address = "112"
expect = { refused = "number_emergency" }

[[story.step]]
do = "send"
to = "berta"
"""

    with pytest.raises(Invalid, match="story_name_unknown"):
        story(bases, SHORT + more)
