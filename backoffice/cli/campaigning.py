"""`backoffice campaign`: campaigns of a running service, created, previewed, started and watched from here."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from backoffice.cli.calling import ONCE, URL, Api, body_of
from backoffice.cli.opening import JSON
from backoffice.cli.show import Bar, as_json, out, refusing
from backoffice.cli.summary import MARKS
from backoffice.plumbing.policies import read_bytes

ID = click.argument("campaign_id", type=click.UUID)
VERDICTS = {"allowed": "allow", "warned": "warn", "held": "hold", "denied": "deny"}
_BETWEEN_LOOKS = 1.0  # seconds


@click.group()
def campaign() -> None:
    """Create, preview, start and watch campaigns of a running service.

    The account's key is read from BACKOFFICE_KEY.
    """


@campaign.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--contacts", type=click.Path(path_type=Path), help="A list whose people it is sent to, as CSV.")
@URL
@ONCE
@JSON
def create(file: Path, contacts: Path | None, url: str, once: str, *, is_json: bool) -> None:
    """Create a campaign.

    FILE is the campaign as JSON, as POST /v1/campaigns takes it, or - for standard input. With --contacts its people
    are those of a list that is handed in with it; what FILE says under `file` is stated of that list.
    """
    with refusing():
        body, rows = body_of(file, sys.stdin), read_bytes(contacts) if contacts else None
        with Api(url) as api:
            told = api.post("/v1/campaigns", body if rows is None else _with_file(body), once=once)
            if rows is not None:
                told = _hand_in(api, told["id"], rows, once)
    _tell(told, is_json=is_json)


def _with_file(body: bytes) -> bytes:
    asked: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({"file": {}, **asked})


def _hand_in(api: Api, campaign_id: str, rows: bytes, once: str) -> Any:  # noqa: ANN401  # JSON
    key = f"{once}-file" if once else ""
    return api.post(f"/v1/campaigns/{campaign_id}/file", rows, once=key, media="text/csv")


@campaign.command()
@ID
@URL
@JSON
def preview(campaign_id: UUID, url: str, *, is_json: bool) -> None:
    """Judge everybody on a campaign, and record and send nothing: verdicts, reasons, and the credits it would take."""
    with refusing(), Api(url) as api:
        told = api.post(f"/v1/campaigns/{campaign_id}/preview")
        with Bar("judging") as bar:
            while told["ended_at"] is None:
                bar(told["judged"] + told["gone"], told["rows"])
                time.sleep(_BETWEEN_LOOKS)
                told = api.get(f"/v1/campaigns/{campaign_id}/preview")
    if is_json:
        as_json(told)
    else:
        for line in preview_lines(told):
            out.print(line, markup=False)


@campaign.command()
@ID
@URL
@ONCE
@JSON
def start(campaign_id: UUID, url: str, once: str, *, is_json: bool) -> None:
    """Start a campaign that is ready."""
    _turn(campaign_id, "start", url, once, is_json=is_json)


@campaign.command()
@ID
@URL
@ONCE
@JSON
def pause(campaign_id: UUID, url: str, once: str, *, is_json: bool) -> None:
    """Let nothing more leave until it is resumed, but what is being handed over at this instant.

    What was decided stays queued and keeps its credits; nobody more is decided about.
    """
    _turn(campaign_id, "pause", url, once, is_json=is_json)


@campaign.command()
@ID
@URL
@ONCE
@JSON
def resume(campaign_id: UUID, url: str, once: str, *, is_json: bool) -> None:
    """Go on with a campaign that is paused: nobody is skipped, nobody comes twice.

    What was queued is judged anew before it leaves.
    """
    _turn(campaign_id, "resume", url, once, is_json=is_json)


@campaign.command()
@ID
@URL
@ONCE
@JSON
def stop(campaign_id: UUID, url: str, once: str, *, is_json: bool) -> None:
    """End a campaign. What has not left never does, and its credits come back."""
    _turn(campaign_id, "stop", url, once, is_json=is_json)


def _turn(campaign_id: UUID, verb: str, url: str, once: str, *, is_json: bool) -> None:
    with refusing(), Api(url) as api:
        told = api.post(f"/v1/campaigns/{campaign_id}/{verb}", once=once)
    _tell(told, is_json=is_json)


@campaign.command()
@ID
@URL
@JSON
def watch(campaign_id: UUID, url: str, *, is_json: bool) -> None:
    """Watch how far a campaign is until it has ended; Ctrl-C leaves it running. Exit 1 where it has failed."""
    told: dict[str, Any] = {}
    with refusing(), Api(url) as api:
        with Bar("deciding") as bar:
            for told in api.events(f"/v1/campaigns/{campaign_id}/events"):
                bar(told["decided"], told["rows"] or None, told["state"])
        told = told or api.get(f"/v1/campaigns/{campaign_id}")
    _tell(told, is_json=is_json)
    sys.exit(1 if told["state"] == "failed" else 0)


def _tell(told: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        as_json(told)
        return
    for line in progress_lines(told):
        out.print(line, markup=False)


def progress_lines(told: dict[str, Any]) -> list[str]:
    """Tell how far a campaign is, in lines."""
    fault = f": {told['fault']}" if told.get("fault") else ""
    lines = [f"campaign {told['id']}: {told['state']}{fault}", f"{told['decided']:>8}  of {told['rows']} decided"]
    lines += [f"{told[name]:>8}  {MARKS[verdict]} {name}" for name, verdict in VERDICTS.items() if told[name]]
    lines += [f"{number:>8}  {state}" for state, number in sorted(told["sends"].items())]
    return lines + ([f"{told['delivered']:>8}  delivered"] if told["delivered"] else [])


def preview_lines(told: dict[str, Any]) -> list[str]:
    """Tell what a preview has found, in lines: verdicts, credits, the reasons of most people first, gaps."""
    fault = [f"✕ it ended early: {told['fault']}"] if told["fault"] else []
    verdicts = [f"{told['verdicts'].get(verdict, 0):>8}  {mark} {verdict}" for verdict, mark in MARKS.items()]
    money = told["credits"]
    lacks = f", {money['missing']} are missing" if money["missing"] else ""
    credits_ = [f"{money['needed']:>8}  credits of {money['available']}{lacks}"] if money["needed"] else []
    reasons = [
        f"{one['count']:>8}  {MARKS[one['verdict']]} {one['says']} ({one['citation']})" for one in told["reasons"]
    ]
    gaps = [f"{one['count']:>8}  ? {one['says']}" for one in told["gaps"]]
    return [*fault, *verdicts, *credits_, *reasons, *gaps]
