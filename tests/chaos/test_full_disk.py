"""A full disk in the middle of everything: nothing is lost or half done, and all goes on by itself with room again."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import httpx
import msgspec
import pytest

from backoffice.plumbing.database import AWAY
from tests.chaos.storm import Storm, lent, run
from tests.chaos.story import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backoffice.plumbing.embedded import EmbeddedServer

SIZE = 256  # megabytes: the server's own files, and some room
PLAN = msgspec.structs.replace(SMALL, kills=1, mean=8, shops=1, recipients=150, singles=100, stops=30)
PATIENCE = 90.0  # seconds until they have come
_PIECE = b"\0" * 65_536


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose database lies on a small disk of its own."""
    if os.geteuid() != 0 or sys.platform != "linux" or not (mount := shutil.which("mount")):
        pytest.skip("only root can make a small disk")
    with lent() as lent_folder:
        disk = lent_folder / "postgresql"
        disk.mkdir()
        done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", disk], check=False)  # noqa: S603
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        try:
            yield lent_folder
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)  # noqa: S603, S607


async def test_nothing_is_lost_doubled_or_half_done_when_the_disk_is_full(folder: Path) -> None:
    """Whoever asks is told to come again, and when; what was asked is done once there is room, and nothing twice."""
    heard: Counter[tuple[int, bool]] = Counter()

    async def fill_the_disk(storm: Storm) -> None:
        await storm.until_left(0.05 * storm.plan.sends, PATIENCE)
        ballast = folder / "postgresql" / "ballast"
        try:
            fill(ballast)
            heard.update(await ask(storm, 5))
            await write_on(storm.supervisor.server)
            heard.update(await ask(storm, 1))
        finally:
            ballast.unlink()
        storm.supervisor.kills["disk"] += 1  # the traffic goes on to its end

    result = await run(msgspec.structs.replace(PLAN, seed=secrets.randbelow(1 << 31)), folder, fill_the_disk)

    assert {name: count for name, count in result.faults.items() if count} == {}, result.told
    assert result.unsettled == [], result.told
    assert result.told["sends"] == PLAN.sends
    assert {status for status, _ in heard} <= {200, 201, 202, 503}, heard
    assert heard[503, True] >= 5 + 1, heard
    assert heard[503, False] == 0, "each says when to come again"


def fill(ballast: Path) -> None:
    """Write until there is no room left."""
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(_PIECE)


async def write_on(server: EmbeddedServer) -> None:
    """Write until the server has no room for what it must write before all else, and goes down of itself."""
    with suppress(*AWAY):
        connection = await asyncpg.connect(server.url("postgres"))
        for _ in range(SIZE):
            await connection.execute("SELECT pg_logical_emit_message(false, 'full', repeat('x', 1 << 20))")
        raise AssertionError("there is room left")


async def ask(storm: Storm, refused: int) -> Counter[tuple[int, bool]]:
    """Record stops of nobody until so many were refused; return what was answered, and whether it said when to come."""
    heard: Counter[tuple[int, bool]] = Counter()
    key = next(iter(storm.traffic.acknowledged)).headers
    ends_at = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(base_url=storm.story.url, timeout=60) as http:
        while heard[503, True] < refused and time.monotonic() < ends_at:
            stop = {"address": f"+37129{secrets.randbelow(1_000_000):06}", "topic": "x" * 60, "scope": "topic"}
            headers = key | {"Idempotency-Key": secrets.token_hex()}
            answer = await http.post("/v1/suppressions", json=stop, headers=headers)
            heard[answer.status_code, "Retry-After" in answer.headers] += 1
    return heard
