"""The outbox's queries: which sends wait to leave, and whose they are while a courier has them.

A row is there from the decision that queued its send until its provider's answer is recorded. A courier claims rows
for a time, its lease; what it claimed and did not begin is anybody's again when the lease ends, and what it began to
hand over becomes `unknown` then: nobody can tell how far it came. Rows of sends are locked in sorted order.

What waits stands in queues: one for each campaign of a sender, and one for its single sends. A campaign can be kept
back: its queues are passed over, whatever comes into them, and stand in nobody's way. A courier shares the campaigns of
what it is about to look at again, and whoever keeps one back holds it alone: what was begun is committed by then, and
nothing more of it begins. That is held before anything else is, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.plumbing.install import Work
from backoffice.plumbing.loops import ring
from backoffice.relay.states import NEXT, State

LOOP = "courier"
"""The worker's loop to ring when something was put into the outbox."""


SINGLE = UUID(int=0)
"""The campaign of sends that are of none."""

_SPACE = 0x6B65_7074  # a space of advisory locks of its own


class Queue(NamedTuple):
    """Sends of one sender that leave one after the other: those of a campaign, or its single ones."""

    sender_id: UUID
    campaign_id: UUID
    channel: str


class Claimed(NamedTuple):
    """A send that a courier has for the length of its lease."""

    send_id: UUID
    account_id: UUID
    sender_id: UUID
    campaign_id: UUID
    channel: str
    person: bytes
    attempt: int  # that came before


async def list_waiting(work: Work) -> list[Queue]:
    """Return the queues with something due, stepping from one to the next without reading their rows."""
    rows = await work.connection.fetch(
        "WITH RECURSIVE queues AS ("
        " (SELECT sender_id, campaign_id, channel FROM outbox ORDER BY sender_id, campaign_id, not_before LIMIT 1)"
        " UNION ALL SELECT following.* FROM queues CROSS JOIN LATERAL (SELECT outbox.sender_id, outbox.campaign_id,"
        " outbox.channel FROM outbox"
        " WHERE (outbox.sender_id, outbox.campaign_id) > (queues.sender_id, queues.campaign_id)"
        " ORDER BY outbox.sender_id, outbox.campaign_id, not_before LIMIT 1)"
        " AS following) SELECT queues.* FROM queues CROSS JOIN LATERAL (SELECT FROM outbox"
        " WHERE outbox.sender_id = queues.sender_id AND outbox.campaign_id = queues.campaign_id AND not_before <= $1"
        " AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY not_before LIMIT 1) AS due"
        " WHERE NOT EXISTS (SELECT FROM kept_back WHERE kept_back.campaign_id = queues.campaign_id)",
        work.at,
    )
    return [Queue(*row) for row in rows]


async def claim(work: Work, rooms: Mapping[Queue, int], until: datetime) -> list[Claimed]:
    """Lease up to so many due sends of each queue, the longest due first, skipping what others are claiming.

    What somebody had begun to hand over is nobody's to claim, though its lease has ended.
    """
    picked = await work.connection.fetch(
        "SELECT taken.send_id FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS wanted (sender_id, campaign_id, room)"
        " CROSS JOIN LATERAL (SELECT send_id FROM outbox WHERE outbox.sender_id = wanted.sender_id"
        " AND outbox.campaign_id = wanted.campaign_id AND not_before <= $4"
        " AND (claimed_until IS NULL OR (claimed_until <= $4"
        " AND (SELECT state FROM send WHERE send.id = send_id) = 'queued'))"
        " ORDER BY not_before LIMIT wanted.room FOR UPDATE SKIP LOCKED) AS taken",
        *([queue.sender_id for queue in rooms], [queue.campaign_id for queue in rooms], list(rooms.values()), work.at),
    )
    rows = await work.connection.fetch(
        "UPDATE outbox SET claimed_until = $2 FROM send WHERE send_id = ANY($1::uuid[]) AND send.id = send_id"
        " RETURNING send_id, outbox.account_id, outbox.sender_id, outbox.campaign_id, outbox.channel, person, attempt",
        *([row["send_id"] for row in picked], until),
    )
    return [Claimed(*row) for row in rows]


async def leave_kept_back(work: Work, claimed: Sequence[Claimed]) -> list[Claimed]:
    """Give back what is claimed of campaigns that are kept back; return the rest, which nobody keeps back until we end.

    To be called before anything else is held.
    """
    campaigns = {one.campaign_id for one in claimed} - {SINGLE}
    if not campaigns:
        return list(claimed)
    await work.connection.execute(
        "SELECT pg_advisory_xact_lock_shared($1, key) FROM unnest($2::int[]) AS key",
        *(_SPACE, sorted({_key(campaign_id) for campaign_id in campaigns})),
    )
    rows = await work.connection.fetch(
        "SELECT campaign_id FROM kept_back WHERE campaign_id = ANY($1::uuid[])", list(campaigns)
    )
    kept = {row["campaign_id"] for row in rows}
    await work.connection.execute(
        "UPDATE outbox SET claimed_until = NULL WHERE send_id = ANY($1::uuid[])",
        [one.send_id for one in claimed if one.campaign_id in kept],
    )
    return [one for one in claimed if one.campaign_id not in kept]


async def hold_campaign(work: Work, campaign_id: UUID) -> None:
    """Hold a campaign against couriers: what they began of it is committed, and nothing more begins before we end.

    To be called before anything else is held.
    """
    await work.connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _SPACE, _key(campaign_id))


async def keep_back(work: Work, campaign_id: UUID) -> None:
    """Let nothing more of a campaign leave until it is let go; it is held against couriers."""
    await work.connection.execute("INSERT INTO kept_back VALUES ($1, $2) ON CONFLICT DO NOTHING", campaign_id, work.at)


async def let_go(work: Work, campaign_id: UUID) -> None:
    """Let the sends of a campaign leave again, each after its second look."""
    await work.connection.execute("DELETE FROM kept_back WHERE campaign_id = $1", campaign_id)
    work.after_commit(lambda: ring(work.install, LOOP))


def _key(campaign_id: UUID) -> int:
    return int.from_bytes(campaign_id.bytes[-4:], "big", signed=True)


async def begin(work: Work, ids: Iterable[UUID], until: datetime) -> None:
    """Count an attempt for sends that are about to be handed over, and renew their lease."""
    await work.connection.execute(
        "UPDATE outbox SET attempt = attempt + 1, claimed_until = $2 WHERE send_id = ANY($1::uuid[])", list(ids), until
    )


async def put_off(work: Work, moments: Mapping[UUID, datetime]) -> None:
    """Give sends back, each to be claimed from its moment on."""
    await work.connection.execute(
        "UPDATE outbox SET not_before = put.at, claimed_until = NULL"
        " FROM unnest($1::uuid[], $2::timestamptz[]) AS put (id, at) WHERE send_id = put.id",
        *(list(moments), list(moments.values())),
    )


async def put_back(work: Work, attempts: Mapping[UUID, int]) -> None:
    """Put sends that are queued once more back into the outbox, after so many attempts."""
    await work.connection.execute(
        "INSERT INTO outbox (send_id, account_id, sender_id, campaign_id, channel, attempt, not_before)"
        f" SELECT id, account_id, sender_id, coalesce(campaign_id, '{SINGLE}'), channel, attempt, $3"
        " FROM unnest($1::uuid[], $2::smallint[]) AS back (id, attempt) JOIN send USING (id)"
        " ON CONFLICT (send_id) DO UPDATE SET not_before = excluded.not_before, claimed_until = NULL",
        *(list(attempts), list(attempts.values()), work.at),
    )


async def take_out(work: Work, ids: Iterable[UUID]) -> None:
    """Take sends out of the outbox: they have left, or never will."""
    await work.connection.execute("DELETE FROM outbox WHERE send_id = ANY($1::uuid[])", list(ids))


async def sweep(work: Work, ids: Iterable[UUID]) -> None:
    """Take out those of these sends that neither wait nor are on their way any more: denied, held, stopped."""
    await work.connection.execute(
        "DELETE FROM outbox USING send WHERE send_id = ANY($1::uuid[]) AND send.id = send_id"
        " AND state NOT IN ('queued', 'sending')",
        list(ids),
    )


async def hold(work: Work, ids: Iterable[UUID]) -> None:
    """Hold sends to the end of the transaction, in sorted order, whatever their state."""
    await work.connection.execute("SELECT FROM send WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(ids))


async def move(work: Work, ids: Iterable[UUID], then: State, *, was: Sequence[State] = ()) -> set[UUID]:
    """Bring sends into a state that may follow theirs, or follow one of `was`; return those that came into it."""
    froms = [state for state in (was or NEXT) if then in NEXT[state]]
    rows = await work.connection.fetch(
        "WITH locked AS MATERIALIZED (SELECT id FROM send WHERE id = ANY($1::uuid[]) AND state = ANY($2::text[])"
        " ORDER BY id FOR UPDATE)"
        " UPDATE send SET state = $3 FROM locked WHERE send.id = locked.id RETURNING send.id",
        *(sorted(ids), froms, then),
    )
    return {row["id"] for row in rows}


async def take_credits(work: Work, ids: Iterable[UUID]) -> list[UUID]:
    """Take their credits from sends that are held, and return the lots they came from, one a credit."""
    rows = await work.connection.fetch(
        "UPDATE send SET lot_id = NULL FROM (SELECT id, lot_id FROM send WHERE id = ANY($1::uuid[])"
        " AND lot_id IS NOT NULL) AS paid WHERE send.id = paid.id RETURNING paid.lot_id",
        list(ids),
    )
    return [row["lot_id"] for row in rows]


async def give_up(work: Work, attempts: Mapping[UUID, int], then: State) -> set[UUID]:
    """Bring sends that are being handed over into another state, if this very attempt of theirs is still the last.

    A courier that was frozen past its lease takes nothing from the one that has its sends now.
    """
    rows = await work.connection.fetch(
        "WITH locked AS MATERIALIZED (SELECT send.id FROM unnest($1::uuid[], $2::smallint[]) AS own (id, attempt)"
        " JOIN outbox ON send_id = own.id AND outbox.attempt = own.attempt JOIN send ON send.id = own.id"
        " WHERE state = 'sending' ORDER BY send.id FOR UPDATE OF send)"
        " UPDATE send SET state = $3 FROM locked WHERE send.id = locked.id RETURNING send.id",
        *(list(attempts), list(attempts.values()), then),
    )
    return {row["id"] for row in rows}


async def list_lapsed(work: Work, count: int) -> dict[UUID, int]:
    """Return sends that were being handed over when their lease ended, each with its attempts; a few at a time."""
    rows = await work.connection.fetch(
        "SELECT send_id, attempt FROM outbox JOIN send ON send.id = send_id"
        " WHERE claimed_until <= $1 AND state = 'sending' ORDER BY claimed_until LIMIT $2",
        *(work.at, count),
    )
    return {row["send_id"]: row["attempt"] for row in rows}


async def count(work: Work) -> int:
    """Return how many sends wait to leave or are leaving."""
    counted: int = await work.connection.fetchval("SELECT count(*) FROM outbox")
    return counted
