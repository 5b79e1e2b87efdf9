"""Recording: what was shown to be agreed becomes consents on record, each act once, its evidence sealed.

A consent that somebody hands in after the person withdrew one of the same matter counts from before the withdrawal
unless it was given later: it is recorded as withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.consent import store
from backoffice.consent.evidence import FormCopy, InboundMessage
from backoffice.consent.store import Act, ConsentRow
from backoffice.consent.wordings import WORDINGS, Wording, wording_of
from backoffice.contacts.kept import name_of
from backoffice.contacts.persons import ContactRef
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects
from backoffice.policy.facts import FOREVER, Consent

EVIDENCE = Place("consent", "evidence")

_encode = msgspec.json.Encoder().encode


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What proves a consent, as it was handed in; kept sealed."""

    words: str = ""
    sender: str = ""
    method: str = ""
    language: str = ""
    source: str = ""
    proof: str = ""  # the row's own word for its evidence
    line: int = 0  # of the list
    form: FormCopy | None = None
    message: InboundMessage | None = None


_decode = msgspec.json.Decoder(Shown).decode


class Claimed(NamedTuple):
    """A consent that is to be recorded of a contact, and what proves it."""

    contact: ContactRef
    consent: Consent
    shown: Shown


class Recorded(NamedTuple):
    """A consent that was recorded: its row, whose it is, and the hash that names its wording."""

    row: ConsentRow
    person: bytes
    wording: bytes

    def entry(self) -> dict[str, Any]:
        """Return what the ledger says of it: ids, hashes and a commitment."""
        return {
            "consent": self.row.id,
            "contact": self.row.contact_id,
            "evidence": hashlib.sha256(self.row.evidence or b"").hexdigest(),
            "given_at": self.row.given_at.isoformat(),
            "grade": self.row.grade,
            "person": self.person.hex(),
            "wording": self.wording.hex(),
        }


async def record_acts(
    work: Work, account_id: UUID, claims: Sequence[Claimed], list_id: UUID | None = None
) -> list[Recorded]:
    """Record consents of an account's contacts; return those that were not on record yet, in their order.

    Of a person who was erased nothing is recorded. The caller holds the locks of all persons that aren't new.
    """
    numbers = await WORDINGS.number(work, [wording_of(claim.consent) for claim in claims])
    known = list({claim.contact.id for claim in claims if not claim.contact.is_new})
    on_record = await store.list_acts(work.connection, known)
    withdrawals = await _withdrawals(work, on_record)
    fresh: dict[Act, Claimed] = {}
    for claim, number in zip(claims, numbers, strict=True):
        if (act := _act(claim, number)) not in on_record:
            fresh.setdefault(act, claim)
    subjects = await _subjects(work, [claim.contact for claim in fresh.values()])
    fresh = {act: claim for act, claim in fresh.items() if not subjects[act.contact_id].is_destroyed}
    rows = _rows(work, account_id, fresh, subjects, withdrawals, list_id)
    added = await store.add_consents(work.connection, rows)
    return [
        Recorded(row, claim.contact.commitment, name_of(wording_of(claim.consent)))
        for row, claim in zip(rows, fresh.values(), strict=True)
        if row.id in added
    ]


def open_evidence(subject: Subject, row: ConsentRow) -> Shown:
    """Return what proves a consent; raises `subject_key_destroyed` for a person who was erased."""
    return _decode(subject.open(EVIDENCE, row.id, row.evidence or b""))


def _act(claim: Claimed, wording_id: int) -> Act:
    consent = claim.consent
    ends = None if consent.valid_until == FOREVER else consent.valid_until
    return Act(claim.contact.id, consent.given_at, consent.grade, wording_id, ends)


def _rows(
    work: Work,
    account_id: UUID,
    claims: Mapping[Act, Claimed],
    subjects: Mapping[UUID, Subject],
    withdrawals: Mapping[UUID, Sequence[tuple[Wording, datetime]]],
    list_id: UUID | None,
) -> list[ConsentRow]:
    ids = sorted(new_ids(work.at, len(claims)), key=attrgetter("int"))
    rows = []
    for consent_id, (act, claim) in zip(ids, claims.items(), strict=True):
        subject, wording = subjects[act.contact_id], wording_of(claim.consent)
        rows.append(
            ConsentRow(
                id=consent_id,
                account_id=account_id,
                contact_id=act.contact_id,
                wording_id=act.wording_id,
                grade=act.grade,
                given_at=act.given_at,
                valid_until=act.valid_until,
                list_id=list_id,
                evidence=subject.seal(EVIDENCE, consent_id, _encode(claim.shown)),
                recorded_at=work.at,
                withdrawn_at=_withdrawn_at(act, wording, withdrawals.get(act.contact_id, ())),
            )
        )
    return rows


async def _subjects(work: Work, contacts: Iterable[ContactRef]) -> dict[UUID, Subject]:
    """Return the contacts' keys; those that were just drawn are at hand."""
    found = {contact.id: contact.subject for contact in contacts}
    wanted = [contact_id for contact_id, subject in found.items() if subject is None]
    loaded = await load_subjects(work.connection, work.vault, wanted) if wanted else {}
    return {contact_id: subject or loaded[contact_id] for contact_id, subject in found.items()}


async def _withdrawals(
    work: Work, on_record: Mapping[Act, datetime | None]
) -> dict[UUID, list[tuple[Wording, datetime]]]:
    """Return what contacts withdrew, and when."""
    withdrawn = [(act, at) for act, at in on_record.items() if at is not None]
    wordings = await WORDINGS.recall(work, {act.wording_id for act, _ in withdrawn})
    told: dict[UUID, list[tuple[Wording, datetime]]] = {}
    for act, at in withdrawn:
        told.setdefault(act.contact_id, []).append((wordings[act.wording_id], at))
    return told


def _withdrawn_at(act: Act, wording: Wording, withdrawals: Iterable[tuple[Wording, datetime]]) -> datetime | None:
    later = (at for other, at in withdrawals if act.given_at <= at and wording.overlaps(other))
    return max(later, default=None)
