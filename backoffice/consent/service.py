"""What can be done with a person's yes and no: record, withdraw, suppress; an opt-out is not a withdrawal.

Each verb holds the person's lock before it looks, so that whoever is about to send has either sent before or sees it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, get_args
from uuid import UUID

import msgspec

from backoffice.audit.ledger import NOBODY, append, append_many, entry_rows
from backoffice.consent import store
from backoffice.consent.acts import Acts
from backoffice.consent.evidence import FormCopy, InboundMessage, ListEvidence
from backoffice.consent.recording import Claimed, Recorded, Shown, open_evidence, record_acts
from backoffice.consent.standing import Reason
from backoffice.consent.store import ConsentRow, StopRow
from backoffice.consent.wordings import WORDINGS, Wording
from backoffice.contacts.addresses import KIND, person_token
from backoffice.contacts.aliases import hold_names
from backoffice.contacts.cells import FIRST_ACT
from backoffice.contacts.persons import ADDRESS, ContactRef
from backoffice.contacts.rows import Row
from backoffice.contacts.service import get_subject
from backoffice.contacts.store import ContactRow
from backoffice.contacts.store import get_contact as get_contact_row
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.bulk import write
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.locks import hold_persons, stop_person
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.tokens import Kind
from backoffice.policy.facts import NEVER

EVERYWHERE = NOBODY
"""The account of a stop that holds for every account."""

_SCOPES = ("all", "marketing", "topic")
_LONGEST_TOPIC = 80  # characters


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as it is handed in: what was said, how, and what proves it.

    `form` is the copy of a form with its control's state; `message` one that we received from the person ourselves,
    and nothing that an account states.
    """

    words: str = ""
    sender: str = ""
    channel: str = ""
    purpose: str = ""
    given_at: datetime = NEVER
    method: str = ""
    language: str = ""
    source: str = ""
    form: FormCopy | None = None
    message: InboundMessage | None = None


class Told(NamedTuple):
    """A consent on record, and what it speaks of."""

    row: ConsentRow
    wording: Wording


async def record_consent(work: Work, account_id: UUID, contact_id: UUID, claim: Claim) -> list[Recorded]:
    """Record what a person agreed to, with the grade that its evidence reaches; return what is new of it.

    The same act recorded again changes nothing; one given before a withdrawal of the same matter is recorded as
    withdrawn. Raises NotFound for no contact, or one that was erased; Invalid for a moment in the future or before
    1971, or a claim of nothing.
    """
    if claim.given_at > work.at:
        raise Invalid("date_in_future", field="given_at")
    if NEVER < claim.given_at < FIRST_ACT:
        raise Invalid("date_too_early", field="given_at")
    contact = await get_contact_row(work, account_id, contact_id)
    await hold_persons(work.connection, [contact.token])
    subject, kind = await get_subject(work, contact.id), KIND_OF[contact.kind]
    ref = ContactRef(contact.id, contact.token, contact.commitment, subject=subject)
    consents = Acts(_evidence(claim), kind, work.at).of(_row(subject, contact, claim))
    if not consents:
        raise Invalid("consent_claims_nothing", field="words")
    recorded = await record_acts(work, account_id, [Claimed(ref, one, _shown(claim)) for one in consents])
    await append_many(work, "consent:consent:recorded", [(account_id, one.entry()) for one in recorded])
    if recorded:
        await note_change(work, account_id, contact.token)
    return recorded


async def withdraw(work: Work, account_id: UUID, consent_id: UUID, at: datetime | None = None) -> list[UUID]:
    """End a consent, and every other that the person had given by then of the same matter; return which ended.

    It is no opt-out: what needs no consent may still be sent (GDPR 7(3)). A consent that ended already ends no more.
    Raises NotFound, and Invalid for a moment in the future.
    """
    at = _past(work, at)
    consent = await store.get_consent(work, account_id, consent_id)
    contact = await get_contact_row(work, account_id, consent.contact_id)
    await stop_person(work.connection, contact.token)
    on_record = await store.list_consents(work, contact.id)
    ended = await _ended(work, consent, on_record, at)
    if ended:
        await store.put_withdrawn(work, ended, at)
        told = {"consents": [str(one) for one in ended], "contact": contact.id, "person": contact.commitment.hex()}
        await append(work, "consent:consent:withdrawn", account_id, withdrawn_at=at.isoformat(), **told)
    return ended


async def list_consents(work: Work, account_id: UUID, contact_id: UUID) -> list[Told]:
    """Return all consents on record of an account's contact, newest first; raises NotFound."""
    contact = await get_contact_row(work, account_id, contact_id)
    rows = await store.list_consents(work, contact.id)
    wordings = await WORDINGS.recall(work, {row.wording_id for row in rows})
    return [Told(row, wordings[row.wording_id]) for row in rows]


async def get_receipt(work: Work, account_id: UUID, consent_id: UUID) -> tuple[Told, Shown]:
    """Return a consent with the words and proofs that were handed in.

    Raises NotFound, also (`contact_erased`) for a person who was erased.
    """
    row = await store.get_consent(work, account_id, consent_id)
    wording = (await WORDINGS.recall(work, [row.wording_id]))[row.wording_id]
    subject = await get_subject(work, row.contact_id)
    shown = open_evidence(subject, row) if row.evidence else Shown()
    return Told(row, wording), shown


async def suppress(
    work: Work,
    person: bytes,
    *,
    account_id: UUID = EVERYWHERE,
    scope: str = "all",
    channel: str = "all",
    topic: str = "",
    reason: Reason,
    at: datetime | None = None,
) -> UUID:
    """Record that a person said stop; return the stop that stands, which may be one recorded before.

    `person` is the token of the address; the stop holds for every name that the account knows the person by. Once this
    has committed nothing starts that the stop forbids. It outlives the contact and their erasure, and no verb takes it
    back. Raises Invalid for a scope, channel, topic, reason or moment that can't be.
    """
    at = _past(work, at)
    _check(scope, channel, topic, reason)
    names = await hold_names(work, account_id, [person])
    stops = [StopRow(work.new_id(), one, account_id, scope, channel, topic, at, reason, work.at) for one in names]
    return (await add_stops(work, stops))[names.index(person)]


class Heard(NamedTuple):
    """A stop that a person said to an account, under all their names: the tokens, whose locks the caller holds."""

    account_id: UUID
    names: Sequence[bytes]
    scope: str
    reason: Reason
    at: datetime


async def suppress_heard(work: Work, heard: Sequence[Heard]) -> None:
    """Record stops of several persons at once, each for every channel and topic, as `suppress` does."""
    for one in heard:
        _check(one.scope, "all", "", one.reason)
    stops = [
        StopRow(work.new_id(), name, one.account_id, one.scope, "all", "", _past(work, one.at), one.reason, work.at)
        for one in heard
        for name in one.names
    ]
    await add_stops(work, stops)


async def suppress_address(
    work: Work,
    account_id: UUID,
    address: str,
    *,
    region: str | None = None,
    scope: str = "all",
    channel: str = "all",
    topic: str = "",
    reason: Reason = "account",
    at: datetime | None = None,
) -> UUID:
    """Record a stop for an address however it is written, whether or not it is a contact; see `suppress`."""
    person = person_token(work.vault, address, region)
    matter: dict[str, Any] = {"scope": scope, "channel": channel, "topic": topic}
    return await suppress(work, person, account_id=account_id, reason=reason, at=at, **matter)


async def add_stops(work: Work, stops: Sequence[StopRow], *, is_told: bool = True) -> list[UUID]:
    """Add those of these stops that are newer than what is on record; return the ids that stand, in order.

    The caller holds the persons' locks alone. `is_told` writes an entry for each.
    """
    standing = await store.find_newest(work.connection, stops)
    new: dict[tuple[object, ...], StopRow] = {}
    for stop in sorted(stops, key=lambda one: one.at):
        if stop.matter not in standing or standing[stop.matter][1] < stop.at:
            new[stop.matter] = stop
    told = [(stop.account_id, stop_entry(stop)) for stop in new.values() if is_told]
    entries = entry_rows(work.at, "consent:suppression:added", told)
    await write(work.connection, [(store.STOPS, list(new.values())), *entries.rows])
    return [new[stop.matter].id if stop.matter in new else standing[stop.matter][0] for stop in stops]


async def list_stops(work: Work, account_id: UUID, address: str, region: str | None = None) -> list[StopRow]:
    """Return the stops of an address that hold for an account, its own and everybody's, newest first."""
    return await store.list_stops(work, person_token(work.vault, address, region), [account_id, EVERYWHERE])


def stop_entry(stop: StopRow) -> dict[str, object]:
    """Return what the ledger says of a stop: the person only as a commitment that the token opens."""
    return {
        "channel": stop.channel,
        "person": hashlib.sha256(stop.id.bytes + stop.token).hexdigest(),
        "reason": stop.reason,
        "said_at": stop.at.isoformat(),
        "scope": stop.scope,
        "suppression": stop.id,
        "topic": stop.topic,
    }


KIND_OF: dict[str, Kind] = {"phone": "phone", "email": "email", "scoped_id": "scoped_id"}


async def _ended(work: Work, consent: ConsentRow, on_record: Sequence[ConsentRow], at: datetime) -> list[UUID]:
    """Return the consents that end with one: those given by then that speak of some purpose and channel of it."""
    if next(one for one in on_record if one.id == consent.id).withdrawn_at:
        return []
    standing = [one for one in on_record if one.withdrawn_at is None and one.given_at <= at]
    wordings = await WORDINGS.recall(work, {one.wording_id for one in (consent, *standing)})
    matter = wordings[consent.wording_id]
    same = {one.id for one in standing if wordings[one.wording_id].overlaps(matter)}
    return sorted(same | {consent.id})


def _row(subject: Subject, contact: ContactRow, claim: Claim) -> Row:
    """Return a claim as a row of a list, so that both are graded alike."""
    return Row(
        line=0,
        key="",
        address=subject.open(ADDRESS, contact.id, contact.address).decode(),
        channel=claim.channel,
        purpose=claim.purpose,
        consent_at=claim.given_at,
        consent_method=claim.method,
        consent_text=claim.words,
        evidence=" ".join(("form:copy",) * bool(claim.form) + ("received",) * bool(claim.message)),
        language=claim.language,
        source=claim.source,
    )


def _evidence(claim: Claim) -> ListEvidence:
    return ListEvidence(
        sender=claim.sender,
        forms={"copy": claim.form} if claim.form else {},
        messages={"received": claim.message} if claim.message else {},
    )


def _shown(claim: Claim) -> Shown:
    names = (*("words", "sender", "method", "language", "source"), "form", "message")
    return Shown(**{name: getattr(claim, name) for name in names})


def _past(work: Work, at: datetime | None) -> datetime:
    if at is not None and at > work.at:
        raise Invalid("date_in_future", field="at")
    return at or work.at


def _check(scope: str, channel: str, topic: str, reason: str) -> None:
    if scope not in _SCOPES:
        raise Invalid("scope_unknown", field="scope", known=list(_SCOPES))
    if channel != "all" and channel not in KIND:
        raise Invalid("channel_without_address", field="channel", channel=channel, known=["all", *KIND])
    if (scope == "topic") != bool(topic) or not topic.isprintable() or len(topic) > _LONGEST_TOPIC:
        raise Invalid("topic_with_its_scope", field="topic", most=_LONGEST_TOPIC)
    if reason not in get_args(Reason):
        raise Invalid("reason_unknown", field="reason", known=list(get_args(Reason)))
