"""People with a sealed value each, and those who go on working with them while keys change."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from uuid import UUID

from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Install
from backoffice.plumbing.vault import Place, Vault, open_vault, store

ADDRESS = Place("contact", "address")

Sealed = dict[UUID, bytes]


async def populate(install: Install, people: int) -> Sealed:
    """Add people with one sealed value each: their own id."""
    sealed: Sealed = {}
    for start in range(0, people, 5000):
        async with install.unit_of_work() as work:
            ids = new_ids(work.at, min(5000, people - start))
            added = await store.add_subjects(work.connection, work.vault, ids)
        sealed |= {each: added[each].seal(ADDRESS, each, each.bytes) for each in ids}
    return sealed


async def unreadable(install: Install, vault: Vault, sealed: Sealed) -> int:
    """Count whose value can't be opened by this vault with what the database holds now."""
    async with install.reading() as work:
        subjects = await store.load_subjects(work.connection, vault, sealed)
    return sum(subjects[each].open(ADDRESS, each, value) != each.bytes for each, value in sealed.items())


async def versions(install: Install) -> dict[int, int]:
    """Return how many keys each master key wraps."""
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT version, count(*) FROM vault_key GROUP BY version")
    return {row["version"]: row["count"] for row in rows}


async def marks(install: Install) -> dict[str, str]:
    """Return the vault's marks."""
    async with install.reading() as work:
        return await store.list_marks(work.connection)


async def another_process(install: Install) -> Vault:
    """Open the vault anew, as a process does that shares nothing with this one but the file and the database."""
    async with install.unit_of_work() as work:
        return await open_vault(work.connection, install.settings, install.clock)


class Readers(NamedTuple):
    """What those who went on working during a rotation came to."""

    install: Install
    sealed: Sealed
    added: Sealed
    done: asyncio.Event

    async def read(self) -> int:
        """Open everybody's value again and again, as a process that was there before; return how often."""
        vault = await another_process(self.install)
        rounds = 0
        while not self.done.is_set():
            assert await unreadable(self.install, vault, self.sealed) == 0
            rounds += 1
        return rounds

    async def add(self) -> int:
        """Add people meanwhile, as a process that was there before."""
        vault = await another_process(self.install)
        while not self.done.is_set():
            async with self.install.unit_of_work() as work:
                (each,) = new_ids(work.at, 1)
                subject = (await store.add_subjects(work.connection, vault, [each]))[each]
            self.added[each] = subject.seal(ADDRESS, each, each.bytes)
        return len(self.added)

    async def destroy(self, doomed: list[UUID]) -> int:
        """Destroy keys meanwhile, several in one transaction and out of order."""
        for start in range(0, len(doomed), 7):
            async with self.install.unit_of_work() as work:
                for each in doomed[start : start + 7]:
                    await store.destroy_subject(work.connection, each, work.at)
        return len(doomed)
