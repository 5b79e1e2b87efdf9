"""Stories, played on a real database: all come out, they prove the gate's clauses, and none can pass by itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from backoffice.journeys.coverage import count_proved, is_asked_for, proved_atoms
from backoffice.journeys.playing import play_stories
from backoffice.journeys.stories import StoryResult, run_stories
from backoffice.plumbing.install import Install
from backoffice.plumbing.policies import library, read_scenario_files
from backoffice.plumbing.settings import Settings
from backoffice.policy.stories import Story
from tests.journeys.conftest import SHORT


@pytest.fixture(scope="module")
def results(database_url: str, data: Path) -> list[StoryResult]:
    """Play every story once, on a database of its own beside this worker's."""
    return play_stories(Settings(data=data, database_url=database_url), library(), read_scenario_files())


def test_every_story_comes_out(results: list[StoryResult]) -> None:
    """What lawyers wrote is what the product does, through the database."""
    assert {result.story.id: result.failures for result in results if result.failures} == {}
    assert len(results) > 50


def test_stories_prove_the_gate(results: list[StoryResult]) -> None:
    """Every hard clause of the gate and every clause of credits, of all operators."""
    told = proved_atoms(library(), results)

    assert told.unproved == {}
    assert {source.partition("/")[0] for source in told.proved} == set(library().operators)


def test_what_they_prove_is_counted_by_operator_and_in_all(results: list[StoryResult]) -> None:
    """38 of 38 of the gate and 4 of 4 of credits; without the stories of one operator, fewer and each with its lack."""
    whole = count_proved(library(), results)
    lacking = count_proved(library(), [one for one in results if one.story.operator != "reseller"])

    assert (whole["played"], whole["failed"], whole["unproved"]) == (len(results), 0, {})
    assert [whole[name] for name in ("gate_hard", "gate_hard_proved", "credits", "credits_proved")] == [38, 38, 4, 4]
    assert lacking["operators"]["reseller"] == {
        "gate_hard": whole["operators"]["reseller"]["gate_hard"],
        "gate_hard_proved": 0,
        "credits": 4,
        "credits_proved": 0,
    }
    assert (
        "rule 2 complained_of: passes in no story; it sleeps until the operator sets from_number"
        in (lacking["unproved"]["reseller/liability.3#1"])
    )


def test_what_stories_must_prove_are_the_hard_gate_and_credits() -> None:
    """38 of the gate; of credits those of the one operator that sells them, one of which is no send's at all."""
    asked = {
        f"{operator}/{clause.id}": clause.kind
        for operator in library().operators
        for clause in library().terms(operator).clause
        if is_asked_for(clause)
    }

    assert sum(kind == "gate" for kind in asked.values()) == 38
    assert {source for source, kind in asked.items() if kind == "billing"} == {
        *("reseller/debits.1#1", "reseller/balance.1#2", "reseller/credits.1", "reseller/credits.2"),
    }


def test_a_story_that_fails_proves_nothing(results: list[StoryResult]) -> None:
    """Coverage is earned: the same stories, failing, prove no clause."""
    failing = [msgspec.structs.replace(result, failures=("wrong",)) for result in results]

    assert proved_atoms(library(), failing).proved == ()


def test_without_its_figures_a_clause_of_credits_is_not_proved(results: list[StoryResult]) -> None:
    """A story that only says it shows a clause shows nothing."""
    silent = [msgspec.structs.replace(result, story=_without_credits(result)) for result in results]

    assert "reseller/credits.2" in proved_atoms(library(), silent).unproved


def _without_credits(result: StoryResult) -> Story:
    steps = tuple(
        msgspec.structs.replace(step, expect=msgspec.structs.replace(step.expect, credits=None))
        for step in result.story.steps
    )
    return msgspec.structs.replace(result.story, steps=steps)


@pytest.mark.parametrize(
    ("old", "new", "failure"),
    [
        ("credits = 6", "credits = 5", "step 1: credits 6, expected 5"),
        ('state = "queued"', 'state = "held"', "step 1: first: state queued, expected held"),
        ("delivered = 1", "delivered = 2", "step 2: delivered 1, expected 2"),
        ('first = "sent"', 'first = "failed"', "step 2: first: state sent, expected failed"),
        ("number:marked", "number:linked", "step 3: entries: accounts:number:linked is missing"),
        ("is_linked = false", "is_linked = true", "step 4: send: verdict allow, expected deny"),
        ('only = ["incrm/2.12"]', 'only = ["incrm/2.5"]', "step 4: send: only incrm/2.5 should stand in the way"),
        ('"sender_not_linked"', '"sender_banned"', "step 4: send: codes: sender_banned is missing"),
        ('passes = ["incrm/2.12"]', 'passes = ["incrm/9.9"]', "passes: incrm/9.9 was in scope and answered no at no"),
        ('stops = ["incrm/2.12"]', 'stops = ["incrm/2.5"]', "stops: incrm/2.5 stood alone in the way at no step"),
        ('do = "deliver"', 'do = "stop"\nsend = "first"', "step 2: delivered 0, expected 1"),
        ('entries = ["accounts:number:marked"]', 'refused = "x"', "step 3: refused: nothing, expected x"),
        ('"mark_number"\nis_linked = false', '"set_standing"\nstanding = "trial"', "refused: standing_cannot_follow"),
        ('zone = "Europe/Riga"', 'zone = "Europe/Berlin"', "the scene: zone: Europe/Riga, and not Europe/Berlin"),
        ('grade = "C"', 'grade = "D"', "the scene: grade: no consent of grade D is on record, but C"),
        (
            'grade = "C"',
            'grade = "D"\nrecipient = { restriction = "contested" }',
            "the scene: recipient.restriction is 'none'",
        ),
        ("stops =", "message = { repeats_text = true }\nstops =", "the scene: message.repeats_text is False on record"),
        ("stops =", 'unknown = ["account.standing"]\nstops =', "the scene: account.standing is known"),
        ("stops =", 'edition = "1999"\nstops =', "the scene can't be set: edition_unknown"),
    ],
)
async def test_a_wrong_expectation_fails(
    install: Install, bases: dict[str, str], old: str, new: str, failure: str
) -> None:
    """Each thing that a step or a head can say is held against what came out."""
    (result,) = await run_stories(install, library(), {**bases, "stories-short.toml": SHORT.replace(old, new, 1)})

    assert any(failure in told for told in result.failures)


async def test_a_short_story_comes_out(install: Install, bases: dict[str, str]) -> None:
    """The story that the wrong expectations are tried on is a good one."""
    (result,) = await run_stories(install, library(), {**bases, "stories-short.toml": SHORT})

    assert result.failures == ()
    assert [proof.case.id for proof in result.proofs] == ["short/1", "short/4"]
