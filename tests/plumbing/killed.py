"""A process that takes a note once and is killed before or after its commit: `killed.py URL DATA before|after`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

import msgspec

from backoffice.kernel.clock import system_clock
from backoffice.plumbing.idempotency import Answer, Asked, fingerprint, idempotent, read_key
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings

KEY = read_key(UUID("019a3cb9-6000-7000-8000-00000000000a"), "killed")
FINGERPRINT = fingerprint("POST", "/v1/notes", "killed")


async def take(url: str, data: str, moment: str) -> None:
    """Take the note, and end as told."""
    async with open_install(Settings(data=Path(data), database_url=url), system_clock, must_migrate=False) as install:
        async with idempotent(install, Asked(KEY, FINGERPRINT)) as running:
            note = str(running.work.new_id())
            await running.work.connection.execute("INSERT INTO mark VALUES ($1, 'note', $2)", note, running.work.at)
            running.answer = Answer(201, msgspec.json.encode({"id": note}))
            if moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(take(*sys.argv[1:]))
