"""The command line as a person meets it: what it prints, how it ends, what it leaves in the folder."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import pytest
from click.testing import CliRunner

from backoffice.cli.commands import commands
from backoffice.plumbing.policies import library, policies_folder

OPERATOR = min(library().operators)
DEMO = policies_folder() / "demo"
SEND = ("--operator", OPERATOR, "--purpose", "marketing", "--channel", "whatsapp", "--at", "2026-11-20T08:30:00Z")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """Return the one line that says why the input can't be used; everything else is as it should be, too."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


class Runs(Protocol):
    """Runs a command."""

    def __call__(self, *args: object, stdin: str | bytes | None = None) -> Ended:
        """Return how it ended."""


@pytest.fixture
def run() -> Runs:
    """Run the command line in this process; whatever it doesn't foresee fails the test."""

    def invoke(*args: object, stdin: str | bytes | None = None) -> Ended:
        ended = CliRunner(catch_exceptions=False).invoke(commands, list(map(str, args)), input=stdin)
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return invoke
