"""How contacts are asked about: one at a time, by the account that has them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from backoffice.contacts import service
from backoffice.contacts.addresses import Wanted, kind_of
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work

PersonType = Literal["natural", "legal", "named_at_legal"]
Written = Annotated[str, Meta(min_length=1, max_length=254)]
Short = Annotated[str, Meta(max_length=80)]


class ContactToAdd(Body, frozen=True, kw_only=True):
    """Somebody to write to: a phone number with `+` or its country, or a mail address.

    Where a contact is there already, places only add, the younger birth counts, and a person is natural unless every
    statement says the same other type.
    """

    address: Written
    country: Annotated[str, Meta(max_length=2)] = ""
    state: Short = ""
    zip: Short = ""
    person_type: PersonType | None = None
    born_on: date | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {"address": "+371 2600 0001", "country": "LV"}


class Added(msgspec.Struct, frozen=True):
    """A contact of the account; `is_new` where it wasn't one before."""

    id: UUID
    is_new: bool


class ContactTold(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as it is on record; `places` are all places of the law where the person may be."""

    id: UUID
    kind: Literal["phone", "email", "scoped_id"]
    address: str
    places: list[str]
    person_type: PersonType
    born_on: date | None
    restriction: str
    last_inbound_at: datetime | None
    last_purchase_at: datetime | None
    last_inquiry_at: datetime | None


@post("/v1/contacts")
async def add_contact(data: JSONBody[ContactToAdd], once: NamedDependency[Once]) -> Response[Added]:
    """Add a contact, or add to the one that has the address."""
    return await once(data, lambda work: _add(work, once.account_id, data))


@get("/v1/contacts/{contact_id:uuid}")
async def get_contact(
    contact_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> ContactTold:
    """Tell what is on record of a contact."""
    async with install.reading() as work:
        contact = await service.get_contact(work, caller.account_id, contact_id)
    told = {part: getattr(contact, part) for part in ContactTold.__struct_fields__}
    return ContactTold(**told | {"places": sorted(contact.places)})


async def _add(work: Work, account_id: UUID, asked: ContactToAdd) -> Added:
    wanted = Wanted(kind_of(asked.address), asked.address, asked.country, asked.state, asked.zip)
    added = await service.add_contact(
        work, account_id, wanted, person_type=asked.person_type or "", born_on=asked.born_on
    )
    return Added(added.id, added.is_new)


ROUTES = [add_contact, get_contact]
