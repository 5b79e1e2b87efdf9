"""`backoffice policy`: check, test, explain and diff the policies, for lawyers and for CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from backoffice.cli.show import Bar, as_json, out, progress_of, refusing
from backoffice.plumbing.policies import library, prover, read_scenario_files
from backoffice.policy.coverage import Shown, check
from backoffice.policy.dates import DateProof, entry_of, prove_dates
from backoffice.policy.explain import diff, explain
from backoffice.policy.proving import Proof
from backoffice.policy.scenarios import Case, read_scenarios
from backoffice.policy.stories import is_story_file

if TYPE_CHECKING:
    from backoffice.journeys.stories import StoryResult

JSON = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")


@click.group()
def policy() -> None:
    """Check, test, explain and compare the policies."""


def _proofs(path: Path | None = None) -> list[Proof]:
    cases: tuple[Case, ...] = read_scenarios(_case_files(path))
    return list(progress_of(prover().prove(cases), len(cases), "cases"))


def _dates(path: Path | None = None) -> list[DateProof]:
    return list(prove_dates(library(), _case_files(path)))


def _case_files(path: Path | None) -> dict[str, str]:
    return {file: text for file, text in read_scenario_files(path).items() if not is_story_file(file)}


def _stories(path: Path | None) -> list[StoryResult]:
    """Play the stories, on a database that is made for them; where there are none, no server is asked."""
    files = read_scenario_files(path)
    if not any(map(is_story_file, files)):
        return []
    from backoffice.cli.opening import reaching  # noqa: PLC0415  # a server is seldom needed, and takes time
    from backoffice.journeys.playing import play_stories  # noqa: PLC0415
    from backoffice.plumbing.settings import read_settings  # noqa: PLC0415

    with reaching(settings := read_settings()), Bar("stories") as bar:
        return play_stories(settings, library(), files, bar)


@policy.command("test")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@JSON
def test_command(path: Path | None, *, is_json: bool) -> None:
    """Run the worked cases and the stories of PATH (a file or folder; default: all)."""
    with refusing():
        proofs: list[Proof | DateProof] = [*_proofs(path), *_dates(path)]
        stories = _stories(path)
    ended = [(proof.case.id, proof.failures) for proof in proofs] + [(one.story.id, one.failures) for one in stories]
    failures = [{"case": name, "failures": failed} for name, failed in ended if failed]
    told = {
        "passed": len(ended) - len(failures),
        "failed": len(failures),
        "cases": len(proofs),
        "stories": len(stories),
        "failures": failures,
    }
    if is_json:
        as_json(told)
    else:
        for name, failed in ended:
            if failed:
                out.print(f"✕ {name}: {'; '.join(failed)}", markup=False)
        of = f"{len(proofs)} cases" + (
            f" and {len(stories)} {'stories' if len(stories) > 1 else 'story'}" if stories else ""
        )
        out.print(f"{told['passed']} passed, {told['failed']} failed of {of}")
    sys.exit(1 if failures else 0)


@policy.command("check")
@JSON
def check_command(*, is_json: bool) -> None:
    """Count what is enforced, declared and none, by operator and jurisdiction, and list conflicts for legal.

    The cases are judged, and the stories played on a database that is made for them, as `policy test` does. Exit 1
    where an atom or row is not proved by the cases, or a hard atom of the gate or of credits not by the stories.
    """
    from backoffice.journeys.coverage import count_proved  # noqa: PLC0415  # it takes time, and is seldom needed

    with refusing():
        told = check(library(), Shown.by(_proofs()))
        told["stories"] = count_proved(library(), _stories(None))
    if is_json:
        as_json(told)
    else:
        _print_check(told)
    unmapped = any(counts["unmapped"] for counts in told["operators"].values())
    found = unmapped or told["errors"] or told["stories"]["unproved"] or told["stories"]["failed"]
    sys.exit(1 if found else 0)


def _print_check(told: dict[str, Any]) -> None:
    operators = Table(
        "operator", "atoms", "hard enforced", "gate hard enforced", "soft enforced", "declared", "none", "unmapped"
    )
    for name, counts in told["operators"].items():
        hard = f"{counts['hard_enforced']} of {counts['hard']}"
        gate = f"{counts['gate_hard_enforced']} of {counts['gate_hard']}"
        soft = f"{counts['soft_enforced']} of {counts['soft']}"
        rest = (str(counts["declared"]), str(counts["none"]), str(len(counts["unmapped"])))
        operators.add_row(name, str(counts["atoms"]), hard, gate, soft, *rest)
    law = Table("law", "rows", "enforced", "declared", "none")
    for name, counts in (told["law"] | told["policy"]).items():
        law.add_row(name, *(str(counts[column]) for column in ("rows", "enforced", "declared", "none")))
    out.print(operators, law)
    _print_stories(told["stories"])
    for error in told["errors"]:
        out.print(f"✕ {error}", markup=False)
    for conflict in told["conflicts"]:
        out.print(f"{conflict['clause']} with {conflict['with']}: {conflict['why']}", markup=False)
    out.print(f"{len(told['conflicts'])} conflicts for legal; all rows are enforced though no lawyer signed them yet.")


def _print_stories(told: dict[str, Any]) -> None:
    stories = Table("through the database", "gate hard proved", "credits proved")
    for name, counts in (told["operators"] | {"all": told}).items():
        gate = f"{counts['gate_hard_proved']} of {counts['gate_hard']}"
        stories.add_row(name, gate, f"{counts['credits_proved']} of {counts['credits']}")
    out.print(stories)
    out.print(f"{told['played']} stories played, {told['failed']} failed")
    for source, lacks in told["unproved"].items():
        out.print(f"✕ {source} is not proved by the stories: {'; '.join(lacks)}", markup=False)


@policy.command("explain")
@click.argument("source", metavar="OPERATOR/CLAUSE | ROW")
@JSON
def explain_command(source: str, *, is_json: bool) -> None:
    """Explain one clause (operator/5.2#1) or row (EU-CONS-01): its rules, parameters, where they act, its cases."""
    with refusing():
        entry_of(library(), source)  # refuse a misspelt one before the cases are run
        told = explain(library(), source, _proofs(), _dates())
    if is_json:
        as_json(told)
        return
    for name, value in told.items():
        if not isinstance(value, (list, tuple)):
            out.print(f"{name}: {value}", markup=False)
    for rule in told["rules"]:
        out.print(f"\nrule {rule['rule']} ({rule['mode']}, asked by {rule['question']})", markup=False)
        for name in ("says", "params", "places", "channels", "purposes", "outer_limit", "acts"):
            if name in rule:
                out.print(f"  {name}: {rule[name]}", markup=False)
    out.print(f"\n{len(told['scenarios'])} cases")
    for case in told["scenarios"]:
        out.print(f"  {case['case']}: {case['shows']}", markup=False)


@policy.command("diff")
@click.argument("operator")
@click.argument("old")
@click.argument("new")
@JSON
def diff_command(operator: str, old: str, new: str, *, is_json: bool) -> None:
    """Compare two editions of an operator's Terms, atom by atom; exit 1 where they differ."""
    with refusing():
        library().operator(operator)
        changes = diff(library(), operator, old, new)
    if is_json:
        as_json({"operator": operator, "old": old, "new": new, "changes": changes})
    else:
        for change in changes:
            out.print(f"{change['clause']}: {change['change']}", markup=False)
            for field, values in change.get("fields", {}).items():
                out.print(f"  {field}: {values['old']} → {values['new']}", markup=False)
        out.print(f"{len(changes)} atoms differ")
    sys.exit(1 if changes else 0)
