"""A rotation as a process of its own, so that a test can kill it.

It prints a line for each batch done and waits for one before the next, until nobody sends any more.
"""

from __future__ import annotations

import asyncio
import sys

from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import read_settings
from backoffice.plumbing.vault.rotation import rotate


def tell(done: int, total: int) -> None:
    """Tell the parent, and wait for its word."""
    print(done, total, flush=True)  # noqa: T201
    sys.stdin.readline()


async def main(batch: int) -> None:
    """Rotate the install that the environment names."""
    async with open_install(read_settings(), must_migrate=False, most_connections=2) as install:
        await rotate(install, batch, tell)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
