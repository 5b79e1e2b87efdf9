"""Whether the person said yes, said stop, or may not be asked yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from backoffice.policy.facts import NEVER, PRESUMED_ADULT, Account, Message, Recipient
from backoffice.policy.language import Params, rule


class Consented(Params, frozen=True):
    """What a consent must prove; grade D never can.

    `only_bulk` and `only_automated` bind only such sends, `number_classes` and `person_types` only such people.
    `unless_requested` lets through the confirmation of a stop and what the person asked for, `unless_basis` and
    `unless_purchase_within` name other grounds the same law allows.
    """

    least_grade: Literal["A", "B", "C"] = "C"
    is_written: bool = False
    names_sender: bool = False
    fields: tuple[str, ...] = ()
    only_bulk: bool = False
    only_automated: bool = False
    number_classes: tuple[str, ...] = ()
    person_types: tuple[str, ...] = ()
    unless_requested: bool = False
    unless_basis: tuple[str, ...] = ()
    unless_purchase_within: timedelta = timedelta(0)


class Doors(Params, frozen=True):
    """Kinds of message that lead through a stop; whether a stop of any scope counts; other channels it counts from."""

    doors: tuple[str, ...] = ("stop_confirmation", "requested_answer")
    is_widest: bool = False
    from_channels: tuple[str, ...] = ()


class Within(Params, frozen=True):
    """How long after the person's act, both ends included, and how many messages."""

    within: timedelta
    most: int = 1


class Age(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The age from which a person of a place decides alone, in whole years."""

    place: str
    years: int


class Ages(Params, frozen=True):
    """Ages by place."""

    ages: tuple[Age, ...]

    @property
    def oldest(self) -> int:
        """Return the highest of these ages."""
        return max((age.years for age in self.ages), default=0)


class Proved(Params, frozen=True):
    """Facts that must be proved, by name."""

    facts: tuple[str, ...]


@rule
def no_consent(account: Account, message: Message, recipient: Recipient, p: Consented) -> bool:
    """No consent on record covers this message, as this rule wants it proved."""
    return (
        (not p.only_bulk or message.is_bulk)
        and (not p.only_automated or message.is_automated)
        and not (p.unless_requested and message.kind != "normal")
        and (p.number_classes == () or recipient.number_class in p.number_classes)
        and (p.person_types == () or recipient.person_type in p.person_types)
        and not any(
            consent.grade <= p.least_grade
            and message.channel in consent.channels
            and message.purpose in consent.purposes
            and consent.given_at <= message.at < consent.valid_until
            and (not p.names_sender or consent.names_sender)
            and (not p.is_written or consent.is_written)
            and all(field in consent.fields for field in p.fields)
            for consent in recipient.consents
        )
        and (p.unless_basis == () or account.lawful_basis not in p.unless_basis)
        and not recipient.last_purchase_at <= message.at < recipient.last_purchase_at + p.unless_purchase_within
    )


@rule
def opted_out(message: Message, recipient: Recipient, p: Doors) -> bool:
    """The person said stop."""
    return message.kind not in p.doors and any(
        (stop.channel in ("all", message.channel) or stop.channel in p.from_channels)
        and (
            stop.scope == "all"
            or p.is_widest
            or (message.purpose == "marketing" and stop.scope == "marketing")
            or (message.purpose == "marketing" and ("" in (message.topic, stop.topic) or message.topic == stop.topic))
        )
        for stop in recipient.suppressions
    )


@rule
def unclear_stop(message: Message, recipient: Recipient, p: Within) -> bool:
    """Something that may be a stop came in and nobody has read it yet."""
    return recipient.unclear_stop_at <= message.at <= recipient.unclear_stop_at + p.within


@rule
def unread_stop(message: Message, recipient: Recipient, p: Within) -> bool:
    """An unclear stop stood unread for too long and counts as a stop of everything."""
    return recipient.unclear_stop_at != NEVER and message.at > recipient.unclear_stop_at + p.within


@rule
def stop_confirmation_unfit(message: Message, recipient: Recipient, p: Within) -> bool:
    """The confirmation of a stop comes too late, comes twice or advertises."""
    return message.kind == "stop_confirmation" and (
        message.purpose == "marketing"
        or message.has_promotional_part
        or recipient.stop_confirmations >= p.most
        or message.at > recipient.last_opt_out_at + p.within
    )


@rule
def answer_unfit(message: Message, recipient: Recipient, p: Within) -> bool:
    """What claims to answer the person's own request comes too late, comes twice or advertises."""
    return message.kind == "requested_answer" and (
        message.purpose == "marketing"
        or message.has_promotional_part
        or recipient.answers_sent >= p.most
        or message.at > recipient.last_request_at + p.within
    )


@rule
def too_young(recipient: Recipient, p: Ages) -> bool:
    """The person may be too young to decide alone, and no parent has agreed."""
    return (
        not recipient.has_parental_consent
        and recipient.age < p.oldest
        and any(age.place in recipient.places and recipient.age < age.years for age in p.ages)
    )


@rule
def age_unknown(message: Message, recipient: Recipient) -> bool:
    """The message is meant for children and the person's age is not on record."""
    return message.is_for_children and recipient.age == PRESUMED_ADULT


@rule
def restricted(recipient: Recipient, p: Proved) -> bool:
    """The person's data may only be stored while a request of theirs is decided."""
    return recipient.restriction in p.facts


@rule
def no_transfer_consent(account: Account, message: Message, recipient: Recipient) -> bool:
    """The transfer abroad rests on consent, and no written consent of this person speaks of it."""
    return account.transfer_ground == "consent" and not any(
        "cross_border" in consent.fields
        and consent.is_written
        and consent.grade <= "B"
        and consent.given_at <= message.at < consent.valid_until
        for consent in recipient.consents
    )


@rule(lift=True)
def soft_opt_in(recipient: Recipient, p: Proved) -> bool:
    """An existing customer's address came with a sale of the sender's own similar goods, and nobody objected."""
    return all(fact in recipient.soft_opt_in for fact in p.facts)


@rule(lift=True)
def legal_person_mail(message: Message, recipient: Recipient) -> bool:
    """The address is a firm's own, a valid stop address is given, and the firm has not refused."""
    return recipient.person_type == "legal" and message.is_stop_address_valid and len(recipient.suppressions) == 0
