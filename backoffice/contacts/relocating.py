"""Relocating: once the tables of numbers have changed, everybody is located anew, some at a time, and put on record so.

Until somebody's turn comes they are located each time they are judged. Done again, and by many workers, it goes on
where it stood; what decisions were made of is stored with them and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from backoffice.contacts import store
from backoffice.contacts.persons import sealed
from backoffice.contacts.whereabouts import WHEREABOUTS, is_current, renewed
from backoffice.kernel.jurisdiction import Whereabouts
from backoffice.plumbing import telling
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.policies import library

STEP = 1_000  # contacts a transaction


async def renewed_each(
    work: Work, where: Mapping[int, Whereabouts], people: Iterable[tuple[UUID, int]]
) -> dict[UUID, Whereabouts]:
    """Return the whereabouts of those whom older tables located, as today's have them.

    `people` are contacts with the numbers of their whereabouts, `where` what these numbers stand for. Nobody is asked
    about where all are up to date.
    """
    old = {number for number, one in where.items() if not is_current(one)}
    if not old:
        return {}
    before = {contact_id: where[number] for contact_id, number in people if number in old}
    found = await sealed(work, list(before))
    return {one.contact_id: renewed(before[one.contact_id], one.kind, one.open(work.vault)) for one in found}


async def relocate(install: Install, count: int = STEP) -> bool:
    """Locate the next contacts anew; return whether there may be more. A loop's step."""
    tables = library().numbering.version
    async with install.unit_of_work() as work:
        after, ended_at = await store.find_relocation(work, tables)
        if ended_at:
            return False
        people = await store.list_located(work, after, count)
        where = await WHEREABOUTS.recall(work, {number for _, number in people})
        found = await renewed_each(work, where, people)
        numbers = dict(zip(found, await WHEREABOUTS.number(work, list(found.values())), strict=True))
        before = dict(people)
        if changes := [(contact_id, before[contact_id], number) for contact_id, number in numbers.items()]:
            await store.change_whereabouts(work, changes)
            telling.info("contacts_located_anew", contacts=len(changes))
        has_more = len(people) == count
        last = people[-1][0] if people else after
        await store.put_relocation(work, tables, last, None if has_more else work.at)
    return has_more
