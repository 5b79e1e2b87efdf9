"""Parcels: what a send says and to whom, opened for the moment in which it is handed over."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from backoffice.accounts.numbers import Number, get_number
from backoffice.channels.port import Parcel
from backoffice.contacts.persons import ADDRESS
from backoffice.delivery import naming, store
from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.vault import Subject
from backoffice.relay.content import Template, words_of
from backoffice.relay.service import PAYLOAD
from backoffice.relay.shapes import StoredSend
from backoffice.relay.store import get_contents

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work


Read = TypeVar("Read")
Words = tuple[Template | None, str]
"""What a content says: by a template, or in words."""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What only one person's message says."""

    text: str = ""
    parameters: dict[str, str] = {}
    message: dict[str, Any] = {}  # in the provider's own words
    tag: str = ""  # the account's own word, which comes back with each status


class Sealed(NamedTuple):
    """All that parcels are made of, as it is stored: their sends' contents, numbers and contacts."""

    words: dict[UUID, Words | BackofficeError]
    numbers: dict[tuple[UUID, UUID], Number | BackofficeError]
    people: dict[UUID, store.Addressee]


async def read_parcels(work: Work, sends: Sequence[StoredSend]) -> Sealed:
    """Read what the parcels of these sends are made of; a few queries for all of them.

    What can't be opened matters only where something of it may leave.
    """
    contents = await get_contents(work, [one.content_id for one in sends]) if sends else {}
    pairs = sorted({(one.account_id, one.sender_id) for one in sends})
    return Sealed(
        words={content_id: await _or_fault(words_of(work, one)) for content_id, one in sorted(contents.items())},
        numbers={pair: await _or_fault(get_number(work, *pair)) for pair in pairs},
        people=await store.list_addressees(work, {one.contact_id for one in sends}) if sends else {},
    )


async def _or_fault(found: Awaitable[Read]) -> Read | BackofficeError:
    try:
        return await found
    except BackofficeError as fault:
        return fault


def _unless_fault(found: Read | BackofficeError) -> Read:
    if isinstance(found, BackofficeError):
        raise found
    return found


async def open_parcels(work: Work, sends: Sequence[StoredSend], sealed: Sealed) -> list[Parcel]:
    """Return the parcels of these sends, in order, from what was read for them.

    Raises `subject_key_destroyed` or `sealed_unreadable` when one of them can't be opened.
    """
    return [await _with_names(work, one.account_id, _parcel(work, one, sealed)) for one in sends]


async def _with_names(work: Work, account_id: UUID, parcel: Parcel) -> Parcel:
    """Name what a message answers to by the provider's ids."""
    if not (ours := naming.named_in(parcel.message)):
        return parcel
    names = await naming.provider_names(work, account_id, ours)
    return msgspec.structs.replace(parcel, message=naming.renamed(parcel.message, names))


def open_own(subject: Subject, send_id: UUID, payload: bytes | None) -> Own:
    """Return what only one person's message says."""
    return msgspec.json.decode(subject.open(PAYLOAD, send_id, payload), type=Own) if payload is not None else Own()


def _parcel(work: Work, send: StoredSend, sealed: Sealed) -> Parcel:
    who, sender = sealed.people[send.contact_id], _unless_fault(sealed.numbers[send.account_id, send.sender_id])
    subject = work.vault.subject(who.id, who.wrapped, who.version)
    own, (template, text) = open_own(subject, send.id, send.payload), _unless_fault(sealed.words[send.content_id])
    return Parcel(
        reference=send.id,
        channel=send.channel,
        sender=sender.address,
        sender_code=sender.provider_code,
        to=subject.open(ADDRESS, who.id, who.address).decode(),
        text=own.text or text,
        template=template.name if template else "",
        language=template.language if template else "",
        parameters=own.parameters,
        message=own.message,
    )
