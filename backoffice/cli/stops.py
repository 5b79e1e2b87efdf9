"""`backoffice import suppressions`: stops that another system received, counted first or stored, told line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple
from uuid import UUID

import click
import msgspec

from backoffice.cli.judging import pair
from backoffice.cli.opening import JSON, within
from backoffice.cli.show import Bar, as_json, out, refusing
from backoffice.consent.stops import importing
from backoffice.consent.stops.importing import Preview
from backoffice.consent.stops.stated import StatedStops
from backoffice.consent.stops.weighing import Counts, Result
from backoffice.contacts.addresses import KIND
from backoffice.contacts.cells import shown
from backoffice.journeys import suppressing
from backoffice.journeys.suppressing import Met
from backoffice.plumbing.install import Install
from backoffice.plumbing.messages import ROWS
from backoffice.plumbing.writing import whole_file
from backoffice.relay.lines import FORMULA

SHOWN = 10
"""How many lines at fault, and how many campaigns, are shown one by one."""

COLUMNS = ("line", "outcome", "field", "reason", "says", "is_in_campaign")


class Job(NamedTuple):
    """A list of stops to import: whose it is, its file, what is stated of it, and where each line is told."""

    account_id: UUID
    path: Path
    stated: StatedStops
    is_preview: bool
    out: Path | None


class Imported(NamedTuple):
    """What came of it: what was counted first, what was stored if anything was, and which campaigns have its people."""

    seen: Preview
    counts: Counts | None
    import_id: UUID | None
    met: list[Met]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", "account_id", required=True, type=click.UUID, help="Whose recipients they are.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "twilio", "onetrust", "mautic", "csv"]),
    default="auto",
    help="What the file is; auto goes by its headers.",
)
@click.option("--preview", "is_preview", is_flag=True, help="Count what it would add, and store nothing.")
@click.option("--scope", type=click.Choice(["all", "marketing"]), default="all", help="What the stops forbid.")
@click.option(
    "--channel", type=click.Choice(["all", *KIND]), default="all", help="Over which channel, where a row names none."
)
@click.option("--region", default="", help="Region of numbers without a country code, where the row names none.")
@click.option("--name", help="What the account calls it; default the file's name.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=HEADER", help="Which header holds a column.")
@click.option("--encoding", default="", help="The file's encoding, where it is not UTF-8.")
@click.option(
    "--out", "out_path", type=click.Path(path_type=Path), help="Write what became of each line to a .csv or .jsonl."
)
@JSON
def suppressions(
    file: Path,
    account_id: UUID,
    form: Literal["auto", "twilio", "onetrust", "mautic", "csv"],
    scope: Literal["all", "marketing"],
    channel: str,
    region: str,
    name: str | None,
    mapping: tuple[str, ...],
    encoding: str,
    out_path: Path | None,
    *,
    is_preview: bool,
    is_json: bool,
) -> None:
    """Import stops that another system received, before anything is sent.

    Opt-outs of Twilio, OneTrust, Mautic or plain CSV, known by their headers. What can't be read beside an address is
    taken the strict way and told; an opt-in lifts nothing. The same file again changes nothing.
    """
    with refusing():
        stated = StatedStops(
            name=name or file.stem,
            form="" if form == "auto" else form,
            scope=scope,
            channel=channel,
            region=region,
            encoding=encoding,
            columns=dict(pair(text) for text in mapping),
        )
        job = Job(account_id, file, stated, is_preview, out_path)
        done = within(lambda install: run(install, job))
    if is_json:
        as_json(told_of(done))
    else:
        _print(done)


async def run(install: Install, job: Job) -> Imported:
    """Preview a list of stops and, unless that was all that was wanted, store it; each line is told where asked."""
    with ExitStack() as opened:
        tell = _teller(opened, job.out)
        seen = await suppressing.preview(
            *(install, job.account_id, job.stated, job.path), tell if job.is_preview else None
        )
        if job.is_preview:
            return Imported(seen, None, None, await _met(install, job, seen.counts))
        async with install.unit_of_work() as work:
            import_id = await importing.state_stops(work, job.account_id, job.stated)
        with Bar("storing") as bar:
            shows = partial(_show, bar, seen.counts.rows)
            counts = await suppressing.commit(install, job.account_id, import_id, job.path, shows)
        if tell:
            async for results in importing.list_results(install, job.account_id, import_id):
                tell(results)
    return Imported(seen, counts, import_id, await _met(install, job, counts))


def _show(bar: Bar, total: int, counts: Counts) -> None:
    bar(counts.rows, total)


async def _met(install: Install, job: Job, counts: Counts) -> list[Met]:
    async with install.reading() as work:
        return await suppressing.list_met(work, job.account_id, counts.campaigns)


def _teller(opened: ExitStack, path: Path | None) -> importing.Tell | None:
    """Return what writes lines to a file, whole or not at all; None where nobody asked for it."""
    if path is None:
        return None
    file = opened.enter_context(whole_file(path))
    is_csv = path.suffix == ".csv"
    if is_csv:
        file.write(_csv([COLUMNS]))
    return partial(_write, file, is_csv)


def _write(file: BinaryIO, is_csv: bool, results: Sequence[Result]) -> None:  # noqa: FBT001  # bound before
    lines = [{**one._asdict(), "says": ROWS.get(one.reason, "")} for one in results]
    if is_csv:
        file.write(_csv([[_safe(one[column]) for column in COLUMNS] for one in lines]))
    else:
        file.writelines(msgspec.json.encode(one) + b"\n" for one in lines)


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _safe(value: object) -> str:
    """Return a cell that no spreadsheet reads as a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def told_of(done: Imported) -> dict[str, Any]:
    """Tell what came of an import as one object."""
    return {
        "is_preview": done.counts is None,
        "import_id": done.import_id,
        "format": done.seen.form,
        "counts": msgspec.to_builtins(done.counts or done.seen.counts),
        "campaigns": [one._asdict() for one in done.met],
        "columns": done.seen.columns,
        "columns_unknown": done.seen.unknown,
        "faults": [one._asdict() for one in done.seen.faults],
    }


def _print(done: Imported) -> None:
    counts = done.counts or done.seen.counts
    out.print(f"Read as {done.seen.form}.\n", markup=False)
    for number, words in _figures(counts):
        out.print(f"{number:>8}  {words}", markup=False)
    if done.seen.unknown:
        out.print(f"\nColumns that mean nothing here: {', '.join(done.seen.unknown)}", markup=False)
    for line in (*_faults(done.seen.faults), *_campaigns(done.met)):
        out.print(line, markup=False)
    if done.counts is None:
        out.print("\nNothing was stored. Leave --preview out to import the list.")
    else:
        out.print(f"\n{counts.stops} stops recorded. Import {done.import_id}", markup=False)


def _figures(counts: Counts) -> Iterator[tuple[int, str]]:
    whole = f"{counts.new} + {counts.known} + {counts.not_opt_out} + {counts.unreadable}"
    yield counts.rows, f"rows = {whole} (new + known + no opt-out + unreadable)"
    yield counts.doubtful, "of the new and known in which something was taken the strict way"
    yield counts.in_campaigns, "people who are in a campaign that is running or queued: nothing more reaches them"


def _faults(faults: Sequence[Result]) -> Iterator[str]:
    for one in faults[:SHOWN]:
        mark = "✕" if one.outcome == "unreadable" else "!"
        yield f"{mark} line {one.line}: {': '.join(filter(None, (one.field, ROWS[one.reason])))}"


def _campaigns(met: Sequence[Met]) -> Iterator[str]:
    for one in met[:SHOWN]:
        yield f"  campaign {one.campaign_id} {shown(one.name)} ({one.state}): {one.people}"
