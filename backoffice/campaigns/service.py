"""What can be done with campaigns: create, start, pause, resume, stop, look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from backoffice.accounts.numbers import get_number
from backoffice.audit.ledger import append
from backoffice.campaigns import filling, store
from backoffice.campaigns.ending import counts_of
from backoffice.campaigns.filling import Person
from backoffice.campaigns.saying import keep_batch, keep_said
from backoffice.campaigns.shapes import Source, StoredCampaign
from backoffice.campaigns.states import DECIDED, State, may_follow
from backoffice.consent.importing import state_list
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import KIND
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.install import Work
from backoffice.plumbing.loops import ring
from backoffice.plumbing.vault import Place
from backoffice.plumbing.vault.store import load_subjects
from backoffice.policy.vocabulary import Purpose
from backoffice.relay import outbox
from backoffice.relay.content import Declared, Template

NAME = Place("campaign", "name")
LONGEST_NAME = 200  # characters
LOOP = "campaigns"
"""The loop to ring when a campaign has something to be done."""

By = Literal["account", "staff", "operator"]


class Verb(Protocol):
    """A verb that moves a campaign on, and returns it as it is then."""

    async def __call__(self, work: Work, account_id: UUID, campaign_id: UUID) -> StoredCampaign:
        """Do it."""


class NewCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it was asked for: just one of `recipients`, `list_id` and `file` says whom it is sent to.

    `file` states the list whose file is handed in next; its name and kind are the campaign's.
    """

    name: str
    sender_id: UUID
    channel: str
    purpose: Purpose
    topic: str
    declared: Declared
    template: Template | None = None
    text: str = ""
    recipients: Sequence[Person] = ()
    list_id: UUID | None = None
    file: Stated | None = None


async def create(work: Work, account_id: UUID, wanted: NewCampaign) -> StoredCampaign:
    """Create a campaign and put its recipients on it: at once where they are few, else by a job.

    Raises Invalid, naming the field, for what can't be one; NotFound for another's number or list. Ledger:
    campaigns:campaign:created.
    """
    source = _source(wanted)
    if not wanted.name.strip() or not wanted.name.isprintable() or len(wanted.name) > LONGEST_NAME:
        raise Invalid("name_invalid", field="name", most=LONGEST_NAME)
    await _check_number(work, account_id, wanted)
    people = filling.read_people(wanted.recipients, KIND[wanted.channel])
    said = await keep_said(work, account_id, wanted.declared, wanted.template, wanted.text)
    campaign_id = work.new_id()
    subject = (await load_subjects(work.connection, work.vault, [account_id]))[account_id]
    campaign = await store.add_campaign(
        work,
        campaign_id,
        account_id,
        name=subject.seal(NAME, campaign_id, wanted.name.encode()),
        state="draft",
        source=source,
        list_id=wanted.list_id,
        import_id=await state_list(work, account_id, wanted.file) if wanted.file else None,
        sender_id=wanted.sender_id,
        channel=wanted.channel,
        purpose=wanted.purpose,
        topic=wanted.topic,
        content_id=said.content_id,
        content_sha256=said.sha256,
        words=said.words,
    )
    told = {"campaign": campaign_id, "content": said.sha256.hex(), "channel": wanted.channel, "source": source}
    await append(work, "campaigns:campaign:created", account_id, **told, purpose=wanted.purpose)
    return await filling.begin(work, campaign, people)


def _source(wanted: NewCampaign) -> Source:
    named: dict[Source, bool] = {
        "recipients": bool(wanted.recipients),
        "list": wanted.list_id is not None,
        "file": wanted.file is not None,
    }
    sources = [source for source, is_named in named.items() if is_named]
    if len(sources) != 1:
        raise Invalid("campaign_source_unclear", field="recipients")
    return sources[0]


async def _check_number(work: Work, account_id: UUID, wanted: NewCampaign) -> None:
    if wanted.channel not in KIND:
        raise Invalid("channel_without_address", field="channel", channel=wanted.channel, known=list(KIND))
    if (await get_number(work, account_id, wanted.sender_id)).channel != wanted.channel:
        raise Invalid("number_of_other_channel", field="sender_id")
    if wanted.list_id:
        is_imported = await store.is_imported(work, account_id, wanted.list_id)
        if is_imported is None:
            raise NotFound("list_unknown", list=str(wanted.list_id))
        if not is_imported:
            raise Refused("list_not_imported", list=str(wanted.list_id))


async def start(work: Work, account_id: UUID, campaign_id: UUID) -> StoredCampaign:
    """Start a campaign: from now on its recipients are decided about.

    What it says is kept as it stands now, with what only the campaign knows of it and all that staff have found.
    Raises Refused where it isn't ready. Ledger: campaigns:campaign:started.
    """
    campaign = await _held(work, account_id, campaign_id, "running")
    if campaign.state != "ready":
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    content_id, sha256 = await keep_batch(work, campaign)
    values = {"content_id": content_id, "content_sha256": sha256, "started_at": work.at}
    campaign = await _move(work, campaign, "running", **values)
    await append(
        work, "campaigns:campaign:started", account_id, campaign=campaign_id, rows=campaign.rows, content=sha256.hex()
    )
    return campaign


async def pause(work: Work, account_id: UUID, campaign_id: UUID, *, by: By = "account") -> StoredCampaign:
    """Decide about nobody more, and let nothing more leave, until it is resumed: what is queued waits with its credits.

    Only what is being handed over at that instant still leaves. Raises Refused where it neither runs nor is done, or
    everything has left (`campaign_has_left`). Ledger: campaigns:campaign:paused.
    """
    await outbox.hold_campaign(work, campaign_id)
    campaign = await _held(work, account_id, campaign_id, "paused")
    await _check_something_is_left(work, campaign)
    await outbox.keep_back(work, campaign_id)
    await append(work, "campaigns:campaign:paused", account_id, **counts_of(campaign), by=by)
    return await _move(work, campaign, "paused", ended_at=None)


async def resume(work: Work, account_id: UUID, campaign_id: UUID, *, by: By = "account") -> StoredCampaign:
    """Go on where it was paused: nobody is skipped, nobody comes twice; what was queued is judged anew as it leaves.

    Raises Refused where it isn't paused. Ledger: campaigns:campaign:resumed.
    """
    campaign = await _held(work, account_id, campaign_id, "running")
    if campaign.state != "paused":
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    await append(work, "campaigns:campaign:resumed", account_id, **counts_of(campaign), by=by)
    await outbox.let_go(work, campaign_id)
    return await _move(work, campaign, "running")


async def stop(work: Work, account_id: UUID, campaign_id: UUID, *, by: By = "account") -> StoredCampaign:
    """End a campaign: from now on nobody is decided about and nothing leaves; what has not left is stopped in slices.

    The credits of what is stopped come back. Raises Refused where it is stopped already (`campaign_is_elsewhere`), or
    everything has left (`campaign_has_left`). Ledger: campaigns:campaign:stopped.
    """
    await outbox.hold_campaign(work, campaign_id)
    campaign = await _held(work, account_id, campaign_id, "stopped")
    await _check_something_is_left(work, campaign)
    await append(work, "campaigns:campaign:stopped", account_id, **counts_of(campaign), by=by)
    await store.drop_parts(work, campaign_id)
    if campaign.started_at:
        await outbox.keep_back(work, campaign_id)
    clear_at = work.at if campaign.started_at else None
    return await _move(work, campaign, "stopped", ended_at=work.at, clear_at=clear_at)


async def _check_something_is_left(work: Work, campaign: StoredCampaign) -> None:
    if campaign.state in DECIDED and not await store.has_sends(work, campaign, store.MAY_LEAVE):
        raise Refused("campaign_has_left")


async def names_of(work: Work, campaigns: Sequence[StoredCampaign]) -> dict[UUID, str]:
    """Return what an account calls its campaigns, by their ids."""
    if not campaigns:
        return {}
    subjects = await load_subjects(work.connection, work.vault, {one.account_id for one in campaigns})
    return {one.id: subjects[one.account_id].open(NAME, one.id, one.name).decode() for one in campaigns}


async def _held(work: Work, account_id: UUID, campaign_id: UUID, then: State) -> StoredCampaign:
    campaign = await store.get_campaign(work, account_id, campaign_id, hold=True)
    if not may_follow(campaign.state, then):
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    return campaign


async def _move(work: Work, campaign: StoredCampaign, state: State, **values: object) -> StoredCampaign:
    work.after_commit(lambda: ring(work.install, LOOP))
    return await store.change_campaign(work, campaign.id, state=state, **values)
