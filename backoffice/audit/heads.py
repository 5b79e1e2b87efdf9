"""Daily heads: how many entries an account had on a UTC day, and one hash over them all.

A proof shows that an entry is in the ledger; a head shows that none of a day is left out of a report. An entry belongs
to the day on which its id was born. The heads of a day are made when it is over and all its entries have their places;
each is an entry itself (`audit:head:made`, of nobody's account, so that heads are in no head).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.audit import store
from backoffice.audit.ledger import NOBODY, append_many
from backoffice.audit.merkle import Range
from backoffice.audit.store import Head
from backoffice.audit.tiles import WIDTH
from backoffice.kernel.errors import Unavailable
from backoffice.kernel.ids import first_id

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_GRACE = timedelta(minutes=15)
_DAY = timedelta(days=1)
_BATCH = 16 * WIDTH
_WRITTEN_TOGETHER = 1000


async def make_heads(work: Work, day: date) -> int:
    """Write the heads of a day that aren't written, or no longer right as an entry came late; return how many.

    Raises Unavailable (`ledger_day_open`) until a quarter of an hour after the day, and while its entries still wait.
    """
    _, ends = _bounds(day)
    if work.at < _midnight(day + _DAY) + _GRACE or await store.is_queued_up_to(work.connection, ends):
        raise Unavailable("ledger_day_open", day=day.isoformat())
    known = await store.list_heads(work.connection, day)
    made = [head for head in await compute_heads(work, day) if known.get(head.account_id) != head]
    for start in range(0, len(made), _WRITTEN_TOGETHER):
        heads = made[start : start + _WRITTEN_TOGETHER]
        ids = await append_many(work, "audit:head:made", [(NOBODY, _told(head)) for head in heads])
        await store.put_heads(work.connection, heads, ids)
    return len(made)


async def compute_heads(work: Work, day: date) -> list[Head]:
    """Return the heads of a day as the ledger is now, by account."""
    begins, ends = _bounds(day)
    trees: defaultdict[UUID, Range] = defaultdict(Range)
    first, last = await store.find_places_between(work.connection, begins, ends)
    for start in range(first - first % WIDTH, last + 1, _BATCH):
        places = await store.list_places(work.connection, max(start, first), min(start + _BATCH, last + 1))
        leaves = await store.list_leaves(work.connection, start, start + _BATCH)
        for place, entry_id, account_id in places:
            if begins <= entry_id < ends and account_id != NOBODY:
                trees[account_id].append(leaves[place])
    return [Head(day, account_id, tree.size, tree.root()) for account_id, tree in sorted(trees.items())]


def _told(head: Head) -> dict[str, object]:
    return {"count": head.entries, "day": head.day.isoformat(), "of": head.account_id, "root": head.root.hex()}


def _bounds(day: date) -> tuple[UUID, UUID]:
    return first_id(_midnight(day)), first_id(_midnight(day + _DAY))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
