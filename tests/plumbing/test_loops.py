"""Loops: each goes on by itself, whatever happens to the others, and ends when told, with its step finished."""

from __future__ import annotations

import asyncio

import pytest

from backoffice.plumbing import loops
from backoffice.plumbing.install import Install
from backoffice.plumbing.loops import Loop, ring, run_loops
from backoffice.worker import LOOPS, run_worker

NEVER = 3600.0


async def test_a_loop_steps_until_there_is_no_more_and_then_rests(install: Install) -> None:
    """Until somebody rings."""
    left, rested, stop = [3, 2, 1], asyncio.Event(), asyncio.Event()

    async def step(_: Install) -> bool:
        left.pop()
        if not left:
            rested.set()
        return bool(left)

    running = asyncio.create_task(run_loops(install, {"pop": Loop(step, NEVER)}, stop))
    await rested.wait()
    rested.clear()
    left.append(1)
    ring(install, "pop")
    await rested.wait()
    stop.set()
    await running

    assert left == []


async def test_a_step_that_fails_ends_neither_its_loop_nor_another(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, and tried again."""
    monkeypatch.setattr(loops, "FIRST_PAUSE", 0.001)
    tries, mended, ticked, stop = [], asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def failing(_: Install) -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("Anna")
        mended.set()
        return False

    async def well(_: Install) -> bool:
        ticked.set()
        return False

    both = {"failing": Loop(failing, NEVER), "well": Loop(well, NEVER)}
    running = asyncio.create_task(run_loops(install, both, stop))
    await mended.wait()
    await ticked.wait()
    stop.set()
    await running
    told = capsys.readouterr().err

    assert told.count('"step_failed"') == 2
    assert "Anna" not in told


async def test_a_loop_that_is_told_to_stop_finishes_its_step(install: Install) -> None:
    """And takes no other, though there is more."""
    begun, ending, stop, steps = asyncio.Event(), asyncio.Event(), asyncio.Event(), []

    async def step(_: Install) -> bool:
        begun.set()
        await ending.wait()
        steps.append(1)
        return True

    running = asyncio.create_task(run_loops(install, {"slow": Loop(step, NEVER)}, stop))
    await begun.wait()
    stop.set()
    ending.set()
    await running

    assert steps == [1]


async def test_a_step_that_never_ends_is_cut_off(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a while, and it is told which."""
    monkeypatch.setattr(loops, "DRAIN", 0.01)
    begun, stop, cut = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step(_: Install) -> bool:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()
        return False

    running = asyncio.create_task(run_loops(install, {"stuck": Loop(step, NEVER)}, stop))
    await begun.wait()
    stop.set()
    await running

    assert cut.is_set()
    assert '"loops":["stuck"]' in capsys.readouterr().err


async def test_the_worker_runs_every_loop_and_stops(install: Install) -> None:
    """Each step that is registered makes at least one step."""
    stepped: dict[str, asyncio.Event] = {name: asyncio.Event() for name in LOOPS}

    def watched(name: str, loop: Loop) -> Loop:
        async def step(opened: Install) -> bool:
            has_more = await loop.step(opened)
            stepped[name].set()
            return has_more

        return Loop(step, loop.rests)

    stop = asyncio.Event()
    running = asyncio.create_task(
        run_worker(install, stop, loops={name: watched(name, loop) for name, loop in LOOPS.items()}, jobs={})
    )
    for one in stepped.values():
        await one.wait()
    stop.set()
    await running
