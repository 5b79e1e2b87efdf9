"""The program as the shell starts it: wrong policies, broken streams and rules that are none end with one message."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from backoffice.plumbing.policies import library
from tests.cli.conftest import DEMO, OPERATOR, SEND
from tests.contracts.house import ROOT

EDITION = library().operator(OPERATOR).edition
START = "import sys; sys.path.insert(0, '.'); from backoffice.cli import main; main()"
PACK = Path("policies/jurisdictions/lv.toml")
ROW = """
[[row]]
id = "LV-TEST-01"
topic = "test"
says = "A row."
citation = "none"
status = "in_force"
channels = ["sms"]
approved_by = "unreviewed"
rules = [{ RULE }]
"""
TWO_RETURNS = '''

@rule
def two_returns(message: Message) -> bool:
    """A rule is one return, so that a lawyer can read it."""
    if message.is_bulk:
        return True
    return False
'''


def start(
    *args: object, folder: Path = ROOT, before: str = "", stdout: int | IO[str] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Start the program of the install in a folder."""
    command = [sys.executable, "-P", "-c", f"{before}\n{START}", *map(str, args)]
    return subprocess.run(  # noqa: S603  # our own program
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


def refusal(ended: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that says why; nothing is printed beside."""
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.fixture
def install(tmp_path: Path) -> Path:
    """An install of this code with policies of its own."""
    for name in ("backoffice", "locales", "migrations"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    return tmp_path


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ('rule = "unclear_stop", mode = "hold", params = { within = "P1D" }, misspelt = 1', "misspelt: "),
        ('rule = "unclear_stop", mode = "hold", params = { within = "-P1D" }', "params"),
        ('rule = "unclear_stop", mode = "hold", params = { within = "a day" }', "params.within: "),
        ('rule = "no_such_rule", mode = "deny"', "rule: There is no rule no_such_rule"),
        ('rule = "opted_out", mode = "stop"', "mode: "),
    ],
)
def test_a_wrong_policy_is_refused_with_file_line_and_field(install: Path, rule: str, field: str) -> None:
    """A misspelt key, a negative period, a wrong unit, an unknown rule, an unknown mode."""
    text = (install / PACK).read_text(encoding="utf-8")
    number = text.count("\n[[row]]\n")
    line = len(text.splitlines()) + ROW.splitlines().index("rules = [{ RULE }]") + 1
    (install / PACK).write_text(text + ROW.replace("RULE", rule), encoding="utf-8")

    said = refusal(start("policy", "check", folder=install))

    assert said.startswith(f"jurisdictions/lv.toml:{line}: row[{number}].rules[0].{field}")


def test_a_policy_file_that_is_no_toml_is_refused_with_its_line(install: Path) -> None:
    """By every command that needs the policies."""
    (install / PACK).write_text('jurisdiction = "LV"\n[[row]\n', encoding="utf-8")

    assert refusal(start("demo", "--once", folder=install)).startswith("jurisdictions/lv.toml:2: The file is no valid")


def test_an_empty_rulebook_allows_nothing(install: Path) -> None:
    """Terms without a clause are an error, not permission."""
    (terms,) = (install / "policies" / "operators" / OPERATOR).glob("*/clauses.toml")
    head = terms.read_text(encoding="utf-8").partition("[[clause]]")[0]
    terms.write_text(f"{head}\nclause = []\n", encoding="utf-8")

    said = refusal(start("judge", DEMO / "contacts.csv", *SEND, "--out", "x.jsonl", folder=install))

    assert f"of {OPERATOR} has no rules" in said
    assert not (install / "x.jsonl").exists()


def test_a_rule_of_two_returns_is_refused(install: Path) -> None:
    """With the line of the code where it stops being a rule."""
    (install / "backoffice").unlink()
    shutil.copytree(ROOT / "backoffice", install / "backoffice")
    rules = install / "backoffice" / "policy" / "primitives" / "gate" / "content.py"
    line = len(rules.read_text(encoding="utf-8").splitlines()) + TWO_RETURNS.splitlines().index(
        "    if message.is_bulk:"
    )
    with rules.open("a", encoding="utf-8") as file:
        file.write(TWO_RETURNS)

    said = refusal(start("policy", "check", folder=install))

    assert said.startswith(f"{rules}:{line + 1}: two_returns: ")
    assert "a rule is one return" in said


def test_an_install_without_policies_says_where_it_looked(install: Path) -> None:
    """Both places."""
    shutil.rmtree(install / "policies")

    assert str(install / "policies") in refusal(start("policy", "test", folder=install))


def test_a_closed_standard_input_is_an_empty_one() -> None:
    """As cron and some services start programs."""
    ended = start("decide", "-", before="import sys; sys.stdin = None")

    assert refusal(ended).startswith("-: The JSON can't be read")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_full_disk_behind_standard_output_is_told(form: tuple[str, ...]) -> None:
    """In one line, and not with exit code 0."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = start("policy", "diff", OPERATOR, EDITION, EDITION, *form, stdout=full)

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in ended.stderr


def test_a_reader_who_leaves_early_is_no_fault() -> None:
    """`backoffice … | head` prints no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = start("policy", "diff", OPERATOR, EDITION, EDITION, "--json", stdout=writing)
    os.close(writing)

    assert ended.stderr == ""


def test_wrong_use_of_the_program_ends_with_two() -> None:
    """Through the door that the shell uses."""
    assert refusal(start("judge", "x.csv", *SEND)) == "x.csv: The file can't be read: No such file or directory.\n"
