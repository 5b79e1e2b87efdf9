"""A sequencer in a process of its own, to be killed; it says when it has begun, and then seals without a rest."""

from __future__ import annotations

import asyncio
import sys

from backoffice.audit.sequencer import sequencing
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import read_settings


async def main() -> None:
    """Sequence and sign until killed; the lock of one killed before may be held for a moment still."""
    async with open_install(read_settings(), must_migrate=False) as install:
        while True:
            async with sequencing(install) as sequencer:
                if sequencer:
                    sys.stdout.write("begun\n")
                    sys.stdout.flush()
                while sequencer:
                    await sequencer.take(50)
                    await sequencer.seal()


if __name__ == "__main__":
    asyncio.run(main())
