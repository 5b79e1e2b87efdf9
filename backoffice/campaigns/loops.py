"""What a worker does of campaigns: one loop, and the jobs that requests leave behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backoffice.campaigns import files, filling, preview, store
from backoffice.campaigns.advancing import run_campaigns
from backoffice.campaigns.service import LOOP
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing.install import Install
from backoffice.plumbing.jobs import Handler
from backoffice.plumbing.loops import Loop

_FILL = {"recipients": filling.fill_named, "list": filling.fill_listed, "file": files.fill_from_file}


async def fill(install: Install, payload: dict[str, Any]) -> None:
    """Put everybody on a campaign; done again, it goes on where it was."""
    async with install.reading() as work:
        campaign = await store.find_campaign(work, UUID(payload["campaign"]))
    if campaign is None or campaign.state != "importing":
        return
    try:
        await _FILL[campaign.source](install, campaign)
    except (Invalid, NotFound) as fault:
        await filling.fail(install, campaign, fault)
    else:
        await filling.finish(install, campaign)


LOOPS: dict[str, Loop] = {LOOP: Loop(run_campaigns, rests=0.5)}
"""What is always to be done."""

JOBS: dict[str, Handler] = {filling.JOB: fill, preview.JOB: preview.go_on}
"""What requests leave behind."""
