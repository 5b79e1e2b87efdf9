"""Advancing: a running campaign's recipients are decided about and recorded, a slice a transaction.

How far a campaign is moves in the very transaction that records the slice: whoever is killed leaves either a whole
slice or nothing of it, and whoever takes it up begins behind the last whole one. Accounts take turns, whatever the
size of their campaigns; a worker passes over an account that another worker has in hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backoffice.billing.service import lock_lots
from backoffice.campaigns import store
from backoffice.campaigns.ending import end
from backoffice.campaigns.filling import PAYLOAD
from backoffice.campaigns.saying import errand_of
from backoffice.campaigns.shapes import RecipientRow, StoredCampaign, Turn
from backoffice.kernel.errors import BackofficeError, Unavailable
from backoffice.plumbing.install import Install, Work
from backoffice.relay import outbox
from backoffice.relay import service as relay
from backoffice.relay.service import Letter

MOST_FAULTS = 5  # slices that may fail one after the other before the campaign has failed
AGAIN = timedelta(minutes=1)
"""When a stopped campaign is looked through again whose last messages were being handed over."""

_COLUMN = {"allow": "allowed", "warn": "warned", "hold": "held", "deny": "denied"}


async def advance(install: Install, campaign_id: UUID) -> bool:
    """Decide about the next recipients of a campaign, a slice at most; return whether it goes on.

    Raises Unavailable where the ledger or the database is behind or away: nothing of the slice has happened.
    """
    async with install.unit_of_work() as work:
        found = await store.find_campaign(work, campaign_id)
        if found is None:
            return False
        await store.take_turn(work, found.account_id, waits=True)
        return await _advance(work, found)


async def _advance(work: Work, found: StoredCampaign) -> bool:
    lots = await lock_lots(work, {(found.account_id, found.channel)})
    campaign = await store.get_campaign(work, found.account_id, found.id, hold=True)
    if campaign.state != "running":
        return False
    rows = await store.list_rows(work, campaign, campaign.next_row)
    letters = _letters(work, campaign, rows)
    recorded = await relay.send(work, errand_of(campaign), letters, lots) if letters else []
    if rows:
        campaign = await _count(work, campaign, rows, Counter(one.decision.verdict for one in recorded))
    await store.end_turn(work, campaign.id, faults=0)
    is_last = len(rows) < store.SLICE or campaign.decided >= campaign.rows
    if is_last:
        await end(work, campaign, "done")
    return not is_last


def _letters(work: Work, campaign: StoredCampaign, rows: Sequence[RecipientRow]) -> list[Letter]:
    """Return the messages to those who are still there, each with what only it says, opened by its person's key."""
    return [Letter(row.contact_id, _own(work, campaign, row)) for row in rows if not row.is_gone]


def _own(work: Work, campaign: StoredCampaign, row: RecipientRow) -> bytes | None:
    if row.payload is None or row.wrapped is None or row.key_version is None:
        return None
    return work.vault.subject(row.contact_id, row.wrapped, row.key_version).open(PAYLOAD, campaign.id, row.payload)


async def _count(
    work: Work, campaign: StoredCampaign, rows: Sequence[RecipientRow], verdicts: Counter[str]
) -> StoredCampaign:
    counts = {column: getattr(campaign, column) + verdicts[verdict] for verdict, column in _COLUMN.items()}
    counts["gone"] = campaign.gone + sum(row.is_gone for row in rows)
    return await store.change_campaign(work, campaign.id, next_row=rows[-1].number, **counts)


async def clear(install: Install, campaign_id: UUID) -> bool:
    """Stop the next sends of a stopped campaign that have not left; return whether there are more at once.

    While one of them is being handed over, or nobody knows whether it was, it may come back: then all is looked
    through again a minute later. Until nothing can, all of them are kept back.
    """
    async with install.unit_of_work() as work:
        campaign = await store.find_campaign(work, campaign_id)
        if campaign is None or campaign.clear_at is None or campaign.clear_at > work.at:
            return False
        ids = await store.list_stoppable(work, campaign)
        if ids:
            await relay.stop(work, campaign.account_id, ids, by=f"campaign:{campaign.id}")
        if len(ids) == store.SLICE:
            await store.change_campaign(work, campaign.id, cleared_to=ids[-1])
            return True
        again_at = work.at + AGAIN if await store.has_sends(work, campaign, store.MAY_LEAVE) else None
        if again_at is None:
            await outbox.let_go(work, campaign.id)
        await store.change_campaign(work, campaign.id, clear_at=again_at, cleared_to=None)
        return False


async def run_campaigns(install: Install) -> bool:
    """Do a slice of the campaign whose turn it is; return whether there was one."""
    async with install.reading() as work:
        turns = await store.list_turns(work)
    for turn in turns:
        if await (_clear_turn if turn.state == "stopped" else _take_turn)(install, turn):
            return True
    return False


async def _clear_turn(install: Install, turn: Turn) -> bool:
    """Do a slice of a stopped campaign; one that fails waits, so that nobody else waits for it."""
    try:
        await clear(install, turn.id)
    except Unavailable:
        raise
    except Exception:
        async with install.unit_of_work() as work:
            await store.change_campaign(work, turn.id, clear_at=work.at + AGAIN)
        raise
    return True


async def _take_turn(install: Install, turn: Turn) -> bool:
    """Do a slice of a running campaign; return whether it was ours to do."""
    try:
        async with install.unit_of_work() as work:
            found = await store.find_campaign(work, turn.id)
            if found is None or not await store.take_turn(work, turn.account_id, waits=False):
                return False
            await _advance(work, found)
    except Unavailable:
        raise
    except BackofficeError as fault:
        await _note_fault(install, turn.id, fault.code)
        raise
    except Exception:
        await _note_fault(install, turn.id, "fault")
        raise
    return True


async def _note_fault(install: Install, campaign_id: UUID, code: str) -> None:
    """Let the others go on, and end a campaign whose slices fail one after the other."""
    async with install.unit_of_work() as work:
        campaign = await store.find_campaign(work, campaign_id, hold=True)
        if campaign is None or campaign.state != "running":
            return
        await store.end_turn(work, campaign_id, campaign.faults + 1)
        if campaign.faults + 1 >= MOST_FAULTS:
            await end(work, campaign, "failed", code)
