"""Watching whether something waits for a lock."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from backoffice.plumbing.install import Work

PATIENCE = 20  # seconds until a test is told that it waits for ever
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def begun(doing: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin something beside the transaction that a test has open."""
    return asyncio.create_task(doing, context=Context())


async def until_it_waits(work: Work, task: asyncio.Task[Any]) -> None:
    """Return once the task waits for a lock."""
    while not await work.connection.fetchval(_WAITING):
        assert not task.done()
