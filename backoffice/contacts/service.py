"""What can be done with contacts one by one or in a send's batch; lists are imported by the room of consent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from backoffice.accounts.service import get_account
from backoffice.audit.ledger import append
from backoffice.contacts import happened_store, persons, store
from backoffice.contacts.addresses import Wanted, read_wanted
from backoffice.contacts.cells import person_type_of
from backoffice.contacts.locating import unite
from backoffice.contacts.merge import Place as Declared
from backoffice.contacts.persons import ADDRESS, ContactRef, Key, Told, date_in
from backoffice.contacts.registers.replacing import replace_register
from backoffice.contacts.registers.store import Listed
from backoffice.contacts.whereabouts import WHEREABOUTS, locator, renewed
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.store import load_subjects

WINDOW = timedelta(hours=24)
"""How long a provider's window stays open after a person's message (PL-WA-02)."""


class Contact(NamedTuple):
    """A contact in clear, for the account that has it."""

    id: UUID
    kind: str
    address: str
    places: frozenset[str]
    person_type: str
    born_on: date | None
    restriction: str
    last_inbound_at: datetime | None
    last_purchase_at: datetime | None
    last_inquiry_at: datetime | None


async def find_or_add(work: Work, account_id: UUID, wanted: Sequence[Wanted]) -> list[ContactRef]:
    """Find or add an account's contacts, in order; what is declared of a contact that is there only adds places.

    One statement where all are there. Raises Invalid, naming the place in the batch, for what is no address.
    """
    return await find_or_add_each(work, [(account_id, one) for one in wanted])


async def find_or_add_each(work: Work, wanted: Iterable[tuple[UUID, Wanted]]) -> list[ContactRef]:
    """Find or add contacts of several accounts at once, as `find_or_add` does."""
    return await find_or_add_read(work, [(of, read_wanted(one, place)) for place, (of, one) in enumerate(wanted)])


async def find_or_add_read(work: Work, read: Sequence[tuple[UUID, Wanted]]) -> list[ContactRef]:
    """Find or add contacts whose addresses were read by `addresses.read_wanted` already.

    Of a contact that is there and of whom nothing is declared, nothing is worked out anew.
    """
    keys = [(account_id, work.vault.token(one.kind, one.address)) for account_id, one in read]
    plain = [key for key, (_, one) in zip(keys, read, strict=True) if not (one.country or one.state or one.zip)]
    refs = await persons.find(work, plain)
    refs |= await _add(work, [one for key, one in zip(keys, read, strict=True) if key not in refs])
    return [refs[key] for key in keys]


async def _add(work: Work, read: Sequence[tuple[UUID, Wanted]]) -> dict[Key, ContactRef]:
    """Add contacts, or what is declared of those that are there."""
    homes = await _homes(work, read)
    told = [_told(work, account_id, one, homes.get(account_id, "")) for account_id, one in read]
    merged: dict[Key, Told] = {}
    for one in told:
        other = merged.get(one.key)
        merged[one.key] = one._replace(where=unite((other.where, one.where))) if other else one
    return await persons.find_or_add(work, list(merged.values()))


async def add_contact(
    work: Work, account_id: UUID, wanted: Wanted, *, person_type: str = "", born_on: date | None = None
) -> ContactRef:
    """Add a contact, or add what is new of one that is there: places, the younger birth, the stricter type of person.

    Raises Invalid for an address, country or type that is none, and for a birth in the future.
    """
    if born_on and born_on > work.at.date():
        raise Invalid("date_in_future", field="born_on")
    read = read_wanted(wanted)
    home = (await _homes(work, [(account_id, read)])).get(account_id, "")
    stated = person_type and person_type_of(person_type)
    told = _told(work, account_id, read, home)._replace(person_type=stated, born_on=born_on)
    ref = (await persons.find_or_add(work, [told]))[told.key]
    if ref.is_new or ref.is_changed:
        kind = "contacts:contact:added" if ref.is_new else "contacts:contact:changed"
        await append(work, kind, account_id, contact=ref.id, person=ref.commitment.hex())
        await note_change(work, account_id, ref.token)
    return ref


async def get_contact(work: Work, account_id: UUID, contact_id: UUID) -> Contact:
    """Return an account's contact in clear; raises NotFound, also (`contact_erased`) for one that was erased."""
    row = await store.get_contact(work, account_id, contact_id)
    subject = await get_subject(work, row.id)
    where = (await WHEREABOUTS.recall(work, [row.whereabouts_id]))[row.whereabouts_id]
    address = subject.open(ADDRESS, row.id, row.address).decode()
    return Contact(
        id=row.id,
        kind=row.kind,
        address=address,
        places=renewed(where, row.kind, address).places,
        person_type=row.person_type,
        born_on=date_in(subject, row.born_on) if row.born_on else None,
        restriction=row.restriction,
        last_inbound_at=row.last_inbound_at,
        last_purchase_at=row.last_purchase_at,
        last_inquiry_at=row.last_inquiry_at,
    )


async def get_subject(work: Work, contact_id: UUID) -> Subject:
    """Return a contact's key; raises NotFound (`contact_erased`) where it was destroyed."""
    subject = (await load_subjects(work.connection, work.vault, [contact_id]))[contact_id]
    if subject.is_destroyed:
        raise NotFound("contact_erased", contact=str(contact_id))
    return subject


async def record_inbound(work: Work, contact_id: UUID, at: datetime) -> None:
    """Note that a contact wrote to its account at a moment: it opens the provider's window."""
    await happened_store.put_last(work, contact_id, "inbound", at)


async def record_window_shut(work: Work, contact_id: UUID, at: datetime) -> None:
    """Note that the provider's window of a contact is shut, whatever we took for their last message."""
    await happened_store.put_window_shut(work, contact_id, at - WINDOW)


async def record_request(work: Work, contact_id: UUID, at: datetime) -> None:
    """Note that a contact asked for something by an act of their own, such as a code: it may be answered."""
    await happened_store.put_last(work, contact_id, "request", at)


async def record_unclear_stop(work: Work, contact_id: UUID, at: datetime | None) -> None:
    """Note that a contact wrote at a moment what may be a stop; None once it is decided whether it was one.

    Of several that nobody has read the first counts. The caller holds the person's lock alone.
    """
    await happened_store.put_unclear_stop(work, contact_id, at)


async def record_door(
    work: Work, door: Literal["stop_confirmation", "requested_answer"], sends: Mapping[UUID, UUID]
) -> None:
    """Note, by contact, the send that a narrow door of a stop let through: each door lets one message through."""
    await happened_store.put_doors(work, "confirmation_id" if door == "stop_confirmation" else "answer_id", sends)


async def was_confirmed(work: Work, contact_ids: Iterable[UUID]) -> bool:
    """Tell whether a stop of one of these contacts was confirmed. The caller holds the person's lock alone."""
    return await happened_store.has_confirmation(work, list(contact_ids))


async def record_provider_error(work: Work, contact_id: UUID, code: int, at: datetime) -> None:
    """Note the provider's error code of the last try to reach a contact, 0 for none."""
    await happened_store.put_provider_error(work, contact_id, code, at)


async def unlist(work: Work, contact_ids: Sequence[UUID]) -> None:
    """Take contacts out of every list, as erasing them does; what lists stated of them is unknown from then on."""
    await store.unlist(work, contact_ids)


async def record_register(work: Work, name: str, as_of: datetime, listed: Sequence[tuple[bytes, datetime]]) -> None:
    """Put a register's data of a day, tokens and since when they are listed, in place of what was held of it.

    Raises as `registers.replacing.replace_register` does, but for a register that shrinks.
    """

    async def batches() -> AsyncIterator[Sequence[Listed]]:
        yield listed

    await replace_register(work, name, as_of, batches(), may_shrink=True)


async def home_of(work: Work, account_id: UUID) -> str:
    """Return where an account is established; raises NotFound."""
    return (await get_account(work, account_id)).establishment


async def _homes(work: Work, wanted: Sequence[tuple[UUID, Wanted]]) -> dict[UUID, str]:
    """Return where the accounts are established for whose mail addresses nobody names a country."""
    asked = {account_id for account_id, one in wanted if one.kind == "email" and not one.country}
    return {account_id: await home_of(work, account_id) for account_id in sorted(asked)}


def _told(work: Work, account_id: UUID, wanted: Wanted, home: str) -> Told:
    kind, address = wanted.kind, wanted.address
    declared = frozenset((Declared(wanted.country, wanted.state.strip(), wanted.zip.strip()),))
    where = locator(home).locate(kind, address, declared)
    return Told(account_id, kind, address, work.vault.token(kind, address), where)
