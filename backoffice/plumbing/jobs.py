"""Jobs: work that outlives a request, on a queue in the database; a job is enqueued in the transaction that wants it.

A job runs at least once: a worker that dies leaves it to another, so a handler must bear a second run. Its payload
holds ids and no person's value, and so does what is kept of its failures: the kind of error, never its words. A job
that fails is tried again, later each time; after the last attempt it is put aside for people. What something away or a
full disk makes fail is tried until it can be done (`take_up`, where the library has put it aside for that).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import JobId
from pgqueuer.queries import Queries

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing import telling
from backoffice.plumbing.conf import DB
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.writing import is_out_of_room

SCHEMA = QueryBuilderEnvironment().build_install_query()
"""The queue's own tables, as its library makes them."""

MOST_ATTEMPTS = 10
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
_AT_ONCE: Final = 10
POLL = timedelta(seconds=5)
_HEARTBEAT = timedelta(seconds=30)

Payload = dict[str, Any]
Handler = Callable[[Install, Payload], Awaitable[None]]
"""Does a job; opens its own unit of work."""


class JobFailedError(Exception):
    """A job failed for good; the kind of error is all that is kept."""


async def enqueue(
    work: Work, name: str, payload: Payload | None = None, *, not_before: datetime | None = None, same_as: str = ""
) -> None:
    """Put a job in the queue; it is there when the transaction commits, and never when it doesn't.

    `not_before` is by the road's clock. Of jobs that wait with the same `same_as`, only the first is kept.
    """
    waits = max(not_before - work.at, timedelta(0)) if not_before else None
    body = msgspec.json.encode(payload or {})
    queue = Queries(AsyncpgDriver(work.connection))
    if same_as:
        key = f"{name}:{same_as}"
        await queue.enqueue(name, body, execute_after=waits, dedupe_key=key, on_conflict="skip")
    else:
        await queue.enqueue(name, body, execute_after=waits)


async def run_jobs(install: Install, handlers: Mapping[str, Handler], stop: asyncio.Event) -> bool:
    """Do jobs as they come until told to stop; what runs by then is finished. Raises Unavailable without a database."""
    if DB.pool is None:
        raise Unavailable("database_away", why="not connected")
    manager = QueueManager(Queries(AsyncpgPoolDriver(DB.pool)))
    for name, handler in handlers.items():
        manager.entrypoint(name, on_failure="hold")(_guarded(install, name, handler))
    told = asyncio.create_task(_tell_when(stop, manager))
    try:
        await manager.run(
            dequeue_timeout=POLL,
            batch_size=_AT_ONCE,
            max_concurrent_tasks=2 * _AT_ONCE,
            heartbeat_timeout=_HEARTBEAT,
            shutdown_on_listener_failure=True,
        )
    finally:
        told.cancel()
    return False


async def take_up(install: Install) -> bool:
    """Queue again what was put aside before its last attempt.

    A job fails since the database is away, and can't be queued again for the same reason: the library puts it aside.
    """
    async with install.unit_of_work() as work:
        rows = await work.connection.fetch(
            "SELECT id FROM pgqueuer WHERE status = 'failed' AND attempts + 1 < $1", MOST_ATTEMPTS
        )
        if rows:
            await Queries(AsyncpgDriver(work.connection)).requeue_jobs([JobId(row["id"]) for row in rows])
            telling.info("jobs_taken_up", jobs=len(rows))
    return False


def wait_after(attempts: int) -> timedelta:
    """Return how long a job waits after so many failed attempts before this one.

    >>> wait_after(0), wait_after(3), wait_after(100)
    (datetime.timedelta(seconds=1), datetime.timedelta(seconds=8), datetime.timedelta(seconds=900))
    """
    doublings: int = 2 ** min(attempts, 20)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


async def _tell_when(stop: asyncio.Event, manager: QueueManager) -> None:
    await stop.wait()
    manager.shutdown.set()


def _guarded(install: Install, name: str, handler: Handler) -> Callable[[Job], Awaitable[None]]:
    """Let nothing of an error but its kind reach the queue's tables, which keep it."""

    async def run(job: Job) -> None:
        try:
            await handler(install, msgspec.json.decode(job.payload or b"{}", type=dict[str, Any]))
        except Exception as error:  # noqa: BLE001  # whatever it is, the job is tried again
            telling.fault("job_failed", error, job=name, attempt=job.attempts + 1)
            failed = type(error).__name__
            is_passing = isinstance(error, Unavailable) or is_out_of_room(error)
        else:
            return
        if job.attempts + 1 >= MOST_ATTEMPTS and not is_passing:
            raise JobFailedError(failed)
        raise RetryRequested(wait_after(job.attempts), failed)

    return run
