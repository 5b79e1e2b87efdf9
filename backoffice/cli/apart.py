"""Apart: a folder with an install of its own, made anew and used by one process, and an address that is free."""

from __future__ import annotations

import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backoffice.kernel.errors import Refused
from backoffice.plumbing.embedded import EmbeddedServer


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Empty a folder and hold it; what is left in it stays until the next time.

    Raises Refused (`demo_runs_already`) while another process holds it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("demo_runs_already", folder=str(folder)) from None
        if folder.exists():
            _stop_left(EmbeddedServer(folder / "postgresql"))
            shutil.rmtree(folder)
        folder.mkdir()
        yield folder


def _stop_left(server: EmbeddedServer) -> None:
    """Stop a server that a killed process left running."""
    if server.is_running():
        server.start()
        server.stop()


def free_port(host: str, wanted: int) -> int:
    """Return the wanted port, or another that is free where it is taken or 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError:
                continue
            free: int = trial.getsockname()[1]
            return free
    return wanted
