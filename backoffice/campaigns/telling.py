"""Telling: campaigns, their progress, their previews and their sends in the words of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from backoffice.campaigns import store
from backoffice.campaigns.preview import Found, found_in
from backoffice.campaigns.shapes import SendCounts, Source, StoredCampaign, StoredPreview
from backoffice.campaigns.states import ENDED, State
from backoffice.consent import importing
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.translations import translator
from backoffice.policy.decide import Decision
from backoffice.policy.telling import reason
from backoffice.relay.telling import read_outcome

MOST_REASONS = 20
DEAR = 0.05  # seconds from which a count of sends is used again for a while
_LONGER = 20  # times as long as it took
_MOST_KNOWN = 1_000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How far the file of a campaign is read: its rows, the last line that was stored, what was rejected and why."""

    state: str
    rows: int
    line: int
    rejected: int
    rejections: dict[str, int]
    unfit: int  # rows left out for a parameter that is too long


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a campaign is: its recipients, those decided about by verdict, and how their sends stand.

    `gone` were erased before their turn came; `sends` counts by state, among them those `delivered` and `was_read`.
    """

    id: UUID
    state: State
    version: int
    rows: int
    decided: int
    allowed: int
    warned: int
    held: int
    denied: int
    gone: int
    sends: dict[str, int]
    delivered: int
    was_read: int
    is_clearing: bool  # stopped, and what had not left is still being stopped
    fault: str | None
    reading: Reading | None = None


class CampaignTold(Progress, frozen=True, kw_only=True):
    """A campaign: what it is called, what it sends from where, and how far it is."""

    name: str
    source: Source
    list_id: UUID | None
    sender_id: UUID
    channel: str
    purpose: str
    topic: str
    content_id: UUID
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ReasonTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why people would be stopped or warned of, by clause or row of law, and of how many it is true."""

    count: int
    code: str
    verdict: str
    source: str
    citation: str
    says: str
    remedy: str = ""


class GapTold(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that nobody has stated, and how many people wait for it."""

    count: int
    fact: str
    says: str


class CreditsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Credits that the messages would take which may go now; all nought where none are asked for."""

    needed: int
    available: int
    missing: int


class PreviewTold(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of a campaign if it went on now; complete once it has ended.

    `reasons` and `gaps` come most frequent first; `opens_from` and `opens_until` say when what is held for a time
    may go.
    """

    id: UUID
    rows: int
    judged: int
    gone: int
    verdicts: dict[str, int]
    reasons: list[ReasonTold]
    gaps: list[GapTold]
    credits: CreditsTold
    opens_from: datetime | None
    opens_until: datetime | None
    no_common_window: int
    fault: str | None
    asked_at: datetime
    ended_at: datetime | None


async def progress_of(work: Work, campaign: StoredCampaign) -> Progress:
    """Tell how far a campaign is."""
    return Progress(**await _progress(work, campaign))


async def tell_campaign(work: Work, campaign: StoredCampaign, name: str) -> CampaignTold:
    """Tell a campaign to its account."""
    own = ("source", "list_id", "sender_id", "channel", "purpose", "topic", "content_id")
    moments = ("made_at", "started_at", "ended_at")
    told = {part: getattr(campaign, part) for part in (*own, *moments)}
    return CampaignTold(**await _progress(work, campaign), **told, name=name)


async def _progress(work: Work, campaign: StoredCampaign) -> dict[str, Any]:
    counts = await _counted(work, campaign)
    same = ("id", "state", "version", "rows", "decided", "allowed", "warned", "held", "denied", "gone", "fault")
    return {
        **{part: getattr(campaign, part) for part in same},
        **counts._asdict(),
        "is_clearing": campaign.clear_at is not None,
        "reading": await _reading(work, campaign),
    }


async def _reading(work: Work, campaign: StoredCampaign) -> Reading | None:
    if campaign.import_id is None:
        return None
    one = await importing.progress(work, campaign.account_id, campaign.import_id)
    counts = one.counts
    return Reading(
        state=one.state,
        rows=one.rows,
        line=one.done_line,
        rejected=counts.rejected,
        rejections=counts.rejections,
        unfit=campaign.unfit,
    )


_known: WeakKeyDictionary[Install, dict[UUID, tuple[SendCounts, float]]] = WeakKeyDictionary()


async def _counted(work: Work, campaign: StoredCampaign) -> SendCounts:
    """Count a campaign's sends; what took long is used again for a while, unless the campaign has ended."""
    known, began = _known.setdefault(work.install, {}), perf_counter()
    counts, until = known.get(campaign.id, (None, 0.0))
    if counts is not None and began < until and campaign.state not in ENDED:
        return counts
    counts = await store.count_sends(work, campaign)
    took = perf_counter() - began
    if took > DEAR:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[campaign.id] = counts, began + _LONGER * took
    return counts


async def tell_preview(work: Work, campaign: StoredCampaign, preview: StoredPreview, language: str) -> PreviewTold:
    """Tell a preview in a language."""
    found = found_in(preview)
    told = [(await read_outcome(work, body, campaign.channel), count) for body, count in found.outcomes.values()]
    same = ("id", "rows", "fault", "asked_at", "ended_at")
    also = ("judged", "gone", "verdicts", "opens_from", "opens_until", "no_common_window")
    return PreviewTold(
        **{part: getattr(preview, part) for part in same},
        **{part: getattr(found, part) for part in also},
        reasons=_reasons(told, language),
        gaps=_gaps(told, language),
        credits=_credits(found),
    )


def _credits(found: Found) -> CreditsTold:
    if not found.is_sold:
        return CreditsTold(needed=0, available=0, missing=0)
    missing = max(found.needed - found.available, 0)
    return CreditsTold(needed=found.needed, available=found.available, missing=missing)


def _reasons(told: Iterable[tuple[Decision, int]], language: str) -> list[ReasonTold]:
    translate, counts, words = translator(language), Counter[tuple[str, ...]](), dict[tuple[str, ...], dict[str, Any]]()
    for decision, count in told:
        for one in (reason(finding, translate) for finding in decision.findings if not finding.fact):
            key = (one["code"], one["source"], one["verdict"], one["says"])
            counts[key] += count
            words[key] = one
    names = ("code", "verdict", "source", "citation", "says", "remedy")
    return [
        ReasonTold(count=count, **{name: words[key].get(name, "") for name in names})
        for key, count in counts.most_common(MOST_REASONS)
    ]


def _gaps(told: Iterable[tuple[Decision, int]], language: str) -> list[GapTold]:
    translate, counts, words = translator(language), Counter[str](), dict[str, str]()
    for decision, count in told:
        gaps = {finding.fact: finding for finding in decision.findings if finding.fact}
        counts.update(dict.fromkeys(gaps, count))
        words |= {fact: reason(finding, translate)["says"] for fact, finding in gaps.items()}
    return [GapTold(count=count, fact=fact, says=words[fact]) for fact, count in counts.most_common(MOST_REASONS)]
