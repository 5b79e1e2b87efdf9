"""A process that serves the notebook: `served PORT URL DATA here|WORKERS`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from backoffice.plumbing.http import Web, make_web
from backoffice.plumbing.http.serving import serve_here, serve_processes
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.telling import start_telling
from backoffice.worker import stopping
from tests.plumbing.http.notebook import ROUTES, find_caller


def making(settings: Settings) -> Web:
    """Make the notebook's web part, with an install of its own."""
    return make_web(lambda: open_install(settings, must_migrate=False), ROUTES, find_caller)


async def here(settings: Settings) -> None:
    """Serve in this loop."""
    start_telling()
    with stopping() as stop:
        await serve_here(making(settings), settings, stop)


if __name__ == "__main__":
    port, url, data, how = sys.argv[1:]
    told = Settings(data=Path(data), database_url=url, port=int(port))
    if how == "here":
        asyncio.run(here(told))
    else:
        serve_processes(making, told, workers=int(how))
