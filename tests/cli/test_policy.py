"""`backoffice policy`: what lawyers and CI read, with the keys they rely on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from backoffice.cli import policy
from backoffice.plumbing.policies import library
from tests.cli.conftest import OPERATOR, Runs
from tests.journeys.conftest import SHORT

if TYPE_CHECKING:
    from pathlib import Path

EDITION = library().operator(OPERATOR).edition
GATE = next(clause.id for clause in library().terms(OPERATOR).clause if clause.kind == "gate")
CASE = """
[[case]]
id = "mine"
title = "Miami at 20:00"
from = "us-fl-sms"
at = 2025-09-03T00:00:00Z
zone = "America/New_York"
number = "+13052345678"
purpose = "marketing"
channel = "sms"
provider_type = "official"
grade = "B"
expect = { verdict = "hold", only = ["US-FL-01"], next_allowed_at = 2025-09-03T12:00:00Z }
"""


@pytest.fixture
def server_for_stories(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own server: stories are played on a database beside the others."""
    monkeypatch.setenv("DATABASE_URL", database_url)


@pytest.mark.usefixtures("server_for_stories")
def test_check_counts_what_is_enforced(run: Runs) -> None:
    """All atoms and rows are there, none is unmapped, none of the gate's lacks its cases; and all adds up."""
    ended = run("policy", "check", "--json")
    told = json.loads(ended.out)
    counts = told["operators"].values()

    assert ended.code == 0
    assert told.keys() >= {"operators", "law", "conflicts", "errors"}
    assert {"atoms", "hard", "hard_enforced", "soft", "soft_enforced", "declared", "none", "unmapped"} <= set.union(
        *map(set, counts)
    )
    assert all(one.keys() >= {"rows", "enforced", "declared", "none"} for one in told["law"].values())
    assert (len(counts), sum(one["atoms"] for one in counts)) == (5, 355)
    assert sum(one["rows"] for one in told["law"].values()) == 201
    assert [one for one in counts if one["unmapped"]] == []
    assert told["errors"] == []
    for one in counts:
        assert one["atoms"] == one["hard_enforced"] + one["soft_enforced"] + one["declared"] + one["none"]
    for one in told["law"].values():
        assert one["rows"] == one["enforced"] + one["declared"] + one["none"]
    _proves_all(told)


def _proves_all(told: dict[str, Any]) -> None:
    """The same atoms of the gate, and those of credits, are proved by stories too."""
    stories = told["stories"]
    assert (stories["failed"], stories["unproved"]) == (0, {})
    assert (
        stories["gate_hard_proved"]
        == stories["gate_hard"]
        == sum(one["gate_hard"] for one in told["operators"].values())
    )
    assert stories["credits_proved"] == stories["credits"] == 4


@pytest.mark.usefixtures("server_for_stories")
def test_check_tells_what_no_story_proves(run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one story in place of all of them the rest is missing, each with its lack, and it ends with one."""
    (tmp_path / "stories-mine.toml").write_text(SHORT, encoding="utf-8")
    play = policy._stories
    monkeypatch.setattr(policy, "_stories", lambda _all: play(tmp_path))

    ended = run("policy", "check", "--json")
    told = json.loads(ended.out)

    assert ended.code == 1
    assert (told["errors"], told["stories"]["played"], told["stories"]["gate_hard_proved"]) == ([], 1, 0)
    assert "✕ whatalker/8.1 is not proved by the stories: rule 0 not_entitled" in run("policy", "check").out


@pytest.mark.usefixtures("server_for_stories")
def test_all_cases_pass(run: Runs) -> None:
    """And there are enough of them."""
    ended = run("policy", "test", "--json")
    told = json.loads(ended.out)

    assert ended.code == 0
    assert told.keys() >= {"passed", "failed", "cases", "stories", "failures"}
    assert (told["failed"], told["failures"]) == (0, [])
    assert told["passed"] == told["cases"] + told["stories"]
    assert told["cases"] >= 220


def test_a_case_that_fails_ends_with_one(run: Runs, tmp_path: Path) -> None:
    """It is named, with what came out instead."""
    path = tmp_path / "mine.toml"
    path.write_text(CASE.replace('"hold"', '"deny"'), encoding="utf-8")
    ended = run("policy", "test", path, "--json")
    told = json.loads(ended.out)

    assert (ended.code, told["failed"], told["failures"][0]["case"]) == (1, 1, "mine")
    assert "verdict hold, expected deny" in told["failures"][0]["failures"][0]
    assert "✕ mine: verdict hold" in run("policy", "test", path).out


def test_a_lawyers_own_case_is_run(run: Runs, tmp_path: Path) -> None:
    """From a file or a folder."""
    (tmp_path / "mine.toml").write_text(CASE, encoding="utf-8")

    assert run("policy", "test", tmp_path).code == run("policy", "test", tmp_path / "mine.toml").code == 0


@pytest.mark.usefixtures("server_for_stories")
def test_a_lawyers_own_story_is_played(run: Runs, tmp_path: Path) -> None:
    """With the cases beside it; one that goes otherwise is named with its step, and ends with one."""
    (tmp_path / "mine.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "stories-mine.toml").write_text(SHORT, encoding="utf-8")
    good = run("policy", "test", tmp_path, "--json")
    only = json.loads(run("policy", "test", tmp_path / "stories-mine.toml", "--json").out)
    (tmp_path / "stories-mine.toml").write_text(SHORT.replace("credits = 6", "credits = 5"), encoding="utf-8")
    bad = run("policy", "test", tmp_path)
    told = json.loads(good.out)

    assert (good.code, told["stories"], told["failed"]) == (0, 1, 0)
    assert told["passed"] == told["cases"] + 1
    assert (only["stories"], only["cases"]) == (1, told["cases"] - 1)
    assert (bad.code, "✕ short: step 1: credits 6, expected 5" in bad.out) == (1, True)
    assert bad.out.endswith(f"1 failed of {told['cases']} cases and 1 story\n")


def test_a_story_that_can_not_be_read_is_refused_in_one_line(run: Runs, tmp_path: Path) -> None:
    """With file, line and field; no server is asked."""
    (tmp_path / "stories-mine.toml").write_text(SHORT.replace('do = "send"', 'do = "sing"', 1), encoding="utf-8")

    assert run("policy", "test", tmp_path).refusal.startswith("stories-mine.toml:")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("at = 2025-09-03T00:00:00Z\n", "", "mine.toml:2: at: mine does not say this"),
        ("at = 2025-09-03T00:00:00Z\n", "at = 2025-09-03T00:00:00\n", "mine.toml:6: case[0].at: "),
        ("at = 2025-09-03T00:00:00Z\n", "at = 2025-09-03\n", "mine.toml:6: case[0].at: "),
        ("at = 2025-09-03T00:00:00Z\n", "at = 9999-12-31T00:00:00Z\n", "mine.toml:2: case[0]: "),
        ("America/New_York", "Mars/North", "mine.toml:2: zone: "),
        ('"sms"', '"fax"', "mine.toml:10: case[0].channel: "),
        ('"marketing"', '"Marketing"', "mine.toml:9: case[0].purpose: "),
        ("us-fl-sms", "nowhere", "mine.toml:2: from: "),
        ("title", "titel", "mine.toml:4: case[0].titel: "),
        ("[[case]]", "[case]", "mine.toml:2: case: "),
        ('grade = "B"', 'grade = ""', "mine.toml:12: case[0].grade: "),
        ('grade = "B"', 'grade = "B"\naccount = { colour = 1 }', "mine.toml:2: account.colour: "),
        ('grade = "B"', 'grade = "B"\naccount = { credits = "9" }', "mine.toml:2: account.credits: "),
        ('grade = "B"', 'grade = "B"\noperator = "nobody"', "mine.toml:2: There is no operator nobody."),
        ('grade = "B"', 'grade = "B"\nunknown = ["account.colour"]', "mine.toml:2: account.colour: "),
        ('id = "mine"', 'id = "base-us-fl-sms"', "mine.toml:2: Two cases have the id base-us-fl-sms."),
        ("expect = {", "expect = {{", "mine.toml:13: "),
    ],
)
def test_a_case_that_can_not_be_read_is_refused_in_one_line(
    run: Runs, tmp_path: Path, old: str, new: str, told: str
) -> None:
    """With file, line and field."""
    assert old in CASE
    (tmp_path / "mine.toml").write_text(CASE.replace(old, new), encoding="utf-8")

    assert run("policy", "test", tmp_path).refusal.startswith(told)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("test", "nowhere.toml"), "nowhere.toml: The file can't be read"),
        (("explain", "XX-99"), "There is no row XX-99."),
        (("explain", f"{OPERATOR}/0.0"), f"There is no clause {OPERATOR}/0.0."),
        (("explain", "nobody/1.1#1"), "There is no operator nobody."),
        (("diff", OPERATOR, EDITION, "nowhere"), f"{OPERATOR} has no edition nowhere."),
        (("diff", "nobody", EDITION, EDITION), "There is no operator nobody."),
    ],
)
def test_what_is_not_there_is_told(run: Runs, args: tuple[str, ...], told: str) -> None:
    """In one line, with what there is."""
    assert run("policy", *args).refusal.startswith(told)


@pytest.mark.parametrize("source", [f"{OPERATOR}/{GATE}", "US-FL-01"])
def test_a_clause_and_a_row_are_explained(run: Runs, source: str) -> None:
    """Their rules with parameters, where they act, and the cases that show them."""
    told = json.loads(run("policy", "explain", source, "--json").out)

    assert told["id"] == source.rpartition("/")[2]
    assert told["enforced"] is True
    assert {"decides alone", "passes"} <= {case["shows"] for case in told["scenarios"]}
    assert all(rule["question"] == "may_send" and rule["says"] for rule in told["rules"])


def test_an_edition_differs_in_nothing_from_itself(run: Runs) -> None:
    """Exit 0 where there is no difference."""
    ended = run("policy", "diff", OPERATOR, EDITION, EDITION, "--json")

    assert ended.code == 0
    assert json.loads(ended.out) == {"operator": OPERATOR, "old": EDITION, "new": EDITION, "changes": []}
    assert run("policy", "diff", OPERATOR, EDITION, EDITION).out == "0 atoms differ\n"
