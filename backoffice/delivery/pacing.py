"""Pacing: how many messages a sender may hand over now, and whether this person got one from it a moment ago.

A sender's rate is that of all couriers together: the moment at which its bucket is full again is one row, which whoever
claims holds from the count to the commit. Couriers whose clocks differ may exceed the burst once, by what the clocks
differ times the rate. A pair's last message is found among the sends, those of all couriers, under the same hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.delivery.limits import Limits
    from backoffice.relay.outbox import Claimed

Pair = tuple[UUID, bytes]
"""A sender and a person."""


def room(full_at: datetime, at: datetime, limits: Limits) -> int:
    """Return how many messages a sender may hand over now whose bucket is full again at a moment: 0 to its burst."""
    missing = max((full_at - at).total_seconds(), 0.0) * limits.sender_rate
    return max(0, int(limits.sender_burst - missing))


def after(full_at: datetime, count: int, at: datetime, limits: Limits) -> datetime:
    """Return when the bucket is full again from which so many messages are taken now."""
    return max(full_at, at) + timedelta(seconds=count / limits.sender_rate)


def waits(
    claimed: Iterable[Claimed], turns: Mapping[Pair, datetime], at: datetime, limits: Limits
) -> dict[UUID, timedelta]:
    """Return how long each of these sends still has to wait, so that no person gets two of one sender in a moment.

    `turns` says when each pair was taken last; of several in one batch the first goes.
    """
    free_at = {pair: turn + limits.pair_every for pair, turn in turns.items()}
    found: dict[UUID, timedelta] = {}
    for one in claimed:
        pair = (one.sender_id, one.person)
        if (wait := free_at.get(pair, at) - at) > timedelta(0):
            found[one.send_id] = wait
        else:
            free_at[pair] = at + limits.pair_every
    return found
