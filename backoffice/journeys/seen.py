"""Seen: whether what a story says is what the product has on record, so that no step proves what was never set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from backoffice.billing.service import lock_lots
from backoffice.journeys.sending import errand
from backoffice.journeys.stage import Stage
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.gaps import is_gap
from backoffice.policy.steps import Send
from backoffice.policy.stories import Story
from backoffice.relay import facts
from backoffice.relay.snapshot import recipient_of

_KINDS: dict[str, type[Any]] = {"account": Account, "message": Message, "recipient": Recipient}


async def unlike_scene(stage: Stage) -> list[str]:
    """Return where the scene is not as the head of the story says: its pins, and the facts it states itself."""
    story = stage.story
    async with stage.rehearsal.unit_of_work() as work:
        made = await errand(work, stage, Send())
        lots = await lock_lots(work, {(made.account_id, made.channel)})
        gathered = await facts.gather(work, made, [stage.people["person"].contact_id], lots)
    batch = gathered.batch
    recipient = recipient_of(batch.bases[batch.members[0].base], batch.members[0].person, batch.wordings)
    records = {"account": batch.account, "message": batch.message, "recipient": recipient}
    return [
        *(failure for kind, record in records.items() for failure in unlike(_KINDS[kind], _own(story, kind), record)),
        *_unpinned(story, recipient),
        *(f"{fact} is known" for fact in story.unknown if not is_gap(_fact(records, fact))),
    ]


def unlike(kind: type[Any], said: Mapping[str, Any], record: Any) -> list[str]:  # noqa: ANN401  # one of the three
    """Return the facts that are on record otherwise than they are said to be."""
    pinned = {"at": record.at, "channel": record.channel} if kind is Message else {}
    wanted = msgspec.convert({**pinned, **said}, kind)
    pairs = ((fact, getattr(wanted, fact), getattr(record, fact)) for fact in said)
    return [
        f"{kind.__name__.lower()}.{fact} is {found!r} on record, and not {value!r}"
        for fact, value, found in pairs
        if is_gap(found) or found != value
    ]


def _own(story: Story, kind: str) -> dict[str, Any]:
    """Return what a story states itself, and can be seen: consents are graded, and pinned by their grade."""
    stated = {one for one in story.own if one not in story.unknown} - {"recipient.consents"}
    facts_of_kind: dict[str, Any] = getattr(story, kind)
    return {fact: value for fact, value in facts_of_kind.items() if f"{kind}.{fact}" in stated}


def _unpinned(story: Story, recipient: Recipient) -> Iterator[str]:
    grades = {consent.grade for consent in recipient.consents}
    if story.grade == "none" and grades - {"D"}:
        yield f"grade: a consent of grade {min(grades)} is on record, and none is pinned"
    if story.grade != "none" and story.grade not in grades:
        yield f"grade: no consent of grade {story.grade} is on record, but {', '.join(sorted(grades)) or 'none'}"
    zones = {time.zone for time in recipient.local_times}
    if story.zone not in zones:
        yield f"zone: {', '.join(sorted(zones))}, and not {story.zone}"


def _fact(records: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # any fact
    kind, _, fact = name.partition(".")
    return getattr(records[kind], fact)
