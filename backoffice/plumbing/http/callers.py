"""Callers: who asks, by the bearer key of an account. Whatever does not say that it is public wants one.

A key that was found is remembered for a few seconds, so that a busy account costs no look-up a request; for as long
may a key still work after it was revoked. An unknown key is asked for each time: one just issued works at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Install, Work

REMEMBERED = 5.0  # seconds
MOST_REMEMBERED = 10_000
LONGEST_KEY = 256  # characters
PUBLIC = {"public": True}
"""What a handler that anybody may call has for `opt`."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks."""

    account_id: UUID


FindCaller = Callable[[Work, str], Awaitable[UUID | None]]
"""Finds the account that a secret key belongs to; None for a key that is not known or was revoked."""


class Callers:
    """The callers of one install."""

    def __init__(self, install: Install, find: FindCaller) -> None:
        self._install = install
        self._find = find
        self._known: dict[bytes, tuple[Caller, float]] = {}

    async def get(self, authorization: str | None) -> Caller:
        """Return whom an `Authorization` header names; raises Refused: `key_missing`, `key_unknown`."""
        scheme, _, secret = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refused("key_missing")
        hashed, now = hashlib.sha256(secret.encode("latin-1")).digest(), asyncio.get_running_loop().time()
        caller, until = self._known.get(hashed, (None, 0.0))
        if caller is None or until < now:
            caller = await self._look_up(secret)
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[hashed] = caller, now + REMEMBERED
        return caller

    def forget(self) -> None:
        """Ask anew for every key."""
        self._known.clear()

    async def _look_up(self, secret: str) -> Caller:
        if len(secret) <= LONGEST_KEY and secret.isascii() and secret.isprintable():
            async with self._install.reading() as work:
                account_id = await self._find(work, secret)
            if account_id is not None:
                return Caller(account_id)
        raise Refused("key_unknown")


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request in: it comes from a caller we know, unless what it asks for is public."""
    if handler.opt.get("public"):
        return
    callers: Callers = connection.app.state.callers
    connection.scope["state"]["caller"] = await callers.get(connection.headers.get("authorization"))


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Return who asks; only where a caller was wanted."""
    caller: Caller = connection.scope["state"]["caller"]
    return caller
