"""What a campaign is asked for with, as it comes over the wire."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import Meta

from backoffice.campaigns.files import LONGEST_PARAMETER, MOST_PARAMETERS
from backoffice.campaigns.filling import MOST_NAMED, Person
from backoffice.campaigns.service import NewCampaign
from backoffice.consent.import_views import ListEvidence
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import KIND
from backoffice.contacts.facts import ListFacts
from backoffice.plumbing.http import Body
from backoffice.policy.vocabulary import Channel, Purpose
from backoffice.relay.content import Declared, Template

Name = Annotated[str, Meta(min_length=1, max_length=200)]
ParameterName = Annotated[str, Meta(min_length=1, max_length=80)]
Parameter = Annotated[str, Meta(max_length=LONGEST_PARAMETER)]


class RecipientNamed(Body, frozen=True, kw_only=True):
    """Somebody to send to: an address, the country it is in, and what only this person's message says."""

    to: Annotated[str, Meta(min_length=1, max_length=254)]
    country: Annotated[str, Meta(max_length=2)] = ""
    parameters: Annotated[dict[ParameterName, Parameter], Meta(max_length=MOST_PARAMETERS)] = msgspec.field(
        default_factory=dict
    )


class FileStated(Body, frozen=True, kw_only=True):
    """What is stated of the file that is handed in next: how to read it and what proves its consents.

    `country` reads numbers without `+`; `columns` names headers where ours don't fit. What `facts` leaves out is
    unknown, and holds what asks for it.
    """

    country: Annotated[str, Meta(max_length=2)] = ""
    encoding: Annotated[str, Meta(max_length=20)] = ""
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    facts: ListFacts = ListFacts()
    evidence: ListEvidence = ListEvidence()


class CampaignToCreate(Body, frozen=True, kw_only=True):
    """A campaign: what is sent, from which number, and to whom: just one of `recipients`, `list_id` and `file`."""

    name: Name
    sender_id: UUID
    channel: Channel
    purpose: Purpose
    topic: Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""
    declared: Declared = Declared()
    template: Template | None = None
    text: Annotated[str, Meta(max_length=65_536)] = ""
    recipients: Annotated[tuple[RecipientNamed, ...], Meta(max_length=MOST_NAMED)] = ()
    list_id: UUID | None = None
    file: FileStated | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Autumn lamps",
        "sender_id": "019a3cb9-6000-7000-8000-000000000001",
        "channel": "whatsapp",
        "purpose": "marketing",
        "topic": "lamps",
        "declared": {"has_promotional_part": True, "template_category": "marketing"},
        "template": {"name": "autumn_lamps", "language": "en"},
        "recipients": [{"to": "+37126000001", "parameters": {"first_name": "Anna"}}],
    }


def wanted_of(asked: CampaignToCreate) -> NewCampaign:
    """Return a campaign as the room's verb takes it."""
    same = ("name", "sender_id", "channel", "purpose", "topic", "declared", "template", "text", "list_id")
    return NewCampaign(
        **{part: getattr(asked, part) for part in same},
        recipients=[Person(one.to, one.country, one.parameters) for one in asked.recipients],
        file=_stated(asked, asked.file) if asked.file else None,
    )


def _stated(asked: CampaignToCreate, file: FileStated) -> Stated:
    return Stated(
        name=asked.name,
        kind=KIND.get(asked.channel, "phone"),
        region=file.country,
        encoding=file.encoding,
        columns=file.columns,
        facts=file.facts,
        evidence=msgspec.to_builtins(file.evidence, order="sorted"),  # the same statement has the same hash
    )
