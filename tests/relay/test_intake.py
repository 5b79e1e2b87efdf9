"""Intake: what queues while a commit runs shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.idempotency import Answer, Asked, Key
from backoffice.relay.intake import Intake, Request

SHOP, OTHER = new_ids(datetime(2026, 11, 20, tzinfo=UTC), 2)


def request(to: str, key: str = "", account_id: UUID = SHOP) -> Request:
    """Ask for a send to this address."""
    return Request(asked=Asked(Key(account_id, (key or to).encode()), b""), to=to)


class Handler:
    """Answers each request with its address, batch by batch, when it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.refuses: set[str] = set()
        self.fault: Exception | None = None

    async def __call__(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer a batch."""
        self.batches.append([one.to for one in requests])
        await self.gate.wait()
        if self.fault:
            raise self.fault
        if refused := self.refuses & {one.to for one in requests}:
            raise Invalid("to_invalid", field=min(refused))
        return [Answer(202, one.to.encode()) for one in requests]


async def _submitted(intake: Intake, *requests: Request) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(intake.submit(one)) for one in requests]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_waits_shares_the_next_batch() -> None:
    """The first goes alone; all that came meanwhile go together, and each gets its own answer."""
    handler = Handler()
    intake = Intake(handler, lanes=1)
    first = await _submitted(intake, request("a"))
    others = await _submitted(intake, *(request(name) for name in "bcd"))

    handler.gate.set()
    answers = await asyncio.gather(*first, *others)

    assert handler.batches == [["a"], ["b", "c", "d"]]
    assert [answer.body for answer in answers] == [b"a", b"b", b"c", b"d"]
    await intake.close()


async def test_a_person_has_one_send_a_batch() -> None:
    """The second to one person waits for the next batch, so that it counts the first; so does a key."""
    handler = Handler()
    intake = Intake(handler, lanes=1)
    tasks = await _submitted(intake, request("x"))
    tasks += await _submitted(intake, request("a", "1"), request("a", "2"), request("b", "1"), request("c"))

    handler.gate.set()
    await asyncio.gather(*tasks)

    assert handler.batches == [["x"], ["a", "c"], ["a", "b"]]
    await intake.close()


async def test_an_account_has_one_batch_at_a_time() -> None:
    """A second would only wait for its credits, with few in it; another account's goes beside it."""
    handler = Handler()
    intake = Intake(handler, lanes=2)
    tasks = await _submitted(intake, request("a"))
    tasks += await _submitted(intake, request("b"), request("c"), request("x", account_id=OTHER))
    assert handler.batches == [["a"], ["x"]]

    handler.gate.set()
    answers = await asyncio.gather(*tasks)

    assert handler.batches == [["a"], ["x"], ["b", "c"]]
    assert [answer.body for answer in answers] == [b"a", b"b", b"c", b"x"]
    await intake.close()


async def test_one_bad_send_harms_no_other() -> None:
    """A batch that fails is tried again one by one; only the bad one is refused."""
    handler = Handler()
    handler.refuses = {"b"}
    intake = Intake(handler, lanes=1)
    tasks = await _submitted(intake, request("x"))
    tasks += await _submitted(intake, *(request(name) for name in "abc"))

    handler.gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Answer, Answer, Invalid, Answer]
    assert handler.batches == [["x"], ["a", "b", "c"], ["a"], ["b"], ["c"]]
    await intake.close()


async def test_a_database_that_is_away_is_not_asked_again_for_each() -> None:
    """All of the batch are told to come back later."""
    handler = Handler()
    handler.fault = Unavailable("database_away", why="test")
    handler.gate.set()
    intake = Intake(handler, lanes=1)
    tasks = await _submitted(intake, *(request(name) for name in "abc"))

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert len(handler.batches) == 1
    await intake.close()


async def test_closing_answers_what_was_taken_in_and_refuses_the_rest() -> None:
    """A drain loses nobody."""
    handler = Handler()
    intake = Intake(handler, lanes=2)
    tasks = await _submitted(intake, *(request(name) for name in "abc"))
    closing = asyncio.create_task(intake.close())
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await intake.submit(request("d"))
    handler.gate.set()

    assert [answer.body for answer in await asyncio.gather(*tasks)] == [b"a", b"b", b"c"]
    await closing
