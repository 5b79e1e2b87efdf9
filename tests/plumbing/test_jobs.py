"""Jobs: enqueued with the transaction or not at all, done at least once, and nothing of a person kept of a failure."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.plumbing import jobs
from backoffice.plumbing.install import Install
from backoffice.plumbing.jobs import MOST_ATTEMPTS, Handler, Payload, enqueue, run_jobs, take_up

PERSON = "anna@example.org"


class Doing:
    """A worker of jobs that can be waited for."""

    def __init__(self, install: Install) -> None:
        self.install = install
        self.done: asyncio.Queue[Payload] = asyncio.Queue()
        self.stop = asyncio.Event()
        self.running: asyncio.Task[None]

    async def note(self, _: Install, payload: Payload) -> None:
        """Note that a job was done."""
        self.done.put_nowait(payload)

    async def fail(self, _: Install, payload: Payload) -> None:
        """Fail, with words that name a person."""
        self.done.put_nowait(payload)
        raise Invalid("email_invalid", value=PERSON)

    async def run(self, **handlers: Handler) -> None:
        """Do jobs until told to stop."""
        await run_jobs(self.install, handlers, self.stop)

    async def next(self) -> Payload:
        """Wait for the next job done."""
        async with asyncio.timeout(20):
            return await self.done.get()


@pytest.fixture
async def doing(install: Install, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Doing]:
    """A worker that has ended when the test has."""
    monkeypatch.setattr(jobs, "POLL", timedelta(milliseconds=20))
    doing = Doing(install)
    doing.running = asyncio.create_task(doing.run(note=doing.note, fail=doing.fail))
    yield doing
    doing.stop.set()
    await doing.running


async def rows(install: Install, query: str) -> list[dict[str, Any]]:
    """Return what a query finds."""
    async with install.reading() as work:
        return [dict(row) for row in await work.connection.fetch(query)]


async def test_a_job_is_done_once_its_transaction_has_committed(doing: Doing) -> None:
    """With its payload."""
    async with doing.install.unit_of_work() as work:
        await enqueue(work, "note", {"id": 1})

    assert await doing.next() == {"id": 1}


async def test_a_job_of_a_transaction_that_failed_was_never_there(install: Install) -> None:
    """It goes with all the rest."""
    with pytest.raises(ZeroDivisionError):
        async with install.unit_of_work() as work:
            await enqueue(work, "note", {"id": 1})
            _ = 1 / 0

    assert await rows(install, "SELECT * FROM pgqueuer") == []


async def test_a_job_waits_for_its_moment(doing: Doing) -> None:
    """One that is due overtakes it."""
    async with doing.install.unit_of_work() as work:
        await enqueue(work, "note", {"id": "later"}, not_before=work.at + timedelta(hours=1))
        await enqueue(work, "note", {"id": "now"}, not_before=work.at - timedelta(hours=1))

    assert await doing.next() == {"id": "now"}
    (waiting,) = await rows(doing.install, "SELECT max(execute_after - created) AS waits FROM pgqueuer")
    assert waiting["waits"] == timedelta(hours=1)


async def test_jobs_that_are_the_same_wait_only_once(install: Install) -> None:
    """By the name their caller gives them; others are others."""
    async with install.unit_of_work() as work:
        for name, same_as in (("note", "a"), ("note", "a"), ("fail", "a"), ("note", "b"), ("note", ""), ("note", "")):
            await enqueue(work, name, same_as=same_as)

    assert len(await rows(install, "SELECT * FROM pgqueuer")) == 5


async def test_a_job_that_fails_is_tried_again_and_then_put_aside(
    doing: Doing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten times in all; what is kept of it, in tables and lines, is the kind of error and no word."""
    monkeypatch.setattr(jobs, "LONGEST_WAIT", timedelta(0))
    async with doing.install.unit_of_work() as work:
        await enqueue(work, "fail", {"id": 1})
    for _ in range(MOST_ATTEMPTS):
        assert await doing.next() == {"id": 1}
    async with doing.install.unit_of_work() as work:
        await enqueue(work, "note", {"id": 2})
    await doing.next()
    doing.stop.set()
    await doing.running
    aside = await rows(doing.install, "SELECT * FROM pgqueuer WHERE status = 'failed'")
    kept = str(aside) + str(await rows(doing.install, "SELECT * FROM pgqueuer_log"))

    assert doing.done.empty()
    assert len(aside) == 1
    assert "Invalid" in kept
    assert PERSON not in kept + capsys.readouterr().err


async def test_a_job_that_was_put_aside_for_want_of_a_database_is_taken_up(doing: Doing) -> None:
    """Before its last attempt nobody but the library puts one aside; after it, it stays for people."""
    async with doing.install.unit_of_work() as work:
        await work.connection.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload, attempts)"
            " SELECT 0, 'failed', 'note', convert_to(format('{\"id\": %s}', attempts), 'UTF8'), attempts"
            " FROM unnest($1::int[]) AS attempts",
            [0, MOST_ATTEMPTS - 1],
        )
    await take_up(doing.install)

    assert await doing.next() == {"id": 0}
    assert [
        row["attempts"] for row in await rows(doing.install, "SELECT attempts FROM pgqueuer WHERE status = 'failed'")
    ] == [MOST_ATTEMPTS - 1]


@pytest.mark.parametrize("why", [Unavailable("database_away"), OSError(errno.ENOSPC, "full")])
async def test_what_is_away_or_full_is_waited_for(
    install: Install, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    """However often it was tried: it is done in the end, by nobody's hand."""
    monkeypatch.setattr(jobs, "POLL", timedelta(milliseconds=20))
    monkeypatch.setattr(jobs, "LONGEST_WAIT", timedelta(0))
    doing, tries = Doing(install), iter(range(MOST_ATTEMPTS + 2))

    async def once_it_is_back(_: Install, payload: Payload) -> None:
        if next(tries, None) is not None:
            raise why
        doing.done.put_nowait(payload)

    running = asyncio.create_task(doing.run(wait=once_it_is_back))
    async with install.unit_of_work() as work:
        await enqueue(work, "wait", {"id": 1})

    assert await doing.next() == {"id": 1}
    doing.stop.set()
    await running


async def test_a_worker_that_is_told_to_stop_finishes_what_runs(install: Install) -> None:
    """The job is done when the worker has ended."""
    begun, ending, doing = asyncio.Event(), asyncio.Event(), Doing(install)

    async def slow(_: Install, payload: Payload) -> None:
        begun.set()
        await ending.wait()
        doing.done.put_nowait(payload)

    running = asyncio.create_task(doing.run(slow=slow))
    async with install.unit_of_work() as work:
        await enqueue(work, "slow", {"id": 1})
    await begun.wait()
    doing.stop.set()
    ending.set()
    await running

    assert doing.done.get_nowait() == {"id": 1}
    assert await rows(install, "SELECT * FROM pgqueuer") == []
