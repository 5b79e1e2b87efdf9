"""Serving: a process that is told to stop answers what it has taken in, and nothing is done without an answer."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pytest

from backoffice.plumbing.http import Web
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from tests.contracts.house import ROOT
from tests.plumbing.http import served
from tests.plumbing.http.notebook import AS_MIRDZA

CONNECTIONS = 16
BODY = b'{"title": "Buy ink"}'
HEAD = (
    "POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n"
    "Content-Length: {length}\r\nIdempotency-Key: {key}\r\n\r\n"
)


class Heard(NamedTuple):
    """What one connection heard: statuses, and the notes it was told of."""

    statuses: list[int]
    notes: list[str]
    cut: bytes = b""


@asynccontextmanager
async def serving(settings: Settings, how: str) -> AsyncIterator[tuple[Process, int]]:
    """Serve the notebook in a process of its own until it is told to stop, or the test ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", served.__name__, str(port), settings.database_url, str(settings.data), how),
        cwd=ROOT,
        stderr=PIPE,
    )
    try:
        await _answers(process, port)
        yield process, port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _answers(process: Process, port: int) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        while process.returncode is None:
            try:
                if (await http.get(f"http://127.0.0.1:{port}/health/live")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError(process.returncode)


async def load(port: int, name: str, warm: asyncio.Barrier) -> Heard:
    """Take notes on one connection, one after another, until it is closed."""
    heard, count = Heard([], []), 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            head = HEAD.format(authorization=AS_MIRDZA["Authorization"], length=len(BODY), key=f"{name}-{count}")
            writer.write(head.encode() + BODY)
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            heard.statuses.append(int(answer.split()[1]))
            heard.notes.append(json.loads(await reader.readexactly(length))["id"])
            count += 1
            if count == 5:
                await warm.wait()
    except (asyncio.IncompleteReadError, ConnectionError) as end:
        return heard._replace(cut=getattr(end, "partial", b""))
    finally:
        writer.close()


async def counted(port: int) -> str:
    """Ask on twenty connections, so that each process gets some; return what one of them then tells of all."""
    for _ in range(20):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=AS_MIRDZA) as http:
            assert (await http.get("/v1/notes")).status_code == 200
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        return (await http.get("/metrics")).text


@pytest.mark.parametrize("how", ["here", "1", "2"])
async def test_a_process_told_to_stop_under_load_answers_all_it_took_in(
    web: Web, install: Install, settings: Settings, how: str
) -> None:
    """Each answer is good, none is cut in two, each note that was taken was answered; several count into one."""
    _ = web  # takes the notes away afterwards
    async with serving(settings, how) as (process, port):
        figures = await counted(port)
        warm = asyncio.Barrier(CONNECTIONS + 1)
        loads = [asyncio.create_task(load(port, f"load-{number}", warm)) for number in range(CONNECTIONS)]
        await warm.wait()
        process.send_signal(signal.SIGTERM)
        heard = await asyncio.gather(*loads)
        _, lines = await process.communicate()
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT name FROM mark WHERE value = 'note'")
    answered = [note for one in heard for note in one.notes]

    assert process.returncode == 0, lines.decode()
    assert 'backoffice_requests_total{method="GET",route="/v1/notes",status="200"} 20.0' in figures
    assert {one.cut for one in heard} == {b""}
    assert {status for one in heard for status in one.statuses} == {201}
    assert len(answered) >= 5 * CONNECTIONS
    assert sorted(row["name"].removeprefix("note:") for row in rows) == sorted(answered)
    assert [line for line in lines.splitlines() if not line.startswith(b'{"at"')] == []
