"""The queries of pacing: senders' buckets, the last message of a pair, and whom a portfolio wrote to today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backoffice.delivery.pacing import Pair
from backoffice.kernel.ids import born_at, first_id
from backoffice.plumbing.install import Work
from backoffice.relay.gathering import PROMPT
from backoffice.relay.outbox import Claimed

COUNTED_FOR = timedelta(hours=24)
"""How long a provider counts somebody to whom a portfolio wrote of its own accord (PL-WA-10)."""


async def list_turns(work: Work, claimed: Sequence[Claimed], within: timedelta) -> dict[Pair, datetime]:
    """Return when these persons got the last message of these senders, of those that got one in this time.

    One that another courier has claimed counts as of now. The senders' buckets are held.
    """
    rows = await work.connection.fetch(
        "SELECT other.sender_id, other.person, other.state, other.decision_id"
        " FROM unnest($1::uuid[], $2::bytea[]) AS asked (sender_id, person)"
        " JOIN send AS other ON other.person = asked.person AND other.sender_id = asked.sender_id"
        " AND other.id >= $3 AND other.id <> ALL($4::uuid[])"
        " LEFT JOIN outbox ON outbox.send_id = other.id"
        " WHERE (other.state IN ('sending', 'unknown', 'sent') AND other.decision_id >= $5)"
        " OR (other.state = 'queued' AND outbox.claimed_until > $6)",
        *(*_pairs(claimed), first_id(work.at - PROMPT), [one.send_id for one in claimed]),
        *(first_id(work.at - within), work.at),
    )
    turns: dict[Pair, datetime] = {}
    for sender_id, person, state, decision_id in rows:
        turn = work.at if state == "queued" else min(born_at(decision_id), work.at)
        turns[sender_id, person] = max(turn, turns.get((sender_id, person), turn))
    return turns


def _pairs(claimed: Sequence[Claimed]) -> tuple[list[UUID], list[bytes]]:
    pairs = sorted({(one.sender_id, one.person) for one in claimed})
    return [sender_id for sender_id, _ in pairs], [person for _, person in pairs]


async def list_paces(work: Work, senders: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return when the buckets of these senders are full again; one that never sent is left out."""
    rows = await work.connection.fetch(
        "SELECT sender_id, full_at FROM sender_pace WHERE sender_id = ANY($1::uuid[])", list(senders)
    )
    return {row["sender_id"]: row["full_at"] for row in rows}


async def hold_paces(work: Work, senders: Iterable[UUID]) -> dict[UUID, datetime]:
    """Hold the buckets of these senders to the end of the transaction, in sorted order; return when each is full."""
    ids = sorted(senders)
    await work.connection.execute(
        "INSERT INTO sender_pace SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING", ids, work.at
    )
    rows = await work.connection.fetch(
        "SELECT sender_id, full_at FROM sender_pace WHERE sender_id = ANY($1::uuid[]) ORDER BY sender_id FOR UPDATE",
        ids,
    )
    return {row["sender_id"]: row["full_at"] for row in rows}


async def put_paces(work: Work, paces: Mapping[UUID, datetime]) -> None:
    """Put these in place of when the buckets, which are held, were full again."""
    await work.connection.execute(
        "UPDATE sender_pace SET full_at = new.at FROM unnest($1::uuid[], $2::timestamptz[]) AS new (id, at)"
        " WHERE sender_id = new.id",
        *(list(paces), list(paces.values())),
    )


async def count_persons(work: Work, sends: Iterable[UUID]) -> list[tuple[UUID, UUID, str, int]]:
    """Count the persons of sends that left outside the provider's window, in portfolios of which a limit is known.

    Return for each of these portfolios an account and number of it, its name and its limit.
    """
    await work.connection.execute(
        "INSERT INTO portfolio_person SELECT DISTINCT portfolio, person, $2::timestamptz FROM send"
        " JOIN sender ON sender.id = send.sender_id JOIN contact ON contact.id = send.contact_id"
        " WHERE send.id = ANY($1::uuid[]) AND daily_limit >= 0"
        " AND (last_inbound_at IS NULL OR last_inbound_at <= $2::timestamptz - $3::interval) ORDER BY portfolio, person"
        " ON CONFLICT (portfolio, person) DO UPDATE SET at = greatest(portfolio_person.at, excluded.at)",
        *(list(sends), work.at, COUNTED_FOR),
    )
    rows = await work.connection.fetch(
        "SELECT DISTINCT ON (portfolio) sender.account_id, sender.id, portfolio, daily_limit FROM send"
        " JOIN sender ON sender.id = send.sender_id WHERE send.id = ANY($1::uuid[]) AND daily_limit >= 0"
        " ORDER BY portfolio, sender.id",
        list(sends),
    )
    return [tuple(row) for row in rows]


async def find_room(work: Work, portfolio: str, limit: int) -> datetime | None:
    """Return when a full portfolio may write to somebody new again; None while it has room, and forget old counts."""
    await work.connection.execute(
        "DELETE FROM portfolio_person WHERE portfolio = $1 AND at <= $2", portfolio, work.at - COUNTED_FOR
    )
    oldest: datetime | None = await work.connection.fetchval(
        "SELECT at FROM portfolio_person WHERE portfolio = $1 ORDER BY at DESC OFFSET $2 LIMIT 1",
        *(portfolio, max(limit - 1, 0)),
    )
    return oldest + COUNTED_FOR if oldest else None
