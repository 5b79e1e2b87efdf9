"""A place where what webhooks are told arrives, and a shop that has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from backoffice.accounts.service import register_account
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library

OPERATOR = min(library().operators)
WORD = "let me in"
URL = "https://hooks.example/in"


class Got(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Place:
    """A program of an account's: it answers with the statuses it is told to, then with 200, and echoes challenges."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.statuses: list[int] = []
        self.word = WORD
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def posts(self) -> list[Got]:
        """What was posted to it."""
        return [one for one in self.got if one.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append(Got(method, path, headers, body))
        status, told = self.statuses.pop(0) if self.statuses else 200, self._echo(path)
        writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(told)}\r\n\r\n{told}".encode())
        await writer.drain()
        writer.close()

    def _echo(self, path: str) -> str:
        asked = parse_qs(urlsplit(path).query)
        is_known = asked.get("hub.verify_token") == [self.word] and asked.get("hub.mode") == ["subscribe"]
        return asked["hub.challenge"][0] if is_known else ""


@asynccontextmanager
async def listening() -> AsyncIterator[Place]:
    """Open such a place on this machine."""
    place = Place()
    server = await asyncio.start_server(place.serve, "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    async with server:
        yield place


async def register_shop(work: Work, name: str = "Baltic Lamp") -> UUID:
    """Register an account."""
    return await register_account(work, OPERATOR, name, "LV", "business")
