"""Files: a list that is handed in with a campaign; its people are imported as any list's, then put on the campaign.

Address, country, consent and opt-out go the way of every import (`consent.importing`). The columns that mean nothing
to an import, and people's names, become the parameters of their messages under their own headers. The file lies
sealed in the database until then, so that any worker can take it up; while it is read it has no name on the disk.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple
from uuid import UUID

from backoffice.campaigns import store
from backoffice.campaigns.filling import JOB, PART, add_sealed, part_id, payload_of, subject_of
from backoffice.campaigns.shapes import StoredCampaign
from backoffice.campaigns.states import may_follow
from backoffice.consent import importing
from backoffice.consent.spool import on_disk
from backoffice.consent.stated import STATED, Stated, decode_stated
from backoffice.contacts.cells import country_of
from backoffice.contacts.imports.store import get_import
from backoffice.contacts.lists import ContactList, open_list
from backoffice.contacts.records import Record, records
from backoffice.contacts.rows import Row, RowReader
from backoffice.contacts.store import find_contacts
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.jobs import enqueue
from backoffice.plumbing.vault.store import load_subjects
from backoffice.plumbing.vault.tokens import Kind
from backoffice.relay.sending import payload

LONGEST_PARAMETER = 1024  # characters: what WhatsApp takes
MOST_PARAMETERS = 50
_PIECE = 1 << 20  # bytes
_NAMES = ("first_name", "last_name")


class Line(NamedTuple):
    """A row of a file: its line, the address in its one form, and what only this person's message says."""

    number: int
    address: str
    own: bytes | None


class Lines(NamedTuple):
    """Some lines of a file that follow each other; `unfit` of them were left out for a parameter that is too long."""

    lines: list[Line]
    unfit: int


async def check(install: Install, account_id: UUID, campaign_id: UUID, file: IO[bytes]) -> None:
    """Refuse a file that can't be read as a whole; raises Invalid, and NotFound for another's campaign."""
    async with install.reading() as work:
        campaign = await store.get_campaign(work, account_id, campaign_id)
        stated, at = await _stated(work, campaign), work.at
    async with on_disk(file) as path:
        await asyncio.to_thread(_open, path, campaign, stated, at)


async def take(work: Work, account_id: UUID, campaign_id: UUID, file: IO[bytes]) -> StoredCampaign:
    """Take a campaign's file in; a job reads it.

    Raises Refused for a campaign that waits for no file.
    """
    campaign = await store.get_campaign(work, account_id, campaign_id, hold=True)
    if campaign.source != "file" or not may_follow(campaign.state, "importing"):
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    subject, place = await subject_of(work, campaign), 0
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, _PIECE):
        await store.add_part(work, campaign_id, place, subject.seal(PART, part_id(campaign_id, place), piece))
        place += 1
    await enqueue(work, JOB, payload_of(campaign))
    return await store.change_campaign(work, campaign_id, state="importing")


async def fill_from_file(install: Install, campaign: StoredCampaign) -> None:
    """Import the people of a campaign's file, and put them on it.

    Raises Invalid for a file that can't be read to its end or has too many rows.
    """
    async with _spooled(install, campaign) as file, on_disk(file) as path:
        import_id = await _import(install, campaign, path)
        async with install.reading() as work:
            stated = await _stated(work, campaign)
            read_at = (await get_import(work, campaign.account_id, import_id)).read_at or work.at
            after = await store.last_number(work, campaign.id)
        contacts = await asyncio.to_thread(_open, path, campaign, stated, read_at)
        await _add_all(install, campaign, slices(contacts, after), stated.kind)


async def _import(install: Install, campaign: StoredCampaign, path: Path) -> UUID:
    """Import the file's people as those of any list, from where an earlier try stopped."""
    account_id, import_id = campaign.account_id, campaign.import_id
    if import_id is None:
        raise Invalid("campaign_source_unclear", field="file")
    if (await _progress(install, account_id, import_id)).state == "stated":
        await importing.preview(
            install, account_id, import_id, path, channel=campaign.channel, purpose=campaign.purpose
        )
    await importing.commit(install, account_id, import_id, path)
    return import_id


async def _progress(install: Install, account_id: UUID, import_id: UUID) -> importing.Progress:
    async with install.reading() as work:
        return await importing.progress(work, account_id, import_id)


async def _add_all(install: Install, campaign: StoredCampaign, parts: Iterator[Lines], kind: Kind) -> None:
    while part := await asyncio.to_thread(partial(next, parts, None)):
        async with install.unit_of_work() as work:
            now = await store.get_campaign(work, campaign.account_id, campaign.id, hold=True)
            if now.state != "importing":
                return
            await _add(work, now, part, kind)


async def _add(work: Work, campaign: StoredCampaign, part: Lines, kind: Kind) -> None:
    """Put a slice of the file on the campaign; of one who stands in it twice, the first line stands."""
    tokens = {line.number: work.vault.token(kind, line.address) for line in part.lines}
    wanted = sorted({(campaign.account_id, token) for token in tokens.values()})
    found = await find_contacts(work.connection, wanted) if wanted else {}
    ids = {token: one.id for (_, token), one in found.items()}
    people: dict[UUID, tuple[int, UUID, bytes | None]] = {}
    for line in part.lines:
        if contact_id := ids.get(tokens[line.number]):
            people.setdefault(contact_id, (line.number, contact_id, line.own))
    rows = list(people.values())
    spoken = [contact_id for _, contact_id, own in rows if own is not None]
    subjects = await load_subjects(work.connection, work.vault, spoken) if spoken else {}
    await add_sealed(work, campaign.id, rows, subjects, part.unfit)


def slices(contacts: ContactList, after: int = 0) -> Iterator[Lines]:
    """Yield the rows of a list behind a line, a slice at most at a time; what an import rejects is passed over."""
    width, places = len(contacts.headers), _parameters(contacts)
    reader = RowReader(contacts.channel, contacts.region, contacts.at, contacts.places, width)
    with contacts.path.open(encoding=contacts.encoding, newline="") as file:
        rows = (
            record
            for record in records(file, contacts.delimiter, width)
            if record.line > max(after, contacts.header_line)
        )
        while batch := list(islice(rows, store.SLICE)):
            yield _read(batch, reader, places)


def _read(batch: Sequence[Record], reader: RowReader, places: dict[str, int]) -> Lines:
    lines, unfit = [], 0
    for record in batch:
        cells = {name: record.cells[place].strip() for name, place in places.items()} if not record.fault else {}
        row = reader.read(record)
        if not isinstance(row, Row):
            continue
        if any(len(cell) > LONGEST_PARAMETER for cell in cells.values()):
            unfit += 1
        else:
            lines.append(Line(row.line, row.address, payload("", cells)))
    return Lines(lines, unfit)


def _parameters(contacts: ContactList) -> dict[str, int]:
    """Return the places of the columns that become parameters, by their headers.

    Raises Invalid for two of one name, and for more than a template takes.
    """
    read = {place for ours, found in contacts.places.items() if ours not in _NAMES for place in found}
    named = [(header, place) for place, header in enumerate(contacts.headers) if header and place not in read]
    if len(named) > MOST_PARAMETERS:
        raise Invalid("parameters_too_many", field="file", most=MOST_PARAMETERS)
    if len(dict(named)) < len(named):
        raise Invalid("parameter_twice", field="file")
    return dict(named)


def _open(path: Path, campaign: StoredCampaign, stated: Stated, at: datetime) -> ContactList:
    contacts = open_list(
        path,
        channel=campaign.channel,
        region=country_of(stated.region) or None,
        at=at,
        mapping=stated.columns,
        encoding=stated.encoding or None,
    )
    _parameters(contacts)
    return contacts


async def _stated(work: Work, campaign: StoredCampaign) -> Stated:
    """Return what was stated of a campaign's file; raises Refused where it waits for none."""
    if campaign.import_id is None:
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    row = await get_import(work, campaign.account_id, campaign.import_id)
    return decode_stated((await subject_of(work, campaign)).open(STATED, row.id, row.stated))


@asynccontextmanager
async def _spooled(install: Install, campaign: StoredCampaign) -> AsyncIterator[IO[bytes]]:
    """Yield a campaign's file as it was handed in."""
    with tempfile.TemporaryFile() as file:
        place = 0
        async with install.reading() as work:
            subject = await subject_of(work, campaign)
            while part := await store.find_part(work, campaign.id, place):
                await asyncio.to_thread(file.write, subject.open(PART, part_id(campaign.id, place), part))
                place += 1
        yield file
