"""Filling: people who were named, or those of a list, are put on a campaign a slice at a time, each of them once.

A slice is one transaction, and putting the same people on again changes nothing, so that whoever takes it up after a
crash begins with the slice that was interrupted. What only one person's message says is sealed under that person's
key at once. A file is read by `files`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from backoffice.campaigns import store
from backoffice.campaigns.ending import end
from backoffice.campaigns.shapes import NewRow, StoredCampaign
from backoffice.contacts.addresses import KIND, Wanted, read_wanted
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import find_or_add
from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.kernel.ids import named_id
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.jobs import enqueue
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects
from backoffice.plumbing.vault.tokens import Kind
from backoffice.relay.sending import payload

JOB = "campaigns_fill"
"""The job that puts a campaign's people on it."""

MOST_NAMED = 10_000  # recipients that can be named one by one
MOST_FAULTS = 100  # recipients at fault that are told
PAYLOAD = Place("campaign_row", "payload")
PART = Place("campaign_part", "body")


class Person(NamedTuple):
    """Somebody who was named: their address as written, where they are said to be, and what only their message says."""

    to: str
    country: str
    parameters: dict[str, str]


def read_people(people: Sequence[Person], kind: Kind) -> list[Person]:
    """Return people with their addresses in their one form; raises Invalid naming every recipient at fault."""
    if len(people) > MOST_NAMED:
        raise Invalid("recipients_too_many", field="recipients", most=MOST_NAMED)
    read, faults = [], []
    for place, person in enumerate(people):
        try:
            wanted = read_wanted(Wanted(kind, person.to, person.country), place)
            read.append(person._replace(to=wanted.address, country=wanted.country))
        except Invalid as wrong:
            faults.append(Invalid(wrong.code, field=f"recipients[{place}].{_field(wrong)}"))
    if faults:
        raise faults[0] if len(faults) == 1 else Invalid("request_invalid", faults=faults[:MOST_FAULTS])
    return read


def _field(wrong: Invalid) -> str:
    return "country" if wrong.data.get("field") == "country" else "to"


async def begin(work: Work, campaign: StoredCampaign, people: Sequence[Person]) -> StoredCampaign:
    """Put a new campaign's people on it: a slice at once, more by a job; a file is waited for."""
    if campaign.source == "file":
        return campaign
    campaign = await store.change_campaign(work, campaign.id, state="importing")
    if campaign.source == "recipients" and len(people) <= store.SLICE:
        await add_people(work, campaign, people)
        return await store.change_campaign(work, campaign.id, state="ready")
    subject = await subject_of(work, campaign)
    for place, start in enumerate(range(0, len(people), store.SLICE)):
        part = msgspec.json.encode(people[start : start + store.SLICE])
        await store.add_part(work, campaign.id, place, subject.seal(PART, part_id(campaign.id, place), part))
    await enqueue(work, JOB, payload_of(campaign))
    return campaign


def payload_of(campaign: StoredCampaign) -> dict[str, str]:
    """Return what a job about a campaign is given."""
    return {"campaign": str(campaign.id)}


async def subject_of(work: Work, campaign: StoredCampaign) -> Subject:
    """Return the campaign's account, ready to seal and open."""
    return (await load_subjects(work.connection, work.vault, [campaign.account_id]))[campaign.account_id]


def part_id(campaign_id: UUID, place: int) -> UUID:
    """Return what a piece of what was handed in is sealed for."""
    return named_id(hashlib.sha256(campaign_id.bytes + place.to_bytes(4, "big")).digest())


async def fill_named(install: Install, campaign: StoredCampaign) -> None:
    """Put people who were named on a campaign."""
    place, has_more = 0, True
    while has_more:
        async with install.unit_of_work() as work:
            has_more = await _fill_part(work, campaign, place)
        place += 1


async def _fill_part(work: Work, campaign: StoredCampaign, place: int) -> bool:
    now = await store.get_campaign(work, campaign.account_id, campaign.id, hold=True)
    part = await store.find_part(work, campaign.id, place)
    if now.state != "importing" or part is None:
        return False
    opened = (await subject_of(work, campaign)).open(PART, part_id(campaign.id, place), part)
    await add_people(work, campaign, msgspec.json.decode(opened, type=list[Person]), after=place * store.SLICE)
    return True


async def fill_listed(install: Install, campaign: StoredCampaign) -> None:
    """Put the people of a list on a campaign: all its members with an address of the channel's kind."""
    has_more = True
    while has_more:
        async with install.unit_of_work() as work:
            now = await store.get_campaign(work, campaign.account_id, campaign.id, hold=True)
            if now.state != "importing":
                return
            found, added = await store.add_listed(work, campaign, KIND[campaign.channel])
            await store.count_rows(work, campaign.id, added)
            has_more = found == store.LISTED


async def add_people(work: Work, campaign: StoredCampaign, people: Sequence[Person], *, after: int = 0) -> None:
    """Put people on a campaign that is held, numbered behind `after`; of one who is named twice, the first stands."""
    kind = KIND[campaign.channel]
    wanted = [Wanted(kind, person.to, person.country) for person in people]
    refs = await find_or_add(work, campaign.account_id, wanted)
    named: dict[UUID, tuple[int, ContactRef, bytes | None]] = {}
    for number, (ref, person) in enumerate(zip(refs, people, strict=True), after + 1):
        named.setdefault(ref.id, (number, ref, payload("", person.parameters)))
    subjects = await _subjects(work, [ref for _, ref, own in named.values() if own is not None])
    await add_sealed(work, campaign.id, [(number, ref.id, own) for number, ref, own in named.values()], subjects)


async def add_sealed(
    work: Work,
    campaign_id: UUID,
    rows: Sequence[tuple[int, UUID, bytes | None]],
    subjects: Mapping[UUID, Subject],
    unfit: int = 0,
) -> None:
    """Add recipients with what only their message says, each sealed under their own key; an erased one is left out."""
    there = [one for one in rows if one[2] is None or not subjects[one[1]].is_destroyed]
    sealed = [
        NewRow(number, contact_id, None if own is None else subjects[contact_id].seal(PAYLOAD, campaign_id, own))
        for number, contact_id, own in there
    ]
    await store.count_rows(work, campaign_id, await store.add_rows(work, campaign_id, sealed), unfit)


async def _subjects(work: Work, refs: Sequence[ContactRef]) -> dict[UUID, Subject]:
    """Return people's keys; those that were just drawn are at hand."""
    drawn = {ref.id: ref.subject for ref in refs if ref.subject}
    known = [ref.id for ref in refs if ref.id not in drawn]
    return drawn | (await load_subjects(work.connection, work.vault, known) if known else {})


async def finish(install: Install, campaign: StoredCampaign) -> None:
    """Say of a campaign whose people are all on it that it is ready; one without anybody has failed."""
    async with install.unit_of_work() as work:
        now = await store.get_campaign(work, campaign.account_id, campaign.id, hold=True)
        if now.state != "importing":
            return
        if now.rows:
            await store.change_campaign(work, now.id, state="ready")
            await store.drop_parts(work, now.id)
        else:
            await end(work, now, "failed", "campaign_without_recipients")


async def fail(install: Install, campaign: StoredCampaign, fault: BackofficeError) -> None:
    """Say of a campaign whose people can't be read that it has failed."""
    async with install.unit_of_work() as work:
        now = await store.get_campaign(work, campaign.account_id, campaign.id, hold=True)
        if now.state == "importing":
            await end(work, now, "failed", fault.code)
