"""Intake: single sends come in one by one and are committed together.

What queued while the last commit ran is the next batch: nobody waits for a timer, and under load a hundred requests
share one commit. An account's credits are held by one batch at a time, so that a second one would only wait for them,
with few requests in it: an account has one batch at a time. A batch that fails is tried again one by one, so that one
bad send harms no other. One person has one send in a batch: the second counts the first.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from backoffice.kernel.errors import BackofficeError, Unavailable
from backoffice.plumbing.idempotency import Answer, Asked

if TYPE_CHECKING:
    from uuid import UUID

MOST = 100  # requests a commit
LANES = 2  # batches at a time: one commits while the next is prepared
EACH = 1  # of them with requests of one account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the queue knows it: whose key it has, and whom it is to."""

    asked: Asked
    to: str


Handle = Callable[[Sequence[Any]], Awaitable[Sequence[Answer | BackofficeError]]]
"""Decides a batch in one transaction; a request that is refused gets its refusal, and harms no other."""

_Waiting = tuple[Request, asyncio.Future[Answer]]


class Intake:
    """The queue before the gate; `handle` decides a batch in one transaction, all of it or nothing."""

    def __init__(self, handle: Handle, *, lanes: int = LANES, most: int = MOST, each: int = EACH) -> None:
        self._handle = handle
        self._most = most
        self._each = each
        self._under_way: Counter[UUID] = Counter()  # batches, by account
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._is_closing = False
        self._lanes = [asyncio.create_task(self._lane()) for _ in range(lanes)]

    async def submit(self, request: Request) -> Answer:
        """Hand in one request; returns its answer once it is committed. Raises what refused it."""
        if self._is_closing:
            raise Unavailable("shutting_down")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        self._arrived.set()
        return await answer

    async def close(self) -> None:
        """Take nothing more in, and end when what was taken in is answered."""
        self._is_closing = True
        self._arrived.set()
        await asyncio.gather(*self._lanes)

    async def _lane(self) -> None:
        while True:
            if batch := self._take():
                accounts = Counter({request.asked.key.account_id for request, _ in batch})
                self._under_way += accounts
                await self._run(batch)
                self._under_way -= accounts
                self._arrived.set()  # what waited for these accounts may go on
            elif self._is_closing and not self._waiting:
                return
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self) -> list[_Waiting]:
        """Take what waits, but of no account that is under way, and no person and no key twice: those are left."""
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        seen: set[tuple[object, ...]] = set()
        while self._waiting and len(batch) < self._most:
            item = self._waiting.popleft()
            key = item[0].asked.key
            names = {("to", key.account_id, item[0].to), ("key", *key)}
            if names & seen or self._under_way[key.account_id] >= self._each:
                left.append(item)
            else:
                seen |= names
                batch.append(item)
        self._waiting.extendleft(reversed(left))
        return batch

    async def _run(self, batch: list[_Waiting]) -> None:
        try:
            answers = await self._handle([request for request, _ in batch])
        except Exception as fault:  # noqa: BLE001  # whatever it is, each request is told
            await self._run_alone(batch, fault)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    async def _run_alone(self, batch: list[_Waiting], fault: Exception) -> None:
        for request, future in batch:
            if len(batch) > 1 and not isinstance(fault, Unavailable):
                try:
                    (outcome,) = await self._handle([request])
                except Exception as own:  # noqa: BLE001
                    _settle(future, own)
                else:
                    _settle(future, outcome)
            else:
                _settle(future, fault)


def _settle(future: asyncio.Future[Answer], outcome: Answer | Exception) -> None:
    """Tell whoever waits; one who has gone away is not told."""
    with suppress(asyncio.InvalidStateError):
        if isinstance(outcome, Exception):
            future.set_exception(_fresh(outcome))
        else:
            future.set_result(outcome)


def _fresh(fault: Exception) -> Exception:
    """An exception that many await is told to each anew: one object would gather all their tracebacks."""
    return type(fault)(fault.code, **fault.data) if isinstance(fault, BackofficeError) else fault
