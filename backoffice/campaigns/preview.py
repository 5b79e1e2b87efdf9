"""Preview: everybody on a campaign is judged as if it were their turn now, and nothing is sent, recorded or spent.

A slice at a time, small campaigns within the request and large ones by a job; what was found so far is kept with how
far it is, so that a crash costs a slice. Findings are kept as the gate keeps them, by what they found, and told in the
language of whoever asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backoffice.billing.lots import Lots
from backoffice.billing.service import list_lots
from backoffice.campaigns import store
from backoffice.campaigns.saying import batch_facts, errand_of
from backoffice.campaigns.shapes import StoredCampaign, StoredPreview
from backoffice.kernel.errors import BackofficeError, NotFound, Refused, Unavailable
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.jobs import enqueue
from backoffice.relay import facts
from backoffice.relay.judging import Batch, Judged, Record, judge
from backoffice.relay.rulebooks import keep

JOB = "campaigns_preview"
"""The job that goes on with a preview."""

PREVIEWED = frozenset({"ready", "paused"})
"""States in which a campaign can be previewed: those on it who were not decided about."""

_PLENTY = 1_000_000_000  # credits: how many would be needed is found by lacking none


class Found(msgspec.Struct, kw_only=True):
    """What judging found so far.

    `outcomes` holds what decisions found, by its hash, with its body and how many people it is of; `needed` counts
    the messages that may go now if credits suffice, `paid` those that the account's credits were enough for.
    """

    judged: int = 0
    gone: int = 0
    verdicts: dict[str, int] = {}
    outcomes: dict[bytes, tuple[bytes, int]] = {}
    needed: int = 0
    paid: int = 0
    available: int = 0
    is_sold: bool = False  # whether the account's Terms ask for credits at all
    no_common_window: int = 0
    opens_from: datetime | None = None
    opens_until: datetime | None = None


async def begin(work: Work, account_id: UUID, campaign_id: UUID) -> StoredPreview:
    """Begin a preview in place of the one before, judge the first slice, and leave the rest to a job.

    Raises Refused for a campaign that has nobody to be judged, or is at work.
    """
    campaign = await store.get_campaign(work, account_id, campaign_id)
    if campaign.state not in PREVIEWED:
        raise Refused("campaign_is_elsewhere", state=campaign.state)
    found = msgspec.msgpack.encode(Found())
    preview = StoredPreview(
        campaign_id=campaign_id,
        account_id=account_id,
        id=work.new_id(),
        rows=campaign.rows - campaign.decided,
        next_row=campaign.next_row,
        found=found,
        fault=None,
        asked_at=work.at,
        ended_at=None,
    )
    preview = await _go_on(work, campaign, preview)
    await store.put_preview(work, preview)
    if preview.ended_at is None:
        await enqueue(work, JOB, {"campaign": str(campaign_id), "preview": str(preview.id)})
    return preview


async def go_on(install: Install, payload: dict[str, Any]) -> None:
    """Go on with a preview to its end, unless another took its place."""
    campaign_id, preview_id = UUID(payload["campaign"]), UUID(payload["preview"])
    has_more = True
    while has_more:
        try:
            async with install.unit_of_work() as work:
                has_more = await _next(work, campaign_id, preview_id)
        except Unavailable:
            raise
        except BackofficeError as fault:
            await _fail(install, campaign_id, preview_id, fault.code)
            return


async def get_preview(work: Work, account_id: UUID, campaign_id: UUID) -> StoredPreview:
    """Return the newest preview of an account's campaign; raises NotFound."""
    await store.get_campaign(work, account_id, campaign_id)
    preview = await store.find_preview(work, campaign_id)
    if preview is None:
        raise NotFound("preview_unknown", campaign=str(campaign_id))
    return preview


def found_in(preview: StoredPreview) -> Found:
    """Read what a preview found so far."""
    return msgspec.msgpack.decode(preview.found, type=Found)


async def _next(work: Work, campaign_id: UUID, preview_id: UUID) -> bool:
    preview = await store.find_preview(work, campaign_id, hold=True)
    campaign = await store.find_campaign(work, campaign_id)
    if preview is None or campaign is None or preview.id != preview_id or preview.ended_at:
        return False
    preview = await _go_on(work, campaign, preview)
    await store.put_preview(work, preview)
    return preview.ended_at is None


async def _fail(install: Install, campaign_id: UUID, preview_id: UUID, code: str) -> None:
    async with install.unit_of_work() as work:
        preview = await store.find_preview(work, campaign_id, hold=True)
        if preview and preview.id == preview_id and preview.ended_at is None:
            await store.put_preview(work, preview._replace(fault=code, ended_at=work.at))


async def _go_on(work: Work, campaign: StoredCampaign, preview: StoredPreview) -> StoredPreview:
    """Judge the next slice of a preview and add what it found."""
    rows = await store.list_rows(work, campaign, preview.next_row)
    there = [row.contact_id for row in rows if not row.is_gone]
    found = found_in(preview)
    found.gone += len(rows) - len(there)
    if there:
        await _judge(work, campaign, found, there)
    is_last = len(rows) < store.SLICE or found.judged + found.gone >= preview.rows
    return preview._replace(
        next_row=rows[-1].number if rows else preview.next_row,
        found=msgspec.msgpack.encode(found),
        ended_at=work.at if is_last else None,
    )


async def _judge(work: Work, campaign: StoredCampaign, found: Found, contact_ids: Sequence[UUID]) -> None:
    ready = await facts.gather(work, errand_of(campaign), contact_ids, Lots(()))
    message = msgspec.structs.replace(ready.batch.message, **await batch_facts(work, campaign))
    batch = _with_credits(msgspec.structs.replace(ready.batch, message=message), _PLENTY)
    found.available = await _available(work, campaign)
    found.is_sold = facts.reads(batch.book, "account.credits")
    judged = judge(batch)
    needed, left = sum(one.is_permitted for one in judged), max(found.available - found.paid, 0)
    if needed > left:
        judged = judge(_with_credits(batch, left))
    found.needed += needed
    await keep(work, batch.book)
    _count(found, Record(batch), judged)


def _with_credits(batch: Batch, count: int) -> Batch:
    return msgspec.structs.replace(batch, account=msgspec.structs.replace(batch.account, credits=count))


async def _available(work: Work, campaign: StoredCampaign) -> int:
    """Return how many messages the account can pay on the campaign's channel now; nothing is held."""
    return sum(
        lot.remaining
        for lot in await list_lots(work, campaign.account_id)
        if lot.channel == campaign.channel and lot.valid_from <= work.at < lot.expires_at and lot.expired_at is None
    )


def _count(found: Found, record: Record, judged: Sequence[Judged]) -> None:
    decisions = [one.decision for one in judged]
    found.judged += len(judged)
    found.paid += sum(one.is_paid for one in judged)
    found.verdicts = dict(Counter(found.verdicts) + Counter(decision.verdict for decision in decisions))
    found.no_common_window += sum(decision.no_common_window for decision in decisions)
    for hash_, count in Counter(record.outcome(decision) for decision in decisions).items():
        _, before = found.outcomes.get(hash_, (b"", 0))
        found.outcomes[hash_] = record.bodies[hash_], before + count
    opens = [decision.next_allowed_at for decision in decisions if decision.next_allowed_at]
    if opens:
        found.opens_from = min([*opens, found.opens_from or opens[0]])
        found.opens_until = max([*opens, found.opens_until or opens[0]])
