"""What tests of contacts and consent share: an account, and what the ledger and the database hold of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

import httpx
import msgspec

from backoffice.accounts.service import find_caller, issue_key, register_account
from backoffice.plumbing.database import Connection
from backoffice.plumbing.http import make_web
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.policies import library

OPERATOR = min(library().operators)
TABLES = (
    "contact",
    "contact_list",
    "list_member",
    "vault_key",
    "whereabouts",
    "consent",
    "wording",
    "suppression",
    "ledger_entry",
)


async def register(work: Work, place: str = "LV", name: str = "Baltic Lamp") -> UUID:
    """Register a lamp shop."""
    return await register_account(work, OPERATOR, name, place, "business")


async def entries(work: Work, source: str = "") -> list[dict[str, Any]]:
    """Return the ledger entries of a source, in any order: those of one moment have none."""
    rows = await work.connection.fetch("SELECT body FROM ledger_entry")
    bodies = [msgspec.json.decode(row["body"]) for row in rows]
    return [body for body in bodies if body["kind"].startswith(source)]


async def digest(connection: Connection) -> dict[str, str]:
    """Return a hash of every row of the tables that an import may change."""
    return {
        table: hashlib.sha256(
            "\n".join(row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")).encode()
        ).hexdigest()
        for table in TABLES
    }


@asynccontextmanager
async def asking(install: Install, routes: list[Any], name: str = "Baltic Lamp") -> AsyncIterator[httpx.AsyncClient]:
    """Ask a room's web part as a new account."""
    async with install.unit_of_work() as work:
        secret = await issue_key(work, await register(work, name=name))
    web = make_web(lambda: nullcontext(install), routes, find_caller)
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app=web)
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield http
