"""Nobody's stop waits for what a courier waits for: another's stop, or credits that a batch holds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from backoffice.billing.service import lock_lots
from backoffice.consent.service import suppress
from tests.cast import ANNA, BORISS
from tests.delivery.fakes import Scripted
from tests.delivery.queueing import courier, now, opened, sent
from tests.delivery.waiting import PATIENCE, begun, until_it_waits

if TYPE_CHECKING:
    from backoffice.channels.port import Parcel
    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install


async def test_what_is_taken_back_waits_for_credits_with_nobody_held(install: Install) -> None:
    """A batch has the shop's credits: the others leave, and may say stop, before the one that is taken back."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    async with install.unit_of_work() as work:
        await suppress(work, people[0].token, account_id=shop.account_id, reason="reply")

    async with install.unit_of_work() as batch, asyncio.timeout(PATIENCE):
        await lock_lots(batch, {(shop.account_id, "whatsapp")})
        round_ = begun(courier(install, Scripted(_nothing)).step())
        await until_it_waits(batch, round_)
        assert await now(install, ids) == ["queued", "sent"]
        await begun(_stop(install, people[1].token))

    await round_
    assert await now(install, ids) == ["denied", "sent"]


async def test_who_is_saying_stop_keeps_nobody_else_waiting(install: Install, clock: SteppingClock) -> None:
    """The others of the batch leave; who says stop is looked at again in a moment, and gets nothing."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    ours = courier(install, Scripted(_nothing))

    async with install.unit_of_work() as stop, asyncio.timeout(PATIENCE):
        await suppress(stop, people[0].token, account_id=shop.account_id, reason="reply")
        await begun(ours.step())
        assert await now(install, ids) == ["queued", "sent"]
        await begun(_stop(install, people[1].token))

    clock.advance(timedelta(seconds=1))
    await ours.step()
    assert await now(install, ids) == ["denied", "sent"]


async def _nothing(_: Parcel) -> None:
    """Say nothing more than that it was taken."""


async def _stop(install: Install, token: bytes) -> None:
    async with install.unit_of_work() as work:
        await suppress(work, token, reason="complaint")
