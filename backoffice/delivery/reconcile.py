"""Reconciling: what nobody knows the outcome of is looked up at its provider, until it is known or a day has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from backoffice.channels.port import CantTell, Channel, Fate
from backoffice.delivery import service, store
from backoffice.delivery.limits import Limits
from backoffice.delivery.store import Search

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install


class Reconciler:
    """Looks up what is unknown, a few messages at a time."""

    def __init__(self, install: Install, channels: Mapping[str, Channel], limits: Limits = Limits()) -> None:  # noqa: B008  # frozen
        self._install = install
        self._channels = channels
        self._limits = limits
        self._places = asyncio.Semaphore(limits.in_flight)

    async def step(self) -> int:
        """Call unknown what a dead courier had begun, look up what is due, and return how many messages that was."""
        async with self._install.unit_of_work() as work:
            lapsed = await service.reap(work, self._limits)
            searches = await store.claim_searches(work, self._limits.batch, work.at + self._limits.lease)
        if not searches:
            return lapsed
        fates = await asyncio.gather(*map(self._look_up, searches))
        async with self._install.unit_of_work() as work:
            await service.resolve(work, list(zip(searches, fates, strict=True)), self._limits)
        return lapsed + len(searches)

    async def _look_up(self, search: Search) -> Fate:
        channel = self._channels.get(search.channel)
        if channel is None:
            return CantTell()
        async with self._places:
            return await channel.look_up(search.send_id)
