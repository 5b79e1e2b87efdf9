"""A storm: real processes are killed amid everything, then all is left to settle, and checked. `make chaos`.

`python -m tests.chaos.storm [--small] [--seed N] [--kills N] [--keep]` prints what happens, and one JSON object as its
last line; its exit code is 0 where nothing was lost, sent twice or sent after an opt-out.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, redirect_stderr, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Setup
from backoffice.kernel.clock import system_clock
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import Install, open_install
from tests.chaos import checking
from tests.chaos.story import FAULTS, LARGE, SECRET, SMALL, TEMPLATE, TOKEN, WEBHOOKS, Plan, Story, number_of
from tests.chaos.supervisor import Supervisor
from tests.chaos.town import Street, build
from tests.chaos.traffic import Traffic

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # Friday, 10:30 in Riga: a good hour for offers
_BEGIN = 120.0  # seconds at most, until all runs and the first messages leave
_LOOK = 0.25  # seconds between two looks


class Result(NamedTuple):
    """What a storm has shown: `faults` that should all be zero, what has not settled, and all figures."""

    faults: dict[str, int]
    unsettled: list[str]
    told: dict[str, Any]

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled, sent in spite of a stop, or left open."""
        return not self.unsettled and not any(self.faults.values())


class Storm(NamedTuple):
    """A town with its processes, its provider and its traffic."""

    plan: Plan
    story: Story
    install: Install
    provider: RunningProvider
    supervisor: Supervisor
    traffic: Traffic
    dice: random.Random

    @property
    def messages(self) -> int:
        """How many messages the provider has."""
        with closing(sqlite3.connect(self.provider.setup.path)) as store:
            return int(store.execute("SELECT count(*) FROM message").fetchone()[0])

    async def blow(self) -> None:
        """Kill one process after the other, in step with the messages that leave, once the first have left."""
        await self.until_left(0.01 * self.plan.sends, _BEGIN)
        while (kills := self.supervisor.kills.total()) < self.plan.kills:
            await asyncio.sleep(self.dice.uniform(0, 2 * self.plan.mean))
            await self.until_left(0.8 * self.plan.sends * kills / self.plan.kills, self.plan.patience)
            await self.supervisor.kill_one()
            if (kills + 1) % 20 == 0:
                say(f"{kills + 1} kills, {self.messages} messages, {self.traffic.waiting} requests wait")

    async def until_left(self, messages: float, patience: float) -> None:
        """Wait until so many messages have left, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self.messages < messages:  # noqa: ASYNC110  # the provider's file tells nobody
                    await asyncio.sleep(_LOOK)

    async def settle(self) -> dict[str, int]:
        """Wait until nothing is still to come, for so long as is planned; return what is."""
        left: dict[str, int] = {"unasked": 1}
        with suppress(TimeoutError):
            async with asyncio.timeout(self.plan.settle):
                while left:
                    await asyncio.sleep(_LOOK)
                    left = await self._left()
                    self._tell(left)
        return left

    def _tell(self, left: dict[str, int]) -> None:
        """Say once in ten seconds what is still to come."""
        if time.monotonic() % 10 < _LOOK:
            say(f"still to come: {left}")

    async def _left(self) -> dict[str, int]:
        own = {"statuses": self.provider.waiting(), "requests": self.traffic.waiting}
        try:
            found = await checking.unsettled(self.install)
        except Unavailable:
            found = {"database": 1}
        return {**{name: count for name, count in own.items() if count}, **found}


def say(line: str) -> None:
    """Tell whoever watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(plan: Plan, folder: Path, blow: Callable[[Storm], Awaitable[None]] = Storm.blow) -> Result:
    """Build a town in an empty folder, let the storm blow over it, or something else, and return what is left."""
    began = time.monotonic()
    with _provider(folder, plan) as (story, provider):
        server = EmbeddedServer(folder / "postgresql")
        keep_moments(server)
        async with open_install(story.settings, story.clock) as install:
            streets = await build(install, plan)
            say(f"seed {plan.seed}: {plan.shops} shops and {plan.sends} people after {time.monotonic() - began:.0f} s")
            supervisor = Supervisor(story, plan.limits, server, _dice(plan, "kills"))
            leaving, share = partial(checking.next_to_leave, install), partial(supervisor.share, plan)
            traffic = Traffic(story.url, plan, _dice(plan, "traffic"), share, leaving, provider)
            storm = Storm(plan, story, install, provider, supervisor, traffic, _dice(plan, "pauses"))
            return await _weather(storm, streets, blow, time.monotonic() - began)


def _dice(plan: Plan, what: str) -> random.Random:
    return random.Random(f"{plan.seed}/{what}")  # noqa: S311  # no secret


async def _weather(
    storm: Storm, streets: list[Street], blow: Callable[[Storm], Awaitable[None]], built: float
) -> Result:
    began = time.monotonic()
    async with _traffic(storm, streets):
        await blow(storm)
        blown, left_by_then = time.monotonic() - began, storm.messages
        say(f"the storm is over after {blown:.0f} s; now it settles")
        left = await storm.settle()
        settled = time.monotonic() - began - blown
        replayed, others = (0, 0) if left else await storm.traffic.replay()
        codes = await storm.supervisor.end()
    told = {
        "seed": storm.plan.seed,
        "kills": dict(storm.supervisor.kills),
        "kills_in_all": storm.supervisor.kills.total(),
        "fell": dict(storm.supervisor.fell),
        "exit_codes": codes,
        "asked": storm.plan.sends,
        "acknowledged": len(storm.traffic.acknowledged),
        "asked_again": storm.traffic.unanswered,
        "replayed": replayed,
        "messages": storm.messages,
        "messages_in_the_storm": left_by_then,
        "left": left,
    }
    unsettled = [*(f"{name}: {count}" for name, count in left.items()), *await checking.list_unsettled(storm.install)]
    accepted = storm.provider.accepted()
    faults, found = await checking.check(storm.install, accepted, storm.traffic.acknowledged)
    faults["answered_otherwise_when_replayed"] = others
    seconds = {"build": built, "storm": blown, "settle": settled, "check": time.monotonic() - began - blown - settled}
    told |= {**found, "seconds": {name: round(value, 1) for name, value in seconds.items()}}
    return Result(faults, unsettled, told)


@asynccontextmanager
async def _traffic(storm: Storm, streets: list[Street]) -> AsyncIterator[None]:
    """Have traffic flow and fallen processes started again, until the storm has settled."""
    tasks = [asyncio.create_task(storm.traffic.run(streets)), asyncio.create_task(storm.supervisor.watch())]
    try:
        yield
    finally:
        await storm.supervisor.end()  # also where the storm broke off
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await storm.traffic.close()
    for end in ends:
        if isinstance(end, Exception):
            raise end


@contextmanager
def _provider(folder: Path, plan: Plan) -> Iterator[tuple[Story, RunningProvider]]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    story = Story(data=str(folder), port=port, at=AT, began_at=system_clock())
    setup = Setup(
        path=str(folder / "provider.sqlite"),
        webhooks=story.url + WEBHOOKS,
        secret=SECRET,
        token=TOKEN,
        numbers=tuple(map(number_of, range(plan.shops))),
        templates=(TEMPLATE,),
        faults=msgspec.structs.replace(FAULTS, seed=plan.seed),
        longest_wait=0.4,
    )
    with RunningProvider(setup) as provider:
        yield msgspec.structs.replace(story, provider_url=provider.url), provider


def keep_moments(server: EmbeddedServer) -> None:
    """Have the server keep the moment of every commit."""
    server.start()
    with (server.folder / "data" / "postgresql.auto.conf").open("a") as own:
        own.write("track_commit_timestamp = on\n")
    server.stop()


@contextmanager
def lent(*, keeps: bool = False) -> Iterator[Path]:
    """Lend an empty folder that the server's account can reach; it is taken away again unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="backoffice-chaos-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if keeps:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Read what is wanted, and let it blow."""
    asked = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    asked.add_argument("--small", action="store_true", help="20 kills over some 2,000 sends")
    asked.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    asked.add_argument("--kills", type=int)
    asked.add_argument("--keep", action="store_true", help="keep the folder with the database and all log lines")
    told = asked.parse_args()
    plan = SMALL if told.small else LARGE
    plan = msgspec.structs.replace(plan, seed=told.seed, kills=told.kills or plan.kills)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what runs is ended then too
    with lent(keeps=told.keep) as folder, (folder / "driver.lines").open("w") as lines, redirect_stderr(lines):
        result = asyncio.run(run(plan, folder))
    for name, count in result.faults.items():
        say(f"{count:>8}  {name}")
    for one in result.unsettled:
        say(f"unsettled: {one}")
    say(msgspec.json.encode({"is_good": result.is_good, "faults": result.faults, **result.told}).decode())
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
