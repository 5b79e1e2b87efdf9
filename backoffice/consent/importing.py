"""Importing: a list is stated, previewed, and committed a slice at a time; a crash costs the slice it interrupts.

Contacts, consents and stops of a slice, how far the import is, and its entry in the ledger are one transaction. The
same file with the same statement, handed in again, is read for the same moment and changes nothing. No import lifts a
stop or revives what was withdrawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from backoffice.consent.reading import Counts, Reading, Rejected, Slice, Source
from backoffice.consent.slices import store_slice
from backoffice.consent.stated import LIST_NAME, STATED, Stated, decode_stated, encode_stated
from backoffice.contacts import store as contact_store
from backoffice.contacts.addresses import CHANNELS
from backoffice.contacts.imports import store
from backoffice.contacts.imports.store import ImportRow, ListRow
from backoffice.contacts.service import home_of
from backoffice.contacts.states import State, may_follow
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.store import load_subjects

MOST_ROWS = 2_000_000
"""How many rows a file may have, rejected ones included."""

MOST_REJECTED = 100
"""How many rejected lines a preview names; all are counted."""

T = TypeVar("T")


class Preview(NamedTuple):
    """What a list would add: what was counted, how many recipients are new, and how its columns were read."""

    counts: Counts
    new: int
    known: int
    columns: dict[str, str]
    unknown: tuple[str, ...]
    rejected: list[Rejected]


class Progress(NamedTuple):
    """How far an import is."""

    id: UUID
    list_id: UUID | None
    state: State
    name: str
    rows: int
    done_line: int
    counts: Counts
    fault: str | None
    ended_at: datetime | None


async def state_list(work: Work, account_id: UUID, stated: Stated) -> UUID:
    """Take down what an account states of a list it is about to hand in; return the import's id.

    Raises Invalid with the field for what can't be stated, NotFound for no account.
    """
    stated.check()
    import_id, subject = work.new_id(), await _subject(work, account_id)
    sealed = subject.seal(STATED, import_id, encode_stated(stated))
    await store.add_import(work, ImportRow(import_id, account_id, sealed, "stated", counts=_encode(Counts())))
    return import_id


async def preview(
    install: Install, account_id: UUID, import_id: UUID, path: Path, *, channel: str = "", purpose: str = "marketing"
) -> Preview:
    """Read a file and count what it would add; nothing of it is kept but its hash.

    Grades are those for a send of the purpose over the channel, the first of the list's kind where none is named.
    Raises Invalid for a file that can't be read as a whole or has too many rows, Refused for an import that is past its
    preview.
    """
    async with install.reading() as work:
        row, stated = await _stated(work, account_id, import_id)
        require(row, "previewed")
        source = Source(path, stated, account_id, await home_of(work, account_id), install.vault, work.at)
    async with _reading(source, channel or CHANNELS[stated.kind][0], purpose) as (reading, run):
        sha256 = bytes.fromhex(reading.contacts.sha256)
        told, known = await _count(install, account_id, reading, run)
        if told.counts.rows + told.counts.rejected > MOST_ROWS:
            raise Invalid("file_too_long", field="file", most=MOST_ROWS)
        async with install.unit_of_work() as work:
            row = await store.get_import(work, account_id, import_id, hold=True)
            require(row, "previewed")
            twin = await store.find_list(work, account_id, sha256, stated.statement())
            list_id, read_at = twin or (None, source.at)
            row = row._replace(state="previewed", file_sha256=sha256, list_id=list_id, read_at=read_at)
            await store.put_import(work, row._replace(rows=told.counts.rows + told.counts.rejected))
        new = told.counts.recipients - known
        return Preview(told.counts, new, known, reading.contacts.columns, reading.contacts.unknown, told.rejected)


async def begin_commit(work: Work, account_id: UUID, import_id: UUID, sha256: bytes) -> None:
    """Begin to commit the file that was previewed; an import that was begun goes on.

    Raises Invalid (`file_differs`) for another file, Refused for an import that wasn't previewed or has ended.
    """
    row, stated = await _stated(work, account_id, import_id, hold=True)
    require(row, "committing")
    if row.file_sha256 != sha256:
        raise Invalid("file_differs", field="file")
    list_id = row.list_id or work.new_id()
    subject = await _subject(work, account_id)
    name = subject.seal(LIST_NAME, list_id, stated.name.strip().encode())
    facts, read_at = msgspec.msgpack.encode(stated.facts), row.read_at or work.at
    await store.add_list(work, ListRow(list_id, account_id, name, sha256, stated.statement(), facts, read_at))
    found = await store.find_list(work, account_id, sha256, stated.statement())
    list_id, read_at = found or (list_id, read_at)
    await store.put_import(work, row._replace(state="committing", list_id=list_id, read_at=read_at, fault=None))


async def commit(
    install: Install, account_id: UUID, import_id: UUID, path: Path, told: Callable[[Counts], None] | None = None
) -> Counts:
    """Store what the previewed file adds, from where an earlier try stopped; return what was counted in all.

    `told` hears of each slice that was stored. An import that was committed stays as it is. Raises Invalid for a file
    that isn't the one or can't be read, Refused where another process is at it.
    """
    async with install.reading() as work:
        row, stated = await _stated(work, account_id, import_id)
        home = await home_of(work, account_id)
    if row.state == "committed":
        return decode_counts(row.counts)
    try:
        source = Source(path, stated, account_id, home, install.vault, row.read_at or work.at)
        async with _reading(source) as (reading, run):
            async with install.unit_of_work() as work:
                await begin_commit(work, account_id, import_id, bytes.fromhex(reading.contacts.sha256))
                row = await store.get_import(work, account_id, import_id)
            reading.belong(row.list_id)
            await _store_all(install, row, reading, run, told)
    except Invalid as wrong:
        await _fail(install, account_id, import_id, wrong.code)
        raise
    return await _end(install, account_id, import_id)


async def progress(work: Work, account_id: UUID, import_id: UUID) -> Progress:
    """Return how far an import is; raises NotFound."""
    row, stated = await _stated(work, account_id, import_id)
    counts = decode_counts(row.counts)
    head = (row.id, row.list_id, row.state, stated.name, row.rows, row.done_line)
    return Progress(*head, counts, row.fault, row.ended_at)


def decode_counts(stored: bytes) -> Counts:
    """Read what was counted."""
    return msgspec.msgpack.decode(stored, type=Counts)


def require(row: ImportRow, then: State) -> None:
    """Raise Refused where an import can't come into a state from where it is."""
    if not may_follow(row.state, then):
        raise Refused("import_is_elsewhere", state=row.state)


class _Told(NamedTuple):
    counts: Counts
    rejected: list[Rejected]


class _Thread:
    """Runs what a reading does, one thing after the other in one thread."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def __call__(self, act: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, act)


@asynccontextmanager
async def _reading(source: Source, channel: str = "", purpose: str = "") -> AsyncIterator[tuple[Reading, _Thread]]:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import") as pool:
        reading, run = Reading(source), _Thread(pool)
        try:
            await run(partial(reading.begin, channel, purpose))
            yield reading, run
        finally:
            reading.stop()
            await run(reading.close)


async def _slices(reading: Reading, run: _Thread, after: int = 0) -> AsyncIterator[Slice]:
    """Yield the slices; none is read while another is stored, for two threads that compute take turns badly."""
    slices = reading.slices(after)
    while part := await run(partial(next, slices, None)):
        yield part


async def _count(install: Install, account_id: UUID, reading: Reading, run: _Thread) -> tuple[_Told, int]:
    """Count a whole list, and how many of its recipients the account knows."""
    told, known = _Told(Counts(), []), 0
    async for part in _slices(reading, run):
        told.counts.add(part.counts)
        told.rejected.extend(part.rejected[: MOST_REJECTED - len(told.rejected)])
        async with install.reading() as work:
            fresh = [one for one in part.told if one not in part.repeats]
            known += len(await contact_store.find_known(work.connection, account_id, fresh))
    return told, known


async def _store_all(
    install: Install, row: ImportRow, reading: Reading, run: _Thread, told: Callable[[Counts], None] | None
) -> None:
    counts = decode_counts(row.counts)
    async for part in _slices(reading, run, row.done_line):
        counts.add(await store_slice(install, row, part, counts))
        if told:
            told(counts)


async def _end(install: Install, account_id: UUID, import_id: UUID) -> Counts:
    async with install.unit_of_work() as work:
        row = await store.get_import(work, account_id, import_id, hold=True)
        if row.state == "committing" and row.list_id:
            await store.put_import(work, row._replace(state="committed", ended_at=work.at))
            await store.put_imported(work, row.list_id)
            await store.drop_parts(work, import_id)
    return decode_counts(row.counts)


async def _fail(install: Install, account_id: UUID, import_id: UUID, code: str) -> None:
    async with install.unit_of_work() as work:
        row = await store.get_import(work, account_id, import_id, hold=True)
        if may_follow(row.state, "failed"):
            await store.put_import(work, row._replace(state="failed", fault=code))


async def _subject(work: Work, account_id: UUID) -> Subject:
    return (await load_subjects(work.connection, work.vault, [account_id]))[account_id]


async def _stated(work: Work, account_id: UUID, import_id: UUID, *, hold: bool = False) -> tuple[ImportRow, Stated]:
    row = await store.get_import(work, account_id, import_id, hold=hold)
    subject = await _subject(work, account_id)
    return row, decode_stated(subject.open(STATED, import_id, row.stated))


def _encode(counts: Counts) -> bytes:
    return msgspec.msgpack.encode(counts)
