"""Twenty rules in five languages: ours and, beside each, what an engine's own user would write.

They are rules of the gate cut down to what all five can say: single values and sets of words. Cedar can't walk a
list of records, so rules over consents, stops and local times are measured in the real rulebook alone. For the
engines an instant is whole seconds since 1970, and a set of words whatever they have for sets; casbin, being
Python, is asked with ours.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta

import msgspec

from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.language import Rule

DAY = timedelta(days=1)
MINUTES = timedelta(minutes=10)


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, and its translations."""

    rule: Rule
    cedar: str
    zen: str
    cel: str
    casbin: str


TWINS: list[Twin] = []
"""The twenty, in the order of their bits."""


def twin(**translations: str) -> Callable[[Callable[..., bool]], Twin]:
    """Set a rule beside its translations; it joins the twenty and no rulebook."""

    def add(function: Callable[..., bool]) -> Twin:
        TWINS.append(Twin(rule=Rule(function, may_hold=False, may_lift=False), **translations))
        return TWINS[-1]

    return add


def facts_read() -> dict[str, str]:
    """Return the facts the twenty read, and the record of each."""
    nodes = (node for one in TWINS for node in ast.walk(one.rule.expression))
    return {
        node.attr: node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@twin(
    cedar='!["trial", "active"].contains(context.standing)',
    zen="not (standing in ['trial', 'active'])",
    cel='!(standing in ["trial", "active"])',
    casbin="r.standing not in ('trial', 'active')",
)
def not_in_standing(account: Account) -> bool:
    """The account's standing does not let it send."""
    return account.standing not in ("trial", "active")


@twin(
    cedar='!context.documents_accepted.containsAll(["terms", "privacy", "dpa"])',
    zen="not ('terms' in documents_accepted and 'privacy' in documents_accepted and 'dpa' in documents_accepted)",
    cel='!("terms" in documents_accepted && "privacy" in documents_accepted && "dpa" in documents_accepted)',
    casbin="'terms' not in r.documents_accepted or 'privacy' not in r.documents_accepted"
    " or 'dpa' not in r.documents_accepted",
)
def documents_not_accepted(account: Account) -> bool:
    """A document that must be accepted first is not."""
    return any(kind not in account.documents_accepted for kind in ("terms", "privacy", "dpa"))


@twin(cedar="context.credits < 1", zen="credits < 1", cel="credits < 1", casbin="r.credits < 1")
def out_of_credits(account: Account) -> bool:
    """No credit is left."""
    return account.credits < 1


@twin(
    cedar='!context.entitlements.contains("whatsapp") || !context.addons_purchased.contains("crm")'
    ' || !context.addons_configured.contains("crm")',
    zen="not ('whatsapp' in entitlements and 'crm' in addons_purchased and 'crm' in addons_configured)",
    cel='!("whatsapp" in entitlements && "crm" in addons_purchased && "crm" in addons_configured)',
    casbin="'whatsapp' not in r.entitlements or 'crm' not in r.addons_purchased or 'crm' not in r.addons_configured",
)
def not_entitled(account: Account) -> bool:
    """The channel is not switched on, or the add-on not bought or not set up."""
    return (
        "whatsapp" not in account.entitlements
        or "crm" not in account.addons_purchased
        or "crm" not in account.addons_configured
    )


@twin(
    cedar="context.restricted_channels.contains(context.channel)",
    zen="channel in restricted_channels",
    cel="channel in restricted_channels",
    casbin="r.channel in r.restricted_channels",
)
def channel_restricted(account: Account, message: Message) -> bool:
    """The account is kept from this channel."""
    return message.channel in account.restricted_channels


@twin(
    cedar="context.at >= context.trial_until && !context.has_paid_plan",
    zen="at >= trial_until and not has_paid_plan",
    cel="at >= trial_until && !has_paid_plan",
    casbin="r.at >= r.trial_until and not r.has_paid_plan",
)
def trial_over(account: Account, message: Message) -> bool:
    """The trial has ended and no paid plan follows."""
    return message.at >= account.trial_until and not account.has_paid_plan


@twin(
    cedar="!context.sender_is_linked || context.sender_is_banned",
    zen="not sender_is_linked or sender_is_banned",
    cel="!sender_is_linked || sender_is_banned",
    casbin="not r.sender_is_linked or r.sender_is_banned",
)
def sender_unusable(account: Account) -> bool:
    """The sending number is not linked, or banned."""
    return not account.sender_is_linked or account.sender_is_banned


@twin(
    cedar='context.sender_provider_type != "official" && (context.is_bulk || context.is_automated)',
    zen="sender_provider_type != 'official' and (is_bulk or is_automated)",
    cel='sender_provider_type != "official" && (is_bulk || is_automated)',
    casbin="r.sender_provider_type != 'official' and (r.is_bulk or r.is_automated)",
)
def unofficial_bulk(account: Account, message: Message) -> bool:
    """Many or machine-made messages leave from an ordinary account."""
    return account.sender_provider_type != "official" and (message.is_bulk or message.is_automated)


@twin(
    cedar='context.content_confirmed.containsAny(["fraud", "malware", "harassment"])',
    zen="'fraud' in content_confirmed or 'malware' in content_confirmed or 'harassment' in content_confirmed",
    cel='"fraud" in content_confirmed || "malware" in content_confirmed || "harassment" in content_confirmed',
    casbin="'fraud' in r.content_confirmed or 'malware' in r.content_confirmed or 'harassment' in r.content_confirmed",
)
def banned_content(message: Message) -> bool:
    """Content was found that may not be sent."""
    return any(name in message.content_confirmed for name in ("fraud", "malware", "harassment"))


@twin(
    cedar='!context.carries.containsAll(["sender_name", "stop_way"])',
    zen="not ('sender_name' in carries and 'stop_way' in carries)",
    cel='!("sender_name" in carries && "stop_way" in carries)',
    casbin="'sender_name' not in r.carries or 'stop_way' not in r.carries",
)
def missing_part(message: Message) -> bool:
    """Something the message must carry is not in it."""
    return any(part not in message.carries for part in ("sender_name", "stop_way"))


@twin(
    cedar='context.form == "template" && context.template_status != "approved"',
    zen="form == 'template' and template_status != 'approved'",
    cel='form == "template" && template_status != "approved"',
    casbin="r.form == 'template' and r.template_status != 'approved'",
)
def template_not_approved(message: Message) -> bool:
    """The provider has not approved this template."""
    return message.form == "template" and message.template_status != "approved"


@twin(
    cedar='context.list_source == ""',
    zen="list_source == ''",
    cel='list_source == ""',
    casbin="r.list_source == ''",
)
def no_list_source(message: Message) -> bool:
    """Nobody has declared where the list came from."""
    return message.list_source == ""


@twin(
    cedar="!context.is_address_valid",
    zen="not is_address_valid",
    cel="!is_address_valid",
    casbin="not r.is_address_valid",
)
def address_invalid(recipient: Recipient) -> bool:
    """The address can't be one."""
    return not recipient.is_address_valid


@twin(
    cedar='!context.has_parental_consent && (context.places.contains("LV") && context.age < 13'
    ' || context.places.contains("DE") && context.age < 16)',
    zen="not has_parental_consent and ('LV' in places and age < 13 or 'DE' in places and age < 16)",
    cel='!has_parental_consent && ("LV" in places && age < 13 || "DE" in places && age < 16)',
    casbin="not r.has_parental_consent and ('LV' in r.places and r.age < 13 or 'DE' in r.places and r.age < 16)",
)
def too_young(recipient: Recipient) -> bool:
    """The person may be too young to decide alone."""
    return not recipient.has_parental_consent and (
        ("LV" in recipient.places and recipient.age < 13) or ("DE" in recipient.places and recipient.age < 16)
    )


@twin(
    cedar='["contested", "erasure"].contains(context.restriction)',
    zen="restriction in ['contested', 'erasure']",
    cel='restriction in ["contested", "erasure"]',
    casbin="r.restriction in ('contested', 'erasure')",
)
def restricted(recipient: Recipient) -> bool:
    """The person's data may only be stored for now."""
    return recipient.restriction in ("contested", "erasure")


@twin(
    cedar='context.form == "free_form" && context.at - context.last_inbound_at >= 86400',
    zen="form == 'free_form' and at - last_inbound_at >= 86400",
    cel='form == "free_form" && at - last_inbound_at >= 86400',
    casbin="r.form == 'free_form' and r.at - r.last_inbound_at >= r.day",
)
def window_shut(message: Message, recipient: Recipient) -> bool:
    """Free text is tried though the person's last message is too long ago."""
    return message.form == "free_form" and message.at - recipient.last_inbound_at >= DAY


@twin(
    cedar="[131049, 131056].contains(context.provider_error) && context.at < context.provider_error_at + 86400"
    ' && !context.places.containsAny(["GB", "JP"])',
    zen="provider_error in [131049, 131056] and at < provider_error_at + 86400"
    " and not ('GB' in places or 'JP' in places)",
    cel='provider_error in [131049, 131056] && at < provider_error_at + 86400 && !("GB" in places || "JP" in places)',
    casbin="r.provider_error in (131049, 131056) and r.at < r.provider_error_at + r.day"
    " and not ('GB' in r.places or 'JP' in r.places)",
)
def provider_wait(message: Message, recipient: Recipient) -> bool:
    """The provider turned the last message away and asks to wait."""
    return (
        recipient.provider_error in (131049, 131056)
        and message.at < recipient.provider_error_at + DAY
        and not any(place in recipient.places for place in ("GB", "JP"))
    )


@twin(
    cedar="context.at < context.portfolio_room_at && !context.is_counted_in_portfolio"
    " && context.at - context.last_inbound_at >= 86400",
    zen="at < portfolio_room_at and not is_counted_in_portfolio and at - last_inbound_at >= 86400",
    cel="at < portfolio_room_at && !is_counted_in_portfolio && at - last_inbound_at >= 86400",
    casbin="r.at < r.portfolio_room_at and not r.is_counted_in_portfolio and r.at - r.last_inbound_at >= r.day",
)
def portfolio_full(account: Account, message: Message, recipient: Recipient) -> bool:
    """The provider's limit of new people is used up, and this person would be one."""
    return (
        message.at < account.portfolio_room_at
        and not recipient.is_counted_in_portfolio
        and message.at - recipient.last_inbound_at >= DAY
    )


@twin(
    cedar='context.content_confirmed.contains("alcohol")'
    ' && (context.age < 18 || !context.places.containsAny(["LV", "DE"]))',
    zen="'alcohol' in content_confirmed and (age < 18 or not ('LV' in places or 'DE' in places))",
    cel='"alcohol" in content_confirmed && (age < 18 || !("LV" in places || "DE" in places))',
    casbin="'alcohol' in r.content_confirmed and (r.age < 18 or not ('LV' in r.places or 'DE' in r.places))",
)
def restricted_goods(message: Message, recipient: Recipient) -> bool:
    """Goods are advertised that are not allowed where the person may be, or at their age."""
    return "alcohol" in message.content_confirmed and (
        recipient.age < 18 or not any(place in recipient.places for place in ("LV", "DE"))
    )


@twin(
    cedar='context.kind == "requested_answer"'
    " && (context.answers_sent >= 1 || context.at > context.last_request_at + 600)",
    zen="kind == 'requested_answer' and (answers_sent >= 1 or at > last_request_at + 600)",
    cel='kind == "requested_answer" && (answers_sent >= 1 || at > last_request_at + 600)',
    casbin="r.kind == 'requested_answer' and (r.answers_sent >= 1 or r.at > r.last_request_at + r.minutes)",
)
def answer_unfit(message: Message, recipient: Recipient) -> bool:
    """What claims to answer the person's own request comes twice or too late."""
    return message.kind == "requested_answer" and (
        recipient.answers_sent >= 1 or message.at > recipient.last_request_at + MINUTES
    )
