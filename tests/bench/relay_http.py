"""Single sends by 64 clients at once through granian, driven by wrk (a Debian package)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import msgspec

from backoffice.plumbing.settings import Settings
from tests.bench.beside import environ_of
from tests.bench.relay_town import FIRST, Street
from tests.cast import DECLARED

CLIENTS, SECONDS = 64, 4
PORT = 18_473
DOORS = PORT + 1  # where the providers' doors are served, in a process of their own
_LUA = """
local body, key, run, people = [==[%(body)s]==], "%(key)s", "%(run)s", %(people)d
local thread, number = 0, 0
function setup(made) thread = thread + 1; made:set("id", thread) end
function request()
  number = number + 1
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key,
    ["Idempotency-Key"] = run .. "-" .. id .. "-" .. number}
  local to = string.format("+371%%d", %(first)d + (number * 7919) %% people)
  return wrk.format("POST", "/v1/sends", headers, (body:gsub("PERSON", to, 1)))
end
"""


def is_loadable() -> bool:
    """Whether there is something to put a load on with."""
    return shutil.which("wrk") is not None


def served(factory: str, settings: Settings, workers: int = 1, port: int = PORT) -> AbstractContextManager[None]:
    """Serve an app of `relay_served` in so many processes of its own."""
    options = ("--interface", "asgi", "--factory", "--loop", "uvloop", "--port", str(port), "--no-access-log")
    command = ("granian", *options, "--workers", str(workers), f"tests.bench.relay_served:{factory}")
    return _serving(command, settings, port)


def serving_doors(settings: Settings) -> AbstractContextManager[None]:
    """Serve the providers' doors alone, by the command that an operator runs."""
    return _serving(("backoffice", "serve", "--doors", "--port", str(DOORS)), settings, DOORS)


@contextmanager
def _serving(command: Sequence[str], settings: Settings, port: int) -> Iterator[None]:
    """Run a server in processes of its own; their log lines go to a file."""
    program, *options = command
    with tempfile.TemporaryFile() as lines:
        process = subprocess.Popen(  # noqa: S603  # our own server
            [Path(sys.executable).with_name(program), *options],
            env=environ_of(settings),
            stdout=lines,
            stderr=lines,
        )
        try:
            _wait(port)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def load(
    street: Street, key: str, run: str, *, clients: int = CLIENTS, seconds: int = SECONDS, port: int = PORT
) -> float:
    """Put the load on what is served; return answers a second. Raises RuntimeError when one of them is no 2xx."""
    body = msgspec.json.encode(
        {
            "channel": "whatsapp",
            "sender_id": street.shop.sender_id,
            "to": "PERSON",
            "purpose": "marketing",
            "topic": "lamps",
            "template": {"name": "autumn_lamps", "language": "en"},
            "parameters": {"name": "Anna"},
            "declared": DECLARED,
        }
    ).decode()
    told = {"body": body, "key": key, "run": run, "people": len(street.people), "first": FIRST}
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA % told)
        script.flush()
        options = ("-t1", f"-c{clients}", f"-d{seconds}s", "-s", script.name)
        done = subprocess.run(  # noqa: S603
            ["wrk", *options, f"http://127.0.0.1:{port}/"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )
    if "Non-2xx" in done.stdout or (rate := re.search(r"Requests/sec: +([\d.]+)", done.stdout)) is None:
        raise RuntimeError(done.stdout)
    return float(rate[1])
