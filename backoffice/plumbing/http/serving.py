"""Serving: granian runs the web part, in processes of its own or in this very loop, and drains it when told to stop.

On SIGTERM nothing new is accepted, streams end, what was accepted is answered, then the web part closes its install.
A request that had not been read by then was not accepted: with its idempotency key it can be sent again.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.server.embed import Server
from litestar import Litestar

from backoffice.plumbing import telling
from backoffice.plumbing.http.frame import Web
from backoffice.plumbing.metrics import FOLDER
from backoffice.plumbing.settings import Settings

BACKLOG = 2048  # connections that wait to be accepted
PRECEDENCE = -10  # of what must not wait, where 0 is everybody's and -20 the first (setpriority)
DRAIN = 30  # seconds for requests in flight, and for an install to close

Making = Callable[[Settings], Web]


def serve_processes(making: Making, settings: Settings, *, workers: int = 1) -> None:
    """Serve until SIGTERM or SIGINT, in `workers` processes, each with an install of its own.

    Processes are started afresh rather than forked, so that none inherits another's connections and locks; several
    count into one folder.
    """
    multiprocessing.set_start_method("spawn", force=True)
    with tempfile.TemporaryDirectory(prefix="backoffice-metrics-") as folder:
        if workers > 1:
            os.environ[FOLDER] = folder
        server = Granian(
            "backoffice.main:app",
            **_options(settings),
            workers=workers,
            loop=Loops.uvloop,
            workers_kill_timeout=DRAIN,
            respawn_failed_workers=True,
        )
        server.serve(target_loader=partial(_make, making, settings))


def take_precedence() -> None:
    """Have what this thread starts run before others on a busy machine, where that may be asked for.

    It may by root, and with CAP_SYS_NICE; elsewhere nothing changes.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRECEDENCE)


async def serve_here(app: Web, settings: Settings, stop: asyncio.Event) -> None:
    """Serve in this loop until told to stop."""
    server = Server(app, **_options(settings))
    telling.info("serving", host=settings.host, port=settings.port)
    served = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({served, stopped}, return_when=asyncio.FIRST_COMPLETED)
        app.state.leaving.set()
        server.stop()  # type: ignore[no-untyped-call]
        await served
    finally:
        stopped.cancel()


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "address": settings.host,
        "port": settings.port,
        "interface": Interfaces.ASGI,
        "http": HTTPModes.auto,
        "websockets": False,
        "backlog": BACKLOG,
        "log_dictconfig": telling.LIBRARIES,
    }


def _make(making: Making, settings: Settings, _: str) -> Web:
    telling.start_telling()
    web = making(settings)
    web.on_startup.append(_leave_on_sigterm)
    return web


async def _leave_on_sigterm(app: Litestar) -> None:
    """End streams before the server drains: it waits for them, and has no word for us; SIGINT it takes the same way."""

    def leave() -> None:
        app.state.leaving.set()
        os.kill(os.getpid(), signal.SIGINT)

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave)
