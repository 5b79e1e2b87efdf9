"""A courier as a process of its own, that says where it is: `python -m tests.delivery.couriering`, to be killed.

Each step is a line on standard output, written when it has been done: claimed, looked, handed, recorded, reconciled,
acted. `done` says that nothing waits, is on its way or unknown, and that every callback was acted on.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backoffice.channels.http import HttpChannel
from backoffice.delivery import inbound, store
from backoffice.delivery.courier import Courier, Leaving
from backoffice.delivery.limits import Limits
from backoffice.delivery.reconcile import Reconciler
from backoffice.delivery.service import Outcome
from backoffice.kernel.clock import Clock, system_clock
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import Settings
from backoffice.relay import outbox

if TYPE_CHECKING:
    from backoffice.relay.outbox import Claimed


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is started with; `began_at` is the machine's moment at which the story's clock says `at`."""

    database_url: str
    data: str
    provider_url: str
    at: datetime
    began_at: datetime
    limits: Limits
    lanes: int = 2


def running_clock(at: datetime, began_at: datetime) -> Clock:
    """Return a clock that showed `at` when the machine's showed `began_at`, and goes on with it."""
    return lambda: at + (system_clock() - began_at)


def say(word: str) -> None:
    """Tell whoever started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Talking(Courier):
    """A courier that says what it has done."""

    async def _claim(self) -> list[Claimed]:
        claimed = await super()._claim()
        if claimed:
            say("claimed")
        return claimed

    async def _look(self, claimed: Sequence[Claimed]) -> list[Leaving]:
        leaving = await super()._look(claimed)
        say("looked")
        return leaving

    async def _hand_over(self, one: Leaving) -> Outcome:
        outcome = await super()._hand_over(one)
        say("handed")
        return outcome

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        await super()._record(outcomes)
        say("recorded")


async def run(task: Task) -> None:
    """Deliver until there is nothing left."""
    settings = Settings(data=Path(task.data), database_url=task.database_url)
    clock = running_clock(task.at, task.began_at)
    async with (
        open_install(settings, clock, must_migrate=False) as install,
        HttpChannel(task.provider_url, patience=task.limits.patience) as channel,
    ):
        ways = {"whatsapp": channel}
        courier, reconciler = Talking(install, ways, task.limits), Reconciler(install, ways, task.limits)
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(task.lanes):
                group.create_task(_again(courier.step, done, ""))
            group.create_task(_again(reconciler.step, done, "reconciled"))
            group.create_task(_again(lambda: inbound.step(install), done, "acted"))
            while await _left(install):
                await _moment(done)
            done.set()
    say("done")


async def _again(step: object, done: asyncio.Event, word: str) -> None:
    while not done.is_set():
        if not await step():  # type: ignore[operator]
            await _moment(done)
        elif word:
            say(word)


async def _moment(done: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), 0.05)


async def _left(install: Install) -> int:
    async with install.reading() as work:
        return await outbox.count(work) + await store.count_unknown(work) + await store.count_callbacks(work)


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Task)))
