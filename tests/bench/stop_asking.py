"""People who say stop: a webhook each, posted as WhatsApp posts them, at moments that wait for no answer.

Who says stop is somebody whose message a courier has claimed at this very moment: it waits for its second look, is
being looked at, or is being handed over. Nobody says it twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.channels import wire
from backoffice.kernel.clock import system_clock
from backoffice.plumbing.install import Install
from tests.bench.relay_http import DOORS
from tests.bench.relay_town import FIRST, Street, code_of
from tests.delivery.webhooks import SECRET, URL, of_number, text, webhook

_LEAVING = "SELECT send_id FROM outbox WHERE claimed_until > now() ORDER BY claimed_until LIMIT 200"
_WAITING = "SELECT send_id FROM outbox LIMIT 50"
_TO = "SELECT contact_id FROM send WHERE id = ANY($1::uuid[]) AND state IN ('queued', 'sending')"
_SCRATCH = "CREATE TABLE IF NOT EXISTS bench_stop (id bigserial PRIMARY KEY, token bytea NOT NULL)"
_OK = b"200"


class Asked(NamedTuple):
    """A stop that was answered: whose, when its webhook was written to the socket, and the seconds to its answer."""

    contact_id: UUID
    at: datetime
    seconds: float
    is_leaving: bool  # a courier had a message to the person just before


class People:
    """Where everybody lives: the number of each, and that of the shop which they write to."""

    def __init__(self, streets: Sequence[Street]) -> None:
        self._homes = {
            person: (shop, number) for shop, street in enumerate(streets) for number, person in enumerate(street.people)
        }
        self._stopped: set[UUID] = set()
        self._dice = random.Random(4)  # noqa: S311  # no secret

    async def pick(self, install: Install) -> tuple[UUID, bool]:
        """Return somebody who hasn't said stop yet, and whether a courier has a message to them; else of any."""
        for query in (_LEAVING, _WAITING):
            async with install.reading() as work:
                sends = [row[0] for row in await work.connection.fetch(query)]
                rows = await work.connection.fetch(_TO, self._dice.sample(sends, min(len(sends), 10)))
            if others := [row[0] for row in rows if row[0] in self._homes and row[0] not in self._stopped]:
                self._stopped.add(found := self._dice.choice(others))
                return found, query is _LEAVING
        found = self._dice.choice([one for one in self._homes if one not in self._stopped])
        self._stopped.add(found)
        return found, False

    def wrote(self, person: UUID) -> bytes:
        """Return the webhook that brings this person's stop."""
        shop, number = self._homes[person]
        said = text("STOP", system_clock(), phone=f"371{FIRST + number}", message=f"wamid.{person}")
        return webhook(("messages", of_number(code_of(shop), messages=[said])))

    def pause(self, rate: float) -> float:
        """Return the seconds until the next of so many a second, each by itself."""
        return self._dice.expovariate(rate)


class Line:
    """Connections to the web part that are kept open; each takes one webhook at a time."""

    def __init__(self) -> None:
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection that is free, or a new one; what the server has closed since is let go."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", DOORS)

    async def post(self, raw: bytes) -> float:
        """Post a signed body; return the seconds to the answer. Raises RuntimeError where it is no 200."""
        head = (
            f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"{wire.SIGNATURE}: {wire.sign(SECRET.encode(), raw)}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        reader, writer = await self._open()
        begun = time.perf_counter()
        writer.write(head.encode() + raw)
        answer = await reader.readuntil(b"\r\n\r\n")
        seconds = time.perf_counter() - begun
        if answer.split(b" ", 2)[1] != _OK:
            raise RuntimeError(answer.decode())
        await reader.readexactly(_length(answer))
        self._free.append((reader, writer))
        return seconds


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


class Crowd:
    """Says stop so often a second, whether or not the last one was answered; beside each, one bare commit."""

    def __init__(self, install: Install, people: People, rate: float) -> None:
        self._install, self._people, self._rate, self._line = install, people, rate, Line()
        self.asked: list[Asked] = []
        self.bare: list[float] = []

    async def say(self, count: int) -> list[Asked]:
        """Say stop so many times; return once all are answered."""
        begun = len(self.asked)
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(self._one())
                await asyncio.sleep(self._people.pause(self._rate))
        return self.asked[begun:]

    async def _one(self) -> None:
        person, is_leaving = await self._people.pick(self._install)
        raw, at = self._people.wrote(person), system_clock()
        self.asked.append(Asked(person, at, await self._line.post(raw), is_leaving))
        begun = time.perf_counter()
        async with self._install.database.transaction() as connection:
            await connection.execute("INSERT INTO bench_stop (token) VALUES ($1)", raw[:16])
        self.bare.append(time.perf_counter() - begun)


async def prepare(install: Install) -> None:
    """Make the table of the bare commits."""
    async with install.database.transaction() as connection:
        await connection.execute(_SCRATCH)
