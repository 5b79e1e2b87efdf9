"""A courier in a process of its own, at the highest rate of a number: `python -m tests.bench.stop_couriering`."""

from __future__ import annotations

import uvloop

from backoffice import worker
from backoffice.delivery.limits import Limits
from backoffice.delivery.loops import delivering
from backoffice.plumbing import telling
from backoffice.plumbing.install import open_install
from backoffice.plumbing.loops import run_loops
from backoffice.plumbing.settings import read_settings

HIGHEST = 1_000  # messages a second from one number: WhatsApp's highest throughput


async def main() -> None:
    """Deliver until told to stop."""
    telling.start_telling()
    with worker.stopping() as stop:
        async with (
            open_install(read_settings(), must_migrate=False) as install,
            delivering(install, Limits(sender_rate=HIGHEST, sender_burst=HIGHEST)) as ways,
        ):
            await run_loops(install, ways, stop)


if __name__ == "__main__":
    uvloop.run(main())
