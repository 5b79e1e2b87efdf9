"""`backoffice demo`: the project's own list, judged by every operator's rules at one fixed moment."""

from __future__ import annotations

import click

from backoffice.cli.judging import Job, run
from backoffice.cli.show import as_json, out, refusing
from backoffice.cli.summary import reason_lines, summary_of, top_reasons
from backoffice.contacts.lists import open_list
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.policies import library, policies_folder
from backoffice.plumbing.translations import translator
from backoffice.relay.judge import Counts
from backoffice.relay.lines import Lines
from backoffice.relay.profile import read_profile

CHANNEL, PURPOSE = "whatsapp", "marketing"
REASONS = 5  # a row of the table


@click.command()
@click.option("--once", is_flag=True, help="For scripts: no greeting, end after the table.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
def demo(*, once: bool, is_json: bool) -> None:
    """Judge the demo list for every operator and print one table."""
    with refusing():
        folder = policies_folder() / "demo"
        profile = read_profile(folder / "profile.toml")
        if profile.at is None:
            raise Invalid("demo_without_instant", file=str(folder / "profile.toml"), field="at")
        contacts = open_list(folder / "contacts.csv", channel=CHANNEL, region=None, at=profile.at)
        results: dict[str, tuple[Counts, float]] = {}
        for operator in library().operators:
            job = Job(contacts=contacts, profile=profile, operator=operator, purpose=PURPOSE, at=profile.at)
            results[operator] = run(job, None, Lines(translator("en"), with_addresses=False))
    if is_json:
        as_json(
            {
                name: summary_of(contacts, profile, name, counts, seconds=seconds, peak_mb=0)
                for name, (counts, seconds) in results.items()
            }
        )
        return
    out.print(f"{contacts.path.name}: one {PURPOSE} message on {CHANNEL}, at {profile.at:%d %b %Y %H:%M} UTC. Assumed:")
    for line in profile.assumes:
        out.print(f"  {line}", markup=False)
    out.print(f"\n{_table({name: counts for name, (counts, _) in results.items()})}", markup=False)
    if not once:
        _say_how()


def _table(results: dict[str, Counts]) -> str:
    """Write one table: a row an operator, its top reasons under it; it fits eighty columns."""
    heads = ("operator", "rows", "✓ allowed", "⏸ held", "✕ denied", "rejected", "merged", "A/B/C/D/none")
    lines = ["  ".join((f"{heads[0]:<10}", *heads[1:]))]
    for operator, counts in results.items():
        allowed = counts.verdicts["allow"] + counts.verdicts["warn"]
        verdicts = (allowed, counts.verdicts["hold"], counts.verdicts["deny"], counts.rejected, counts.merged)
        grades = "/".join(str(counts.grades[grade]) for grade in ("A", "B", "C", "D", "none"))
        cells = [str(cell).rjust(len(head)) for cell, head in zip((counts.rows, *verdicts), heads[1:], strict=False)]
        lines += ["", "  ".join((f"{library().operator(operator).name:<10}", *cells, grades))]
        lines += [f"  {line}" for line in reason_lines(top_reasons(counts, REASONS), cited=2)]
    return "\n".join(lines)


def _say_how() -> None:
    example = "contacts.csv --operator OPERATOR --purpose marketing --channel whatsapp --profile PROFILE"
    out.print("\nJudge a list of your own:")
    out.print(f"  .venv/bin/backoffice judge {example}", markup=False)
    out.print("Start a profile from policies/demo/profile.toml; without one, what is unknown holds.", markup=False)
