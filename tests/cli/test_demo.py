"""`backoffice demo`: what goes through database, gate and courier comes out as `judge` says, for every operator."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from backoffice.audit.checking import Findings
from backoffice.cli.apart import alone
from backoffice.cli.demo import OFFER, Played
from backoffice.cli.housing import own_number
from backoffice.cli.judging import Job
from backoffice.cli.judging import run as judge_list
from backoffice.contacts.lists import open_list
from backoffice.delivery.loops import delivering
from backoffice.journeys import demo as journey
from backoffice.journeys.demo import Decided, Shop, Sums
from backoffice.journeys.judged import judged
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.policies import library
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.translations import translator
from backoffice.policy.facts import Account, Message
from backoffice.policy.gaps import is_gap
from backoffice.relay.judge import Counts
from backoffice.relay.lines import Lines
from backoffice.relay.profile import Profile, read_profile
from tests.cli.conftest import Runs
from tests.conftest import _empty
from tests.contracts.house import ROOT

MEASURED = {"message.recipients_count", "message.since_last_batch"}
"""What a profile assumes, and the product counts for itself: 120 people instead of 129, no campaign before."""

UNASKED = "account.usage_count"
"""What is not counted where no rule of the operator's asks for it."""


@pytest.fixture
def profile() -> Profile:
    """The demo's profile."""
    return read_profile(OFFER.contacts.with_name("profile.toml"))


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that also the account of the own server may enter."""
    with tempfile.TemporaryDirectory(prefix="bo-demo-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("BACKOFFICE_DATA", folder)
        yield Path(folder)


def judge(profile: Profile, operator: str) -> Counts:
    """Judge the demo's list as `backoffice judge` does."""
    assert profile.at
    contacts = open_list(OFFER.contacts, channel=OFFER.channel, region=None, at=profile.at)
    job = Job(contacts=contacts, profile=profile, operator=operator, purpose=OFFER.purpose, at=profile.at)
    return judge_list(job, None, Lines(translator("en"), with_addresses=False))[0]


@pytest.fixture
async def stage(settings: Settings, profile: Profile) -> AsyncIterator[tuple[Install, MovedClock]]:
    """An install at the profile's moment, where time stands still."""
    assert profile.at
    clock = MovedClock(profile.at)
    async with open_install(settings, clock, must_migrate=False) as install:
        yield install, clock
    await _empty(settings.database_url)


async def test_what_is_on_record_is_decided_as_the_list_is_judged(
    stage: tuple[Install, MovedClock], profile: Profile
) -> None:
    """For all operators: every count, grade, gap and reason; each decision can be made again; what may go arrives."""
    install, clock = stage
    await journey.hold_registers(install, profile)
    shops = [
        await journey.open_shop(install, operator, own_number(place), profile, OFFER)
        for place, operator in enumerate(library().operators)
    ]
    await journey.decide_all(install, shops)
    decided = {shop.operator: await journey.count(install, shop) for shop in shops}
    unlike = [await unlike_facts(install, shop, profile) for shop in shops]
    async with delivering(install) as ways:
        steps = {name: way.step for name, way in ways.items()}
        sums = await journey.deliver_all(install, clock.advance, shops, steps)

    assert decided.keys() == library().operators.keys()
    for operator, (counts, changed) in decided.items():
        assert (operator, counts, changed) == (operator, judge(profile, operator), 0)
        allowed = counts.verdicts["allow"] + counts.verdicts["warn"]
        assert (sums[operator].sent, sums[operator].on_the_way) == (allowed, 0)
        assert allowed > 0
    assert {frozenset(one) for one in unlike} == {frozenset(MEASURED), frozenset({*MEASURED, UNASKED})}


async def unlike_facts(install: Install, shop: Shop, profile: Profile) -> set[str]:
    """Return the facts of account and message that are on record otherwise than the profile states them."""
    assert profile.at
    place = library().operator(shop.operator).place
    stated: tuple[Account, Message] = (
        profile.account_facts(place),
        profile.message_facts(profile.at, OFFER.channel, OFFER.purpose),
    )
    async with install.reading() as work:
        decision_id = await work.connection.fetchval(
            "SELECT decision_id FROM send WHERE account_id = $1 LIMIT 1", shop.account_id
        )
        seen = await judged(work, shop.account_id, decision_id)
    return {
        f"{type(said).__name__.lower()}.{name}"
        for said, found in zip(stated, (seen.account, seen.message), strict=True)
        for name in said.__struct_fields__
        if _plain(getattr(said, name)) != _plain(getattr(found, name))
    }


def _plain(fact: object) -> object:
    """Return a fact so that it can be compared, also where it is a gap."""
    return "gap" if is_gap(fact) else fact


def test_the_demo_tells_what_judge_tells(run: Runs, home: Path) -> None:
    """The same keys and figures, on a server and with a provider of its own; the ledger is whole, and lies there."""
    ended = run("demo", "--json")
    told = json.loads(ended.out)

    assert ended.code == 0
    assert told.keys() == library().operators.keys()
    for operator, one in told.items():
        profile = read_profile(OFFER.contacts.with_name("profile.toml"))
        args = (
            "--profile",
            profile.file,
            "--operator",
            operator,
            "--purpose",
            OFFER.purpose,
            "--channel",
            OFFER.channel,
        )
        judged_ = json.loads(run("judge", OFFER.contacts, *args, "--json").out)
        pace = {"rows_per_second", "peak_mb"}
        assert {name: one[name] for name in judged_.keys() - pace} == {
            name: judged_[name] for name in judged_.keys() - pace
        }
        assert one["delivered"] == one["sent"] == one["verdicts"]["allow"] + one["verdicts"]["warn"]
        assert (one["unlike"], one["on_the_way"], one["ledger"]["is_good"]) == (0, 0, True)
        assert Path(one["ledger"]["checkpoint"]).read_text(encoding="utf-8").startswith("backoffice.example/demo\n")
    assert not (home / "demo" / "postgresql" / "data" / "postmaster.pid").exists()


def test_the_demo_serves_until_it_is_told_to_stop(home: Path) -> None:
    """Everything it says to try can be tried, and the key is good for it; a second demo is told to wait."""
    command = [sys.executable, "-P", "-c", "from backoffice.cli import main; main()", "demo"]
    clock = ("--clock", "2026-12-01T10:00+02:00")
    options: dict[str, Any] = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True}
    with subprocess.Popen([*command, *clock], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:  # noqa: S603
        lines: list[str] = []
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if "/sandbox/clock" in line:
                break
        text = "".join(lines)
        second = subprocess.run([*command, "--once"], capture_output=True, check=False, **options)  # noqa: S603
        answers = [ask(line, text) for line in lines if line.startswith("  curl ")]
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)

    assert (process.returncode, told) == (0, "")
    assert rest.strip() == ""
    heads = [line for line in lines if "✓ allowed" in line]
    assert heads
    assert all(len(line) <= 81 for line in heads)
    assert [name for name in library().operators if library().operator(name).name not in text] == []
    assert "entries" in text
    assert "nothing was changed" in text
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[2].json()["verdict"] == "allow"
    assert "id" in answers[3].json(), "somebody wrote to the shop"
    was, at = (datetime.fromisoformat(answers[4].json()[part]) for part in ("was", "at"))
    assert (at - was, was.date(), "It is 01 Dec 2026" in text) == (timedelta(hours=8), date(2026, 12, 1), True)
    assert not (home / "demo" / "postgresql" / "data" / "postmaster.pid").exists()


def ask(line: str, text: str) -> httpx.Response:
    """Ask what a line of the demo's asks with curl."""
    key, url = re.search(r"KEY=(\S+)", text), re.search(r"http://[^\s\"]+", line)
    file, body = re.search(r"-d @(\S+)", line), re.search(r"-d '(\S.*?)'", line)
    assert key
    assert url
    headers = {"Authorization": f"Bearer {key[1]}", "Content-Type": "application/json"}
    headers |= dict(re.findall(r"-H '(Idempotency-Key): (\S+)'", line))
    if file or body:
        content = Path(file[1]).read_bytes() if file else body[1].encode() if body else b""
        return httpx.post(url[0], headers=headers, content=content)
    return httpx.get(url[0], headers=headers)


def test_the_demo_plays_at_an_earlier_moment(home: Path, run: Runs) -> None:
    """What its list says of later days is rejected, and what is left comes out whole."""
    del home
    ended = run("demo", "--once", "--clock", "2026-01-31T10:00Z")

    assert (ended.code, "at 31 Jan 2026 10:00 UTC" in ended.out) == (0, True)


@pytest.mark.parametrize(("moment", "told"), [("noon", "can't be read"), ("2026-01-31T10:00", "zone")])
def test_a_moment_that_is_none_is_refused(run: Runs, moment: str, told: str) -> None:
    """Before anything is started."""
    refusal = run("demo", "--once", "--clock", moment).refusal

    assert refusal.startswith("--clock: ")
    assert told in refusal


@pytest.mark.parametrize(
    ("faults", "unlike", "on_the_way", "is_good"),
    [(0, 0, 0, True), (1, 0, 0, False), (0, 1, 0, False), (0, 0, 1, False)],
)
def test_a_demo_is_good_when_all_of_it_is(faults: int, unlike: int, on_the_way: int, *, is_good: bool) -> None:
    """A ledger that was changed, a decision that comes out otherwise, a message that is still on its way: exit 1."""
    found = Findings(9, 2, (), faults)
    decided, sums = {"x": Decided(Counts(), unlike)}, {"x": Sums(1, 1, on_the_way)}

    assert Played([], decided, sums, found, 1.0).is_good is is_good


def test_a_folder_is_one_demos_at_a_time(home: Path) -> None:
    """What the last one left is gone."""
    (home / "demo").mkdir()
    (home / "demo" / "old").touch()

    with alone(home / "demo") as folder:
        assert list(folder.iterdir()) == []
        with pytest.raises(Refused), alone(home / "demo"):
            pass


def test_the_demos_clock_stands_until_it_is_let_go(profile: Profile) -> None:
    """Then it runs."""
    assert profile.at
    clock = MovedClock(profile.at)
    stood = [clock(), clock()]
    clock.let_go()
    since = clock()

    assert stood == [profile.at] * 2
    assert clock() > since >= profile.at
