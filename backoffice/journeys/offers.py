"""Offers: what a profile says of a message and the list it is sent to, as the rooms' verbs take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.campaigns.service import NewCampaign
from backoffice.contacts.facts import ListFacts
from backoffice.policy.documents import convert
from backoffice.policy.vocabulary import Purpose
from backoffice.relay.content import REVIEWABLE, Declared, Template
from backoffice.relay.profile import Profile

TEMPLATE = Template(name="offer", language="en")


class Offer(NamedTuple):
    """What is sent: over which channel, for which purpose, to the people of which list."""

    channel: str
    purpose: Purpose
    contacts: Path


def facts_of_list(profile: Profile) -> ListFacts:
    """Return what a profile says of everybody on a list; raises Invalid with the fact that can't be so."""
    said = {**profile.recipient, **profile.message}
    facts = {name: said[name] for name in ListFacts.__struct_fields__ if name in said}
    return convert(ListFacts, facts, profile.file, profile.text, "$.recipient")


def campaign_of(profile: Profile, offer: Offer, sender_id: UUID, list_id: UUID) -> NewCampaign:
    """Return the offer as a campaign to the people of a list that was imported."""
    is_template = profile.message["form"] == "template"
    return NewCampaign(
        name=offer.contacts.stem,
        sender_id=sender_id,
        channel=offer.channel,
        purpose=offer.purpose,
        topic=profile.message["topic"],
        declared=_declared(profile),
        template=TEMPLATE if is_template else None,
        text="" if is_template else profile.list["sender"],
        list_id=list_id,
    )


def _declared(profile: Profile) -> Declared:
    said = {name: profile.message[name] for name in Declared.__struct_fields__ if name in profile.message}
    return msgspec.convert(said, Declared)


def found_of(profile: Profile) -> dict[str, Any]:
    """Return what staff find of the offer: what its account can't say of it."""
    found = profile.message.keys() & REVIEWABLE - set(Declared.__struct_fields__)
    return {name: profile.message[name] for name in sorted(found)}


def send_of(profile: Profile, offer: Offer, sender_id: UUID) -> dict[str, Any]:
    """Return the offer as one message to the first person of whom the profile has one, as the API takes it."""
    first = next(iter(profile.list["messages"].values()))
    return {
        "channel": offer.channel,
        "sender_id": str(sender_id),
        "to": first["address"],
        "purpose": offer.purpose,
        "topic": profile.message["topic"],
        "template": msgspec.to_builtins(TEMPLATE),
        "declared": msgspec.to_builtins(_declared(profile), order="sorted"),
    }
