"""Accounts whose Terms know credits: they end after a term, and a large enough purchase carries older ones forward."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backoffice.accounts.asking import declared
from backoffice.accounts.service import register_account
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library
from backoffice.policy.primitives.money_terms import Topup

ON = date(2026, 11, 20)
DAY = timedelta(days=1)
NEXT_YEAR = datetime(2027, 11, 20, tzinfo=UTC)

SELLER = next(name for name in sorted(library().operators) if any(declared(name, "", Topup, ON)))
"""An operator whose Terms speak of credits."""

LEAST = next(declared(SELLER, "", Topup, ON)).params.least
"""What must be bought of each channel for the rest to be carried forward."""

SILENT = next(name for name in sorted(library().operators) if not any(declared(name, "", Topup, ON)))
"""An operator whose Terms say nothing of credits."""


async def lamp_shop(work: Work, operator: str = SELLER) -> UUID:
    """Register an account to grant credits to."""
    return await register_account(work, operator, "Baltic Lamp", "LV", "business")


async def told(work: Work, kind: str) -> list[dict[str, Any]]:
    """Return the ledger entries of a kind, in the order in which they were written."""
    rows = await work.connection.fetch("SELECT body FROM ledger_entry ORDER BY ctid")
    entries = [msgspec.json.decode(row["body"]) for row in rows]
    return [entry for entry in entries if entry["kind"] == kind]
