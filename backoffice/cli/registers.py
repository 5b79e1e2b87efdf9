"""`backoffice import list` and `lists`: public registers, imported whole, and how old what is held of them is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from backoffice.cli.opening import JSON, within
from backoffice.cli.show import as_json, out, refusing
from backoffice.contacts.cells import moments
from backoffice.contacts.registers import store
from backoffice.contacts.registers.law import OTHERS, Told, askers_of, tell
from backoffice.contacts.registers.reading import Fault, Reading
from backoffice.contacts.registers.replacing import replace_register
from backoffice.contacts.registers.store import Held
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Install
from backoffice.plumbing.messages import ROWS
from backoffice.plumbing.policies import library

SHOWN = 10
"""How many lines at fault are shown one by one."""


class Job(NamedTuple):
    """A copy of a register: which, its files, and the day of its data."""

    name: str
    paths: tuple[Path, ...]
    as_of: str
    encoding: str
    is_preview: bool
    may_shrink: bool


class Taken(NamedTuple):
    """What came of it."""

    held: Held
    faults: list[Fault]


@click.command("list")
@click.argument("name")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--as-of", required=True, metavar="DATE", help="The day of the data, as 2026-11-20.")
@click.option("--preview", "is_preview", is_flag=True, help="Read it and count, and store nothing.")
@click.option("--shrink", "may_shrink", is_flag=True, help="Take a copy of less than half of what is held.")
@click.option("--encoding", default="", help="The files' encoding, where it is not UTF-8.")
@JSON
def register(
    name: str,
    files: tuple[Path, ...],
    as_of: str,
    encoding: str,
    *,
    is_preview: bool,
    may_shrink: bool,
    is_json: bool,
) -> None:
    """Import a public register, whole, in place of what is held of it.

    NAME is one that law asks for, as us_dnc, us_tx_no_call, fcc_wireless_domains; `backoffice lists` shows them.
    Several FILES, as one an area code, are one register.
    """
    with refusing():
        if name not in (known := sorted(askers_of(library()).keys() | OTHERS)):
            raise Invalid("register_unknown", field="NAME", known=known)
        job = Job(name, files, as_of, encoding, is_preview, may_shrink)
        done = within(lambda install: take(install, job))
    if is_json:
        as_json({"is_preview": is_preview, **_told(done.held), "faults": [one._asdict() for one in done.faults]})
    else:
        _print(done, is_preview=is_preview)


async def take(install: Install, job: Job) -> Taken:
    """Read a register and put it in place of what is held of it, or only try to."""
    opening = install.trial if job.is_preview else install.unit_of_work
    async with opening() as work:
        reading = Reading(job.name, job.paths, work.vault, work.at, job.encoding)
        held = await replace_register(
            *(work, job.name, _day(job.as_of, work.at), reading.batches()),
            may_shrink=job.may_shrink,
            unreadable=lambda: reading.unreadable,
        )
    return Taken(held, reading.faults)


def _day(written: str, at: datetime) -> datetime:
    """Return the moment from which data of a day ages: its midnight in UTC, or now where that day has begun elsewhere.

    Raises Invalid for what is no date, or lies in the future everywhere.
    """
    first, last = moments(written, "--as-of")
    if first > at:
        raise Invalid("date_in_future", field="--as-of")
    return first if first == last else min(datetime.fromisoformat(written).replace(tzinfo=UTC), at)


@click.command()
@JSON
def lists(*, is_json: bool) -> None:
    """Show the public registers that are held, their age, and who asks for them.

    Exit 1 where one that law asks for is missing or too old: what asks for it holds until a fresh copy is imported.
    """
    with refusing():
        told, at = within(_look)
    is_well = not any(one.is_missing() or one.is_too_old(at) for one in told)
    if is_json:
        as_json({"is_well": is_well, "registers": [_register(one, at) for one in told]})
    else:
        for one in told:
            out.print("\n".join(_lines(one, at)), markup=False)
    sys.exit(0 if is_well else 1)


async def _look(install: Install) -> tuple[list[Told], datetime]:
    async with install.reading() as work:
        return tell(library(), await store.list_held(work)), work.at


def _told(held: Held) -> dict[str, Any]:
    return {**held._asdict(), "as_of": held.as_of.date().isoformat()}


def _register(told: Told, at: datetime) -> dict[str, Any]:
    held = told.held
    return {
        "name": told.name,
        "is_held": held is not None,
        "is_too_old": told.is_too_old(at),
        "as_of": held.as_of if held else None,
        "age_days": (at - held.as_of).days if held else None,
        "listed": held.listed if held else 0,
        "unreadable": held.unreadable if held else 0,
        "recorded_at": held.recorded_at if held else None,
        "at_most_days": told.at_most.days if told.at_most else None,
        "asked_by": [one.source for one in told.askers],
    }


def _lines(told: Told, at: datetime) -> list[str]:
    asked = ", ".join(one.source for one in told.askers) or "no row of law"
    limit = f", at most {told.at_most.days} days old" if told.at_most else ""
    if told.held is None:
        return [f"✕ {told.name}: not held", f"  asked for by {asked}{limit}"]
    age = (at - told.held.as_of).days
    mark, note = ("✕", ", too old") if told.is_too_old(at) else ("✓", "")
    state = f"{told.held.listed} listed, as of {told.held.as_of:%Y-%m-%d}, {age} days old{note}"
    return [f"{mark} {told.name}: {state}", f"  asked for by {asked}{limit}"]


def _print(done: Taken, *, is_preview: bool) -> None:
    held = done.held
    out.print(f"{held.name}: {held.listed} listed, as of {held.as_of:%Y-%m-%d}", markup=False)
    if held.unreadable:
        out.print(f"{held.unreadable} lines in which nothing can be read:", markup=False)
    for one in done.faults[:SHOWN]:
        out.print(f"✕ {one.file}:{one.line}: {ROWS[one.reason]}", markup=False)
    if is_preview:
        out.print("Nothing was stored. Leave --preview out to import it.")
