"""`backoffice migrate` and `doctor`: the database brought up to date, and what the machine lacks."""

from __future__ import annotations

import asyncio
import sys

import click

from backoffice.cli.opening import JSON, bring_up_to_date
from backoffice.cli.show import as_json, out, refusing
from backoffice.plumbing.doctor import Finding, examine
from backoffice.plumbing.settings import read_settings
from backoffice.plumbing.translations import LANGUAGES, translator

MARKS = {"ok": "✓", "warn": "!", "bad": "✕"}


@click.command()
@JSON
def migrate(*, is_json: bool) -> None:
    """Bring the database up to date. Nothing happens where it is."""
    with refusing():
        bring_up_to_date(read_settings())
    if is_json:
        as_json({"is_up_to_date": True})
    else:
        out.print("The database is up to date.")


@click.command()
@click.option("--language", default="en", type=click.Choice(LANGUAGES), help="Language of what is found.")
@JSON
def doctor(language: str, *, is_json: bool) -> None:
    """Tell what is missing on this machine and how to mend it. It changes nothing; exit 1 where something is bad."""
    with refusing(language):
        found = asyncio.run(examine(read_settings(), translate=translator(language)))
    is_well = all(one.state != "bad" for one in found)
    if is_json:
        as_json({"is_well": is_well, "findings": found})
    else:
        _print(found)
    sys.exit(0 if is_well else 1)


def _print(found: list[Finding]) -> None:
    for one in found:
        out.print(f"{MARKS[one.state]} {one.says}", markup=False)
        if one.mend:
            out.print(f"  {one.mend}", markup=False)
