"""One process of a storm, to be killed: `python -m tests.chaos.parts PART`; it is the web part, or runs some loops.

The web part is served as `backoffice serve` serves it; the others run the worker's loops, divided among them.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

import msgspec

from backoffice import main, worker
from backoffice.accounts.service import find_caller
from backoffice.delivery.loops import delivering
from backoffice.plumbing import telling
from backoffice.plumbing.http import Web, make_web
from backoffice.plumbing.http.serving import serve_processes
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.jobs import run_jobs
from backoffice.plumbing.loops import Loop, run_loops
from backoffice.plumbing.settings import Settings
from tests.chaos.story import Kind, Part, Story


def made(story: Story, settings: Settings) -> Web:
    """Make the web part, by the story's clock."""
    return make_web(lambda: open_install(settings, story.clock), main.ROUTES, find_caller, main.PARTS)


async def run(part: Part) -> None:
    """Run a part's loops until it is asked to end."""
    telling.start_telling()
    with worker.stopping() as stop:
        async with open_install(part.story.settings, part.story.clock) as install:
            if part.kind == "courier":
                async with delivering(install, part.limits) as ways:
                    await run_loops(install, ways, stop)
            else:
                await run_loops(install, _loops(part.kind, stop), stop)


def _loops(kind: Kind, stop: asyncio.Event) -> dict[str, Loop]:
    async def queue(opened: Install) -> bool:
        return await run_jobs(opened, worker.JOBS, stop)

    if kind == "sequencer":
        return {"sequencer": worker.LOOPS["sequencer"]}
    others = {name: loop for name, loop in worker.LOOPS.items() if name != "sequencer"}
    return {**others, "jobs": Loop(queue, rests=1.0)}


if __name__ == "__main__":
    told = msgspec.json.decode(sys.argv[1], type=Part)
    if told.kind == "web":
        serve_processes(partial(made, told.story), told.story.settings)
    else:
        asyncio.run(run(told))
