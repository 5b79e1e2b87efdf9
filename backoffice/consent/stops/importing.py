"""Importing stops: a list is stated, counted where that is wanted, and stored a slice at a time.

The stops of a slice, what became of its lines, how far the import is, and its entry in the ledger are one transaction
under the locks of its persons: once it has committed nothing starts that one of these stops forbids. A crash costs the
slice it interrupts. The same file with the same statement is read for the same moment, so a second time nothing is new.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from backoffice.audit.ledger import append
from backoffice.audit.merkle import leaf_hash, root
from backoffice.consent import store as consent_store
from backoffice.consent.service import add_stops, stop_entry
from backoffice.consent.stops import store
from backoffice.consent.stops.formats import Format
from backoffice.consent.stops.reading import Line, StopList, open_stops, slices
from backoffice.consent.stops.seen import Seen
from backoffice.consent.stops.stated import STATED, StatedStops, decode_stated, encode_stated
from backoffice.consent.stops.states import State, may_follow
from backoffice.consent.stops.store import StopImport
from backoffice.consent.stops.weighing import Counts, Meet, Names, Result, all_of, names_of, weigh
from backoffice.contacts.imports.store import drop_parts
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.store import load_subjects

MOST_TOLD = 100
"""How many lines at fault a preview names; all are counted."""

Tell = Callable[[Sequence[Result]], None]
"""Hears what became of the lines of a slice."""

_leaf = msgspec.json.Encoder(order="sorted").encode
_results = msgspec.msgpack.Decoder(list[Result]).decode


class Preview(NamedTuple):
    """What a list would add, how its columns were read, and the first lines in which something can't be read."""

    form: Format
    counts: Counts
    columns: dict[str, str]
    unknown: tuple[str, ...]
    faults: list[Result]


class Progress(NamedTuple):
    """How far an import is."""

    id: UUID
    state: State
    name: str
    done_line: int
    counts: Counts
    fault: str | None
    ended_at: datetime | None


async def state_stops(work: Work, account_id: UUID, stated: StatedStops) -> UUID:
    """Take down what an account states of a list of stops that it is about to hand in; return the import's id.

    Raises Invalid with the field for what can't be stated, NotFound for no account.
    """
    stated.check()
    import_id, subject = work.new_id(), await subject_of(work, account_id)
    sealed = subject.seal(STATED, import_id, encode_stated(stated))
    counts = msgspec.msgpack.encode(Counts())
    row = StopImport(import_id, account_id, sealed, stated.statement(), "stated", counts, work.at)
    await store.add_import(work, row)
    return import_id


async def preview(
    install: Install, account_id: UUID, stated: StatedStops, path: Path, meet: Meet, tell: Tell | None = None
) -> Preview:
    """Read a file and count what it would add; nothing of it is kept. `tell` hears what would become of its lines.

    Raises Invalid for what can't be stated, and for a file that can't be read as a whole.
    """
    stated.check()
    source = await asyncio.to_thread(open_stops, path, stated, install.clock())
    counts, faults, campaigns = Counts(), list[Result](), dict[str, int]()
    with Seen() as seen:
        async for _, lines in _slices(source):
            async with install.reading() as work:
                names = await names_of(work, account_id, lines)
                weighed = await weigh(work, account_id, lines, names, seen)
                met = await meet(work, account_id, all_of(names))
            results = weighed.results(lines, met)
            counts.add(results)
            counts.stops += len(weighed.new)
            counts.in_campaigns += sum(not seen("person", one.contact_id) for one in met)
            for one in met:
                campaigns[str(one.campaign_id)] = campaigns.get(str(one.campaign_id), 0) + (not seen(*one))
            faults += [one for one in results if one.reason][: MOST_TOLD - len(faults)]
            if tell:
                tell(results)
    counts.campaigns = campaigns
    return Preview(source.form, counts, source.opened.columns, source.opened.unknown, faults)


async def begin(work: Work, account_id: UUID, import_id: UUID, sha256: bytes) -> None:
    """Begin to store a list of stops; an import that was begun goes on.

    Raises Invalid (`file_differs`) for another file than the one it was begun with, Refused for one that has ended.
    """
    row = await store.get_import(work, account_id, import_id, hold=True)
    if not may_follow(row.state, "committing"):
        raise Refused("import_is_elsewhere", state=row.state)
    if row.file_sha256 not in (None, sha256):
        raise Invalid("file_differs", field="file")
    read_at = row.read_at or await store.find_read_at(work, row, sha256) or work.at
    await store.put_import(work, row._replace(state="committing", file_sha256=sha256, read_at=read_at, fault=None))


async def commit(
    install: Install,
    account_id: UUID,
    import_id: UUID,
    path: Path,
    meet: Meet,
    told: Callable[[Counts], None] | None = None,
) -> Counts:
    """Store the stops of a file, from where an earlier try stopped; return what was counted in all.

    `told` hears of each slice that was stored. An import that was committed stays as it is. Raises Invalid for a file
    that isn't the one or can't be read, Refused where another process is at it.
    """
    async with install.reading() as work:
        row, stated = await _stated(work, account_id, import_id)
    if row.state == "committed":
        return decode_counts(row.counts)
    try:
        source = await asyncio.to_thread(open_stops, path, stated, row.read_at or install.clock())
        async with install.unit_of_work() as work:
            await begin(work, account_id, import_id, bytes.fromhex(source.opened.sha256))
            row = await store.get_import(work, account_id, import_id)
        source = source._replace(at=row.read_at or source.at)
        async for after, lines in _slices(source, row.done_line):
            counts = await _store_surely(install, row, after, lines, meet)
            if told:
                told(counts)
    except Invalid as wrong:
        await _fail(install, account_id, import_id, wrong.code)
        raise
    return await _end(install, account_id, import_id)


async def progress(work: Work, account_id: UUID, import_id: UUID) -> Progress:
    """Return how far an import is; raises NotFound."""
    row, stated = await _stated(work, account_id, import_id)
    counts = await _with_meetings(work, row)
    return Progress(row.id, row.state, stated.name, row.done_line, counts, row.fault, row.ended_at)


async def get_stated(work: Work, account_id: UUID, import_id: UUID) -> StatedStops:
    """Return what was stated of a list; raises NotFound."""
    return (await _stated(work, account_id, import_id))[1]


async def list_results(install: Install, account_id: UUID, import_id: UUID) -> AsyncIterator[list[Result]]:
    """Yield what became of each line that was stored, in their order, until the lines are let go of.

    Raises NotFound. No connection to the database is held while a piece is taken.
    """
    async with install.reading() as work:
        await store.get_import(work, account_id, import_id)
    after = 0
    while True:
        async with install.reading() as work:
            found = await store.find_lines(work, import_id, after)
        if found is None:
            return
        yield _results(zlib.decompress(found[1]))
        after = found[0] + 1


def decode_counts(stored: bytes) -> Counts:
    """Read what was counted."""
    return msgspec.msgpack.decode(stored, type=Counts)


async def subject_of(work: Work, account_id: UUID) -> Subject:
    """Return an account's key; raises NotFound for no account."""
    return (await load_subjects(work.connection, work.vault, [account_id]))[account_id]


async def _slices(source: StopList, after: int = 0) -> AsyncIterator[tuple[int, list[Line]]]:
    """Yield the lines behind one slice by slice, with the line that went before; they are read in another thread."""
    parts: Iterator[list[Line]] = slices(source.lines(), after)
    while lines := await asyncio.to_thread(next, parts, None):
        yield after, lines
        after = lines[-1].line


class _AgainError(Exception):
    """The slice is to be begun anew."""


async def _store_surely(install: Install, row: StopImport, after: int, lines: Sequence[Line], meet: Meet) -> Counts:
    while True:
        with suppress(_AgainError):
            return await _store(install, row, after, lines, meet)


async def _store(install: Install, row: StopImport, after: int, lines: Sequence[Line], meet: Meet) -> Counts:
    """Store a slice; return what was counted so far. Raises Refused where another process stored it first."""
    async with install.unit_of_work() as work:
        now = await store.get_import(work, row.account_id, row.id, hold=True)
        if now.state != "committing" or now.done_line != after:
            raise Refused("import_is_elsewhere", state=now.state)
        names = await _hold(work, row.account_id, lines)
        weighed = await weigh(work, row.account_id, lines, names)
        await add_stops(work, weighed.new, is_told=False)
        met = await meet(work, row.account_id, all_of(names))
        await store.add_meetings(work, row.id, ((one.campaign_id, one.contact_id) for one in met))
        counts, results = decode_counts(now.counts), weighed.results(lines, met)
        counts.add(results)
        counts.stops += len(weighed.new)
        await store.add_lines(work, row.id, after, zlib.compress(msgspec.msgpack.encode(results)))
        last = lines[-1].line
        await store.put_import(work, now._replace(done_line=last, counts=msgspec.msgpack.encode(counts)))
        if weighed.new:
            hashed = root(leaf_hash(_leaf(stop_entry(stop))) for stop in weighed.new)
            entry = {"import": row.id, "from_line": after + 1, "to_line": last, "stops": len(weighed.new)}
            await append(work, "consent:suppression:imported", row.account_id, root=hashed.hex(), **entry)
    return counts


async def _hold(work: Work, account_id: UUID, lines: Sequence[Line]) -> Names:
    """Hold the locks of everybody in a slice alone, under all their names; return these.

    Raises `_AgainError` where another name became known meanwhile: it has its place in the order of locks.
    """
    names = await names_of(work, account_id, lines)
    await consent_store.hold_persons(work.connection, all_of(names), ())
    if await names_of(work, account_id, lines) != names:
        raise _AgainError
    return names


async def _with_meetings(work: Work, row: StopImport) -> Counts:
    counts = decode_counts(row.counts)
    if row.state != "committed":
        people, campaigns = await store.count_meetings(work, row.id)
        counts.in_campaigns, counts.campaigns = people, {str(one): count for one, count in campaigns.items()}
    return counts


async def _end(install: Install, account_id: UUID, import_id: UUID) -> Counts:
    async with install.unit_of_work() as work:
        row = await store.get_import(work, account_id, import_id, hold=True)
        counts = await _with_meetings(work, row)
        if may_follow(row.state, "committed"):
            ended = row._replace(state="committed", counts=msgspec.msgpack.encode(counts), ended_at=work.at)
            await store.put_import(work, ended)
            await store.drop_meetings(work, import_id)
            await drop_parts(work, import_id)
    return counts


async def _fail(install: Install, account_id: UUID, import_id: UUID, code: str) -> None:
    async with install.unit_of_work() as work:
        row = await store.get_import(work, account_id, import_id, hold=True)
        if may_follow(row.state, "failed"):
            await store.put_import(work, row._replace(state="failed", fault=code))


async def _stated(work: Work, account_id: UUID, import_id: UUID) -> tuple[StopImport, StatedStops]:
    row = await store.get_import(work, account_id, import_id)
    return row, decode_stated((await subject_of(work, account_id)).open(STATED, import_id, row.stated))
