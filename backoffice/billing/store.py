"""The queries of billing. Whoever holds several lots takes them in one order, so that two never wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from backoffice.plumbing.bulk import Statement
from backoffice.plumbing.install import Work

# Ordered by what never changes: a lot's end may, while another transaction waits for it.
_LOCK = """
SELECT lot.id, lot.account_id, lot.channel, lot.remaining, lot.expires_at
FROM credit_lot AS lot JOIN unnest($1::uuid[], $2::text[]) AS wanted (account_id, channel)
    ON lot.account_id = wanted.account_id AND lot.channel = wanted.channel
WHERE lot.remaining > 0 AND lot.valid_from <= $3 AND $3 < lot.expires_at AND lot.expired_at IS NULL
ORDER BY lot.account_id, lot.id FOR UPDATE OF lot"""
_DEBIT = """
UPDATE credit_lot SET remaining = remaining - taken.count
FROM unnest($1::uuid[], $2::int[]) AS taken (id, count) WHERE credit_lot.id = taken.id"""
_RELEASE = """
WITH held AS (SELECT id FROM credit_lot WHERE id = ANY($1::uuid[]) ORDER BY account_id, id FOR UPDATE)
UPDATE credit_lot SET remaining = remaining + given.count
FROM held JOIN unnest($1::uuid[], $2::int[]) AS given (id, count) ON held.id = given.id
WHERE credit_lot.id = held.id AND credit_lot.remaining + given.count <= credit_lot.granted
RETURNING credit_lot.id"""
_CARRY = """
WITH held AS (SELECT id, expires_at FROM credit_lot
    WHERE account_id = $1 AND channel = $2 AND $3 < expires_at AND expires_at < $4 AND expired_at IS NULL
    ORDER BY account_id, id FOR UPDATE)
UPDATE credit_lot SET expires_at = $4 FROM held WHERE credit_lot.id = held.id
RETURNING credit_lot.id, credit_lot.remaining, held.expires_at"""
_EXPIRE = """
WITH due AS (SELECT id FROM credit_lot WHERE expires_at <= $1 AND expired_at IS NULL
    ORDER BY expires_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE credit_lot SET expired_at = $1 FROM due WHERE credit_lot.id = due.id
RETURNING credit_lot.id, account_id, channel, remaining, expires_at"""
_COLUMNS = "id, account_id, channel, granted, remaining, valid_from, expires_at, made_at, expired_at"


class LotRow(NamedTuple):
    """A credit lot as stored."""

    id: UUID
    account_id: UUID
    channel: str
    granted: int
    remaining: int
    valid_from: datetime
    expires_at: datetime
    made_at: datetime
    expired_at: datetime | None


async def add_lot(work: Work, lot: LotRow) -> None:
    """Add a lot."""
    query = f"INSERT INTO credit_lot ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    await work.connection.execute(query, *lot)


async def list_lots(work: Work, account_id: UUID) -> list[LotRow]:
    """Return all lots of an account, those that end first first."""
    query = f"SELECT {_COLUMNS} FROM credit_lot WHERE account_id = $1 ORDER BY expires_at, id"
    return [LotRow(*row) for row in await work.connection.fetch(query, account_id)]


async def lock_lots(work: Work, wanted: Iterable[tuple[UUID, str]]) -> list[asyncpg.Record]:
    """Hold the lots that can be spent now of these accounts, each on its channel, to the end of the transaction."""
    accounts, channels = zip(*sorted(set(wanted)), strict=True)
    found: list[asyncpg.Record] = await work.connection.fetch(_LOCK, list(accounts), list(channels), work.at)
    return found


def debit_of(counts: Mapping[UUID, int]) -> Statement:
    """Return the statement that takes credits of lots that are held."""
    return Statement(_DEBIT, (list(counts), list(counts.values())))


async def release_lots(work: Work, counts: Mapping[UUID, int]) -> set[UUID]:
    """Give credits back to lots; return those that took them: there, and never fuller than they were granted."""
    rows = await work.connection.fetch(_RELEASE, list(counts), list(counts.values()))
    return {row["id"] for row in rows}


async def carry_lots(work: Work, account_id: UUID, channel: str, until: datetime) -> list[asyncpg.Record]:
    """Let all lots of an account's channel that end between now and `until` end then; return each with its old end."""
    return sorted(await work.connection.fetch(_CARRY, account_id, channel, work.at, until), key=lambda row: row["id"])


async def take_expired(work: Work, most: int) -> list[asyncpg.Record]:
    """Mark lots that have ended as expired, passing over those that somebody holds; return them."""
    return sorted(await work.connection.fetch(_EXPIRE, work.at, most), key=lambda row: row["id"])
