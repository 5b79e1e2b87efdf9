"""Suppressing: stops that another system received, imported beside the campaigns that they meet.

Consent stores the stops and campaigns know whom they reach; here both are told of one list. What waits of a campaign is
stopped by the gate's second look, which sees every stop that has committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, NamedTuple
from uuid import UUID

from backoffice.campaigns.meetings.store import meet
from backoffice.campaigns.service import names_of
from backoffice.campaigns.states import State
from backoffice.campaigns.store import find_campaign
from backoffice.consent import spool
from backoffice.consent.stops import importing, store
from backoffice.consent.stops.importing import Preview
from backoffice.consent.stops.stated import StatedStops
from backoffice.consent.stops.weighing import Counts
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.jobs import Payload
from backoffice.plumbing.jobs import enqueue as enqueue_job

JOB = "import_suppressions"
"""The job that stores a list of stops that was handed in; `run` is its handler."""

LINES_KEPT_FOR = timedelta(days=30)
"""How long it is told what became of each line, after its import has ended; counts stay."""

_PURGED_AT_ONCE = 500  # pieces


class Met(NamedTuple):
    """A campaign that has people of a list of stops, and how many."""

    campaign_id: UUID
    name: str
    state: State
    people: int


async def preview(
    install: Install, account_id: UUID, stated: StatedStops, path: Path, tell: importing.Tell | None = None
) -> Preview:
    """Count what a list of stops would add, and whom of it campaigns have; see `importing.preview`."""
    return await importing.preview(install, account_id, stated, path, meet, tell)


async def commit(
    install: Install,
    account_id: UUID,
    import_id: UUID,
    path: Path,
    told: Callable[[Counts], None] | None = None,
) -> Counts:
    """Store a list of stops, and count whom of it campaigns have; see `importing.commit`."""
    return await importing.commit(install, account_id, import_id, path, meet, told)


async def list_met(work: Work, account_id: UUID, campaigns: Mapping[str, int]) -> list[Met]:
    """Return the campaigns that have people of a list, with name and state, most people first."""
    found = [await find_campaign(work, UUID(one)) for one in sorted(campaigns)]
    own = [one for one in found if one is not None and one.account_id == account_id]
    names = await names_of(work, own)
    told = [Met(one.id, names[one.id], one.state, campaigns[str(one.id)]) for one in own]
    return sorted(told, key=lambda one: (-one.people, one.campaign_id))


async def keep(install: Install, account_id: UUID, import_id: UUID, file: IO[bytes], sha256: bytes) -> None:
    """Keep the file of a list of stops sealed until it is stored; of an import that has ended nothing is kept.

    Raises Invalid (`file_differs`) for another file than the one that is being stored.
    """
    async with install.reading() as work:
        row = await store.get_import(work, account_id, import_id)
        if row.state == "committed":
            return
        if row.file_sha256 not in (None, sha256):
            raise Invalid("file_differs", field="file")
        subject = await importing.subject_of(work, account_id)
    await spool.seal_parts(install, subject, import_id, file)


async def enqueue(work: Work, account_id: UUID, import_id: UUID, sha256: bytes) -> None:
    """Begin to store a list of stops whose file is kept, and put the job in the queue; see `importing.begin`."""
    await importing.begin(work, account_id, import_id, sha256)
    payload = {"account_id": str(account_id), "import_id": str(import_id)}
    await enqueue_job(work, JOB, payload, same_as=str(import_id))


async def run(install: Install, payload: Payload) -> None:
    """Store what a kept list of stops adds, from where an earlier try stopped: the job's handler."""
    account_id, import_id = UUID(payload["account_id"]), UUID(payload["import_id"])
    async with install.reading() as work:
        row = await store.get_import(work, account_id, import_id)
    if row.state == "committing":
        async with spool.unsealed(install, account_id, import_id) as path:
            await commit(install, account_id, import_id, path)


async def purge(install: Install) -> bool:
    """Let go of files that nobody stores, and of lines told long enough; return whether there may be more."""
    async with install.unit_of_work() as work:
        before = work.at - spool.KEPT_FOR, work.at - LINES_KEPT_FOR
        return await store.purge(work, *before, _PURGED_AT_ONCE) == _PURGED_AT_ONCE
