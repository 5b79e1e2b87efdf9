"""Small lists, judged in a folder of the test run by one operator's rules, with the demo's profile or with none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

from backoffice.contacts.lists import open_list
from backoffice.plumbing.policies import library, policies_folder
from backoffice.policy.rulebook import Rulebook
from backoffice.relay.judge import Counts, Judge, Judged
from backoffice.relay.lines import Lines, json_line, writer_for
from backoffice.relay.profile import Profile, read_profile

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # a Friday, 10:30 in Riga
DEMO = read_profile(policies_folder() / "demo" / "profile.toml")
NONE = Profile()
OPERATOR = min(library().operators)


class Told(NamedTuple):
    """What came of a list: a line a row, as text and read back, the counts, and the people who were judged."""

    text: str
    lines: list[dict[str, Any]]
    counts: Counts
    people: list[Judged]

    @property
    def verdicts(self) -> list[str]:
        """Return the verdict of each row."""
        return [line["verdict"] for line in self.lines]

    def codes(self, row: int) -> set[str]:
        """Return the codes of a row's reasons, gaps left out."""
        return {reason["code"] for reason in self.lines[row]["reasons"] if "fact" not in reason}


class Judges(Protocol):
    """Judges a list."""

    def __call__(
        self,
        text: str,
        *,
        channel: str = "whatsapp",
        purpose: str = "marketing",
        profile: Profile = DEMO,
        with_addresses: bool = False,
        name: str = "x.jsonl",
    ) -> Told:
        """Return what came of the list."""


@cache
def rulebook() -> Rulebook:
    """Return one operator's rulebook, compiled as far as tests before have asked it."""
    return DEMO.rulebook(library(), OPERATOR)


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judges:
    """A list with this text, judged on 20 November 2026 at 08:30 UTC."""
    folder = tmp_path_factory.mktemp("lists")

    def judge(
        text: str,
        *,
        channel: str = "whatsapp",
        purpose: str = "marketing",
        profile: Profile = DEMO,
        with_addresses: bool = False,
        name: str = "x.jsonl",
    ) -> Told:
        path: Path = folder / "list.csv"
        path.write_text(text, encoding="utf-8")
        contacts = open_list(path, channel=channel, region=None, at=AT)
        judging = Judge(
            rulebook(),
            profile.account_facts("LV"),
            profile.message_facts(AT, channel, purpose),
            profile.recipient_facts(),
            profile.evidence(contacts.sha256),
            home=profile.account.get("place", ""),
        )
        counts, lines = Counts(), Lines(str, with_addresses=with_addresses)
        outcomes = list(judging.judge(contacts, counts, lambda _phase, _rows: None))
        told = [lines.told(outcome) for outcome in outcomes]
        header, line = writer_for(name)
        return Told(
            (header + b"".join(map(line, told))).decode(),
            [json.loads(json_line(one)) for one in told],
            counts,
            [outcome for outcome in outcomes if isinstance(outcome, Judged)],
        )

    return judge
