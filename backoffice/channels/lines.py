"""Lines: so many connections to one provider, each kept, each speaking once at a time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Self, TypeVar

import httpx
import msgspec

from backoffice.channels.codes import LEAST_WAIT, UNAVAILABLE
from backoffice.channels.port import Unanswered

PATIENCE = timedelta(seconds=10)
"""How long an answer is waited for, from the first byte handed over to the last one received."""

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Errors that come before the first byte of a message is written."""

_Words = TypeVar("_Words")


class NeverLeft(Exception):  # noqa: N818  # the trade's word
    """Nothing was handed over: there was no connection."""


class Lines:
    """The lines to a provider behind a base URL.

    One pool of all connections would look at each of them for each message, which costs more than the message.
    """

    def __init__(
        self, url: str, *, patience: timedelta = PATIENCE, lines: int = 64, headers: Mapping[str, str] | None = None
    ) -> None:
        self._patience = patience.total_seconds()
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        trusted = httpx.create_ssl_context(trust_env=False)
        self._lines = [self._line(url, trusted) for _ in range(lines)]
        self._free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for line in self._lines:
            self._free.put_nowait(line)

    def _line(self, url: str, trusted: ssl.SSLContext) -> httpx.AsyncClient:
        timeout = httpx.Timeout(self._patience, connect=min(2.0, self._patience))
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        return httpx.AsyncClient(
            base_url=url, timeout=timeout, limits=limits, verify=trusted, trust_env=False, headers=self._headers
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines:
            await line.aclose()

    async def ask(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        """Ask once; raises NeverLeft where nothing was handed over, and Unanswered where nobody knows."""
        line = await self._free.get()
        try:
            async with asyncio.timeout(self._patience):
                return await line.request(method, path, content=content)
        except _NEVER_LEFT:
            raise NeverLeft from None
        except (httpx.HTTPError, TimeoutError) as fault:
            raise Unanswered("provider_unanswered", why=type(fault).__name__) from None
        finally:
            self._free.put_nowait(line)


def is_no(response: httpx.Response) -> bool:
    """Tell whether an answer is a refusal; raises Unanswered for one that says neither yes nor no."""
    if response.is_client_error and response.status_code != httpx.codes.REQUEST_TIMEOUT:
        return True
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return True
    raise Unanswered("provider_unanswered", why=f"status {response.status_code}")


def words_in(response: httpx.Response, kind: type[_Words]) -> _Words | None:
    """Return what an answer says in this shape; None where it doesn't."""
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def retry_after(response: httpx.Response, code: int) -> timedelta | None:
    """Return how long a refusal asks to wait."""
    told = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(told)) if told.isdecimal() and len(told) < 7 else LEAST_WAIT.get(code)


def code_of(code: int | None) -> int:
    """Return the code of a refusal; one without words means that the provider is away."""
    return UNAVAILABLE if code is None else code
