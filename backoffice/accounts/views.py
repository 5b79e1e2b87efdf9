"""How accounts are asked about: by themselves, with their own keys, in whatever standing they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from backoffice.accounts import service
from backoffice.accounts.asking import Reason, reasons
from backoffice.accounts.facts import gather
from backoffice.accounts.numbers import Names
from backoffice.accounts.store import Acceptance, AccountRow
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work
from backoffice.policy.facts import NEVER, Account
from backoffice.policy.vocabulary import Standing


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands, since when and on which ground; and what keeps it from sending anything to anybody."""

    standing: Standing
    ground: str
    since: datetime
    until: datetime | None  # when a suspension is looked at again
    restricted_channels: list[str]
    restriction_ground: str
    reasons: list[Reason]


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was accepted; `is_current` where it is of the edition that binds the account."""

    document: str
    edition: str
    language: str
    sha256: str
    accepted_at: datetime
    is_current: bool


class NumberTold(msgspec.Struct, frozen=True, kw_only=True):
    """A number or address that messages are sent from; null is what nobody has said yet, and holds what asks for it."""

    id: UUID
    channel: str
    address: str
    provider_type: Literal["official", "unofficial"]
    is_registered: bool | None
    is_linked: bool
    is_banned: bool | None
    is_halted: bool | None  # by the provider; only the provider can lift it
    can_receive: bool
    linked_at: datetime
    provider_code: str  # the provider's name of it, or empty


class AccountTold(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is on record."""

    id: UUID
    name: str
    operator: str
    edition: str
    establishment: str
    declared_use: str
    registered_at: datetime | None
    standing: Stands
    documents: list[Accepted]
    numbers: list[NumberTold]


class NumberToLink(Body, frozen=True, kw_only=True):
    """A number or address to send from, with what the account declares of it.

    In live mode a declaration counts for nothing: the provider says whether the number is linked and registered.
    """

    channel: Literal["whatsapp", "sms", "voice", "email"]
    address: Annotated[str, Meta(min_length=1, max_length=254)]
    provider_type: Literal["official", "unofficial"]
    is_registered: bool = False
    can_receive: bool = False
    provider_code: Annotated[str, Meta(max_length=64)] = ""  # WhatsApp: the phone number id
    provider_account: Annotated[str, Meta(max_length=64)] = ""  # WhatsApp: the id of the business account
    portfolio: Annotated[str, Meta(max_length=64)] = ""  # WhatsApp: the id of the business portfolio

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "channel": "whatsapp",
        "address": "+37126000001",
        "provider_type": "official",
        "is_registered": True,
        "can_receive": True,
    }


class Linked(msgspec.Struct, frozen=True):
    """A number that was taken in: it sends once it is linked."""

    id: UUID
    is_linked: bool


@get("/v1/account")
async def get_account(caller: NamedDependency[Caller], install: NamedDependency[Install]) -> AccountTold:
    """Tell what is on record of the account, how it stands and why.

    Open in every standing. `standing.reasons` name the clause of the operator's Terms or the row of law for each thing
    that keeps the account from sending anything; an empty list promises nothing of a single send.
    """
    async with install.reading() as work:
        account = await service.get_account(work, caller.account_id)
        return AccountTold(
            id=account.id,
            name=await service.name_of(work, account),
            operator=account.operator,
            edition=account.edition,
            establishment=account.establishment,
            declared_use=account.declared_use,
            registered_at=account.registered_at,
            standing=await _stands(work, account),
            documents=[_accepted(account, one) for one in await service.list_acceptances(work, account.id)],
            numbers=[_number(one) for one in await service.list_numbers(work, account.id)],
        )


@get("/v1/numbers")
async def list_numbers(caller: NamedDependency[Caller], install: NamedDependency[Install]) -> list[NumberTold]:
    """Tell which numbers the account sends from, oldest first."""
    async with install.reading() as work:
        return [_number(one) for one in await service.list_numbers(work, caller.account_id)]


@post("/v1/numbers")
async def link_number(data: JSONBody[NumberToLink], once: NamedDependency[Once]) -> Response[Linked]:
    """Link a number to the account, or link again the one it has.

    A number sends for one account at a time: while another has it linked, the answer is 409.
    """
    return await once(data, lambda work: _link(work, once.account_id, data))


async def _link(work: Work, account_id: UUID, asked: NumberToLink) -> Linked:
    """What an account says of its number is taken for true in the sandbox only; elsewhere nobody has said it yet."""
    is_believed = work.install.settings.is_sandbox
    linked = await service.link_number(
        work,
        account_id,
        asked.channel,
        asked.address,
        asked.provider_type,
        is_registered=asked.is_registered if is_believed else None,
        can_receive=asked.can_receive and is_believed,
        is_linked=is_believed,
        is_banned=False if is_believed else None,
        is_spoofed=False if is_believed else None,
        is_halted=False if is_believed else None,
        portfolio_room_at=NEVER if is_believed else None,
        names=Names(asked.provider_code, asked.provider_account, asked.portfolio if is_believed else ""),
        by="account",
    )
    return Linked(linked, (await service.get_number(work, account_id, linked)).is_linked)


async def _stands(work: Work, account: AccountRow) -> Stands:
    known = await gather(work, account.id, None, "")
    return Stands(
        standing=account.standing,
        ground=account.standing_ground,
        since=account.standing_at,
        until=account.standing_until,
        restricted_channels=account.restricted_channels,
        restriction_ground=account.restriction_ground,
        reasons=reasons(known.operator, known.edition, Account(**known.stated), work.at),
    )


def _accepted(account: AccountRow, one: Acceptance) -> Accepted:
    return Accepted(
        document=one.kind,
        edition=one.edition,
        language=one.language,
        sha256=one.sha256.hex(),
        accepted_at=one.accepted_at,
        is_current=one.edition == account.edition,
    )


def _number(one: service.Number) -> NumberTold:
    return NumberTold(**{part: getattr(one, part) for part in NumberTold.__struct_fields__})


ROUTES = [get_account, list_numbers, link_number]
