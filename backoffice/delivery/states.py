"""What may follow what: the status of a message at its provider, which only ever rises, in whatever order it is told.

accepted   the provider took it
sent       it left the provider
failed     the provider could not bring it; a message that arrives after all has arrived
delivered  it is on the person's device
read       the person opened it, so it was delivered, said or not
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Literal, get_args

Status = Literal["accepted", "sent", "failed", "delivered", "read"]

ORDER: tuple[Status, ...] = get_args(Status)
"""The statuses, the weaker first."""

RANK = {status: rank for rank, status in enumerate(ORDER)}

NEXT: dict[Status, frozenset[Status]] = {status: frozenset(ORDER[rank:]) for rank, status in enumerate(ORDER)}
"""The transition table."""


def join(now: Status, told: Status) -> Status:
    """Return the status of a message of which both are said.

    >>> join("delivered", "sent"), join("failed", "delivered")
    ('delivered', 'delivered')
    """
    return max(now, told, key=RANK.__getitem__)


def highest(told: Iterable[Status]) -> Status:
    """Return the status of a message of which all this is said, however often and in whatever order."""
    return reduce(join, told, "accepted")
