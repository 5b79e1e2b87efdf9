"""The facts of an account that billing answers."""

from __future__ import annotations

from uuid import UUID

from backoffice.billing.lots import Lots


def credits(lots: Lots, account_id: UUID, channel: str) -> int:  # noqa: A001  # the fact's own name
    """Return `account.credits`: how many messages of this channel the locked lots can pay; 0 is no gap."""
    return lots.available(account_id, channel)
