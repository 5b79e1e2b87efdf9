"""How a person's yes and no are asked about and taken in, from the account that tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from backoffice.consent import service
from backoffice.consent.evidence import FormCopy
from backoffice.consent.import_views import ROUTES as IMPORTS
from backoffice.consent.service import Claim, Told
from backoffice.consent.store import StopRow
from backoffice.contacts.addresses import Wanted, kind_of
from backoffice.contacts.service import add_contact
from backoffice.contacts.views import Short, Written
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work
from backoffice.policy.facts import NEVER, Moment

Words = Annotated[str, Meta(max_length=10_000)]


class ConsentToRecord(Body, frozen=True, kw_only=True):
    """What a person agreed to, and what proves it.

    `form` is the copy of the form that captured it, with the state its control had before the person acted: without
    one it is a bare flag, grade D, and satisfies no rule that asks for consent. The words or the form name sender,
    channel and purpose. The person is a contact, or whoever has the address, who becomes one.
    """

    contact_id: UUID | None = None
    address: Annotated[str, Meta(max_length=254)] = ""
    country: Annotated[str, Meta(max_length=2)] = ""
    words: Words = ""
    sender: Short = ""
    channel: Short = ""
    purpose: Short = ""
    given_at: Moment | None = None
    method: Short = ""
    language: Short = ""
    source: Annotated[str, Meta(max_length=200)] = ""
    form: FormCopy | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "address": "+37126000001",
        "words": "Yes, Baltic Lamp may send me offers on WhatsApp.",
        "sender": "Baltic Lamp",
        "given_at": "2026-01-02T10:00:00Z",
        "method": "tick box",
        "language": "en",
        "source": "checkout",
        "form": {
            "id": "checkout-2026",
            "file_sha256": "5a" * 32,
            "words": "Baltic Lamp may send me offers on WhatsApp.",
            "control_state": "unticked",
            "channels": ["whatsapp"],
            "purposes": ["marketing"],
            "sender": "Baltic Lamp",
            "language": "en",
        },
    }


class OneRecorded(msgspec.Struct, frozen=True):
    """A consent that was recorded; one given before a withdrawal of the same matter is withdrawn at once."""

    id: UUID
    grade: str
    withdrawn_at: datetime | None


class ConsentsRecorded(msgspec.Struct, frozen=True):
    """What is new of a consent; nothing where the same act was on record."""

    contact_id: UUID
    consents: list[OneRecorded]


class ConsentTold(msgspec.Struct, frozen=True, kw_only=True):
    """A consent on record; `valid_until` null is without an end, `given_at` null a time that nobody stated."""

    id: UUID
    contact_id: UUID
    grade: str
    channels: list[str]
    purposes: list[str]
    names_sender: bool
    is_written: bool
    given_at: datetime | None
    valid_until: datetime | None
    recorded_at: datetime
    withdrawn_at: datetime | None


class ConsentReceipt(ConsentTold, frozen=True, kw_only=True):
    """A consent on record, with the words and proofs that were handed in."""

    words: str
    method: str
    source: str
    language: str
    proof: str
    form_id: str
    form_sha256: str


class Withdrawal(Body, frozen=True, kw_only=True):
    """A person took their consent back, now or at a moment before."""

    at: Moment | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {}


class Withdrawn(msgspec.Struct, frozen=True):
    """The consents that ended: the one that was named, and others of the same matter."""

    consents: list[UUID]


class StopToAdd(Body, frozen=True, kw_only=True):
    """A person said stop. `topic` goes with the scope of that name. No address needs to be a contact."""

    address: Written
    country: Annotated[str, Meta(max_length=2)] = ""
    scope: Literal["all", "marketing", "topic"] = "all"
    channel: Literal["all", "whatsapp", "sms", "voice", "email"] = "all"
    topic: Short = ""
    said_at: Moment | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {"address": "+37126000001", "scope": "marketing"}


class StopAdded(msgspec.Struct, frozen=True):
    """The stop that stands."""

    id: UUID


class StopTold(msgspec.Struct, frozen=True, kw_only=True):
    """A stop on record; `is_everywhere` where it holds for every account."""

    id: UUID
    is_everywhere: bool
    scope: str
    channel: str
    topic: str
    said_at: datetime
    reason: str
    recorded_at: datetime
    voided_at: datetime | None


@post("/v1/consents")
async def record_consent(data: JSONBody[ConsentToRecord], once: NamedDependency[Once]) -> Response[ConsentsRecorded]:
    """Record what a contact agreed to, with the grade that its evidence reaches."""
    return await once(data, lambda work: _record(work, once.account_id, data))


@get("/v1/consents")
async def list_consents(
    contact_id: FromQuery[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> list[ConsentTold]:
    """Tell all consents on record of a contact, newest first, withdrawn ones too."""
    async with install.reading() as work:
        return [_consent(one) for one in await service.list_consents(work, caller.account_id, contact_id)]


@get("/v1/consents/{consent_id:uuid}")
async def get_consent(
    consent_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> ConsentReceipt:
    """Tell a consent with the words and proofs that were handed in: the receipt of the record."""
    async with install.reading() as work:
        told, shown = await service.get_receipt(work, caller.account_id, consent_id)
    parts: dict[str, Any] = msgspec.structs.asdict(_consent(told))
    parts |= {name: getattr(shown, name) for name in ("words", "method", "source", "language", "proof")}
    form_id, form_sha256 = (shown.form.id, shown.form.file_sha256) if shown.form else ("", "")
    return ConsentReceipt(**parts, form_id=form_id, form_sha256=form_sha256)


@post("/v1/consents/{consent_id:uuid}/withdraw")
async def withdraw(
    consent_id: FromPath[UUID], data: JSONBody[Withdrawal], once: NamedDependency[Once]
) -> Response[Withdrawn]:
    """End a consent, and every other of the same matter that the person had given by then; it is no opt-out."""

    async def verb(work: Work) -> Withdrawn:
        return Withdrawn(await service.withdraw(work, once.account_id, consent_id, data.at))

    return await once(data, verb)


@post("/v1/suppressions")
async def add_suppression(data: JSONBody[StopToAdd], once: NamedDependency[Once]) -> Response[StopAdded]:
    """Record that a person said stop; it outlives the contact, and only the person's own newer act lifts it."""
    return await once(data, lambda work: _suppress(work, once.account_id, data))


@get("/v1/suppressions")
async def list_suppressions(
    address: FromQuery[Written],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    country: FromQuery[str] = "",
) -> list[StopTold]:
    """Tell which stops of an address hold for the account, its own and everybody's, newest first."""
    written = f"+{address[1:]}" if address.startswith(" ") else address  # what a query makes of a bare +
    async with install.reading() as work:
        stops = await service.list_stops(work, caller.account_id, written, country or None)
    return [_stop(one) for one in stops]


async def _record(work: Work, account_id: UUID, asked: ConsentToRecord) -> ConsentsRecorded:
    names = ("words", "sender", "channel", "purpose", "method", "language", "source", "form")
    claim = Claim(given_at=asked.given_at or NEVER, **{name: getattr(asked, name) for name in names})
    contact_id = await _contact(work, account_id, asked)
    recorded = await service.record_consent(work, account_id, contact_id, claim)
    told = [OneRecorded(one.row.id, one.row.grade, one.row.withdrawn_at) for one in recorded]
    return ConsentsRecorded(contact_id, told)


async def _contact(work: Work, account_id: UUID, asked: ConsentToRecord) -> UUID:
    if (asked.contact_id is None) == (asked.address == ""):
        raise Invalid("contact_or_address", field="contact_id")
    if asked.contact_id:
        return asked.contact_id
    wanted = Wanted(kind_of(asked.address), asked.address, asked.country)
    return (await add_contact(work, account_id, wanted)).id


async def _suppress(work: Work, account_id: UUID, asked: StopToAdd) -> StopAdded:
    stop = await service.suppress_address(
        work,
        account_id,
        asked.address,
        region=asked.country.upper() or None,
        scope=asked.scope,
        channel=asked.channel,
        topic=asked.topic,
        at=asked.said_at,
    )
    return StopAdded(stop)


def _consent(told: Told) -> ConsentTold:
    row, wording = told
    return ConsentTold(
        id=row.id,
        contact_id=row.contact_id,
        grade=row.grade,
        channels=sorted(wording.channels),
        purposes=sorted(wording.purposes),
        names_sender=wording.names_sender,
        is_written=wording.is_written,
        given_at=None if row.given_at == NEVER else row.given_at,
        valid_until=row.valid_until,
        recorded_at=row.recorded_at,
        withdrawn_at=row.withdrawn_at,
    )


def _stop(row: StopRow) -> StopTold:
    return StopTold(
        id=row.id,
        is_everywhere=row.account_id == service.EVERYWHERE,
        scope=row.scope,
        channel=row.channel,
        topic=row.topic,
        said_at=row.at,
        reason=row.reason,
        recorded_at=row.recorded_at,
        voided_at=row.voided_at,
    )


ROUTES = [
    record_consent,
    list_consents,
    get_consent,
    withdraw,
    add_suppression,
    list_suppressions,
    *IMPORTS,
]
