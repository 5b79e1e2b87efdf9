"""Releasing: what waits is judged anew at its moment, and what waits for an event each day.

Events are told by whoever brings them about (`reconsidering`). Of some nobody tells, as of a new edition: so each send
that has no moment is judged anew a day after it was last, and nothing waits for ever where nobody looks. A send that
spoils it for all is judged by itself and set aside for an hour; one whose person is gone is stopped, as no waiting
brings them back.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from backoffice.kernel.errors import BackofficeError, Unavailable
from backoffice.kernel.ids import first_id
from backoffice.plumbing import telling
from backoffice.plumbing.install import Install
from backoffice.relay import service, store

MOST = 200  # sends a transaction: each may be another account's
STEP = 1_000  # sends that are brought forward at once
AGAIN = timedelta(days=1)
ASIDE = timedelta(hours=1)
GONE = frozenset({"contact_unknown", "subject_key_destroyed"})
"""Faults that no waiting mends."""


async def release(install: Install) -> bool:
    """Judge anew the sends whose moment has come; return whether there may be more at once."""
    try:
        async with install.unit_of_work() as work:
            return await service.release(work, MOST) > 0  # of many to one person, one at a time
    except Unavailable:
        raise
    except Exception as fault:  # noqa: BLE001  # one of them is bad: which, is found below
        telling.fault("release_failed", fault)
    async with install.reading() as work:
        due = await store.list_due(work, MOST)
    for send_id, account_id, channel in due:
        await _release_one(install, send_id, account_id, channel)
    return len(due) == MOST


async def _release_one(install: Install, send_id: UUID, account_id: UUID, channel: str) -> None:
    try:
        async with install.unit_of_work() as work:
            await service.release_sends(work, [(send_id, account_id, channel)])
    except Unavailable:
        raise
    except Exception as fault:  # noqa: BLE001  # whatever is wrong with it, it doesn't leave
        telling.fault("release_failed", fault, send=send_id)
        async with install.unit_of_work() as work:
            if is_gone(fault):
                await service.stop(work, account_id, [send_id], by="program")
            else:
                await store.bring_forward(work, [send_id], work.at + ASIDE)


def is_gone(fault: Exception) -> bool:
    """Whether nobody is left to send to."""
    return isinstance(fault, BackofficeError) and fault.code in GONE


async def look_daily(install: Install) -> bool:
    """Have judged anew what waits for an event and was not for a day; return whether there is more."""
    async with install.unit_of_work() as work:
        return await store.bring_forward_old(work, first_id(work.at - AGAIN), STEP) == STEP
