"""Batches: gated, recorded and committed, beside the bare COPY of the same rows into the same tables.

Ours runs in two lanes, an account and a process each: as workers run campaigns. The ceiling has the rows ready
beforehand, in the same two processes; it is measured with both at once and with one after the other, and the higher
one counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIGCONT, SIGSTOP
from subprocess import Popen
from time import perf_counter
from typing import Any, Literal, NamedTuple, Self
from uuid import UUID

import uvloop

from backoffice.audit.sequencer import seal_now
from backoffice.billing import service as billing
from backoffice.plumbing import bulk
from backoffice.plumbing.bulk import Rows, Statement, Target, ids_for
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import Settings
from backoffice.relay import recording, service
from backoffice.relay.service import Letter
from tests.bench.relay_town import Street

PAYLOAD = b'{"text":"","parameters":{"name":"Anna"}}'

Parts = Sequence[tuple[Target, Rows]]


class Rate(NamedTuple):
    """Recipients a second of one round."""

    ours: float
    ceiling: float


class Captured:
    """What a batch wrote, so that the ceiling can write the same."""

    def __init__(self) -> None:
        self.batches: list[Parts] = []
        self._write = bulk.write

    def __enter__(self) -> Self:
        bulk.write = self._keep
        return self

    def __exit__(self, *_: object) -> None:
        bulk.write = self._write

    async def _keep(self, connection: Any, parts: Parts, *also: Statement) -> int:  # noqa: ANN401  # asyncpg's
        self.batches.append(parts)
        return await self._write(connection, parts, *also)


async def gated(install: Install, street: Street, people: Sequence[UUID]) -> None:
    """Send to these people in one transaction."""
    account_id = street.shop.account_id
    async with install.unit_of_work() as work:
        lots = await billing.lock_lots(work, {(account_id, "whatsapp")})
        await service.send(work, street.shop.errand, [Letter(person, PAYLOAD) for person in people], lots)


async def bare(install: Install, account_id: UUID, parts: Parts, count: int) -> None:
    """Lock, copy, debit, commit: what any way to the same rows has to do."""
    async with install.database.transaction() as connection:
        await connection.execute("SELECT id FROM credit_lot WHERE account_id = $1 FOR UPDATE", account_id)
        for target, rows in parts:
            if rows:
                await connection.copy_records_to_table(target.table, records=rows, columns=list(target.columns))
        await connection.execute(
            "UPDATE credit_lot SET remaining = remaining - $2 WHERE account_id = $1", account_id, count
        )


def renewed(parts: Parts, at: datetime) -> Parts:
    """Return the same rows under ids of their own, each send, decision and entry still one row a table."""
    return [
        (target, [(made, *row[1:]) for made, row in zip(ids_for(at, len(rows)), rows, strict=True)])
        for target, rows in parts
    ]


class Walk:
    """Goes through a street: every batch meets people who haven't been met in this run, until all have."""

    def __init__(self, people: Sequence[UUID]) -> None:
        self._people = people
        self._place = 0

    def take(self, count: int) -> Sequence[UUID]:
        """Return the next people."""
        if self._place + count > len(self._people):
            self._place = 0
        self._place += count
        return self._people[self._place - count : self._place]


Order = Literal["gate", "renew", "copy", "forget"]


class Lane:
    """A worker of its own with one street, told what to do: `gate` batches, `renew` their rows, `copy`, `forget`."""

    def __init__(self, settings: Settings, street: Street) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(settings, street, theirs), daemon=True)
        self._process.start()
        self._pipe.recv()  # it is ready

    async def do(self, order: Order, size: int = 0, batches: int = 0) -> None:
        """Give an order; return when it is carried out."""
        self._pipe.send((order, size, batches))
        await asyncio.to_thread(self._pipe.recv)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()


@contextmanager
def lanes_of(settings: Settings, streets: Sequence[Street]) -> Iterator[list[Lane]]:
    """Start a worker a street."""
    lanes = [Lane(settings, street) for street in streets]
    try:
        yield lanes
    finally:
        for lane in lanes:
            lane.end()


def _work(settings: Settings, street: Street, pipe: Connection) -> None:
    uvloop.run(_carry_out(settings, street, pipe))


async def _carry_out(settings: Settings, street: Street, pipe: Connection) -> None:
    """Carry out orders, one after another."""
    walk, written = Walk(street.people), list[Parts]()
    async with open_install(settings, must_migrate=False) as install:
        pipe.send(None)
        while True:
            order, size, batches = await asyncio.to_thread(pipe.recv)
            match order:
                case "gate":
                    with Captured() as captured:
                        for _ in range(batches):
                            await gated(install, street, walk.take(size))
                    written = captured.batches
                case "renew":
                    written = [renewed(parts, install.clock()) for parts in written]
                case "copy":
                    for parts in written:
                        await bare(install, street.shop.account_id, parts, size)
                case "forget":
                    await _forget(install, written)
            pipe.send(None)


async def together(lanes: Sequence[Lane], order: Order, size: int = 0, batches: int = 0) -> float:
    """Give all lanes an order at once; return the seconds until all have carried it out."""
    begun = perf_counter()
    await asyncio.gather(*(lane.do(order, size, batches) for lane in lanes))
    return perf_counter() - begun


async def one_round(install: Install, lanes: Sequence[Lane], size: int, batches: int, beside: Popen[str]) -> Rate:
    """Run so many batches a lane, then the ceiling with the rows they wrote, while nobody works beside it."""
    slice_ = min(size, recording.MOST)
    ours = await together(lanes, "gate", slice_, batches * size // slice_)
    await seal_now(install)
    beside.send_signal(SIGSTOP)
    try:
        seconds = min([await _copied(lanes, slice_), sum([await _copied([lane], slice_) for lane in lanes])])
    finally:
        beside.send_signal(SIGCONT)
    total = len(lanes) * batches * size
    return Rate(total / ours, total / seconds)


async def _copied(lanes: Sequence[Lane], count: int) -> float:
    """Return the seconds of the bare COPY of what these lanes have written."""
    await together(lanes, "renew")
    seconds = await together(lanes, "copy", count)
    await together(lanes, "forget")
    return seconds


async def _forget(install: Install, batches: Sequence[Parts]) -> None:
    """Take the ceiling's rows away again: they are no decisions, and the sequencer must not meet them."""
    async with install.database.transaction() as connection:
        for parts in batches:
            for target, rows in parts:
                key = next(iter(target.columns))
                await connection.execute(
                    f"DELETE FROM {target.table} WHERE {key} = ANY($1::uuid[])", [row[0] for row in rows]
                )
