"""Lots in hand: what a batch of sends may spend, and what it spent, until it is written in one statement."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.billing import store
from backoffice.kernel.errors import Refused
from backoffice.plumbing.bulk import Statement, write
from backoffice.plumbing.install import Work


class Lot(NamedTuple):
    """Credits of one grant that can be spent now."""

    id: UUID
    account_id: UUID
    channel: str
    remaining: int
    expires_at: datetime


class Lots:
    """Credits that are held for this transaction; debits are kept here until `flush`.

    Made by `service.lock_lots`; an account or channel that wasn't locked has none.
    """

    def __init__(self, lots: Iterable[Lot]) -> None:
        self._queues: dict[tuple[UUID, str], deque[Lot]] = {}
        self._left: Counter[tuple[UUID, str]] = Counter()
        self._debits: Counter[UUID] = Counter()
        for lot in sorted(lots, key=lambda lot: (lot.expires_at, lot.id)):
            self._queues.setdefault((lot.account_id, lot.channel), deque()).append(lot)
            self._left[lot.account_id, lot.channel] += lot.remaining

    def available(self, account_id: UUID, channel: str) -> int:
        """Return how many messages of a channel the account can still pay."""
        return self._left[account_id, channel]

    def debit(self, account_id: UUID, channel: str, count: int = 1) -> list[UUID]:
        """Take credits, those that end first first; return the lot of each. Raises Refused where there are too few."""
        if not 0 <= count <= self.available(account_id, channel):
            raise Refused("credits_short", available=self.available(account_id, channel), wanted=count)
        taken: list[UUID] = []
        while len(taken) < count:
            taken += self._take(self._queues[account_id, channel], count - len(taken))
        self._left[account_id, channel] -= count
        self._debits.update(taken)
        return taken

    @staticmethod
    def _take(queue: deque[Lot], most: int) -> list[UUID]:
        """Take from the first lot what it has, up to so many."""
        lot = queue.popleft()
        taken = min(lot.remaining, most)
        if taken < lot.remaining:
            queue.appendleft(lot._replace(remaining=lot.remaining - taken))
        return [lot.id] * taken

    @property
    def debits(self) -> Counter[UUID]:
        """What was taken of each lot since the last flush."""
        return Counter(self._debits)

    async def flush(self, work: Work) -> None:
        """Write all debits in one statement; more may follow."""
        await write(work.connection, (), *self.take_debits())

    def take_debits(self) -> list[Statement]:
        """Return what writes all debits since the last time, for whoever writes it with something else."""
        taken = [store.debit_of(self._debits)] if self._debits else []
        self._debits = Counter()
        return taken
