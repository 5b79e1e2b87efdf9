"""What an account is told of its credits."""

from __future__ import annotations

from contextlib import nullcontext

import httpx

from backoffice.accounts.service import find_caller, issue_key
from backoffice.billing import service
from backoffice.billing.views import ROUTES
from backoffice.plumbing.http import make_web
from backoffice.plumbing.install import Install
from tests.billing.conftest import DAY, lamp_shop


async def test_credits_are_told_by_channel_with_their_lots(install: Install) -> None:
    """Only what can be spent now is available; other accounts' credits are theirs."""
    async with install.unit_of_work() as work:
        shop, other = await lamp_shop(work), await lamp_shop(work)
        secret = await issue_key(work, shop)
        await service.grant_lot(work, other, "sms", 99, work.at, work.at + DAY)
        for begins, count in ((-3, 1), (0, 10), (1, 100)):
            await service.grant_lot(work, shop, "sms", count, work.at + begins * DAY, work.at + (begins + 2) * DAY)
        lots = await service.lock_lots(work, {(shop, "sms")})
        lots.debit(shop, "sms", 4)
        await lots.flush(work)

    web = make_web(lambda: nullcontext(install), ROUTES, find_caller)
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app=web)
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        (sms,) = (await http.get("/v1/credits")).json()

    assert (sms["channel"], sms["available"]) == ("sms", 6)
    assert [(lot["granted"], lot["remaining"], lot["is_spendable"]) for lot in sms["lots"]] == [
        (1, 1, False),
        (10, 6, True),
        (100, 100, False),
    ]
