"""How credits are asked about."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency

from backoffice.billing import service
from backoffice.billing.store import LotRow
from backoffice.plumbing.http import Caller
from backoffice.plumbing.install import Install


class LotTold(msgspec.Struct, frozen=True, kw_only=True):
    """Credits that were granted together. What remains can be spent from `valid_from` until `expires_at`, exclusive."""

    id: UUID
    granted: int
    remaining: int
    valid_from: datetime
    expires_at: datetime
    is_spendable: bool


class ChannelCredits(msgspec.Struct, frozen=True, kw_only=True):
    """The credits of one channel: how many messages they pay for now, and their lots, those that end first first."""

    channel: str
    available: int
    lots: list[LotTold]


@get("/v1/credits")
async def list_credits(caller: NamedDependency[Caller], install: NamedDependency[Install]) -> list[ChannelCredits]:
    """Tell the account's credits by channel; those of sends that are on their way are taken off."""
    by_channel: defaultdict[str, list[LotTold]] = defaultdict(list)
    async with install.reading() as work:
        for lot in await service.list_lots(work, caller.account_id):
            by_channel[lot.channel].append(_told(lot, work.at))
    return [
        ChannelCredits(channel=channel, available=sum(lot.remaining for lot in lots if lot.is_spendable), lots=lots)
        for channel, lots in sorted(by_channel.items())
    ]


def _told(lot: LotRow, at: datetime) -> LotTold:
    is_spendable = lot.valid_from <= at < lot.expires_at and lot.expired_at is None
    told = {part: getattr(lot, part) for part in LotTold.__struct_fields__ if part != "is_spendable"}
    return LotTold(**told, is_spendable=is_spendable)


ROUTES = [list_credits]
