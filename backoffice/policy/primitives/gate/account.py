"""Who sends: standing, documents, registers and the sender's number."""

from __future__ import annotations

from backoffice.policy.facts import Account, Message
from backoffice.policy.language import Params, rule


class Allowed(Params, frozen=True):
    """Values that are allowed."""

    allowed: tuple[str, ...]


class Kinds(Params, frozen=True):
    """Kinds of document."""

    kinds: tuple[str, ...]


class Named(Params, frozen=True):
    """One name in a register of names."""

    name: str


class Features(Params, frozen=True):
    """What must be switched on, bought and set up; all of it."""

    entitlements: tuple[str, ...] = ()
    purchased: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()


class Usage(Params, frozen=True):
    """A ceiling of messages in a plan period."""

    limit: int


class Standings(Params, frozen=True):
    """Standings that may send; `grounds` bind the rule to an account out of standing on one of these."""

    allowed: tuple[str, ...]
    grounds: tuple[str, ...] = ()


@rule
def unregistered(account: Account) -> bool:
    """The account has not finished its registration."""
    return not account.is_registered


@rule
def not_in_standing(account: Account, p: Standings) -> bool:
    """The account's standing does not let it send."""
    return account.standing not in p.allowed and (p.grounds == () or account.standing_ground in p.grounds)


@rule
def channel_restricted(account: Account, message: Message) -> bool:
    """The account is kept from this channel for the time being."""
    return message.channel in account.restricted_channels


@rule
def documents_not_accepted(account: Account, p: Kinds) -> bool:
    """A document that must be accepted first is not, in its edition in force."""
    return any(kind not in account.documents_accepted for kind in p.kinds)


@rule
def registration_missing(account: Account, p: Named) -> bool:
    """A register asks for a number or a recorded exemption, and neither is on record."""
    return p.name not in account.registrations


@rule
def not_for_business(account: Account, p: Allowed) -> bool:
    """The account's declared use is not one the contract allows."""
    return account.declared_use not in p.allowed


@rule
def not_entitled(account: Account, p: Features) -> bool:
    """The channel or function is not switched on, not bought or not set up."""
    return (
        any(name not in account.entitlements for name in p.entitlements)
        or any(name not in account.addons_purchased for name in p.purchased)
        or any(name not in account.addons_configured for name in p.configured)
    )


@rule
def over_usage(account: Account, p: Usage) -> bool:
    """This message passes the plan's ceiling."""
    return account.usage_count >= p.limit


@rule
def sender_not_registered(account: Account) -> bool:
    """The sending number is not registered with its provider."""
    return not account.sender_is_registered


@rule
def sender_not_linked(account: Account) -> bool:
    """The sending number is not linked to the account."""
    return not account.sender_is_linked


@rule
def sender_banned(account: Account) -> bool:
    """WhatsApp has banned the sending number."""
    return account.sender_is_banned


@rule
def sender_spoofed(account: Account) -> bool:
    """The sender shown is hidden or not the sender's own (47 CFR 64.1601(e), 64.1604(a))."""
    return account.sender_is_spoofed


@rule
def unofficial_bulk(account: Account, message: Message) -> bool:
    """Many or machine-made messages leave from an ordinary WhatsApp account."""
    return account.sender_provider_type != "official" and (message.is_bulk or message.is_automated)


@rule
def scan_without_ground(account: Account, message: Message) -> bool:
    """A result of reading the body is used, and no ground for reading it is recorded (Dir. 2002/58/EC Art. 5(1))."""
    return message.is_content_scanned and account.scan_ground == ""


@rule
def no_lawful_basis(account: Account, p: Allowed) -> bool:
    """No ground of GDPR Art. 6(1) is recorded for this purpose."""
    return account.lawful_basis not in p.allowed


@rule
def transfer_barred(account: Account) -> bool:
    """The transfer abroad would harm national security (Law 998-IIIQ Art. 14.2.1)."""
    return account.transfer_ground == "national_security_harm"


@rule
def transfer_without_ground(account: Account, p: Allowed) -> bool:
    """No ground for the transfer abroad is recorded (Law 998-IIIQ Art. 14.2.2, 14.3)."""
    return account.transfer_ground not in p.allowed


@rule
def area_closed(account: Account, p: Params) -> bool:
    """A state of emergency is declared where the person may be."""
    return any(place in p.places for place in account.emergencies)
