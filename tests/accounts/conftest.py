"""Accounts to try things on: a lamp shop in Riga, of whatever operator has the Terms a test is about."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

import msgspec
import pytest

from backoffice.accounts.service import Use, register_account
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library

OPERATOR = min(library().operators)
TEXT = bytes(range(32))  # the SHA-256 of a text


class Registers(Protocol):
    """Registers an account."""

    async def __call__(
        self, operator: str = OPERATOR, name: str = "Baltic Lamp", place: str = "LV", use: Use = "business"
    ) -> UUID:
        """Return its id."""


@pytest.fixture
def register(work: Work) -> Registers:
    """Registers accounts in the test's unit of work."""

    async def register(
        operator: str = OPERATOR, name: str = "Baltic Lamp", place: str = "LV", use: Use = "business"
    ) -> UUID:
        return await register_account(work, operator, name, place, use)

    return register


async def entries(work: Work) -> list[dict[str, Any]]:
    """Return the ledger entries of the test, oldest first: ids of one moment have no order, kinds have."""
    rows = await work.connection.fetch("SELECT body FROM ledger_entry ORDER BY ctid")
    return [msgspec.json.decode(row["body"]) for row in rows]


async def kinds(work: Work) -> list[str]:
    """Return the kinds of the ledger entries of the test."""
    return [entry["kind"] for entry in await entries(work)]
