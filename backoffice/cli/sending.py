"""`backoffice send`: one message by a running service, if its gate lets it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from backoffice.cli.calling import ONCE, URL, Api, body_of
from backoffice.cli.opening import JSON
from backoffice.cli.show import as_json, out, refusing
from backoffice.cli.summary import MARKS


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--try", "is_trial", is_flag=True, help="Only say what would be decided; nothing is sent or recorded.")
@URL
@ONCE
@JSON
def send(file: Path, url: str, once: str, *, is_trial: bool, is_json: bool) -> None:
    """Send one message by a running service, if its gate lets it.

    FILE is the message as JSON, as POST /v1/sends takes it, or - for standard input. The account's key is read from
    BACKOFFICE_KEY. Exit 0 also where the message is held or denied: the decision says why.
    """
    with refusing():
        body = body_of(file, sys.stdin)
        with Api(url) as api:
            told = api.post("/v1/decisions/dry-run" if is_trial else "/v1/sends", body, once=once)
    if is_json:
        as_json(told)
    else:
        for line in lines_of(told):
            out.print(line, markup=False)


def lines_of(told: dict[str, Any]) -> list[str]:
    """Tell a decision in lines: the verdict, then what stands in the way, where that is written, what can be done."""
    opens = f", opens {told['next_allowed_at']}" if told.get("next_allowed_at") else ""
    head = f"{MARKS[told['verdict']]} {told['verdict']}{opens}"
    lines = [f"{head}  send {told['id']}: {told['state']}" if "id" in told else head]
    for reason in told["reasons"]:
        lines.append(f"  {MARKS[reason['verdict']]} {reason['says']} ({reason['citation']})")
        lines += [f"    {reason['remedy']}"] if reason.get("remedy") else []
    return lines
