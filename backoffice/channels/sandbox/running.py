"""Running a sandbox beside us: for the demo, for whoever tries us out, and for tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import msgspec

from backoffice.channels.sandbox.memory import accepted, waiting
from backoffice.channels.sandbox.replies import Json
from backoffice.channels.sandbox.setup import Faults, Setup
from backoffice.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID


class RunningProvider:
    """A sandbox in its own process; it keeps its port and its file when it is started again."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.setup.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, or start it again; raises Unavailable when it doesn't listen."""
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "backoffice.channels.sandbox", msgspec.json.encode(self.setup).decode()],
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout is None or not (port := self._process.stdout.readline()):
            self.stop()
            raise Unavailable("provider_not_started")
        self.setup = msgspec.structs.replace(self.setup, port=int(port))

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(subprocess.Popen.kill)

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        process, self._process = self._process, None
        if process:
            how(process)
            process.communicate()

    def ask(self, method: str, path: str, body: object = None, *, bearer: str = "") -> httpx.Response:
        """Ask it something over its port; where a bearer is given, as the Graph API is asked."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        content = None if body is None else msgspec.json.encode(body)
        return httpx.request(method, f"{self.url}{path}", content=content, headers=headers, trust_env=False)

    def control(self, method: str, path: str, body: object = None) -> Json:
        """Do something that people or Meta do, or ask what was accepted: a door under `/sandbox`."""
        response = self.ask(method, f"/sandbox/{path}", body).raise_for_status()
        return msgspec.json.decode(response.content)

    def misbehave(self, faults: Faults) -> None:
        """Change its faults while it runs."""
        httpx.put(f"{self.url}/faults", content=msgspec.json.encode(faults), trust_env=False).raise_for_status()
        self.setup = msgspec.structs.replace(self.setup, faults=faults)

    def accepted(self) -> dict[UUID, list[datetime]]:
        """Return when each reference was accepted, also while it doesn't run; two moments are two messages."""
        return accepted(Path(self.setup.path))

    def waiting(self) -> int:
        """Return how many events it has still to post."""
        return waiting(Path(self.setup.path))
