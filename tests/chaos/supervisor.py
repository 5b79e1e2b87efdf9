"""The supervisor: starts a storm's processes, kills them, and starts again at once what has ended, as systemd would."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tests.chaos.story import Kind, Part, Plan, Story
from tests.contracts.house import ROOT

if TYPE_CHECKING:
    from backoffice.delivery.limits import Limits
    from backoffice.plumbing.embedded import EmbeddedServer

KINDS: tuple[Kind, ...] = ("web", "worker", "courier", "courier", "sequencer")
POSTGRES = "postgres"
_WATCH = 0.1  # seconds between two looks at who has ended


class Running:
    """One process, and the group of all that it has started."""

    def __init__(self, part: Part, lines: Path) -> None:
        self.part = part
        self._lines = lines
        self._turn = threading.Lock()  # of who kills it, and who looks whether it has ended
        self._process: subprocess.Popen[bytes]
        self._start()

    def _start(self) -> None:
        """Start it, what it tells appended to its file."""
        with self._lines.open("ab") as lines:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-m", "tests.chaos.parts", msgspec.json.encode(self.part).decode()],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it and all it has started, as a machine's own killer would, and start it again."""
        with self._turn:
            self._kill()
            self._start()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def revive(self) -> bool:
        """Start it again if it has ended of its own accord, and say so; what it left behind is killed first."""
        with self._turn:
            has_ended = self._process.poll() is not None
            if has_ended:
                self._kill()
                self._start()
        return has_ended

    def ask_to_end(self) -> None:
        """Ask it to end, as a new release would."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)

    async def end(self, within: float) -> int | None:
        """Wait until it has ended and return its exit code; None where it had to be killed."""
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._process.wait, within), within + 1)
        except (subprocess.TimeoutExpired, TimeoutError):
            self._kill()
            return None


class Supervisor:
    """All processes of a storm, and its server."""

    def __init__(self, story: Story, limits: Limits, server: EmbeddedServer, dice: random.Random) -> None:
        self.server = server
        self._dice = dice
        self.kills: Counter[str] = Counter()
        self.fell: Counter[str] = Counter()
        lines = Path(story.data) / "lines"
        lines.mkdir()
        self._running = [
            Running(Part(kind=kind, story=story, limits=limits), lines / f"{kind}-{place}")
            for place, kind in enumerate(KINDS)
        ]
        self._next: list[str] = []
        self._is_over = False
        self._killed_at = time.monotonic()

    def share(self, plan: Plan) -> float:
        """Return how far the storm is, from 0 to 1; between two kills it goes on evenly."""
        since = (time.monotonic() - self._killed_at) / plan.mean
        return (self.kills.total() + min(since, 0.9)) / plan.kills

    async def kill_one(self) -> None:
        """Kill one process; every kind has its turn in each round, in an order of its own."""
        if not self._next:
            self._next = sorted({*KINDS, POSTGRES})
            self._dice.shuffle(self._next)
        kind, self._killed_at = self._next.pop(), time.monotonic()
        if kind == POSTGRES:
            await self._kill_server()
        else:
            self.kills[kind] += 1
            one = self._dice.choice([one for one in self._running if one.part.kind == kind])
            await asyncio.to_thread(one.kill)

    async def _kill_server(self) -> None:
        """Kill the postmaster; whoever notices first starts it again, be it one of the processes."""
        await asyncio.to_thread(self.server.start)  # it may be down from the last time
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int((self.server.folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
            self.kills[POSTGRES] += 1
        await asyncio.to_thread(self.server.start)

    async def watch(self) -> None:
        """Start again what ends of its own accord."""
        while not self._is_over:
            for one in self._running:
                if await asyncio.to_thread(one.revive):
                    self.fell[one.part.kind] += 1
            await asyncio.sleep(_WATCH)

    async def end(self, within: float = 40.0) -> dict[str, list[int | None]]:
        """Ask all to end, and return their exit codes by kind; None for one that had to be killed."""
        self._is_over, running, self._running = True, self._running, []
        for one in running:
            one.ask_to_end()
        codes: dict[str, list[int | None]] = {}
        for one, code in zip(running, await asyncio.gather(*(one.end(within) for one in running)), strict=True):
            codes.setdefault(one.part.kind, []).append(code)
        return codes
