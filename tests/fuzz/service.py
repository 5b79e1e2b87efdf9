"""The service as it is run, in processes of its own: the web part and the worker on one database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

from tests.contracts.house import ROOT

if TYPE_CHECKING:
    from backoffice.plumbing.settings import Settings

_MAIN = "from backoffice.cli import main; main()"
_BEGIN = 180.0  # seconds until it answers
_END = 120.0  # seconds until it has ended
_LOOK = 0.05  # seconds between two looks


class Service(NamedTuple):
    """A service that runs: its parts by name, and where it answers."""

    parts: dict[str, subprocess.Popen[bytes]]
    url: str


@contextmanager
def running(settings: Settings, lines: Path, *parts: str) -> Iterator[Service]:
    """Run parts of the service until the block ends, each telling its lines in a file of its name.

    The web part answers once the block begins. Raises TimeoutError where it doesn't, or a part can't be ended.
    """
    service = Service(
        {part: _start(settings, lines / part, part) for part in parts}, f"http://127.0.0.1:{settings.port}"
    )
    try:
        if "serve" in parts:
            _wait(service)
        yield service
    finally:
        for process in service.parts.values():
            process.terminate()
        for process in service.parts.values():
            _end(process)


def _start(settings: Settings, lines: Path, part: str) -> subprocess.Popen[bytes]:
    told = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.database_url,
        "BACKOFFICE_DATA": str(settings.data),
        "BACKOFFICE_MASTER_KEY_FILE": str(settings.master_key_file or ""),
        "BACKOFFICE_PORT": str(settings.port),
        "BACKOFFICE_PROVIDER_SECRET": settings.provider_secret,
        "BACKOFFICE_WHATSAPP_SECRET": settings.whatsapp_secret,
    }
    with lines.open("ab") as file:
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-P", "-c", _MAIN, part], env={**os.environ, **told}, cwd=ROOT, stdout=file, stderr=file
        )


def _wait(service: Service) -> None:
    ends_at = time.monotonic() + _BEGIN
    while time.monotonic() < ends_at and all(part.poll() is None for part in service.parts.values()):
        with suppress(httpx.TransportError):
            if httpx.get(f"{service.url}/health/live").is_success:
                return
        time.sleep(_LOOK)
    raise TimeoutError(service.url)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimeoutError(process.args) from None
