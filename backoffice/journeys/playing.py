"""Playing: stories on a database of their own, made for them and dropped afterwards, so that no other is touched."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from backoffice.journeys import store
from backoffice.journeys.stories import StoryResult, Tell, run_stories
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings
from backoffice.policy.library import Library
from backoffice.policy.stories import read_stories


def play_stories(
    settings: Settings, library: Library, files: Mapping[str, str], tell: Tell = lambda _played, _of: None
) -> list[StoryResult]:
    """Play the stories of scenario files on the server of these settings, or on the program's own; in order.

    Where there are none, no server is started. Raises Invalid where a story can't be read, Unavailable where the
    server can't be reached.
    """
    return asyncio.run(_play(settings, library, files, tell)) if read_stories(files) else []


async def _play(settings: Settings, library: Library, files: Mapping[str, str], tell: Tell) -> list[StoryResult]:
    async with _apart(settings) as own, open_install(own) as install:
        return await run_stories(install, library, files, tell)


@asynccontextmanager
async def _apart(settings: Settings) -> AsyncIterator[Settings]:
    """Make a database and a data folder, and take both away."""
    server = None if settings.database_url else EmbeddedServer(settings.data / "postgresql")
    if server:
        server.start()
    beside = settings.database_url or (server.url("postgres") if server else "")
    name = f"stories_{secrets.token_hex(6)}"
    try:
        await store.make_database(beside, name)
        try:
            with tempfile.TemporaryDirectory(prefix="backoffice-stories-") as folder:
                url = urlsplit(beside)._replace(path=f"/{name}").geturl()
                yield msgspec.structs.replace(Settings(data=Path(folder)), database_url=url)
        finally:
            await store.drop_database(beside, name)
    finally:
        if server:
            server.stop()
