"""Live and under a test clock: a database is one of both at most, whoever asks first, and for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.journeys.clock import move_clock
from backoffice.kernel.clock import frozen_clock
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.loops import Loop, ring_all, run_loops
from backoffice.plumbing.marks import LIVE, TEST_CLOCK, mark_live, mark_test_clock
from backoffice.plumbing.moved_clock import MOST_LEAP, MovedClock, aim
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import key_file
from tests.conftest import START, _empty


@pytest.fixture
async def sandbox(settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of an install whose marks are taken away afterwards."""
    yield msgspec.structs.replace(settings, data=tmp_path, master_key_file=key_file(settings))
    await _empty(settings.database_url)


def live(settings: Settings) -> Settings:
    """Return the same install in live mode."""
    return msgspec.structs.replace(settings, mode="live")


async def opened(settings: Settings, clock: MovedClock | None = None) -> list[str]:
    """Open an install and close it; return its marks."""
    opening = open_install(settings, clock or frozen_clock(START), must_migrate=False)
    async with opening as install, install.reading() as work:
        rows = await work.connection.fetch("SELECT name FROM mark WHERE name LIKE 'install:%' ORDER BY 1")
    return [row["name"] for row in rows]


async def test_a_database_that_was_live_gets_no_test_clock(sandbox: Settings) -> None:
    """Neither in live mode nor ever after, as a sandbox."""
    async with open_install(sandbox, frozen_clock(START), must_migrate=False):
        pass  # its keys are there
    assert await opened(live(sandbox)) == [LIVE]
    for settings in (live(sandbox), sandbox):
        with pytest.raises(Refused, match="clock_beside_live_key"):
            await opened(settings, MovedClock(START))
    assert await opened(sandbox) == [LIVE]


async def test_a_key_for_whatsapp_itself_is_a_live_one(sandbox: Settings) -> None:
    """Whatever the mode; one for a provider on this machine is none."""
    key = msgspec.structs.replace(sandbox, whatsapp_token="t", whatsapp_url="http://127.0.0.1:8123")  # noqa: S106
    assert await opened(key, MovedClock(START)) == [TEST_CLOCK]
    with pytest.raises(Refused, match="was_under_test_clock"):
        await opened(msgspec.structs.replace(key, whatsapp_url="https://graph.facebook.com"))


async def test_a_database_that_had_a_test_clock_never_becomes_live(sandbox: Settings) -> None:
    """However long ago; as a sandbox it opens with either clock."""
    assert await opened(sandbox, MovedClock(START)) == [TEST_CLOCK]
    with pytest.raises(Refused, match="was_under_test_clock"):
        await opened(live(sandbox))
    assert await opened(sandbox) == [TEST_CLOCK]
    assert await opened(sandbox, MovedClock(START)) == [TEST_CLOCK]


async def test_a_sandbox_without_a_test_clock_has_no_mark(sandbox: Settings) -> None:
    """It may become either."""
    assert await opened(sandbox) == []


async def test_a_clock_is_not_moved_once_a_live_key_was_stored(sandbox: Settings) -> None:
    """Whoever stores one marks the database, and is refused where there was a test clock."""
    async with open_install(sandbox, MovedClock(START), must_migrate=False) as install:
        async with install.unit_of_work() as work:
            with pytest.raises(Refused, match="was_under_test_clock"):
                await mark_live(work.connection, work.at)
        async with install.unit_of_work() as work:
            await work.connection.execute("DELETE FROM mark WHERE name = $1", TEST_CLOCK)
            await mark_live(work.connection, work.at)
        with pytest.raises(Refused, match="clock_beside_live_key"):
            async with install.unit_of_work() as work:
                await move_clock(work, by=timedelta(hours=1))
        assert install.clock() == START


async def test_of_two_at_one_time_one_is_refused(sandbox: Settings) -> None:
    """Whichever comes first."""
    async with open_install(sandbox, frozen_clock(START), must_migrate=False) as install:

        async def mark(how: str) -> None:
            async with install.unit_of_work() as work:
                await (mark_live if how == "live" else mark_test_clock)(work.connection, work.at)
                await asyncio.sleep(0)

        ended = await asyncio.gather(mark("live"), mark("clock"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in ended) == ["NoneType", "Refused"]


async def test_an_install_says_whether_its_clock_can_be_moved(install: Install) -> None:
    """Any other clock is a real one."""
    assert install.moved_clock is None


def test_a_clock_stands_until_it_is_let_go_and_then_runs_on(settings: Settings) -> None:
    """From where it was moved to; what has passed moves it nowhere."""
    del settings
    clock = MovedClock(START)
    assert [clock(), clock()] == [START, START]
    clock.advance(timedelta(hours=1))
    clock.move_to(START)
    assert clock() == START + timedelta(hours=1)
    clock.let_go()
    clock.let_go()
    clock.move_to(START + timedelta(days=2))
    first = clock()
    assert START + timedelta(days=2) <= first <= clock()
    with pytest.raises(Refused, match="clock_backwards"):
        clock.advance(timedelta(seconds=-1))


@given(leap=st.timedeltas(timedelta(days=-900), timedelta(days=900)), is_moment=st.booleans())
def test_a_clock_is_aimed_forward_and_not_too_far(leap: timedelta, *, is_moment: bool) -> None:
    """The same by a moment and by a length of time."""
    at, by = (START + leap, None) if is_moment else (None, leap)
    if timedelta(0) <= leap <= MOST_LEAP:
        assert aim(START, at, by) == START + leap
        return
    with pytest.raises(Refused if leap < timedelta(0) else Invalid) as refused:
        aim(START, at, by)
    assert refused.value.data["field"] == ("at" if is_moment else "advance")


@pytest.mark.parametrize("both", [(None, None), (START, timedelta(0))])
def test_a_clock_is_aimed_in_one_way(both: tuple[datetime | None, timedelta | None]) -> None:
    """Neither in two nor in none."""
    with pytest.raises(Invalid, match="clock_at_or_advance"):
        aim(START, *both)


def test_a_moment_without_a_zone_is_nobodys() -> None:
    """Nobody knows when it is."""
    with pytest.raises(Invalid, match="instant_without_zone"):
        MovedClock(datetime(2026, 1, 1))  # noqa: DTZ001  # the point of it
    assert MovedClock(datetime(2026, 1, 1, tzinfo=UTC))() == datetime(2026, 1, 1, tzinfo=UTC)


async def test_every_loop_wakes_when_all_are_rung(install: Install) -> None:
    """Each steps once more, without its rest being over."""
    stop, steps = asyncio.Event(), dict.fromkeys(("one", "two"), 0)

    def step_of(name: str) -> Loop:
        async def step(_: Install) -> bool:
            steps[name] += 1
            if set(steps.values()) == {1}:
                ring_all(install)
            if set(steps.values()) == {2}:
                stop.set()
            return False

        return Loop(step, rests=3600.0)

    async with asyncio.timeout(20):
        await run_loops(install, {name: step_of(name) for name in steps}, stop)
    assert steps == {"one": 2, "two": 2}
