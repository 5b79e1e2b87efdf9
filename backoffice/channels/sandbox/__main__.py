"""The sandbox as a process: `python -m backoffice.channels.sandbox '{"path": "sandbox.sqlite", …}'`."""

from __future__ import annotations

import asyncio
import signal
import sys

import msgspec

from backoffice.channels.sandbox.server import Server
from backoffice.channels.sandbox.setup import Setup


async def run(setup: Setup) -> None:
    """Serve until the process is asked to end."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await Server(setup).serve(stop)


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Setup)))
