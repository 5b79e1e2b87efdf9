"""Numbers: what an account sends from, who has it now, and what was said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from backoffice.accounts import number_store
from backoffice.accounts.checks import actor, channel_name, provider_name
from backoffice.accounts.number_store import SenderRow
from backoffice.accounts.store import get_account
from backoffice.audit.ledger import append
from backoffice.kernel.errors import Invalid
from backoffice.kernel.phone import parse_phone
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects
from backoffice.plumbing.vault.tokens import Kind, normalised

ProviderType = Literal["official", "unofficial"]

ADDRESS_KIND: dict[str, Kind] = {
    "whatsapp": "phone",
    "sms": "phone",
    "voice": "phone",
    "email": "email",
    "push": "app",  # its notices come from the account's own app
}
"""What an account sends from, by channel."""

ADDRESS = Place("sender", "address")
_TOLD = ("channel", "provider_type", "is_registered", "is_linked", "can_receive", "is_halted", "portfolio")
_LONGEST = 254  # characters of a mail address (RFC 5321 4.5.3.1.3, erratum 1690)


class Number(NamedTuple):
    """A number or address that an account sends from, in clear: for the account itself, and for the courier."""

    id: UUID
    account_id: UUID
    channel: str
    address: str
    provider_type: str
    is_registered: bool | None
    is_linked: bool
    is_banned: bool | None
    is_spoofed: bool | None
    can_receive: bool
    linked_at: datetime
    is_halted: bool | None
    portfolio: str
    portfolio_room_at: datetime | None
    provider_code: str
    provider_account: str
    daily_limit: int | None


class Names(NamedTuple):
    """What a provider calls a number, its business account and its portfolio; its webhooks name ours so.

    An account's numbers of which nobody says the portfolio share one.
    """

    code: str = ""
    account: str = ""
    portfolio: str = ""


async def link_number(
    work: Work,
    account_id: UUID,
    channel: str,
    address: str,
    provider_type: ProviderType,
    is_registered: bool | None,  # noqa: FBT001  # named where it is called
    can_receive: bool,  # noqa: FBT001
    *,
    is_linked: bool = True,
    is_banned: bool | None = False,
    is_spoofed: bool | None = False,
    is_halted: bool | None = None,
    portfolio_room_at: datetime | None = None,
    names: Names = Names(),  # noqa: B008  # frozen
    by: str = "operator",
) -> UUID:
    """Link a number to an account, or link again the one it has; return its id.

    None says that nobody knows: a gap, which holds where a rule asks. Linking a number again lifts no ban and unsays
    nothing that was said of it. What is known of a portfolio's room holds for a number that joins it.
    Raises Invalid for no address, Refused where another account has the number linked, NotFound for no account.
    """
    plain = _plain(channel, address)
    _check(provider_type, names)
    await get_account(work, account_id)
    sender_id, subject = work.new_id(), await _subject(work, account_id)
    row = SenderRow(
        id=sender_id,
        account_id=account_id,
        channel=channel,
        token=work.vault.token(ADDRESS_KIND[channel], plain),
        address=subject.seal(ADDRESS, sender_id, plain.encode()),
        provider_type=provider_type,
        is_registered=is_registered,
        is_linked=is_linked,
        is_banned=is_banned,
        is_spoofed=is_spoofed,
        can_receive=can_receive,
        linked_at=work.at,
        is_halted=is_halted,
        portfolio=names.portfolio or str(account_id),
        portfolio_room_at=portfolio_room_at,
        provider_code=names.code,
        provider_account=names.account,
        daily_limit=None,
    )
    linked = await number_store.link_sender(work, row)
    await _enter_linked(work, row, linked, by)
    return linked


async def _enter_linked(work: Work, row: SenderRow, linked: UUID, by: str) -> None:
    entry = {part: getattr(row, part) for part in _TOLD} | {"sender": linked, "by": actor(by)}
    await append(work, "accounts:number:linked", row.account_id, **entry)
    await note_change(work, row.account_id)


def _check(provider_type: str, names: Names) -> None:
    if provider_type not in get_args(ProviderType):
        raise Invalid("provider_type_unknown", field="provider_type")
    for field, name in names._asdict().items():
        provider_name(field, name)


async def mark_number(
    work: Work,
    account_id: UUID,
    sender_id: UUID,
    *,
    is_linked: bool | None = None,
    is_banned: bool | None = None,
    is_registered: bool | None = None,
    is_spoofed: bool | None = None,
    can_receive: bool | None = None,
    is_halted: bool | None = None,
    by: str = "provider",
) -> None:
    """Record what was said of a number, and leave the rest; what it says already changes nothing.

    Raises NotFound for no number of this account, Refused where another account has it linked.
    """
    said = (is_linked, is_banned, is_registered, is_spoofed, can_receive, is_halted)
    sender = await number_store.get_sender(work, account_id, sender_id, hold=True)
    marks = {
        name: mark
        for name, mark in zip(number_store.MARKS, said, strict=True)
        if mark is not None and mark is not getattr(sender, name)
    }
    if marks:
        await number_store.mark_sender(work, sender_id, marks)
        await append(work, "accounts:number:marked", account_id, sender=sender_id, **marks, by=actor(by))
        await note_change(work, account_id)


async def mark_portfolio(
    work: Work, account_id: UUID, sender_id: UUID, room_at: datetime, *, by: str = "provider"
) -> None:
    """Record from when the portfolio of a number may write to somebody new again: it holds for all numbers of it.

    Raises NotFound for no number of this account. Ledger: accounts:number:marked, one a number.
    """
    sender = await number_store.get_sender(work, account_id, sender_id)
    numbers = await number_store.hold_portfolio(work, sender.portfolio, sender.channel)
    await number_store.put_portfolio_room(work, sender.portfolio, sender.channel, room_at)
    for one in (one for one in numbers if one.portfolio_room_at != room_at):
        entry = {"sender": one.id, "portfolio_room_at": room_at, "by": actor(by)}
        await append(work, "accounts:number:marked", one.account_id, **entry)
        await note_change(work, one.account_id)


async def get_number(work: Work, account_id: UUID, sender_id: UUID) -> Number:
    """Return a number of an account in clear; raises NotFound."""
    sender = await number_store.get_sender(work, account_id, sender_id)
    return _opened(await _subject(work, account_id), sender)


async def list_numbers(work: Work, account_id: UUID) -> list[Number]:
    """Return the numbers of an account in clear, oldest first."""
    senders = await number_store.list_senders(work, account_id)
    subject = await _subject(work, account_id)
    return [_opened(subject, sender) for sender in senders]


async def find_by_number(work: Work, channel: str, address: str) -> SenderRow | None:
    """Return whose number a message came in on: who has it linked, or had it last, in whatever standing; or None.

    Replies and stops come in for an account that is long closed, and still count.
    """
    token = work.vault.token(ADDRESS_KIND[channel], _plain(channel, address))
    return await number_store.find_sender(work, channel, token)


async def find_by_code(work: Work, channel: str, provider_code: str) -> SenderRow | None:
    """Return the number that a provider names so, in whatever standing; see `find_by_number`."""
    return await number_store.find_by_code(work, channel, provider_code)


async def list_named(work: Work, channel: str, after: UUID, count: int) -> list[SenderRow]:
    """Return the next numbers that are linked and that a provider has a name for, by their ids."""
    return await number_store.list_named(work, channel, after, count)


async def list_of_provider_account(work: Work, channel: str, provider_account: str) -> list[SenderRow]:
    """Return the numbers that are linked in a business account of a provider."""
    return await number_store.list_of_provider_account(work, channel, provider_account)


async def limit_portfolio(work: Work, sender: SenderRow, daily_limit: int, *, by: str = "provider") -> None:
    """Record whom the portfolio of a number may write to of its own accord in 24 hours; -1 without limit.

    Ledger: accounts:number:marked.
    """
    numbers = await number_store.hold_portfolio(work, sender.portfolio, sender.channel)
    await number_store.put_daily_limit(work, sender.portfolio, sender.channel, daily_limit)
    for one in (one for one in numbers if one.daily_limit != daily_limit):
        entry = {"sender": one.id, "daily_limit": daily_limit, "by": actor(by)}
        await append(work, "accounts:number:marked", one.account_id, **entry)


async def _subject(work: Work, account_id: UUID) -> Subject:
    return (await load_subjects(work.connection, work.vault, [account_id]))[account_id]


def _opened(subject: Subject, sender: SenderRow) -> Number:
    clear = subject.open(ADDRESS, sender.id, sender.address).decode()
    return Number(**{part: getattr(sender, part) for part in Number._fields if part != "address"}, address=clear)


def _plain(channel: str, address: str) -> str:
    """Return an address in its one form, read as its channel's addresses are."""
    kind = ADDRESS_KIND[channel_name(channel)]
    if len(address) > _LONGEST:
        raise Invalid(f"{'number' if kind == 'phone' else kind}_invalid", field="address")
    try:
        return _READ[kind](address)
    except Invalid as wrong:
        raise Invalid(wrong.code, field="address") from None


def _mail(address: str) -> str:
    plain = normalised("email", address)
    if not plain.isprintable() or any(character.isspace() for character in plain):
        raise Invalid("email_invalid")
    return plain


def _number(address: str) -> str:
    return parse_phone(address, None)


def _app(address: str) -> str:
    return normalised("app", address)


_READ: dict[Kind, Callable[[str], str]] = {"phone": _number, "email": _mail, "app": _app}
