"""Replacing: a register's copy of a day in place of the one before, in one transaction.

A copy that lost half of its entries is refused unless somebody says that it is meant: a list of changes, one area code
or a broken download in place of the whole would let through what the whole forbids.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Sequence
from datetime import datetime

from backoffice.audit.ledger import NOBODY, append
from backoffice.contacts.cells import FIRST_ACT
from backoffice.contacts.registers import store
from backoffice.contacts.registers.store import Held, Listed
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work


async def replace_register(
    work: Work,
    name: str,
    as_of: datetime,
    batches: AsyncIterable[Sequence[Listed]],
    *,
    may_shrink: bool = False,
    unreadable: Callable[[], int] = int,
) -> Held:
    """Put a register's data of a day in place of what was held of it; return what is held now.

    An entry without a date counts from the copy before, in which it did not stand, and in the first copy from 1971.
    `unreadable` is asked at the end how many lines could not be read. Raises Invalid for a day in the future, Refused
    for data older than what is held (`register_older`) or less than half of it (`register_shrinks`).
    """
    if as_of > work.at:
        raise Invalid("date_in_future", field="as_of")
    before = await store.find_register(work, name)
    if before and as_of < before.as_of:
        raise Refused("register_older", register=name, held=before.as_of.date().isoformat())
    listed = await store.put_register(work, name, as_of, batches, before.as_of if before else FIRST_ACT)
    if before and not may_shrink and 2 * listed < before.listed:
        raise Refused("register_shrinks", register=name, held=before.listed, count=listed)
    held = Held(name, as_of, listed, unreadable(), work.at)
    await store.note_register(work, held)
    entry = {"register": name, "as_of": as_of.isoformat(), "count": listed, "unreadable": held.unreadable}
    await append(work, "contacts:register:recorded", NOBODY, **entry)
    await note_change(work, None)
    return held
