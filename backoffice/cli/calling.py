"""Calling: a running service asked over its API, with an account's key, and asked again where that is safe."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
import httpx
import msgspec

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused, Unavailable
from backoffice.plumbing.policies import read_bytes

KEY = "BACKOFFICE_KEY"
URL = click.option(
    "--url", envvar="BACKOFFICE_URL", default="http://127.0.0.1:8000", show_default=True, help="Where the service is."
)
ONCE = click.option(
    "--idempotency-key", "once", default="", help="The same key again gets the same answer, and does nothing twice."
)

_TRIES, _BETWEEN_TRIES = 5, 1.0  # seconds
_PATIENCE = httpx.Timeout(60.0, connect=5.0)
_LATER = frozenset({"idempotency_key_running"})
_KINDS: dict[int, type[BackofficeError]] = {404: NotFound, 409: Refused, 503: Unavailable}


class _EndedError(Exception):
    """The service has no more events to tell."""


class Api:
    """A service's API, for as long as a command needs it; without a key, that of the environment is used."""

    def __init__(self, url: str, secret: str = "") -> None:
        secret = secret or os.environ.get(KEY, "")
        if not secret:
            raise Invalid("api_key_missing", field=KEY)
        try:
            headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
            self._http = httpx.Client(base_url=url, headers=headers, timeout=_PATIENCE, trust_env=False)
        except (httpx.InvalidURL, ValueError):
            raise Invalid("api_url_invalid", field="--url") from None
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Ask; raises what the service refuses with, Unavailable where it does not answer."""
        return self._asked("GET", path, {}, None)

    def post(self, path: str, body: bytes = b"", *, once: str = "", media: str = "application/json") -> Any:  # noqa: ANN401  # JSON
        """Have something done, once, however often the line breaks; raises as `get` does."""
        headers = {"Idempotency-Key": once or secrets.token_urlsafe(16)}
        return self._asked("POST", path, headers | ({"Content-Type": media} if body else {}), body)

    def _asked(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Any:  # noqa: ANN401  # JSON
        for left in range(_TRIES - 1, -1, -1):
            try:
                answer = self._http.request(method, path, headers=headers, content=body)
            except httpx.HTTPError as fault:
                if not left:
                    raise self._away(fault) from None
            else:
                if answer.is_success:
                    return _json(answer)
                if not left or not _is_for_later(answer):
                    raise _refusal(answer)
            time.sleep(_BETWEEN_TRIES)
        raise RuntimeError("the last try either answers or raises")

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the data of server-sent events until the last one; where the line breaks, come back for the rest."""
        seen, left = "", _TRIES
        while left:
            left -= 1
            try:
                for number, data in self._stream(path, seen):
                    seen, left = number, _TRIES
                    yield data
            except _EndedError:
                return
            except httpx.HTTPError as fault:
                if not left:
                    raise self._away(fault) from None
            time.sleep(_BETWEEN_TRIES)

    def _stream(self, path: str, seen: str) -> Iterator[tuple[str, dict[str, Any]]]:
        with self._http.stream("GET", path, headers={"Last-Event-ID": seen} if seen else {}) as answer:
            if answer.status_code == httpx.codes.NO_CONTENT:
                raise _EndedError
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            yield from _events(answer.iter_lines())

    def _away(self, fault: httpx.HTTPError) -> Unavailable:
        return Unavailable("api_away", url=self._url, why=type(fault).__name__)


def body_of(file: Path, stdin: Any) -> bytes:  # noqa: ANN401  # a binary stream, or none
    """Read a JSON object from a file, or - for standard input; raises Invalid for anything else."""
    raw = (stdin.buffer.read() if stdin else b"") if str(file) == "-" else read_bytes(file)
    try:
        read = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Invalid("json_invalid", file=str(file), why=str(wrong)) from None
    if not isinstance(read, dict):
        raise Invalid("json_invalid", file=str(file), why="expected an object")
    return bytes(raw)


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id and the data of each event (HTML, section 9.2)."""
    seen = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "id":
            seen = value
        elif field == "data":
            yield seen, msgspec.json.decode(value)


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401  # JSON
    try:
        return msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unavailable("api_away", url=str(answer.url.copy_with(path="/")), why="no JSON") from None


def _is_for_later(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE or _problem(answer).get("code") in _LATER


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = None
    return told if isinstance(told, dict) else {}


def _refusal(answer: httpx.Response) -> BackofficeError:
    """Return a refusal of the service in its own words, with the fields at fault."""
    told, kind = _problem(answer), _KINDS.get(answer.status_code, Invalid)
    detail = str(told.get("detail") or f"status {answer.status_code}")
    faults = [(str(one.get("field", "")), str(one.get("says", ""))) for one in told.get("errors", [])]
    if len(faults) == 1:
        return kind("api_refuses", field=faults[0][0], why=faults[0][1])
    return kind("api_refuses", why="; ".join([detail, *(f"{field}: {says}" for field, says in faults)]))
