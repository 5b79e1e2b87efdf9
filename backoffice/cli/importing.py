"""`backoffice import contacts`: a list handed in for an account of this install, counted first or stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

import click
import msgspec

from backoffice.cli.asking import asked
from backoffice.cli.judging import pair
from backoffice.cli.opening import JSON, within
from backoffice.cli.registers import register
from backoffice.cli.show import Bar, as_json, out, refusing
from backoffice.cli.stops import suppressions
from backoffice.consent import importing
from backoffice.consent.importing import Preview
from backoffice.consent.reading import Counts
from backoffice.consent.stated import Stated
from backoffice.journeys.offers import facts_of_list
from backoffice.plumbing.install import Install
from backoffice.plumbing.messages import ROWS
from backoffice.policy.reasons import GRADES
from backoffice.relay.profile import Profile, read_profile

SHOWN = 10
"""How many rejected lines are shown one by one."""


class Job(NamedTuple):
    """A list to import: whose it is, its file, what is stated of it, and whether it is only counted."""

    account_id: UUID
    path: Path
    stated: Stated
    is_preview: bool


class Imported(NamedTuple):
    """What came of it: what the preview counted, and what was stored, None where nothing was."""

    seen: Preview
    counts: Counts | None
    list_id: UUID | None


@click.group("import")
def import_group() -> None:
    """Import lists."""


import_group.add_command(suppressions)
import_group.add_command(register)


@import_group.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", "account_id", required=True, type=click.UUID, help="Whose list it is.")
@click.option("--preview", "is_preview", is_flag=True, help="Count what it would add, and store nothing.")
@click.option("--name", help="What the account calls it; default the file's name.")
@click.option("--kind", type=click.Choice(["phone", "email"]), default="phone", help="Which addresses are read.")
@click.option("--profile", "profile_path", type=click.Path(path_type=Path), help="What is true of the whole list.")
@click.option("--region", default="", help="Region of numbers without a country code, where the row names none.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=HEADER", help="Which header holds a column.")
@click.option("--encoding", default="", help="The file's encoding, where it is not UTF-8.")
@JSON
def contacts(
    file: Path,
    account_id: UUID,
    name: str | None,
    kind: Literal["phone", "email"],
    profile_path: Path | None,
    region: str,
    mapping: tuple[str, ...],
    encoding: str,
    *,
    is_preview: bool,
    is_json: bool,
) -> None:
    """Import a contact list for an account: its people, their consents, their stops.

    Of the profile, [list] proves the consents, and [recipient] and [message] say what holds for everybody on it. A
    stop is never lifted by an import; the same file again changes nothing.
    """
    with refusing():
        profile = read_profile(profile_path) if profile_path else Profile()
        profile = profile if profile.list or is_json else asked(profile)
        stated = Stated(
            name=name or file.stem,
            kind=kind,
            region=region or profile.region,
            encoding=encoding,
            columns=dict(pair(text) for text in mapping),
            facts=facts_of_list(profile),
            evidence=profile.list,
        )
        job = Job(account_id, file, stated, is_preview)
        done = within(lambda install: run(install, job))
    if is_json:
        as_json(told_of(done))
    else:
        _print(done)


async def run(install: Install, job: Job) -> Imported:
    """Preview a list and, unless that was all that was wanted, store it."""
    async with install.unit_of_work() as work:
        import_id = await importing.state_list(work, job.account_id, job.stated)
    seen = await importing.preview(install, job.account_id, import_id, job.path)
    if job.is_preview:
        return Imported(seen, None, None)
    total = seen.counts.rows + seen.counts.rejected
    with Bar("storing") as bar:
        counts = await importing.commit(
            install,
            job.account_id,
            import_id,
            job.path,
            lambda counts: bar(counts.rows + counts.rejected, total),
        )
    async with install.reading() as work:
        list_id = (await importing.progress(work, job.account_id, import_id)).list_id
    return Imported(seen, counts, list_id)


def told_of(done: Imported) -> dict[str, Any]:
    """Tell what came of an import as one object."""
    seen = done.seen
    return {
        "is_preview": done.counts is None,
        "list_id": done.list_id,
        "counts": msgspec.to_builtins(done.counts or seen.counts),
        "new": seen.new,
        "known": seen.known,
        "columns": seen.columns,
        "columns_unknown": seen.unknown,
        "rejected": [one._asdict() for one in seen.rejected],
    }


def _print(done: Imported) -> None:
    seen, counts = done.seen, done.seen.counts
    rows = f"{counts.recipients} + {counts.merged} + {counts.rejected}"
    lines = [
        (counts.rows + counts.rejected, f"rows = {rows} (recipients + merged + rejected)"),
        (seen.new, "people the account does not know yet"),
        (seen.known, "people it knows"),
        (counts.opt_outs, "who said stop"),
        *((counts.grades.get(grade, 0), f"{grade}: {words}") for grade, words in GRADES.items()),
    ]
    for number, words in lines:
        out.print(f"{number:>8}  {words}", markup=False)
    if seen.unknown:
        out.print(f"\nColumns that mean nothing here: {', '.join(seen.unknown)}", markup=False)
    for one in seen.rejected[:SHOWN]:
        out.print(f"✕ line {one.line}: {one.field}: {ROWS[one.reason]}", markup=False)
    if counts.rejected_with_opt_out:
        out.print(
            f"Rejected rows with a stop and no readable address: {counts.rejected_with_opt_out}. Stop them by hand."
        )
    _print_end(done)


def _print_end(done: Imported) -> None:
    if done.counts is None:
        out.print("\nNothing was stored. Leave --preview out to import the list.")
        return
    made = done.counts
    told = (
        f"{made.added} people added, {made.changed} changed, {made.consents} consents and {made.stops} stops recorded"
    )
    out.print(f"\n{told}. List {done.list_id}", markup=False)
