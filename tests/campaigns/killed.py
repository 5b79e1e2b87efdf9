"""A worker as a process of its own, to be killed: `python -m tests.campaigns.killed TASK`.

It advances a campaign, or reads its file. After each slice that it advanced it says `slice` and waits to be told to go
on, so that it can be killed between two of them; `done` says that there is nothing left.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from backoffice.campaigns.advancing import advance
from backoffice.campaigns.loops import fill
from backoffice.kernel.clock import SteppingClock
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is to do, on whose database, and at which moment it begins."""

    database_url: str
    data: str
    campaign_id: UUID
    at: datetime
    does: Literal["advance", "fill"]
    is_patient: bool = False  # waits after each slice


def say(word: str) -> None:
    """Tell whoever started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def run(task: Task) -> None:
    """Do what is to be done."""
    settings = Settings(data=Path(task.data), database_url=task.database_url)
    clock = SteppingClock(task.at, timedelta(microseconds=1))
    async with open_install(settings, clock, must_migrate=False) as install:
        say("begun")
        if task.does == "fill":
            await fill(install, {"campaign": str(task.campaign_id)})
        else:
            while await advance(install, task.campaign_id):
                say("slice")
                if task.is_patient:
                    sys.stdin.readline()
    say("done")


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Task)))
