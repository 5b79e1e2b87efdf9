"""The worker: what is done without being asked, in loops of their own, and the jobs that requests have left behind.

A room's loop is one line in `LOOPS`, a room's job one line in `JOBS`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta

import uvloop

from backoffice.audit import anchors, heads, sequencer
from backoffice.billing.service import STEP, expire_lots
from backoffice.campaigns import loops as campaigns
from backoffice.consent import spool
from backoffice.contacts.relocating import relocate
from backoffice.delivery import unclear
from backoffice.delivery.loops import delivering
from backoffice.journeys import suppressing
from backoffice.kernel.errors import Unavailable
from backoffice.main import create_app
from backoffice.plumbing import changes, idempotency, telling
from backoffice.plumbing.http.serving import serve_here
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.jobs import Handler, run_jobs, take_up
from backoffice.plumbing.loops import Loop, run_loops
from backoffice.plumbing.partitions import ensure_partitions
from backoffice.plumbing.settings import Settings
from backoffice.relay import late, reconsidering, releasing


async def make_partitions(install: Install) -> bool:
    """Make the partitions of the coming months."""
    async with install.unit_of_work() as work:
        await ensure_partitions(work.connection, work.at)
    return False


async def expire_credits(install: Install) -> bool:
    """Enter the credit lots that have ended in the ledger."""
    async with install.unit_of_work() as work:
        return await expire_lots(work) == STEP


async def close_day(install: Install) -> bool:
    """Make yesterday's heads of all accounts, and bring the newest checkpoint out of the house."""
    folder = install.settings.anchor_folder or install.settings.data / "anchors"
    with suppress(Unavailable):  # it is too early
        async with install.unit_of_work() as work:
            await heads.make_heads(work, (work.at - timedelta(days=1)).date())
        async with install.unit_of_work() as work:
            await anchors.anchor_day(work, folder)
    return False


LOOPS: dict[str, Loop] = {
    **campaigns.LOOPS,
    "sequencer": Loop(sequencer.step, rests=1.0),
    changes.LOOP: Loop(reconsidering.step, rests=0.5),
    reconsidering.RELEASE: Loop(releasing.release, rests=0.5),
    "daily": Loop(releasing.look_daily, rests=600.0),
    "day": Loop(close_day, rests=600.0),
    "credits": Loop(expire_credits, rests=60.0),
    "partitions": Loop(make_partitions, rests=3600.0),
    "idempotency": Loop(idempotency.purge, rests=600.0),
    "jobs_taken_up": Loop(take_up, rests=10.0),
    "late": Loop(late.purge, rests=600.0),
    unclear.LOOP: Loop(unclear.lapse, rests=10.0),
    "imports": Loop(spool.purge, rests=3600.0),
    "suppressions": Loop(suppressing.purge, rests=3600.0),
    "whereabouts": Loop(relocate, rests=3600.0),
}
"""What is always to be done, by name, with the seconds it rests when there is nothing."""

JOBS: dict[str, Handler] = {**campaigns.JOBS, spool.JOB: spool.run, suppressing.JOB: suppressing.run}
"""What requests leave behind, by name."""


async def run_worker(
    install: Install,
    stop: asyncio.Event,
    *,
    loops: Mapping[str, Loop] = LOOPS,
    jobs: Mapping[str, Handler] = JOBS,
) -> None:
    """Run the loops, deliver and do the jobs until told to stop; steps and jobs that run by then are finished."""

    async def queue(opened: Install) -> bool:
        return await run_jobs(opened, jobs, stop)

    telling.info("working", loops=sorted(loops), jobs=sorted(jobs))
    async with delivering(install) as ways:
        await run_loops(install, {**loops, **ways, "jobs": Loop(queue, rests=1.0)}, stop)


async def serve_all(install: Install, stop: asyncio.Event) -> None:
    """Serve and work in one loop, for a demonstration and a small house: first the web part drains, then the worker."""
    working_until = asyncio.Event()
    working = asyncio.create_task(run_worker(install, working_until))
    working.add_done_callback(lambda _: stop.set())  # nothing is taken in that nobody would do
    try:
        await serve_here(create_app(install), install.settings, stop)
    finally:
        working_until.set()
        await working


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    uvloop.run(_run(settings, is_serving=False))


def demonstrate(settings: Settings) -> None:
    """Serve and work in this process until SIGTERM or SIGINT."""
    uvloop.run(_run(settings, is_serving=True))


async def _run(settings: Settings, *, is_serving: bool) -> None:
    telling.start_telling()
    with stopping() as stop:
        async with open_install(settings) as install:
            await (serve_all(install, stop) if is_serving else run_worker(install, stop))


@contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """Yield an event that is set when the process is asked to stop."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
