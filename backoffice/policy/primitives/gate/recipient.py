"""Who is reached: address, registers, relation to the sender."""

from __future__ import annotations

from datetime import timedelta

from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Params, rule


class Registered(Params, frozen=True):
    """A do-not-call register: when an entry starts to bind, and what the same law lets through.

    `unless_signed` names the fields that a signed agreement to be contacted must hold.
    """

    register: str
    grace: timedelta = timedelta(0)
    unless_purchase_within: timedelta = timedelta(0)
    unless_inquiry_within: timedelta = timedelta(0)
    unless_signed: tuple[str, ...] = ()


class Fresh(Params, frozen=True):
    """How old the data of a register may be."""

    register: str
    at_most: timedelta


class Days(Params, frozen=True):
    """A number of whole days."""

    days: int


@rule
def address_invalid(recipient: Recipient) -> bool:
    """The address can't be one."""
    return not recipient.is_address_valid


@rule
def emergency_number(message: Message, recipient: Recipient) -> bool:
    """The number is an emergency number, or the message is meant for an emergency."""
    return message.is_emergency_use or recipient.number_class == "emergency"


@rule
def in_register(message: Message, recipient: Recipient, p: Registered) -> bool:
    """The address stands in a register of people who don't want such messages."""
    return (
        any(entry.register == p.register and message.at >= entry.since + p.grace for entry in recipient.listings)
        and not recipient.last_purchase_at <= message.at < recipient.last_purchase_at + p.unless_purchase_within
        and not recipient.last_inquiry_at <= message.at < recipient.last_inquiry_at + p.unless_inquiry_within
        and not (
            p.unless_signed != ()
            and any(
                consent.is_written
                and consent.grade <= "B"
                and consent.names_sender
                and message.channel in consent.channels
                and message.purpose in consent.purposes
                and consent.given_at <= message.at < consent.valid_until
                and all(field in consent.fields for field in p.unless_signed)
                for consent in recipient.consents
            )
        )
    )


@rule
def register_too_old(account: Account, message: Message, p: Fresh) -> bool:
    """The register was not fetched, or its data is older than allowed."""
    return not any(held.name == p.register and message.at <= held.as_of + p.at_most for held in account.registers)


@rule
def wireless_domain(message: Message, recipient: Recipient, p: Days) -> bool:
    """The mail domain is a mobile carrier's, listed long enough to know, and the person gave no express consent."""
    return recipient.mail_domain_listed_for >= p.days and not any(
        consent.grade <= "C"
        and consent.names_sender
        and message.channel in consent.channels
        and message.purpose in consent.purposes
        and consent.given_at <= message.at < consent.valid_until
        for consent in recipient.consents
    )


@rule
def not_own_customer(recipient: Recipient) -> bool:
    """The person is not known as the account's own customer."""
    return not recipient.is_own_customer
