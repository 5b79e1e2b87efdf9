"""The program's own PostgreSQL: shared while somebody uses it, whole after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from backoffice.plumbing.embedded import LONGEST_SOCKET, EmbeddedServer

_USE = """
import sys
from pathlib import Path
from backoffice.plumbing.embedded import EmbeddedServer
EmbeddedServer(Path(sys.argv[1])).start()
print("in", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own account can reach."""
    made = Path(tempfile.mkdtemp(prefix="bo-pg-"))
    made.chmod(0o755)
    yield made
    EmbeddedServer(made / "postgresql").stop()
    shutil.rmtree(made)


def _kill(server: EmbeddedServer) -> None:
    os.kill(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


async def test_what_was_committed_is_there_after_a_kill(folder: Path) -> None:
    """The postmaster is killed; started again, it has every row."""
    server = EmbeddedServer(folder / "postgresql")
    server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 5000) AS number")
    _kill(server)
    while server.is_running():
        pass

    server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    assert await connection.fetchval("SELECT count(*) FROM kept") == 5000
    await connection.close()
    server.stop()


def test_a_lost_server_is_revived_by_whoever_comes_first(folder: Path) -> None:
    """The others don't wait for them; one that can't be started is left for the next try, and nobody is told off."""
    server, other = EmbeddedServer(folder / "postgresql"), EmbeddedServer(folder / "postgresql")
    server.start()
    _kill(server)
    while server.is_running():
        pass

    with server._alone():
        other.revive()
    assert not server.is_running()
    while not server.is_running():
        other.revive()
    server.stop()

    (server.folder / "data" / "PG_VERSION").rename(server.folder / "version")
    other.revive()
    assert not server.is_running()


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    """While another process uses the server, leaving it leaves it running; a killed one doesn't count."""
    server = EmbeddedServer(folder / "postgresql")
    server.start()
    other = subprocess.Popen(  # noqa: S603  # this very interpreter
        [sys.executable, "-c", _USE, str(server.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "in\n"

    server.stop()
    assert server.is_running()

    server.start()
    other.kill()
    other.communicate()
    server.stop()
    assert not server.is_running()


def test_a_deep_folder_still_has_a_socket_that_fits(tmp_path: Path) -> None:
    """The system allows a socket's path 107 bytes."""
    deep = tmp_path / ("x" * LONGEST_SOCKET)

    assert len(str(EmbeddedServer(deep).sockets)) < LONGEST_SOCKET
    assert EmbeddedServer(deep).sockets != EmbeddedServer(deep / "y").sockets
