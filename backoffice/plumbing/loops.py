"""Loops: work that is always to be done, a step at a time, each loop in a task of its own.

A step says whether there is more to do at once; else its loop rests until its time comes or somebody rings. A step
that fails is told and tried again after a growing pause; no loop ends another. When the process is told to stop,
steps that run are finished.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from weakref import WeakKeyDictionary

from backoffice.plumbing import metrics, telling
from backoffice.plumbing.install import Install

FIRST_PAUSE = 0.25  # seconds after a step that failed
LONGEST_PAUSE = 30.0
DRAIN = 30.0  # seconds for steps that run when the process is told to stop

Step = Callable[[Install], Awaitable[bool]]
"""Does some work, in units of work of its own; returns whether there is more at once."""


class Loop(NamedTuple):
    """A step, and the seconds its loop rests when there is nothing to do."""

    step: Step
    rests: float


_bells: WeakKeyDictionary[Install, dict[str, asyncio.Event]] = WeakKeyDictionary()


def ring(install: Install, name: str) -> None:
    """Wake a loop of this process, for there is work; one that runs elsewhere finds it by itself."""
    _bell(install, name).set()


def ring_all(install: Install) -> None:
    """Wake every loop of this process: something may be due for any of them."""
    for bell in list(_bells.get(install, {}).values()):
        bell.set()


async def run_loops(install: Install, loops: Mapping[str, Loop], stop: asyncio.Event) -> None:
    """Run the loops until told to stop; returns when all steps have ended, or thirty seconds later."""
    tasks = [asyncio.create_task(_run(install, name, loop, stop), name=name) for name, loop in loops.items()]
    try:
        await stop.wait()
        for name in loops:
            ring(install, name)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN)
            if late:
                telling.warn("loops_cut_off", loops=sorted(task.get_name() for task in late))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bell(install: Install, name: str) -> asyncio.Event:
    if install not in _bells:
        _bells[install] = defaultdict(asyncio.Event)
    return _bells[install][name]


async def _run(install: Install, name: str, loop: Loop, stop: asyncio.Event) -> None:
    pause, bell = FIRST_PAUSE, _bell(install, name)
    while not stop.is_set():
        bell.clear()
        try:
            has_more = await loop.step(install)
        except Exception as error:  # noqa: BLE001  # a loop outlives its step
            telling.fault("step_failed", error, loop=name)
            metrics.count_step(name, "failed")
            await _rest(stop, pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        metrics.count_step(name, "done" if has_more else "idle")
        await _rest(bell, 0 if has_more else loop.rests)


async def _rest(until: asyncio.Event, seconds: float) -> None:
    """Rest until an event or for some seconds; not at all still lets others run."""
    if not seconds:
        await asyncio.sleep(0)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
