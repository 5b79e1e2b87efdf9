"""The queries of numbers: what accounts send from, and what was said of it; the fixed part of `store`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from backoffice.kernel.errors import NotFound, Refused
from backoffice.plumbing.install import Work

_SENDER = (
    "id, account_id, channel, token, address, provider_type, is_registered, is_linked, is_banned, is_spoofed,"
    " can_receive, linked_at, is_halted, portfolio, portfolio_room_at, provider_code, provider_account, daily_limit"
)
_FIRST_MOMENT = "'0001-01-01T00:00:00Z'::timestamptz"  # NEVER, which asyncpg writes as -infinity and reads as naive
_LINK = f"""
INSERT INTO sender ({_SENDER}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
    coalesce((SELECT max(portfolio_room_at) FROM (SELECT portfolio_room_at FROM sender
        WHERE portfolio = $14 AND channel = $3 ORDER BY id FOR SHARE) AS known),
        CASE WHEN $15::timestamptz IS NOT NULL THEN greatest($15, {_FIRST_MOMENT}) END), $16, $17, $18)
ON CONFLICT (account_id, channel, token) DO UPDATE SET provider_type = excluded.provider_type,
    is_registered = coalesce(excluded.is_registered, sender.is_registered),
    is_linked = sender.is_linked OR excluded.is_linked, can_receive = excluded.can_receive,
    linked_at = excluded.linked_at,
    provider_code = CASE excluded.provider_code WHEN '' THEN sender.provider_code ELSE excluded.provider_code END,
    provider_account = CASE excluded.provider_account WHEN '' THEN sender.provider_account
        ELSE excluded.provider_account END
RETURNING id"""
_MARK = """
UPDATE sender SET is_linked = coalesce($2, is_linked), is_banned = coalesce($3, is_banned),
    is_registered = coalesce($4, is_registered), is_spoofed = coalesce($5, is_spoofed),
    can_receive = coalesce($6, can_receive), is_halted = coalesce($7, is_halted)
WHERE id = $1"""

MARKS = ("is_linked", "is_banned", "is_registered", "is_spoofed", "can_receive", "is_halted")
"""What can be said of a number."""


class SenderRow(NamedTuple):
    """A number as stored; its address is sealed."""

    id: UUID
    account_id: UUID
    channel: str
    token: bytes
    address: bytes
    provider_type: str
    is_registered: bool | None
    is_linked: bool
    is_banned: bool | None
    is_spoofed: bool | None
    can_receive: bool
    linked_at: datetime
    is_halted: bool | None
    portfolio: str
    portfolio_room_at: datetime | None
    provider_code: str
    provider_account: str
    daily_limit: int | None


async def link_sender(work: Work, sender: SenderRow) -> UUID:
    """Add a number, or link again the one the account has; return its id. Raises Refused where another has it."""
    with _one_account_a_number():
        linked: UUID = await work.connection.fetchval(_LINK, *sender)
    return linked


async def mark_sender(work: Work, sender_id: UUID, marks: Mapping[str, bool]) -> None:
    """Set what was said of a number, and leave the rest. Raises Refused where another account has it linked."""
    with _one_account_a_number():
        await work.connection.execute(_MARK, sender_id, *(marks.get(name) for name in MARKS))


async def hold_portfolio(work: Work, portfolio: str, channel: str) -> list[SenderRow]:
    """Return the numbers of a portfolio, held to the end of the transaction; one that is being linked waits for us."""
    query = f"SELECT {_SENDER} FROM sender WHERE portfolio = $1 AND channel = $2 ORDER BY id"
    await work.connection.execute(f"{query} FOR UPDATE", portfolio, channel)
    return [SenderRow(*row) for row in await work.connection.fetch(query, portfolio, channel)]


async def put_portfolio_room(work: Work, portfolio: str, channel: str, room_at: datetime) -> None:
    """Set when a portfolio, which is held, may write to somebody new."""
    await work.connection.execute(
        f"UPDATE sender SET portfolio_room_at = greatest($3, {_FIRST_MOMENT}) WHERE portfolio = $1 AND channel = $2",
        *(portfolio, channel, room_at),
    )


@contextmanager
def _one_account_a_number() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError:
        raise Refused("number_linked_elsewhere") from None


async def get_sender(work: Work, account_id: UUID, sender_id: UUID, *, hold: bool = False) -> SenderRow:
    """Return a number of an account, held to the end of the transaction where asked; raises NotFound."""
    query = f"SELECT {_SENDER} FROM sender WHERE id = $1 AND account_id = $2"
    row = await work.connection.fetchrow(query + (" FOR UPDATE" if hold else ""), sender_id, account_id)
    if row is None:
        raise NotFound("sender_unknown", sender=str(sender_id))
    return SenderRow(*row)


async def find_sender(work: Work, channel: str, token: bytes) -> SenderRow | None:
    """Return the number as the account has it that has it linked, or had it last; None where nobody ever had it."""
    row = await work.connection.fetchrow(
        f"SELECT {_SENDER} FROM sender WHERE channel = $1 AND token = $2"
        " ORDER BY is_linked DESC, linked_at DESC, id DESC LIMIT 1",
        *(channel, token),
    )
    return SenderRow(*row) if row else None


async def find_by_code(work: Work, channel: str, code: str) -> SenderRow | None:
    """Return the number that a provider names so, as `find_sender` does."""
    row = await work.connection.fetchrow(
        f"SELECT {_SENDER} FROM sender WHERE channel = $1 AND provider_code = $2 AND provider_code <> ''"
        " ORDER BY is_linked DESC, linked_at DESC, id DESC LIMIT 1",
        *(channel, code),
    )
    return SenderRow(*row) if row else None


async def list_of_provider_account(work: Work, channel: str, provider_account: str) -> list[SenderRow]:
    """Return the numbers that are linked in a business account of a provider."""
    rows = await work.connection.fetch(
        f"SELECT {_SENDER} FROM sender WHERE channel = $1 AND provider_account = $2 AND provider_account <> ''"
        " AND is_linked ORDER BY id",
        *(channel, provider_account),
    )
    return [SenderRow(*row) for row in rows]


async def list_named(work: Work, channel: str, after: UUID, count: int) -> list[SenderRow]:
    """Return the next numbers that are linked and that a provider has a name for, by their ids."""
    rows = await work.connection.fetch(
        f"SELECT {_SENDER} FROM sender WHERE channel = $1 AND id > $2 AND is_linked AND provider_code <> ''"
        " ORDER BY id LIMIT $3",
        *(channel, after, count),
    )
    return [SenderRow(*row) for row in rows]


async def put_daily_limit(work: Work, portfolio: str, channel: str, most: int) -> None:
    """Set whom a portfolio may write to of its own accord in 24 hours; -1 without limit."""
    await work.connection.execute(
        "UPDATE sender SET daily_limit = $3 WHERE portfolio = $1 AND channel = $2", portfolio, channel, most
    )


async def list_senders(work: Work, account_id: UUID) -> list[SenderRow]:
    """Return the numbers of an account, oldest first."""
    query = f"SELECT {_SENDER} FROM sender WHERE account_id = $1 ORDER BY id"
    return [SenderRow(*row) for row in await work.connection.fetch(query, account_id)]
