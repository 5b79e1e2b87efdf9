"""What the providers of the wire ask: WhatsApp, carriers, mailbox hosts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Params, rule


class ServiceWindow(Params, frozen=True):
    """How long after the person's last message free text may be sent."""

    window: timedelta


class Regions(Params, frozen=True):
    """Regions of a number."""

    regions: tuple[str, ...]


class Wait(Params, frozen=True):
    """Error codes after which a message waits."""

    codes: tuple[int, ...]
    wait: timedelta


class Codes(Params, frozen=True):
    """Error codes of the provider."""

    codes: tuple[int, ...]


class Authentication(Params, frozen=True):
    """What mail must be signed with once more than `over_per_day` messages leave in a day."""

    mechanisms: tuple[str, ...]
    over_per_day: int = -1


class Rate(Params, frozen=True):
    """A share between 0 and 1, from which on it is too much."""

    from_rate: Decimal


@rule
def window_shut(message: Message, recipient: Recipient, p: ServiceWindow) -> bool:
    """Free text is tried though the person's last message is too long ago."""
    return (
        message.form == "free_form"
        and not recipient.last_inbound_at <= message.at < recipient.last_inbound_at + p.window
    )


@rule
def template_not_approved(message: Message) -> bool:
    """The provider has not approved this template, or has paused it."""
    return message.form == "template" and message.template_status != "approved"


@rule
def region_barred(recipient: Recipient, p: Regions) -> bool:
    """The provider does not deliver such messages to numbers of this region."""
    return recipient.region in p.regions


@rule(hold=True)
def provider_wait(message: Message, recipient: Recipient, p: Wait) -> bool:
    """The provider turned the last message away and asks to wait."""
    return recipient.provider_error in p.codes and message.at < recipient.provider_error_at + p.wait


@provider_wait.until
def _provider_wait_until(recipient: Recipient, p: Wait, at: datetime) -> datetime:
    return max(at, recipient.provider_error_at + p.wait)


@rule
def provider_stop(recipient: Recipient, p: Codes) -> bool:
    """The provider answered that this person can't or won't get such messages."""
    return recipient.provider_error in p.codes


@rule
def sender_halted(account: Account) -> bool:
    """The provider has halted this sender or template."""
    return account.sender_is_halted


@rule(hold=True)
def portfolio_full(account: Account, message: Message, recipient: Recipient, p: ServiceWindow) -> bool:
    """The provider's limit of new people in a rolling day is used up, and this person would be one."""
    return (
        message.at < account.portfolio_room_at
        and not recipient.is_counted_in_portfolio
        and not recipient.last_inbound_at <= message.at < recipient.last_inbound_at + p.window
    )


@portfolio_full.until
def _portfolio_full_until(account: Account, at: datetime) -> datetime:
    return max(at, account.portfolio_room_at)


@rule
def unauthenticated_mail(account: Account, p: Authentication) -> bool:
    """The mail domain lacks a proof of origin that mailbox hosts ask of senders of this size."""
    return account.mail_daily_volume > p.over_per_day and any(
        name not in account.mail_authentication for name in p.mechanisms
    )


@rule
def too_many_complaints(account: Account, p: Rate) -> bool:
    """Too large a share of the mail is reported as spam."""
    return account.mail_complaint_rate >= p.from_rate
