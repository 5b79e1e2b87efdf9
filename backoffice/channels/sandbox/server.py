"""The sandbox's wire: a small HTTP/1.1 server that answers, and a poster that tells what is due."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
import msgspec

from backoffice.channels import wire
from backoffice.channels.sandbox import control, graph, posting
from backoffice.channels.sandbox.memory import accepted
from backoffice.channels.sandbox.plain import Plain
from backoffice.channels.sandbox.posting import Post
from backoffice.channels.sandbox.replies import Reply, success
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Faults, Setup
from backoffice.channels.sandbox.state import State
from backoffice.kernel.clock import Clock, system_clock

_TICK = 0.02  # seconds between two looks for events that are due
_MOST_BODY = 17 << 20  # bytes
_AT_ONCE = 8  # posts


class Server:
    """A sandbox on its port."""

    def __init__(self, setup: Setup, clock: Clock = system_clock) -> None:
        self.setup = setup
        self.state = State(setup, clock)
        self._plain = Plain(self.state)
        self._http = httpx.AsyncClient(timeout=10, trust_env=False)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def serve(self, stop: asyncio.Event) -> None:
        """Listen, print the port on a line of its own, and post events until stopped."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", self.setup.port, limit=_MOST_BODY)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)
            if self.setup.webhooks:
                await self.post_due()
        server.close()
        await self._http.aclose()
        self.state.memory.close()

    async def post_due(self) -> None:
        """Post all that is due now, some at a time."""
        async with asyncio.TaskGroup() as group:
            for post in posting.due(self.state, self.state.now()):
                group.create_task(self._post(post))

    async def _post(self, post: Post) -> None:
        self.state.forged += not post.events
        async with self._room:
            is_taken = await self._is_taken(post)
        now = self.state.now()
        if not post.events:
            self.state.forged_taken += is_taken
        elif is_taken:
            posting.posted(self.state, post.events, now)
        else:
            posting.put_off(self.state, post.events, now)

    async def _is_taken(self, post: Post) -> bool:
        signed = {wire.SIGNATURE: post.signature, "Content-Type": "application/json"}
        try:
            response = await self._http.post(f"{self.setup.webhooks}{post.path}", content=post.raw, headers=signed)
        except httpx.HTTPError:
            return False
        return response.is_success

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            while request := await _read(reader, writer):
                reply = await self._reply(request)
                if reply.after:
                    await asyncio.sleep(reply.after)
                if reply.status is None:
                    _let_go(writer, reply)
                    break
                writer.write(_written(reply))
                await writer.drain()
        writer.transport.abort()

    async def _reply(self, request: Request) -> Reply:
        if graph.is_graph(request):
            return graph.answer(self.state, request)
        if request.parts == ["sandbox", "verify"] and request.method == "POST":
            return await self._verify()
        if request.parts[:1] == ["sandbox"]:
            return control.answer(self.state, request)
        try:
            return self._answer_plain(request)
        except (msgspec.DecodeError, ValueError) as fault:
            return Reply(400, msgspec.json.encode(wire.Fault(wire.Error(100, str(fault)))))

    def _answer_plain(self, request: Request) -> Reply:
        match request.method, request.parts:
            case "POST", ["messages"]:
                return self._plain.take(msgspec.json.decode(request.body, type=wire.Order))
            case "GET", ["messages", reference]:
                return self._plain.find(UUID(reference))
            case "GET", ["accepted"]:
                told = {str(reference): moments for reference, moments in accepted(Path(self.setup.path)).items()}
                return success(told)
            case "PUT", ["faults"]:
                self.state.faults = msgspec.json.decode(request.body, type=Faults)
                return Reply(200)
        return Reply(405)

    async def _verify(self) -> Reply:
        """Ask the webhook to prove that it knows the verify token, as Meta does when it is set up."""
        challenge = str(secrets.randbelow(10**10))
        asked = {"hub.mode": "subscribe", "hub.verify_token": self.setup.verify_token, "hub.challenge": challenge}
        try:
            response = await self._http.get(f"{self.setup.webhooks}/whatsapp/webhook", params=asked)
        except httpx.HTTPError as fault:
            return success({"is_verified": False, "status": 0, "why": type(fault).__name__})
        is_verified = response.status_code == httpx.codes.OK and response.text == challenge
        return success({"is_verified": is_verified, "status": response.status_code})


def _let_go(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Have the connection end by a reset where that is the fault."""
    if reply.is_reset and (line := writer.get_extra_info("socket")):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Read one HTTP/1.1 request; None when the other side has gone."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = head[0].split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Request(method, target, headers, await _read_chunks(reader))
    return Request(method, target, headers, await reader.readexactly(_length(headers.get("content-length", "0"))))


def _length(text: str, base: int = 10, before: int = 0) -> int:
    length = int(text, base)
    if not 0 <= length <= _MOST_BODY - before:
        raise ValueError("a body of this length is not read")
    return length


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := _length((await reader.readline()).split(b";")[0].decode("latin-1"), 16, len(body)):
        body += (await reader.readexactly(size + 2))[:-2]
    while (await reader.readline()).strip():
        continue
    return body


def _written(reply: Reply) -> bytes:
    wait = f"Retry-After: {reply.retry_after}\r\n" if reply.retry_after else ""
    head = f"HTTP/1.1 {reply.status} -\r\nContent-Type: {reply.form}\r\n{wait}Content-Length: {len(reply.body)}\r\n"
    return head.encode() + b"\r\n" + reply.body
