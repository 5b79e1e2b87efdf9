"""The sandbox's clock, moved on: months made ready before, every loop woken after, the fake provider told.

It is not moved while a message is being handed over: hours would pass between the question and its answer, and what
nobody has heard of for so long is sent again.

Ledger: sandbox:clock:moved, with both moments.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from backoffice.audit import sequencer
from backoffice.audit.ledger import NOBODY, append
from backoffice.channels.moving import move_provider
from backoffice.journeys import store
from backoffice.kernel.errors import Refused, Unavailable
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.loops import ring_all
from backoffice.plumbing.marks import mark_test_clock
from backoffice.plumbing.moved_clock import MovedClock, aim
from backoffice.plumbing.partitions import ensure_partitions

PATIENCE = 4.0
"""Seconds that a move waits for messages that are being handed over."""

_BETWEEN_LOOKS = 0.05  # seconds


class Moved(NamedTuple):
    """A move of the clock: from one moment to another."""

    was: datetime
    at: datetime


def clock_of(install: Install) -> MovedClock:
    """Return the clock of an install that can be moved; raises Refused (`clock_is_real`) where it can't."""
    if install.moved_clock is None:
        raise Refused("clock_is_real")
    return install.moved_clock


async def be_still(install: Install, patience: float = PATIENCE) -> None:
    """Wait for so many seconds at most until no message is being handed over; of a real clock's install not at all."""
    ends_at = asyncio.get_running_loop().time() + patience
    while install.moved_clock and asyncio.get_running_loop().time() < ends_at:
        async with install.reading() as work:
            if not await store.count_in_flight(work):
                return
        await asyncio.sleep(_BETWEEN_LOOKS)


async def move_clock(work: Work, *, at: datetime | None = None, by: timedelta | None = None) -> Moved:
    """Move the sandbox's clock on, to a moment or by a length of time, once this unit of work has committed.

    The partitions of the months to come are made first; then what is due by the new moment happens at once. Raises
    Refused (`clock_is_real`, `clock_beside_live_key`), what `moved_clock.aim` does, Unavailable without the provider,
    and (`clock_waits`) while something is being handed over.
    """
    install, clock = work.install, clock_of(work.install)
    await mark_test_clock(work.connection, work.at)
    if count := await store.count_in_flight(work):
        raise Unavailable("clock_waits", count=count)
    moved = Moved(was := clock(), aim(was, at, by))
    await ensure_partitions(work.connection, moved.at)
    told = {"from_at": moved.was.isoformat(), "to_at": moved.at.isoformat()}
    await append(work, "sandbox:clock:moved", NOBODY, **told)
    for url in {install.settings.provider_url, install.settings.whatsapp_url} - {""}:
        await move_provider(url, moved.at)

    def leap() -> None:
        clock.move_to(moved.at)
        ring_all(install)

    work.after_commit(leap)
    return moved


async def settle(install: Install) -> None:
    """Give the entries from before a move their places: none of them has waited for as long as the clock says."""
    with suppress(Unavailable):  # another process is at it
        await sequencer.seal_now(install)
