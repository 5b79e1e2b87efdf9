"""The file of an import between its upload and its end: sealed pieces in the database, and a nameless file for reading.

Any process may take an import up, after a crash too. What was handed in and is not being stored, since its upload was
never finished, or its import has failed or ended meanwhile, is let go of after seven days. On disk the list is in clear
only in a file without a name, which vanishes with the process that reads it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from backoffice.consent import importing
from backoffice.contacts.imports import store
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing import telling
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.jobs import Payload
from backoffice.plumbing.jobs import enqueue as enqueue_job
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects

JOB = "import_contacts"
"""The job that stores what was handed in; `run` is its handler."""

NAMELESS = "the list"
"""What an upload is called where an error names its file."""

KEPT_FOR = timedelta(days=7)
"""How long a piece of a file is kept after it was handed in, unless its import is being committed."""

_PURGED_AT_ONCE = 500  # pieces
_PIECE = 1024 * 1024  # bytes
_BODY = Place("import_part", "body")
_NUMBER = 4  # bytes


async def keep(install: Install, account_id: UUID, import_id: UUID, file: IO[bytes], sha256: bytes) -> None:
    """Keep the file of an import that was previewed, sealed, in place of what an earlier upload left.

    Raises Invalid (`file_differs`) for another file, Refused for an import that wasn't previewed or has ended.
    """
    async with install.reading() as work:
        row = await store.get_import(work, account_id, import_id)
        if row.state == "committed":
            return
        importing.require(row, "committing")
        if row.file_sha256 != sha256:
            raise Invalid("file_differs", field="file")
        subject = await _subject(work, account_id)
    await seal_parts(install, subject, import_id, file)


async def seal_parts(install: Install, subject: Subject, import_id: UUID, file: IO[bytes]) -> None:
    """Keep a file in sealed pieces under an import's id, in place of what an earlier upload left."""
    number = 0
    while piece := await asyncio.to_thread(file.read, _PIECE):
        body = subject.seal(_BODY, import_id, number.to_bytes(_NUMBER, "big") + piece)
        async with install.unit_of_work() as work:
            await store.add_part(work, import_id, number, body)
        number += 1
    async with install.unit_of_work() as work:
        await store.drop_parts(work, import_id, number - 1)


async def enqueue(work: Work, account_id: UUID, import_id: UUID, sha256: bytes) -> None:
    """Begin to commit an import whose file is kept, and put the job in the queue; see `importing.begin_commit`."""
    await importing.begin_commit(work, account_id, import_id, sha256)
    payload = {"account_id": str(account_id), "import_id": str(import_id)}
    await enqueue_job(work, JOB, payload, same_as=str(import_id))


async def purge(install: Install) -> bool:
    """Let go of pieces that nobody commits, some at once; return whether there may be more. A loop's step."""
    async with install.unit_of_work() as work:
        purged = await store.purge_parts(work, work.at - KEPT_FOR, _PURGED_AT_ONCE)
    if purged:
        telling.info("imports_purged", imports=len(set(purged)), parts=len(purged))
    return len(purged) == _PURGED_AT_ONCE


async def run(install: Install, payload: Payload) -> None:
    """Store what an import's kept file adds, from where an earlier try stopped: the job's handler."""
    account_id, import_id = UUID(payload["account_id"]), UUID(payload["import_id"])
    async with install.reading() as work:
        row = await store.get_import(work, account_id, import_id)
    if row.state != "committing":
        return
    async with unsealed(install, account_id, import_id) as path:
        await importing.commit(install, account_id, import_id, path)


@asynccontextmanager
async def unsealed(install: Install, account_id: UUID, import_id: UUID) -> AsyncIterator[Path]:
    """Lend the path of a nameless file that holds what was kept of an import."""
    with tempfile.TemporaryFile() as file:
        await _unseal(install, account_id, import_id, file)
        async with on_disk(file) as path:
            yield path


@asynccontextmanager
async def on_disk(file: IO[bytes]) -> AsyncIterator[Path]:
    """Lend the path of an open file that has no name; what is still in memory is written out."""
    if isinstance(file, tempfile.SpooledTemporaryFile):
        file.rollover()
    await asyncio.to_thread(file.flush)
    path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    try:
        yield path
    except Invalid as wrong:
        if wrong.data.get("file") != path.name:
            raise
        raise Invalid(wrong.code, **{**wrong.data, "file": NAMELESS}) from None


async def _unseal(install: Install, account_id: UUID, import_id: UUID, file: IO[bytes]) -> None:
    async with install.reading() as work:
        subject, number = await _subject(work, account_id), 0
        while (sealed := await store.find_part(work, import_id, number)) is not None:
            body = subject.open(_BODY, import_id, sealed)
            if body[:_NUMBER] != number.to_bytes(_NUMBER, "big"):
                raise NotFound("import_part_missing", number=number)
            await asyncio.to_thread(file.write, body[_NUMBER:])
            number += 1


async def _subject(work: Work, account_id: UUID) -> Subject:
    return (await load_subjects(work.connection, work.vault, [account_id]))[account_id]
