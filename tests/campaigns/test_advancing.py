"""Advancing: each recipient is decided about exactly once, and accounts take turns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from backoffice.campaigns import service, store
from backoffice.campaigns.advancing import MOST_FAULTS, advance, run_campaigns
from backoffice.kernel.errors import NotFound, Unavailable
from backoffice.plumbing.vault.store import destroy_subject
from tests.campaigns.making import (
    assert_each_once,
    do,
    line,
    look,
    named,
    number,
    people_of,
    run,
    times,
    to_file,
    to_named,
    wanted,
)
from tests.cast import know, open_shop

if TYPE_CHECKING:
    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install
    from tests.cast import Shop


async def test_a_campaign_goes_to_whoever_agreed_and_leaves_nobody_out_in_silence(install: Install, shop: Shop) -> None:
    """Three agreed, two did not: three are queued, two denied, all five are counted."""
    campaign = await to_file(install, shop, [line(place, has_agreed=place < 3) for place in range(5)])
    assert (campaign.state, campaign.rows) == ("ready", 5)

    await do(install, service.start, campaign)
    ended = await run(install, campaign)

    assert (ended.state, ended.allowed, ended.denied, ended.decided) == ("done", 3, 2, 5)
    assert ended.ended_at
    await assert_each_once(install, campaign)


async def test_two_workers_at_once_decide_about_each_recipient_once(install: Install, shop: Shop) -> None:
    """They wait for each other's slices; none of 2,300 is skipped or comes twice."""
    campaign = await to_named(install, shop, 2_300)
    await do(install, service.start, campaign)

    async def work_off() -> None:
        while await advance(install, campaign.id):
            pass

    await asyncio.gather(work_off(), work_off())

    ended = await look(install, campaign)
    assert (ended.state, ended.decided) == ("done", 2_300)
    await assert_each_once(install, campaign)


async def test_a_slice_is_a_thousand_recipients_and_moves_on_with_them(install: Install, shop: Shop) -> None:
    """After one slice of 2,300 the campaign stands behind its thousandth row, and runs on."""
    campaign = await to_named(install, shop, 2_300)
    await do(install, service.start, campaign)

    assert await advance(install, campaign.id)

    now = await look(install, campaign)
    assert (now.state, now.decided, now.next_row) == ("running", 1_000, 1_000)
    async with install.reading() as work:
        assert sorted(await times(work, campaign)) == sorted((await people_of(work, campaign))[:1_000])


async def test_only_a_running_campaign_advances(install: Install, shop: Shop) -> None:
    """One that is ready, paused or over stays where it is; one that isn't there is none."""
    campaign = await to_named(install, shop, 1)
    assert not await advance(install, campaign.id)
    await do(install, service.start, campaign)
    await do(install, service.pause, campaign)
    assert not await advance(install, campaign.id)
    assert (await look(install, campaign)).decided == 0
    assert not await advance(install, shop.account_id)


async def test_small_campaigns_dont_wait_for_a_large_one_of_another_account(install: Install, shop: Shop) -> None:
    """Accounts take turns: the small one is done after its first slice, while two of the large one's three are left."""
    large = await to_named(install, shop, 2_300)
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
    small = await to_named(install, other, 3)
    for campaign in (large, small):
        await do(install, service.start, campaign)

    assert await run_campaigns(install)
    assert await run_campaigns(install)

    assert ((await look(install, small)).state, (await look(install, large)).decided) == ("done", 1_000)
    while await run_campaigns(install):
        pass
    assert (await look(install, large)).state == "done"
    for campaign in (large, small):
        await assert_each_once(install, campaign)


async def test_workers_pass_over_an_account_that_another_has_in_hand(install: Install, shop: Shop) -> None:
    """While somebody holds the first account's turn, the second's campaign goes on and the first's is left alone."""
    held = await to_named(install, shop, 2)
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
    free = await to_named(install, other, 2)
    for campaign in (held, free):
        await do(install, service.start, campaign)

    begun = asyncio.Event()
    worker = asyncio.create_task(_work_off(install, begun))
    async with install.unit_of_work() as work:
        await store.take_turn(work, shop.account_id, waits=True)
        begun.set()
        await worker

    assert ((await look(install, held)).decided, (await look(install, free)).state) == (0, "done")


async def _work_off(install: Install, begun: asyncio.Event) -> None:
    await begun.wait()
    while await run_campaigns(install):
        pass


async def test_many_workers_share_many_campaigns(install: Install, shop: Shop) -> None:
    """Four workers, three accounts, six campaigns: each recipient of each once."""
    async with install.unit_of_work() as work:
        shops = [shop, *[await open_shop(work, number=f"+3712999990{place}") for place in (2, 3)]]
    campaigns = [await to_named(install, one, 120 * place) for one in shops for place in (1, 10)]
    for campaign in campaigns:
        await do(install, service.start, campaign)

    async def work_off() -> None:
        while [one for one in campaigns if (await look(install, one)).state == "running"]:
            await run_campaigns(install)

    await asyncio.gather(*(work_off() for _ in range(4)))

    for campaign in campaigns:
        assert (await look(install, campaign)).state == "done"
        await assert_each_once(install, campaign)


async def test_whoever_was_erased_before_their_turn_is_counted_and_not_sent_to(install: Install, shop: Shop) -> None:
    """Their key is destroyed: nobody can read what was to be said to them, and nobody else is held up."""
    campaign = await to_file(install, shop, [line(place) for place in range(3)])
    async with install.unit_of_work() as work:
        gone, lost, there = await people_of(work, campaign)
        await destroy_subject(work.connection, gone, work.at)
        await work.connection.execute("DELETE FROM contact WHERE id = $1", lost)
    await do(install, service.start, campaign)

    ended = await run(install, campaign)

    assert (ended.state, ended.allowed, ended.gone, ended.decided) == ("done", 1, 2, 3)
    async with install.reading() as work:
        assert list(await times(work, campaign)) == [there]


async def test_a_campaign_whose_slices_fail_ends_and_holds_nobody_up(install: Install, shop: Shop) -> None:
    """Its content is gone: after some tries it has failed and says why, and the others got their turns meanwhile."""
    broken = await to_named(install, shop, 2)
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
    sound = await to_named(install, other, 2)
    for campaign in (broken, sound):
        await do(install, service.start, campaign)
    async with install.unit_of_work() as work:
        started = await store.get_campaign(work, shop.account_id, broken.id)
        await work.connection.execute("DELETE FROM content WHERE id = $1", started.content_id)

    with pytest.raises(NotFound):
        await run_campaigns(install)
    assert await run_campaigns(install)
    assert (await look(install, sound)).state == "done"
    for _ in range(MOST_FAULTS - 1):
        with pytest.raises(NotFound):
            await run_campaigns(install)

    ended = await look(install, broken)
    assert (ended.state, ended.fault, ended.decided) == ("failed", "content_unknown", 0)
    assert not await run_campaigns(install)


async def test_nothing_is_decided_while_the_ledger_is_behind(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """Entries have waited longer than ten minutes: the slice never was, and the campaign has not failed for it."""
    from datetime import timedelta  # noqa: PLC0415

    campaign = await to_named(install, shop, 2)
    await do(install, service.start, campaign)
    clock.advance(timedelta(minutes=11))

    for _ in range(MOST_FAULTS + 1):
        with pytest.raises(Unavailable):
            await run_campaigns(install)

    now = await look(install, campaign)
    assert (now.state, now.decided, now.faults) == ("running", 0, 0)


async def test_credits_last_as_long_as_they_last(install: Install) -> None:
    """Two credits for three people who agreed, by Terms that ask for credits: the third is denied, no lot overdrawn."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, operator="reseller", credits_=2)
        for place in range(3):
            await know(work, shop, number(place))
        campaign = await service.create(work, shop.account_id, wanted(shop, recipients=named(3)))
    await do(install, service.start, campaign)

    ended = await run(install, campaign)

    assert (ended.allowed + ended.warned, ended.denied) == (2, 1)
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot") == 0
