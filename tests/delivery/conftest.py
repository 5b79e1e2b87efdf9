"""Sends on their way out, as the gate leaves them."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx

from backoffice.kernel.ids import new_ids
from backoffice.plumbing.http import make_web
from backoffice.relay.outbox import SINGLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from backoffice.plumbing.install import Install, Work

ACCOUNT, OTHER_ACCOUNT = UUID(int=0xA), UUID(int=0xB)
SENDER, OTHER_SENDER = UUID(int=0x5E), UUID(int=0x5F)


class Made(NamedTuple):
    """What a bare send is made with."""

    sender_id: UUID = SENDER
    account_id: UUID = ACCOUNT
    state: str = "queued"
    person: bytes = b"p" * 16
    not_before: datetime | None = None
    claimed_until: datetime | None = None
    attempt: int = 0
    campaign_id: UUID | None = None


async def make(work: Work, *sends: Made) -> list[UUID]:
    """Store bare sends, those that are queued or sending with their row in the outbox; return their ids."""
    ids = new_ids(work.at, len(sends))
    await work.connection.executemany(
        "INSERT INTO send (id, account_id, contact_id, person, sender_id, content_id, channel, purpose, topic, state,"
        " verdict, decision_id, campaign_id)"
        " VALUES ($1, $2, $1, $3, $4, $1, 'whatsapp', 'marketing', '', $5, 'allow', $1, $6)",
        [
            (send_id, one.account_id, one.person, one.sender_id, one.state, one.campaign_id)
            for send_id, one in zip(ids, sends, strict=True)
        ],
    )
    await work.connection.executemany(
        "INSERT INTO outbox VALUES ($1, $2, $3, 'whatsapp', $4, $5, $6, $7)",
        [
            (
                *(send_id, one.account_id, one.sender_id, one.attempt, one.not_before or work.at, one.claimed_until),
                one.campaign_id or SINGLE,
            )
            for send_id, one in zip(ids, sends, strict=True)
            if one.state in {"queued", "sending"}
        ],
    )
    return ids


async def states(work: Work, ids: list[UUID]) -> list[str]:
    """Return the states of sends, in order."""
    rows = await work.connection.fetch("SELECT id, state FROM send WHERE id = ANY($1::uuid[])", ids)
    found = {row["id"]: row["state"] for row in rows}
    return [found[send_id] for send_id in ids]


@asynccontextmanager
async def web_of(install: Install, routes: list[Any]) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the web part of an install that has these routes; an account's id is its key."""

    async def find(work: Work, secret: str) -> UUID:  # noqa: ARG001  # any will do
        return UUID(secret)

    web = make_web(lambda: nullcontext(install), routes, find)
    async with (
        web.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=web), base_url="http://web") as asked,
    ):
        yield asked
