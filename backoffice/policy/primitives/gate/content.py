"""What the message says, carries and claims."""

from __future__ import annotations

from datetime import timedelta

from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Params, rule
from backoffice.policy.vocabulary import ContentClass


class Classes(Params, frozen=True):
    """Content classes, by name."""

    classes: tuple[ContentClass, ...]


class RestrictedGoods(Params, frozen=True):
    """Goods that may be advertised in some countries only, and to grown people only."""

    classes: tuple[ContentClass, ...]
    countries: tuple[str, ...] = ()
    least_age: int = 18


class Parts(Params, frozen=True):
    """Parts that a message must carry, by name."""

    parts: tuple[str, ...]


class Uses(Params, frozen=True):
    """Declared uses or kinds that are allowed."""

    allowed: tuple[str, ...]


class Reviewed(Params, frozen=True):
    """What staff must have reviewed and found true."""

    what: tuple[str, ...]


class Ceiling(Params, frozen=True):
    """The largest number that is still fine."""

    most: int


class Complaints(Params, frozen=True):
    """How many complaints are too many."""

    from_number: int


class Interval(Params, frozen=True):
    """The smallest time between two batches."""

    least: timedelta


@rule
def banned_content(message: Message, p: Classes) -> bool:
    """A person found content of a class that may not be sent."""
    return any(name in message.content_confirmed for name in p.classes)


@rule
def suspected_content(message: Message, p: Classes) -> bool:
    """Content of a class that may not be sent is suspected; a person has to look."""
    return any(name in message.content_suspected for name in p.classes)


@rule
def complained_of(message: Message, p: Complaints) -> bool:
    """So many people complained of this text that a person has to look."""
    return message.complaints >= p.from_number


@rule
def restricted_goods(message: Message, recipient: Recipient, p: RestrictedGoods) -> bool:
    """Goods are advertised that are not allowed where the person may be, or at their age."""
    return any(name in message.content_confirmed for name in p.classes) and (
        recipient.age < p.least_age or not any(country in recipient.places for country in p.countries)
    )


@rule
def missing_part(message: Message, p: Parts) -> bool:
    """Something that such a message must carry is not in it."""
    return any(part not in message.carries for part in p.parts)


@rule
def no_human_path(message: Message) -> bool:
    """A machine answers, and the message shows no way to a person."""
    return message.is_automated and "human_path" not in message.carries


@rule
def unmarked_ad(message: Message, recipient: Recipient, p: Parts) -> bool:
    """An advertisement does not say that it is one, and the person did not ask for it (15 USC 7704(a)(5)(B))."""
    return any(part not in message.carries for part in p.parts) and not any(
        consent.grade <= "C"
        and message.channel in consent.channels
        and message.purpose in consent.purposes
        and consent.given_at <= message.at < consent.valid_until
        for consent in recipient.consents
    )


@rule
def objection_notice_missing(message: Message, recipient: Recipient) -> bool:
    """The person was never told of the right to object, and this message does not tell (GDPR Art. 21(4))."""
    return not recipient.is_told_of_objection and "objection_notice" not in message.carries


@rule
def source_notice_missing(message: Message, recipient: Recipient) -> bool:
    """The person was never told where their data came from, and this message does not tell (GDPR Art. 14(3))."""
    return not recipient.is_told_of_source and "source_notice" not in message.carries


@rule
def no_way_to_reply(account: Account, message: Message) -> bool:
    """The number can't receive replies and the text names no other easy way to stop."""
    return not account.sender_can_receive and "stop_alternative" not in message.carries


@rule
def stop_address_invalid(message: Message) -> bool:
    """The address given for stops does not work."""
    return not message.is_stop_address_valid


@rule
def unlawful_links(message: Message) -> bool:
    """The message points to pages that break the identity rules of advertising."""
    return not message.are_links_lawful


@rule
def untrue_headers(message: Message) -> bool:
    """The header, the sender line or the routing data is false."""
    return not message.are_headers_true


@rule
def not_reviewed(message: Message, p: Reviewed) -> bool:
    """Nobody has reviewed a claim that must be true."""
    return any(claim not in message.reviewed for claim in p.what)


@rule
def asks_card_or_id(message: Message) -> bool:
    """The message asks for or holds card, bank or identity numbers."""
    return message.asks_card_or_id


@rule
def undeclared_use(message: Message, p: Uses) -> bool:
    """The campaign's declared use is not on the operator's list of allowed uses."""
    return message.declared_use not in p.allowed


@rule
def wrong_traffic(message: Message, p: Uses) -> bool:
    """The declared kind of traffic is not one that passes."""
    return message.traffic_type not in p.allowed


@rule
def no_list_source(message: Message) -> bool:
    """Nobody has declared where the list lawfully came from."""
    return message.list_source == ""


@rule
def campaign_too_large(message: Message, p: Ceiling) -> bool:
    """The campaign is larger than advised."""
    return message.recipients_count > p.most


@rule
def repeated_text(message: Message) -> bool:
    """The same text went out in another batch."""
    return message.repeats_text


@rule
def too_soon(message: Message, p: Interval) -> bool:
    """The gap since the last batch is shorter than advised."""
    return message.since_last_batch < p.least


@rule
def risk_not_told(message: Message) -> bool:
    """Many messages leave and the account was not shown the risk of that."""
    return message.is_bulk and not message.is_risk_notice_shown


@rule
def promotional(message: Message) -> bool:
    """Some part of the message promotes something, so all of it is marketing."""
    return message.has_promotional_part and not message.is_primary_purpose_approved


@rule
def marketing_template(message: Message) -> bool:
    """WhatsApp lists the template as marketing, so the stricter of the two purposes counts."""
    return message.form == "template" and message.template_category == "marketing"


@rule
def leads_to_paid_content(message: Message) -> bool:
    """Editorial text that leads to paid content is marketing (C-654/23)."""
    return message.leads_to_paid_content
