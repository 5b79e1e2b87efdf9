"""`backoffice demo`: a shop with every operator, on a server of its own: its list sent, all proved, and served."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import redirect_stderr
from datetime import datetime
from typing import Any, NamedTuple

import click
import msgspec

from backoffice.accounts.service import issue_key
from backoffice.audit import sequencer
from backoffice.audit.checking import Findings
from backoffice.audit.keys import open_keys
from backoffice.channels.moving import move_provider
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.cli.apart import alone
from backoffice.cli.housing import SOMEBODY, house, own_number, settings_of, url_of
from backoffice.cli.ledger import check, lines_of, told_of
from backoffice.cli.opening import reaching
from backoffice.cli.show import Bar, as_json, out, refusing
from backoffice.cli.summary import reason_lines, summary_of, top_reasons
from backoffice.contacts.lists import ContactList, open_list
from backoffice.delivery.loops import delivering
from backoffice.journeys import demo as journey
from backoffice.journeys.demo import Decided, Shop, Sums
from backoffice.journeys.offers import Offer, send_of
from backoffice.kernel.clock import as_utc
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Install
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.partitions import ensure_partitions
from backoffice.plumbing.policies import library, policies_folder
from backoffice.plumbing.settings import Settings, read_settings
from backoffice.relay.profile import Profile, read_profile
from backoffice.worker import run_worker, stopping

OFFER = Offer("whatsapp", "marketing", policies_folder() / "demo" / "contacts.csv")
REASONS = 5  # a row of the table


class Played(NamedTuple):
    """What came of the demo, and the seconds it took."""

    shops: list[Shop]
    decided: dict[str, Decided]
    sums: dict[str, Sums]
    found: Findings
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the ledger is whole, each decision came out the same again, and nothing is still on its way."""
        is_same = not any(one.unlike for one in self.decided.values())
        return self.found.is_good and is_same and not any(one.on_the_way for one in self.sums.values())


@click.command()
@click.option("--once", is_flag=True, help="For scripts: end after the table.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object, and end.")
@click.option("--clock", metavar="MOMENT", help="What time it is when it is served, as 2026-01-31T10:00Z.")
def demo(*, once: bool, is_json: bool, clock: str | None) -> None:
    """Play the demo: five operators, one list, sent over the sandbox. Then serve it to be tried out, until Ctrl-C.

    Its clock is a test clock: POST /sandbox/clock moves it on.
    """
    with refusing():
        serves_at = None if clock is None else _moment(clock)
        began, (profile, contacts) = time.monotonic(), _handed_in(serves_at)
        settings, ends = read_settings(), once or is_json
        library()  # policies that can't be read are refused before anything is started
        with reaching(settings), alone(settings.data / "demo") as folder:
            own = settings_of(settings, folder, port=0 if ends else settings.port)
            told = _Told(ends=ends, is_json=is_json, serves_at=serves_at)
            is_good = asyncio.run(_run(own, profile, contacts, began, told))
    sys.exit(0 if is_good else 1)


class _Told(NamedTuple):
    """How the demo ends, what it prints, and when it is served; None: at the moment at which it was played."""

    ends: bool
    is_json: bool
    serves_at: datetime | None


def _moment(written: str) -> datetime:
    """Read the moment at which the demo is served; raises Invalid."""
    try:
        return as_utc(datetime.fromisoformat(written), field="--clock")
    except ValueError:
        raise Invalid("date_invalid", field="--clock") from None


def _handed_in(serves_at: datetime | None) -> tuple[Profile, ContactList]:
    """Read the demo's profile and open its list, for the profile's moment, or an earlier one at which it is served."""
    profile = read_profile(OFFER.contacts.with_name("profile.toml"))
    if profile.at is None:
        raise Invalid("demo_without_instant", file=profile.file, field="at")
    at = min(profile.at, serves_at or profile.at)
    profile = msgspec.structs.replace(profile, at=at)
    region = profile.region or None
    return profile, open_list(OFFER.contacts, channel=OFFER.channel, region=region, at=at)


async def _run(settings: Settings, profile: Profile, contacts: ContactList, began: float, how: _Told) -> bool:
    """Play, tell, and serve on where nobody said to end; what the parts tell meanwhile goes to a file."""
    bar, clock = Bar("starting PostgreSQL and the sandbox"), MovedClock(contacts.at)
    lines = settings.data / "lines.jsonl"
    with lines.open("a", encoding="utf-8") as file, redirect_stderr(file):
        async with house(settings, clock) as (install, provider):
            with bar:
                played = await _play(install, clock, provider, profile, bar)
            played = played._replace(seconds=time.monotonic() - began)
            if how.is_json:
                as_json(_told(install, profile, contacts, played))
            else:
                _print(install, profile, played)
            if not how.ends:
                await _serve_on(install, clock, profile, played, how.serves_at)
    return played.is_good


async def _play(install: Install, clock: MovedClock, provider: RunningProvider, profile: Profile, bar: Bar) -> Played:
    operators = list(library().operators)
    total, shops = 2 * len(operators) + 3, []
    await journey.hold_registers(install, profile)
    for place, operator in enumerate(operators):
        bar(place, total, f"registering with {library().operator(operator).name}")
        shops.append(await journey.open_shop(install, operator, own_number(place), profile, OFFER))
    bar(len(operators), total, "deciding")
    await journey.decide_all(install, shops)
    decided = {}
    for place, shop in enumerate(shops, len(operators) + 1):
        bar(place, total, "making each decision again")
        decided[shop.operator] = await journey.count(install, shop)
    bar(total - 2, total, "delivering")
    async with delivering(install) as ways:
        steps = {**{name: way.step for name, way in ways.items()}, "sequencer": sequencer.step}
        sums = await journey.deliver_all(install, clock.advance, shops, steps, lambda: provider.waiting() == 0)
    bar(total - 1, total, "verifying the ledger")
    await sequencer.seal_now(install)
    return Played(shops, decided, sums, await check(install, []), 0.0)


def _told(install: Install, profile: Profile, contacts: ContactList, played: Played) -> dict[str, Any]:
    """Tell the demo as one object, an operator a key: what `judge` tells of its list, and what became of it."""
    ledger = told_of(played.found) | {"checkpoint": str(sequencer.signed_file(install.settings))}
    told = {}
    for shop in played.shops:
        decided, sums = played.decided[shop.operator], played.sums[shop.operator]
        judged = summary_of(contacts, profile, shop.operator, decided.counts, seconds=played.seconds, peak_mb=0)
        ids = {"account_id": shop.account_id, "campaign_id": shop.campaign_id}
        told[shop.operator] = {**judged, **sums._asdict(), **ids, "unlike": decided.unlike, "ledger": ledger}
    return told


def _print(install: Install, profile: Profile, played: Played) -> None:
    name, settings = OFFER.contacts.name, install.settings
    out.print(f"{name}: one {OFFER.purpose} message on {OFFER.channel}, at {profile.at:%d %b %Y %H:%M} UTC. On record:")
    for line in profile.assumes:
        out.print(f"  {line}", markup=False)
    out.print(f"\n{table(played)}\n", markup=False)
    made = sum(one.counts.judged for one in played.decided.values())
    unlike = sum(one.unlike for one in played.decided.values())
    same = f"✕ {unlike} of them come out otherwise" if unlike else "each comes out the same, to the byte"
    out.print(f"{made} decisions, made again of their stored facts: {same}.", markup=False)
    out.print("Ledger: " + "\n".join(lines_of(played.found)), markup=False)
    checkpoint = sequencer.signed_file(settings)
    out.print(f"Checkpoint: {checkpoint}\n  Verify it with nothing of ours but one file:", markup=False)
    key = open_keys(settings).public[0].vkey
    out.print(f"  python3 -I backoffice/audit/verify.py note {checkpoint} --key '{key}'", markup=False)
    out.print(f"{played.seconds:.1f} s", style="dim")


def table(played: Played) -> str:
    """Write one table: a row an operator, its top reasons under it; it fits eighty columns."""
    heads = ("operator", "rows", "✓ allowed", "⏸ held", "✕ denied", "rejected", "merged", "delivered", "A/B/C/D/none")
    lines = [" ".join((f"{heads[0]:<9}", *heads[1:]))]
    for operator, (counts, _) in played.decided.items():
        allowed = counts.verdicts["allow"] + counts.verdicts["warn"]
        verdicts = (allowed, counts.verdicts["hold"], counts.verdicts["deny"], counts.rejected, counts.merged)
        figures = (counts.rows, *verdicts, played.sums[operator].delivered)
        grades = "/".join(str(counts.grades[grade]) for grade in ("A", "B", "C", "D", "none"))
        cells = [str(cell).rjust(len(head)) for cell, head in zip(figures, heads[1:], strict=False)]
        lines += ["", " ".join((f"{library().operator(operator).name:<9}", *cells, grades))]
        lines += [f"  {line}" for line in reason_lines(top_reasons(counts, REASONS), cited=2)]
    return "\n".join(lines)


async def _serve_on(
    install: Install, clock: MovedClock, profile: Profile, played: Played, serves_at: datetime | None
) -> None:
    """Let time run and the worker work until somebody ends it; the web part serves already."""
    shop = played.shops[0]
    async with install.unit_of_work() as work:
        secret = await issue_key(work, shop.account_id)
    asked = install.settings.data / "send.json"
    asked.write_bytes(msgspec.json.format(msgspec.json.encode(send_of(profile, OFFER, shop.sender_id)), indent=2))
    url, auth = url_of(install.settings), '-H "Authorization: Bearer $KEY"'
    json = '-H "Content-Type: application/json"'
    name = library().operator(shop.operator).name
    wrote = {"phone_number_id": own_number(0).names.code, "from": SOMEBODY, "type": "text", "text": {"body": "STOP"}}
    said = msgspec.json.encode(wrote).decode()
    if serves_at and serves_at > clock():
        async with install.unit_of_work() as work:
            await ensure_partitions(work.connection, serves_at)
        clock.move_to(serves_at)
    await move_provider(install.settings.whatsapp_url, clock())
    with stopping() as stop:
        clock.let_go()
        for line in (
            f"\nServing {url} until Ctrl-C. Its page: {url}/v1/docs",
            f"It is {clock():%d %b %Y %H:%M} UTC here. A key of the shop at {name}; five things to try:\n",
            f"  KEY={secret}",
            f"  curl {auth} {url}/v1/campaigns/{shop.campaign_id}",
            f'  curl {auth} "{url}/v1/campaigns/{shop.campaign_id}/report?verdict=deny"',
            f"  curl {auth} {json} -d @{asked} {url}/v1/decisions/dry-run",
            f"  curl {json} -d '{said}' {install.settings.whatsapp_url}/sandbox/inbound   # a person writes",
            f"  curl {auth} {json} -H 'Idempotency-Key: 1' -d '{{\"advance\": \"PT8H\"}}' {url}/sandbox/clock\n",
        ):
            out.print(line, markup=False)
        await run_worker(install, stop)
