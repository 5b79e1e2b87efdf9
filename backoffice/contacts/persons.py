"""Persons: what is said of an address becomes a contact under a key of its own, or adds to the one that is there.

Statements only add up to the strict side: places are united, a person is natural unless every statement says the same
other type, the youngest day of birth and the newest acts count. What says nothing new writes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple, TypeVar
from uuid import UUID

from backoffice.contacts import store
from backoffice.contacts.locating import unite
from backoffice.contacts.store import Facts, Found, NewContact
from backoffice.contacts.whereabouts import WHEREABOUTS, renewed
from backoffice.kernel.ids import new_ids
from backoffice.kernel.jurisdiction import Whereabouts
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place, Subject, Vault
from backoffice.plumbing.vault.store import add_subjects, destroy_subject, load_subjects
from backoffice.plumbing.vault.tokens import Kind

ADDRESS = Place("contact", "address")
SALT = Place("contact", "salt")
BORN_ON = Place("contact", "born_on")
_SALT_BYTES = 16
_INT = attrgetter("int")  # ids compare ten times as fast by it

Key = tuple[UUID, bytes]  # account and token
T = TypeVar("T", UUID, datetime)


class Told(NamedTuple):
    """What is said of one address, in its one form; `""` and None say nothing."""

    account_id: UUID
    kind: Kind
    address: str
    token: bytes
    where: Whereabouts
    list_id: UUID | None = None
    person_type: str = ""
    born_on: date | None = None
    last_inbound_at: datetime | None = None
    last_purchase_at: datetime | None = None

    @property
    def key(self) -> Key:
        """Return the account and the token that name the contact."""
        return self.account_id, self.token


class ContactRef(NamedTuple):
    """A contact by its id, with what the ledger and a stop know it by."""

    id: UUID
    token: bytes
    commitment: bytes
    is_new: bool = False
    is_changed: bool = False
    subject: Subject | None = None  # the person's key, where it was just drawn


class Sealed(NamedTuple):
    """A contact's address as it is stored, with the key that opens it, None once destroyed."""

    contact_id: UUID
    kind: Kind
    address: bytes
    wrapped: bytes | None
    key_version: int | None

    def open(self, vault: Vault) -> str:
        """Return the address, "" of somebody who was erased."""
        if self.wrapped is None or self.key_version is None:
            return ""
        subject = vault.subject(self.contact_id, self.wrapped, self.key_version)
        return subject.open(ADDRESS, self.contact_id, self.address).decode()


async def sealed(work: Work, contact_ids: Sequence[UUID]) -> list[Sealed]:
    """Return the addresses of these contacts, in any order; those that aren't there are left out."""
    return [Sealed(*row) for row in await store.list_sealed(work, contact_ids)]


Pair = tuple[Told, Found]


async def find_or_add(work: Work, told: Sequence[Told]) -> dict[Key, ContactRef]:
    """Find or add the contacts of these addresses, each told once; return them by account and token.

    One statement where all are there and nothing new is said of them.
    """
    if not told:
        return {}
    ordered = sorted(told, key=lambda one: one.account_id.bytes + one.token)
    found = await store.find_contacts(work.connection, [one.key for one in ordered])
    refs = await _change(work, [(one, found[one.key]) for one in ordered if one.key in found])
    if new := [one for one in ordered if one.key not in found]:
        refs |= await _add(work, new)
    return refs


async def find(work: Work, keys: Iterable[Key]) -> dict[Key, ContactRef]:
    """Return those of these contacts that are there."""
    wanted = sorted(set(keys), key=lambda key: key[0].bytes + key[1])
    found = await store.find_contacts(work.connection, wanted) if wanted else {}
    return {key: ContactRef(one.id, key[1], one.commitment) for key, one in found.items()}


async def _add(work: Work, told: Sequence[Told]) -> dict[Key, ContactRef]:
    numbers = await WHEREABOUTS.number(work, [one.where for one in told])
    ids = sorted(new_ids(work.at, len(told)), key=_INT)
    subjects = await add_subjects(work.connection, work.vault, ids)
    contacts = [
        _new_contact(subjects[contact_id], one, number)
        for contact_id, one, number in zip(ids, told, numbers, strict=True)
    ]
    added = await store.add_contacts(work.connection, contacts)
    refs = {
        one.key: ContactRef(contact.id, one.token, contact.commitment, is_new=True, subject=subjects[contact.id])
        for contact, one in zip(contacts, told, strict=True)
        if contact.id in added
    }
    if late := [one for one in told if one.key not in refs]:
        for contact_id in set(ids) - added:
            await destroy_subject(work.connection, contact_id, work.at)
        refs |= await find_or_add(work, late)
    return refs


def _new_contact(subject: Subject, told: Told, whereabouts_id: int) -> NewContact:
    address, salt = told.address.encode(), secrets.token_bytes(_SALT_BYTES)
    born_on = subject.seal(BORN_ON, subject.id, told.born_on.isoformat().encode()) if told.born_on else None
    return NewContact(
        id=subject.id,
        account_id=told.account_id,
        kind=told.kind,
        token=told.token,
        address=subject.seal(ADDRESS, subject.id, address),
        commitment=hashlib.sha256(salt + address).digest(),
        salt=subject.seal(SALT, subject.id, salt),
        facts=Facts(
            whereabouts_id=whereabouts_id,
            list_id=told.list_id,
            person_type=told.person_type or "natural",
            born_on=born_on,
            last_inbound_at=told.last_inbound_at,
            last_purchase_at=told.last_purchase_at,
        ),
    )


async def _change(work: Work, pairs: Sequence[Pair]) -> dict[Key, ContactRef]:
    """Write what these statements change of contacts that are there; whoever else adds to them waits."""
    changes = await _changes(work, pairs)
    if stale := [told for told, found in pairs if found.id in changes]:
        held = await store.find_contacts(work.connection, [told.key for told in stale], hold=True)
        changes = await _changes(work, [(told, held[told.key]) for told in stale if told.key in held])
        if changes:
            await store.change_contacts(work.connection, list(changes.items()))
    return {
        told.key: ContactRef(found.id, told.token, found.commitment, is_changed=found.id in changes)
        for told, found in pairs
    }


async def _changes(work: Work, pairs: Sequence[Pair]) -> dict[UUID, Facts]:
    """Return what is to be on record of those of whom something new is said."""
    if not pairs:
        return {}
    known = await WHEREABOUTS.recall(work, {found.facts.whereabouts_id for _, found in pairs})
    wider = {}
    for told, found in pairs:
        before = known[found.facts.whereabouts_id]
        if (where := unite((renewed(before, told.kind, told.address), told.where))) is not before:
            wider[found.id] = where
    numbers = dict(zip(wider, await WHEREABOUTS.number(work, list(wider.values())), strict=True))
    births = await _births(work, pairs)
    merged = {found.id: (found.facts, _merged(told, found, numbers, births)) for told, found in pairs}
    return {contact_id: after for contact_id, (before, after) in merged.items() if before != after}


def _merged(told: Told, found: Found, numbers: Mapping[UUID, int], births: Mapping[UUID, bytes]) -> Facts:
    facts = found.facts
    return Facts(
        whereabouts_id=numbers.get(found.id, facts.whereabouts_id),
        list_id=_later(facts.list_id, told.list_id),
        person_type=facts.person_type if told.person_type in ("", facts.person_type) else "natural",
        born_on=births.get(found.id, facts.born_on),
        last_inbound_at=_later(facts.last_inbound_at, told.last_inbound_at),
        last_purchase_at=_later(facts.last_purchase_at, told.last_purchase_at),
    )


def _later(one: T | None, other: T | None) -> T | None:
    return max((each for each in (one, other) if each is not None), default=None)


async def _births(work: Work, pairs: Sequence[Pair]) -> dict[UUID, bytes]:
    """Return the days of birth that are younger than what is on record, sealed, by contact."""
    stated = {found.id: (told.born_on, found.facts.born_on) for told, found in pairs if told.born_on}
    if not stated:
        return {}
    subjects = await load_subjects(work.connection, work.vault, stated)
    return {
        contact_id: subjects[contact_id].seal(BORN_ON, contact_id, born_on.isoformat().encode())
        for contact_id, (born_on, sealed) in stated.items()
        if not subjects[contact_id].is_destroyed and (sealed is None or date_in(subjects[contact_id], sealed) < born_on)
    }


def date_in(subject: Subject, sealed: bytes) -> date:
    """Return a contact's day of birth."""
    return date.fromisoformat(subject.open(BORN_ON, subject.id, sealed).decode())
