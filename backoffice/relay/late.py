"""Late sends: what is queued or leaves long after it was made is noted, so that caps count it when it leaves.

A cap of the law counts what reached a person in the last 24 hours. A send is found by its id, which tells when it was
made; one that was held, scheduled or kept back may leave days later, and is found here. It counts from the moment it
was queued anew, and again from the moment it left (ORS 646A.372, Fla. Stat. 501.616(6)(b)).

Two late sends to one person don't see each other while neither is noted. So a late one has its person's lock alone when
it is looked at again, and one batch judges anew one send to a person: the next one finds the first. What failed after
it was noted counts for its day all the same: strict is the safe side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from backoffice.kernel.ids import born_at
from backoffice.plumbing.install import Install, Work
from backoffice.relay import store
from backoffice.relay.gathering import PROMPT, RECENT
from backoffice.relay.shapes import StoredSend

KEPT_FOR = RECENT + timedelta(hours=1)
_PURGED_AT_ONCE = 10_000


def is_late(work: Work, send_id: UUID) -> bool:
    """Whether a send was made so long ago that its id no longer tells when it leaves."""
    return born_at(send_id) < work.at - PROMPT


async def note(work: Work, sends: Iterable[StoredSend]) -> None:
    """Note those of these sends that are late: they are queued, or leave, now."""
    if late := [one for one in sends if is_late(work, one.id)]:
        await store.note_late(work, late)


async def forget(work: Work, ids: Sequence[UUID]) -> None:
    """Forget sends that don't leave after all."""
    if any(is_late(work, send_id) for send_id in ids):
        await store.forget_late(work, ids)


def one_each(sends: Iterable[StoredSend]) -> list[StoredSend]:
    """Return the first send to each person of an account: the others are judged once it is noted."""
    first: dict[tuple[UUID, bytes], StoredSend] = {}
    for one in sends:
        first.setdefault((one.account_id, one.person), one)
    return list(first.values())


async def purge(install: Install) -> bool:
    """Forget what left so long ago that no cap counts it; return whether there may be more."""
    async with install.unit_of_work() as work:
        return await store.purge_late(work, work.at - KEPT_FOR, _PURGED_AT_ONCE) == _PURGED_AT_ONCE
