"""Watching: how far a campaign is, told each second over one connection until it has ended.

An event is numbered by the campaign's version: whoever comes back with the last one they saw is told what is new. Each
event tells the whole, so nothing is lost with one that was missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

from backoffice.campaigns import store
from backoffice.campaigns.states import ENDED
from backoffice.campaigns.telling import Progress, progress_of
from backoffice.plumbing.install import Install

EVERY = 1.0  # seconds
LONGEST = 900  # events of one connection; then whoever watches comes again


async def watch(
    install: Install,
    account_id: UUID,
    campaign_id: UUID,
    *,
    seen: int = 0,
    every: float = EVERY,
    leaving: asyncio.Event | None = None,
) -> AsyncIterator[Progress]:
    """Yield how far a campaign is: at once, unless that was seen, then each second until it has ended, or we leave.

    No connection to the database is held between two events. Raises NotFound for another's campaign.
    """
    leaving = leaving or asyncio.Event()
    progress = await look(install, account_id, campaign_id)
    if progress.version != seen:
        yield progress
    for _ in range(LONGEST):
        if has_ended(progress):
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), every)
            return
        progress = await look(install, account_id, campaign_id)
        yield progress


async def look(install: Install, account_id: UUID, campaign_id: UUID) -> Progress:
    """Return how far a campaign is; raises NotFound."""
    async with install.reading() as work:
        return await progress_of(work, await store.get_campaign(work, account_id, campaign_id))


def has_ended(progress: Progress) -> bool:
    """Whether nothing more happens to a campaign by itself."""
    return progress.state in ENDED and not progress.is_clearing
