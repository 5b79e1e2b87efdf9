"""Workers are killed between slices and inside one: whoever takes the campaign up skips nobody and repeats nobody."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from backoffice.campaigns import service
from backoffice.campaigns.loops import fill
from backoffice.kernel.clock import SteppingClock
from tests.campaigns.killed import Task
from tests.campaigns.making import assert_each_once, csv_of, do, hand_in, line, look, people_of, run, to_file, to_named
from tests.conftest import START
from tests.contracts.house import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.plumbing.install import Install
    from tests.cast import Shop

LATER = START + timedelta(seconds=1)  # a process of its own begins behind what was done before


@asynccontextmanager
async def _worker(
    install: Install, campaign: StoredCampaign, does: Literal["advance", "fill"], *, is_patient: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a worker; it is killed at the end."""
    task = Task(
        database_url=install.settings.database_url,
        data=str(install.settings.data),
        campaign_id=campaign.id,
        at=LATER,
        does=does,
        is_patient=is_patient,
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.campaigns.killed", msgspec.json.encode(task).decode()),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _says(process, "begun")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _says(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdout
    assert (await process.stdout.readline()).decode().strip() == word


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that can be moved on behind what a process of its own did."""
    return SteppingClock(START, timedelta(microseconds=1))


async def _is_gone(install: Install) -> None:
    """Wait until nothing of the killed is left in the database but what it committed."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ''"
    async with install.reading() as work:
        while await work.connection.fetchval(f"{others} AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"):
            pass


async def test_killed_between_slices_it_goes_on_behind_the_last_whole_one(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """Three workers in turn, each killed after its first slice: 3,500 recipients, each decided about once."""
    campaign = await to_named(install, shop, 3_500)
    await do(install, service.start, campaign)
    for slices in (1, 2, 3):
        async with _worker(install, campaign, "advance", is_patient=True) as process:
            await _says(process, "slice")
        assert (await look(install, campaign)).decided == slices * 1_000
    clock.advance(timedelta(minutes=1))

    ended = await run(install, campaign)

    assert (ended.state, ended.decided) == ("done", 3_500)
    await assert_each_once(install, campaign)


async def test_killed_inside_a_slice_it_begins_that_slice_anew(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """Decisions of the second slice are written and its ledger entries are not: nothing of it has happened."""
    campaign = await to_file(install, shop, [line(place) for place in range(2_500)])
    await do(install, service.start, campaign)
    async with _worker(install, campaign, "advance", is_patient=True) as process:
        await _says(process, "slice")
        async with install.unit_of_work() as work:
            await work.connection.execute("LOCK TABLE ledger_queue IN EXCLUSIVE MODE")
            assert process.stdin
            process.stdin.write(b"on\n")
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger_queue'::regclass"
            while not await work.connection.fetchval(waiting):
                assert process.returncode is None
            process.kill()
            await process.wait()
    await _is_gone(install)
    clock.advance(timedelta(minutes=1))

    assert (await look(install, campaign)).decided == 1_000
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM send") == 1_000
        assert await work.connection.fetchval("SELECT count(*) FROM decision") == 1_000
        assert await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot") == 4_000
    ended = await run(install, campaign)

    assert (ended.state, ended.allowed) == ("done", 2_500)
    await assert_each_once(install, campaign)
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot") == 2_500


@pytest.mark.parametrize(("table", "count"), [("contact", 1_000), ("campaign_row", 1_000)])
async def test_killed_while_it_reads_a_file_it_puts_everybody_on_it_once(
    install: Install, shop: Shop, clock: SteppingClock, table: str, count: int
) -> None:
    """Some people are imported, or on the campaign already: the rest follow, nobody twice."""
    campaign = await hand_in(install, shop, csv_of(line(place) for place in range(4_000)))
    async with _worker(install, campaign, "fill") as process, install.reading() as work:
        while await work.connection.fetchval(f"SELECT count(*) FROM {table}") < count:
            assert process.returncode is None
        process.kill()
    await _is_gone(install)
    clock.advance(timedelta(minutes=1))
    assert (await look(install, campaign)).state == "importing"

    await fill(install, {"campaign": str(campaign.id)})

    ready = await look(install, campaign)
    assert (ready.state, ready.rows) == ("ready", 4_000)
    async with install.reading() as work:
        assert len(set(await people_of(work, campaign))) == 4_000
        assert await work.connection.fetchval("SELECT count(*) FROM consent") == 4_000
