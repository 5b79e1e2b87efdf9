"""How a campaign ends by itself, and what the ledger is told of how far one is."""

from __future__ import annotations

from typing import Any, Literal

from backoffice.audit.ledger import append
from backoffice.campaigns import store
from backoffice.campaigns.shapes import StoredCampaign
from backoffice.plumbing.install import Work

COUNTS = ("rows", "allowed", "warned", "held", "denied", "gone")


async def end(
    work: Work, campaign: StoredCampaign, state: Literal["done", "failed"], fault: str | None = None
) -> StoredCampaign:
    """End a campaign that is held: everybody was decided about, or it can't go on for what `fault` names.

    Ledger: campaigns:campaign:ended.
    """
    told = {"state": state, **({"fault": fault} if fault else {})}
    await append(work, "campaigns:campaign:ended", campaign.account_id, **counts_of(campaign), **told)
    await store.drop_parts(work, campaign.id)
    return await store.change_campaign(work, campaign.id, state=state, fault=fault, ended_at=work.at)


def counts_of(campaign: StoredCampaign) -> dict[str, Any]:
    """Return what the ledger says of how far a campaign is: its id and its counts."""
    return {"campaign": campaign.id, **{name: getattr(campaign, name) for name in COUNTS}}
