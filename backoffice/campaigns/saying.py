"""What a campaign says: its content, and the facts that only a campaign knows of its message."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.campaigns import store
from backoffice.campaigns.shapes import StoredCampaign
from backoffice.kernel.canonical import canonical_json
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Work
from backoffice.relay.content import Declared, Template, facts_of, keep_content, own_content, words_of
from backoffice.relay.recording import Errand
from backoffice.relay.store import get_contents

LONG_AGO = timedelta(days=3650)
"""How long ago the last campaign was, where there was none."""


class Said(NamedTuple):
    """A content that was kept: its id, its hash, and the hash of its words alone."""

    content_id: UUID
    sha256: bytes
    words: bytes


async def keep_said(work: Work, account_id: UUID, declared: Declared, template: Template | None, text: str) -> Said:
    """Keep what a campaign says, as it is kept of a single message: what staff find of one holds for the other.

    Raises Invalid (`campaign_says_nothing`) unless just one of template and text is there.
    """
    if (template is None) is (not text):
        raise Invalid("campaign_says_nothing", field="template")
    facts = facts_of(declared, has_template=template is not None)
    content_id, sha256 = await keep_content(work, account_id, facts, template, text)
    words = canonical_json({"template": msgspec.to_builtins(template), "text": text})
    return Said(content_id, sha256, hashlib.sha256(words).digest())


async def batch_facts(work: Work, campaign: StoredCampaign) -> dict[str, Any]:
    """Return what only a campaign knows of its message: its size, whether its text repeats, how long the pause was."""
    last = await store.last_started(work, campaign)
    return {
        "recipients_count": campaign.rows,
        "repeats_text": await store.has_said(work, campaign),
        "since_last_batch": LONG_AGO if last is None else max(work.at - last, timedelta(0)),
    }


async def keep_batch(work: Work, campaign: StoredCampaign) -> tuple[UUID, bytes]:
    """Keep the campaign's content with its own facts and all that staff found by now; return its id and hash."""
    contents = await get_contents(work, [campaign.content_id])
    content = own_content(contents, campaign.content_id, campaign.account_id)
    template, text = await words_of(work, content)
    facts = {**msgspec.msgpack.decode(content.facts), **await batch_facts(work, campaign)}
    return await keep_content(work, campaign.account_id, facts, template, text)


def errand_of(campaign: StoredCampaign) -> Errand:
    """Return what the sends of a campaign have in common."""
    return Errand(
        account_id=campaign.account_id,
        sender_id=campaign.sender_id,
        content_id=campaign.content_id,
        content_sha256=campaign.content_sha256,
        channel=campaign.channel,
        purpose=campaign.purpose,
        topic=campaign.topic,
        campaign_id=campaign.id,
    )
