"""Sending: a step's message, with all that is stated and found of it, goes into the gate as an account sends it.

Singly or to a few at once, or as a campaign.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from backoffice.billing.service import lock_lots
from backoffice.campaigns.advancing import advance
from backoffice.campaigns.filling import Person as CampaignPerson
from backoffice.campaigns.service import NewCampaign, create, start
from backoffice.journeys.stage import Sent, Stage
from backoffice.plumbing.install import Work
from backoffice.policy import steps
from backoffice.policy.stories import names_made
from backoffice.relay import service as relay
from backoffice.relay import store
from backoffice.relay.content import REVIEWABLE, Declared, Template, facts_of, keep_content, review
from backoffice.relay.recording import Errand
from backoffice.relay.sending import payload

TEMPLATE = Template(name="story", language="en")
NO_NUMBER = UUID(int=0)
"""What a channel sends from that has no numbers."""


async def send(stage: Stage, step: steps.Send) -> None:
    """Send one message to one person, or to several at once, on one errand."""
    names = [step.to] if isinstance(step.to, str) else list(step.to)
    async with stage.rehearsal.unit_of_work() as work:
        made = await errand(work, stage, step)
        lots = await lock_lots(work, {(made.account_id, made.channel)})
        letters = [relay.Letter(stage.people[name].contact_id, payload(step.text, {})) for name in names]
        recorded = await relay.send(work, made, letters, lots)
    for (_, name), one in zip(names_made(step), recorded, strict=True):
        stage.sends[name] = Sent(made.account_id, one.send_id, made.content_id)


async def errand(work: Work, stage: Stage, step: steps.Send) -> Errand:
    """Return the errand that a step sends on, its content kept and what staff found of it recorded."""
    story, account_id = stage.story, stage.accounts[step.account]
    stated = said_of(stage, step)
    content_id, sha256 = await _content(work, account_id, step.text or story.title, stated)
    number = stage.numbers.get(step.number)
    return Errand(
        account_id=account_id,
        sender_id=number.sender_id if number else NO_NUMBER,
        content_id=content_id,
        content_sha256=sha256,
        channel=step.channel or story.channel,
        purpose=step.purpose or story.purpose,
        topic=str(stated.get("topic", "") if step.topic is None else step.topic),
        due_at=step.due_at,
    )


def said_of(stage: Stage, step: steps.Sending) -> dict[str, Any]:
    """Return all that a story says of the message of a step; what nobody knows is left out."""
    message = {**stage.story.message, **step.message}
    return {name: value for name, value in message.items() if f"message.{name}" not in stage.story.unknown}


async def _content(work: Work, account_id: UUID, text: str, stated: dict[str, Any]) -> tuple[UUID, bytes]:
    """Keep what the account declares of a message, and record what staff found of it."""
    is_template = stated.get("form") == "template"
    facts = facts_of(_declared(stated), has_template=is_template, door=stated.get("kind", "normal"))
    content_id, sha256 = await keep_content(work, account_id, facts, TEMPLATE if is_template else None, text)
    await _find(work, content_id, stated)
    return content_id, sha256


def _declared(stated: dict[str, Any]) -> Declared:
    return msgspec.convert({name: stated[name] for name in Declared.__struct_fields__ if name in stated}, Declared)


async def _find(work: Work, content_id: UUID, stated: dict[str, Any]) -> None:
    """Record what staff found of a message, where it is not on record so already."""
    kept = msgspec.msgpack.decode((await store.get_contents(work, [content_id]))[content_id].facts)
    found = {name: stated[name] for name in sorted(REVIEWABLE) if name in stated and kept.get(name) != stated[name]}
    if found:
        await review(work, content_id, found, by="operator")


async def campaign(stage: Stage, step: steps.Campaign) -> None:
    """Create a campaign for some people, have it reviewed, start it and let it run to its end."""
    stated, account_id = said_of(stage, step), stage.accounts[step.account]
    is_template = stated.get("form") == "template"
    wanted = NewCampaign(
        name=stage.story.title,
        sender_id=stage.numbers[step.number].sender_id,
        channel=step.channel or stage.story.channel,
        purpose=step.purpose or stage.story.purpose,
        topic=str(stated.get("topic", "") if step.topic is None else step.topic),
        declared=_declared(stated),
        template=Template(name=step.text or "story", language="en") if is_template else None,
        text="" if is_template else step.text or stage.story.title,
        recipients=[CampaignPerson(stage.people[name].address, "", {}) for name in step.to],
    )
    async with stage.rehearsal.unit_of_work() as work:
        made = await create(work, account_id, wanted)
        await _find(work, made.content_id, stated)
        await start(work, account_id, made.id)
    while await advance(stage.rehearsal, made.id):
        pass
    await _note(stage, step, made.id)


async def _note(stage: Stage, step: steps.Campaign, campaign_id: UUID) -> None:
    """Know the campaign's sends by name; whom it left out has none."""
    account_id = stage.accounts[step.account]
    async with stage.rehearsal.reading() as work:
        sends = await store.list_sends(
            work, account_id, before=None, state="", campaign_id=campaign_id, count=len(step.to)
        )
    by_contact = {send.contact_id: send for send in sends}
    for name in step.to:
        found = by_contact[stage.people[name].contact_id]
        stage.sends[f"{step.name}.{name}"] = Sent(account_id, found.id, found.content_id)
