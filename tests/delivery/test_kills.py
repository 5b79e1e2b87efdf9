"""Couriers are killed amid everything, and the provider forgets to answer: nothing is lost, nothing sent twice.

KILLS and KILLS_SENDS make it as long as one likes; the figures of a long run are printed.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from collections import Counter
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
import pytest

from backoffice.billing import service as billing
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Faults, Setup
from backoffice.consent.service import suppress
from backoffice.delivery import store
from backoffice.delivery.limits import Limits
from backoffice.delivery.statuses import status_of
from backoffice.delivery.views import ROUTES
from backoffice.kernel.clock import Clock, system_clock
from backoffice.plumbing.http import make_web
from backoffice.plumbing.http.serving import serve_here
from backoffice.relay import service
from backoffice.relay.service import Letter
from tests.cast import Shop, know, open_shop
from tests.conftest import START
from tests.contracts.house import ROOT
from tests.delivery.conftest import states
from tests.delivery.couriering import Task, running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Install, Work
    from backoffice.plumbing.settings import Settings

SECRET = "of the callbacks"  # noqa: S105
BEGAN_AT = system_clock()
SENDS = int(os.environ.get("KILLS_SENDS", "60"))
KILLS = int(os.environ.get("KILLS", "4"))

FAULTS = Faults(drops=0.05, breaks=0.03, overloads=0.02, throttles=0.02, repeats=0.1, omits=0.2, late=0.5)
LIMITS = Limits(
    batch=20,
    in_flight=8,
    lease=timedelta(seconds=2),
    patience=timedelta(seconds=1),
    look_up_after=timedelta(seconds=1),
    sender_rate=10_000,
    sender_burst=10_000,
    first_wait=timedelta(milliseconds=50),
    rest=timedelta(milliseconds=200),
)


class Road(NamedTuple):
    """A shop whose offer is queued for many people, a provider that misbehaves, and how to start a courier."""

    install: Install
    provider: RunningProvider
    shop: Shop
    people: list[ContactRef]
    ids: list[UUID]

    async def courier(self) -> asyncio.subprocess.Process:
        """Start a courier in a process of its own."""
        task = Task(
            database_url=self.install.settings.database_url,
            data=str(self.install.settings.data),
            provider_url=self.provider.url,
            at=START,
            began_at=BEGAN_AT,
            limits=LIMITS,
        )
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.delivery.couriering", msgspec.json.encode(task).decode()),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )

    async def is_killed_after(self, lines: int) -> str:
        """Start a courier, kill it when it has said so many lines, and return the last; `done` if it was quicker."""
        process = await self.courier()
        assert process.stdout
        said = b""
        for _ in range(lines):
            said = await process.stdout.readline()
            if said in {b"done\n", b""}:
                break
        if process.returncode is None:
            process.kill()
        await process.communicate()
        return said.decode().strip()

    async def is_worked_off(self) -> None:
        """Let a courier finish."""
        process = await self.courier()
        said, _ = await process.communicate()
        assert (process.returncode, said.splitlines()[-1:]) == (0, [b"done"])


@pytest.fixture
def clock() -> Clock:
    """A clock that begins with the story and goes on in step with the machine's, in every process."""
    return running_clock(START, BEGAN_AT)


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    """An install that listens for callbacks."""
    return msgspec.structs.replace(settings, port=port, provider_secret=SECRET)


@pytest.fixture
def provider(tmp_path: Path, port: int) -> Iterator[RunningProvider]:
    """A provider that misbehaves in every way it knows."""
    webhooks = f"http://127.0.0.1:{port}/v1/providers"
    setup = Setup(path=str(tmp_path / "provider"), webhooks=webhooks, secret=SECRET, faults=FAULTS)
    with RunningProvider(setup) as running:
        yield running


@asynccontextmanager
async def _listening(install: Install) -> AsyncIterator[None]:
    async def nobody(work: Work, secret: str) -> None:
        """Know no caller."""

    web, stop = make_web(lambda: nullcontext(install), ROUTES, nobody), asyncio.Event()
    serving = asyncio.create_task(serve_here(web, install.settings, stop))
    try:
        yield
    finally:
        stop.set()
        await serving


@pytest.fixture
async def road(install: Install, provider: RunningProvider) -> AsyncIterator[Road]:
    """Everything ready to leave."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, credits_=SENDS)
        people = [await know(work, shop, f"+3712600{number:04}") for number in range(SENDS)]
    ids: list[UUID] = []
    for start in range(0, SENDS, 500):
        async with install.unit_of_work() as work:
            lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
            letters = [Letter(one.id) for one in people[start : start + 500]]
            ids += [one.send_id for one in await service.send(work, shop.errand, letters, lots)]
    async with _listening(install):
        yield Road(install, provider, shop, people, ids)


async def _opt_out(road: Road, place: int) -> bool:
    """Let a person stop; return whether their send had not begun to leave by then."""
    async with road.install.unit_of_work() as work:
        await suppress(work, road.people[place].token, account_id=road.shop.account_id, reason="reply")
        return await states(work, [road.ids[place]]) == ["queued"]


async def _opt_out_and_kill(road: Road) -> tuple[set[UUID], set[UUID], Counter[str]]:
    """Return who stopped, whose send had not begun by then, and at which steps couriers died."""
    dice, ends = random.Random(7), Counter[str]()  # noqa: S311  # no secret
    stopped: set[UUID] = set()
    in_time: set[UUID] = set()
    for number in range(KILLS):
        place = dice.randrange(SENDS)
        if await _opt_out(road, place):
            in_time.add(road.ids[place])
        stopped.add(road.ids[place])
        ends[await road.is_killed_after(dice.randint(1, 4 * SENDS // KILLS if number % 2 else 12))] += 1
    return stopped, in_time, ends


async def test_nothing_is_lost_or_sent_twice_however_often_couriers_are_killed(road: Road) -> None:
    """Dropped answers, errors, throttling, statuses late, twice and shuffled, opt-outs on the way, kill -9 anywhere."""
    stopped, in_time, ends = await _opt_out_and_kill(road)
    await road.is_worked_off()
    while road.provider.waiting():
        await road.is_worked_off()
    await road.is_worked_off()

    accepted = {send_id: len(times) for send_id, times in road.provider.accepted().items()}
    async with road.install.reading() as work:
        known = await store.list_deliveries(work, road.ids)
        found = dict(zip(road.ids, await states(work, road.ids), strict=True))
        assert await work.connection.fetchval("SELECT count(*) FROM callback WHERE fault IS NOT NULL") == 0
    assert {send_id: count for send_id, count in accepted.items() if count != 1} == {}
    print(f"sends {SENDS}, kills {KILLS} at {dict(ends)}, accepted {len(accepted)}, stopped in time {len(in_time)}")  # noqa: T201
    assert found == {send_id: "sent" if send_id in accepted else "denied" for send_id in road.ids}
    assert in_time <= found.keys() - accepted.keys() <= stopped
    assert {status_of(one) for send_id, one in known.items() if send_id in accepted} == {"read"}
    assert not any(one.is_doubled for one in known.values())
    assert len(ends) > 1, "couriers died at several steps"
