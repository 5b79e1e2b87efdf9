"""A sequencer in a process of its own, until it is told to stop: `python -m tests.bench.relay_sequencing`."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from backoffice.audit import sequencer
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import read_settings


async def main() -> None:
    """Give places and sign, each second or as long as there is more."""
    async with open_install(read_settings(), must_migrate=False) as install:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            if not await sequencer.step(install):
                await asyncio.sleep(0.5)


if __name__ == "__main__":
    uvloop.run(main())
