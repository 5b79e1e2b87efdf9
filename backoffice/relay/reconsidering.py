"""Reconsidering: sends that wait for an event are judged anew by themselves, once something has changed for them.

Rooms below leave behind what changed (`plumbing.changes`). It is acted on after every transaction that ran meanwhile
has ended, so that a send that was held by what stood before is seen too; the send path pays nothing for it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from backoffice.plumbing.changes import Change, list_changes, list_running, take_changes
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.loops import ring
from backoffice.relay.service import reconsider
from backoffice.relay.store import list_accounts_waiting

MOST = 1_000  # changes a step
RELEASE = "release"
"""The loop that judges anew what is due."""

Matter = tuple[UUID | None, bytes | None]
"""An account and a person; none means all of them."""

_BREATH = 0.05  # seconds between two looks for what still runs


async def _breathe() -> None:
    await asyncio.sleep(_BREATH)


async def step(install: Install, breathe: Callable[[], Awaitable[None]] = _breathe) -> bool:
    """Bring forward the sends that wait for what has changed; return whether there may be more changes."""
    async with install.reading() as work:
        changes = await list_changes(work, MOST)
        running = await list_running(work) if changes else set()
    while running:
        await breathe()
        async with install.reading() as work:
            running &= await list_running(work)
    for matter, ids in _together(changes).items():
        async with install.unit_of_work() as work:
            if await take_changes(work, ids):
                await _reconsider(work, *matter)
    if changes:
        ring(install, RELEASE)
    return len(changes) == MOST


def _together(changes: Iterable[Change]) -> dict[Matter, list[UUID]]:
    """Return each matter once, with the changes that speak of it; the wider takes in the narrower."""
    matters = {(one.account_id, one.person) for one in changes}
    together: defaultdict[Matter, list[UUID]] = defaultdict(list)
    for one in changes:
        wider: list[Matter] = [(None, None), (one.account_id, None)]
        matter = next((matter for matter in wider if matter in matters), (one.account_id, one.person))
        together[matter].append(one.id)
    return together


async def _reconsider(work: Work, account_id: UUID | None, person: bytes | None) -> None:
    for one in await list_accounts_waiting(work) if account_id is None else [account_id]:
        await reconsider(work, one, person)
