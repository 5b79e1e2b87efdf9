"""A rotation that is killed: whatever it was at, nothing sealed is lost and the next one finishes it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import Ring
from tests.plumbing.vault.people import Readers, another_process, populate, unreadable, versions

ROOT = Path(__file__).parents[3]
PEOPLE, BATCH, KILLS = (100_000, 1000, 20) if os.environ.get("CI") else (2_000, 100, 3)


async def start_rotation(settings: Settings) -> asyncio.subprocess.Process:
    """Start a rotation as a process of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.plumbing.vault.rotating", str(BATCH)),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": settings.database_url, "BACKOFFICE_DATA": str(settings.data)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def kill_after(settings: Settings, batches: int) -> int:
    """Kill a rotation after so many batches, in the midst of the next one; return how it ended."""
    process = await start_rotation(settings)
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(batches):
        await process.stdout.readline()
        process.stdin.write(b"go on\n")
        await process.stdin.drain()
    process.kill()
    await process.communicate()
    return process.returncode or 0


async def test_a_rotation_that_is_killed_again_and_again_is_finished_by_the_next(install: Install) -> None:
    """After every kill each value opens, for who works on, was there before or comes new; no key is added twice."""
    before = install.vault.version
    sealed = await populate(install, PEOPLE)
    readers = Readers(install, dict(list(sealed.items())[::20]), {}, asyncio.Event())
    work = [asyncio.create_task(readers.read()), asyncio.create_task(readers.add())]
    batches = PEOPLE // BATCH * 6 // 10 // KILLS
    left = []

    for _ in range(KILLS):
        assert await kill_after(install.settings, batches) == -signal.SIGKILL
        assert await unreadable(install, install.vault, sealed) == 0
        assert await unreadable(install, await another_process(install), sealed) == 0
        left.append((await versions(install))[before])
    last = await start_rotation(install.settings)
    await last.communicate(b"")  # nobody sends a word any more
    readers.done.set()
    await asyncio.gather(*work)

    assert last.returncode == 0
    assert left == sorted(set(left), reverse=True)
    assert await versions(install) == {before + 1: PEOPLE + len(readers.added)}
    assert Ring(install.vault.ring.path).newest() == before + 1
    assert await unreadable(install, await another_process(install), sealed | readers.added) == 0
