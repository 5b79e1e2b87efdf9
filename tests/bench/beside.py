"""What benches run beside what they measure, each in a process of its own, and what they say meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backoffice.plumbing.settings import Settings


def say(*told: object) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(map(str, told)) + "\n")
    sys.stdout.flush()


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process that shares an install's database, data and provider."""
    told = {
        "DATABASE_URL": settings.database_url,
        "BACKOFFICE_DATA": str(settings.data),
        "BACKOFFICE_WHATSAPP_URL": settings.whatsapp_url,
        "BACKOFFICE_WHATSAPP_TOKEN": settings.whatsapp_token,
        "BACKOFFICE_WHATSAPP_SECRET": settings.whatsapp_secret,
    }
    return {**os.environ, **told}


@contextmanager
def sequencing(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Run the sequencer beside."""
    command = [sys.executable, "-m", "tests.bench.relay_sequencing"]
    environ = environ_of(settings)
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def couriering(settings: Settings, count: int) -> Iterator[None]:
    """Run so many couriers beside; their log lines go to a file."""
    command = [sys.executable, "-m", "tests.bench.stop_couriering"]
    with tempfile.TemporaryFile() as lines:
        started = [
            subprocess.Popen(command, env=environ_of(settings), stdout=lines, stderr=lines)  # noqa: S603  # our own
            for _ in range(count)
        ]
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()
