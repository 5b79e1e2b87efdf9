"""Many at once on the same lots: nothing is spent twice, nothing is lost, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from uuid import UUID

from backoffice.billing import service
from backoffice.billing.store import list_lots
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Install
from tests.billing.conftest import DAY, LEAST, NEXT_YEAR, lamp_shop, told

CROWD = 20


async def _shops(install: Install, count: int, lots: tuple[int, ...]) -> list[UUID]:
    async with install.unit_of_work() as work:
        shops = [await lamp_shop(work) for _ in range(count)]
        for shop in shops:
            for number in lots:
                await service.grant_lot(work, shop, "sms", number, work.at, NEXT_YEAR)
    return shops


async def _remaining(install: Install, shop: UUID) -> int:
    async with install.reading() as work:
        return sum(lot.remaining for lot in await list_lots(work, shop))


async def test_a_crowd_spends_the_same_lots_to_the_last_credit(install: Install) -> None:
    """Twenty tasks want more than there is: they get just what there is, and each credit once."""
    (shop,) = await _shops(install, 1, (30, 1, 50, 19))

    async def spend() -> list[UUID]:
        mine: list[UUID] = []
        for _ in range(10):
            try:
                async with install.unit_of_work() as work:
                    lots = await service.lock_lots(work, {(shop, "sms")})
                    taken = lots.debit(shop, "sms", 1)
                    await lots.flush(work)
                mine += taken
            except Refused:
                break
        return mine

    async with asyncio.timeout(60):
        taken = [lot for mine in await asyncio.gather(*(spend() for _ in range(CROWD))) for lot in mine]

    assert len(taken) == 100
    assert sorted(Counter(taken).values()) == [1, 19, 30, 50]
    assert await _remaining(install, shop) == 0


async def test_a_crowd_with_many_shops_in_any_order_never_waits_for_itself(install: Install) -> None:
    """Debits of several accounts, releases, purchases that move ends, expiries: all end, and the sums are right."""
    shops = await _shops(install, 3, (200, 200))
    bought: Counter[UUID] = Counter()
    spent: Counter[UUID] = Counter()

    async def trade(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311  # any order will do
        for _ in range(6):
            ours = dice.sample(shops, 2)
            async with install.unit_of_work() as work:
                lots = await service.lock_lots(work, [(shop, "sms") for shop in ours])
                taken = {shop: lots.debit(shop, "sms", dice.randrange(5)) for shop in ours}
                await lots.flush(work)
            async with install.unit_of_work() as work:
                await service.release(work, Counter(lot for shop in ours for lot in taken[shop][1:]))
            spent.update({shop: len(taken[shop][:1]) for shop in ours})
            if dice.random() < 0.3:
                async with install.unit_of_work() as work:
                    await service.top_up(work, ours[0], "sms", LEAST["sms"])
                    await service.expire_lots(work)
                bought[ours[0]] += LEAST["sms"]

    async with asyncio.timeout(120):
        await asyncio.gather(*(trade(seed) for seed in range(CROWD)))

    assert bought.total() > 0
    for shop in shops:
        assert await _remaining(install, shop) == 400 + bought[shop] - spent[shop]


async def test_purchases_at_once_are_one_after_the_other(install: Install) -> None:
    """The older lot is carried forward by the first of them, once."""
    (shop,) = await _shops(install, 1, (7,))

    async def buy() -> int:
        async with install.unit_of_work() as work:
            return len((await service.top_up(work, shop, "sms", LEAST["sms"])).carried)

    carried = await asyncio.gather(*(buy() for _ in range(CROWD)))

    async with install.reading() as work:
        lots = await list_lots(work, shop)
        assert len(await told(work, "billing:lot:carried_forward")) == sum(carried) == 1
    assert len(lots) == CROWD + 1
    assert len({lot.expires_at for lot in lots}) == 1
    assert await _remaining(install, shop) == 7 + CROWD * LEAST["sms"]


async def test_a_purchase_waits_for_the_one_before_it_and_carries_its_lot(install: Install) -> None:
    """A day later the first one's credits go along with the second's, though neither had committed when both began."""
    (shop,) = await _shops(install, 1, ())
    may_begin = asyncio.Event()

    async def buy_a_day_later() -> tuple[UUID, ...]:
        await may_begin.wait()
        async with install.unit_of_work() as work:
            work.at += DAY
            return (await service.top_up(work, shop, "sms", LEAST["sms"])).carried

    second = asyncio.create_task(buy_a_day_later())
    async with install.unit_of_work() as work:
        first = await service.top_up(work, shop, "sms", LEAST["sms"])
        may_begin.set()
        waits = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        while not second.done() and not await work.connection.fetchval(f"SELECT EXISTS ({waits})"):
            pass

    assert await second == (first.lot_id,)
