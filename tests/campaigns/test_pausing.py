"""A pause stops what is queued too: nothing leaves until it is resumed, nobody is skipped, and nobody comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backoffice.campaigns import service
from backoffice.campaigns.advancing import advance, run_campaigns
from backoffice.channels.recording import RecordingChannel
from backoffice.consent.service import suppress
from backoffice.delivery.courier import Courier
from backoffice.delivery.limits import Limits
from backoffice.delivery.reconcile import Reconciler
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Work
from backoffice.relay import outbox
from tests.campaigns.making import do, line, look, run, to_file
from tests.cast import know
from tests.delivery.queueing import sent

if TYPE_CHECKING:
    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install
    from tests.cast import Shop

LIMITS = Limits(sender_rate=100_000, sender_burst=100_000)


def _courier(install: Install) -> tuple[Courier, RecordingChannel]:
    channel = RecordingChannel()
    return Courier(install, {"whatsapp": channel}, LIMITS), channel


async def _states(install: Install) -> Counter[str]:
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT state, count(*) FROM send GROUP BY state")
    return Counter({row[0]: row[1] for row in rows})


async def _credits(install: Install) -> int:
    async with install.reading() as work:
        left: int = await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot")
    return left


async def _kept_back(install: Install) -> int:
    async with install.reading() as work:
        kept: int = await work.connection.fetchval("SELECT count(*) FROM kept_back")
    return kept


async def _queued(install: Install, shop: Shop, count: int, start: int = 0) -> StoredCampaign:
    """Return a campaign that has decided about all of its people, none of whom has got anything."""
    campaign = await to_file(install, shop, [line(place) for place in range(start, start + count)])
    await do(install, service.start, campaign)
    return await run(install, campaign)


async def _work_off(out: Courier) -> None:
    while await out.step():
        pass


async def test_nothing_that_is_queued_leaves_until_it_is_resumed(install: Install, shop: Shop) -> None:
    """Five wait with their credits, and each leaves once after the resumption, on a decision of that moment."""
    campaign = await _queued(install, shop, 5)
    out, channel = _courier(install)
    paused = await do(install, service.pause, campaign)

    assert (paused.state, paused.ended_at, await out.step(), channel.taken) == ("paused", None, 0, [])
    assert (await _states(install), await _credits(install)) == ({"queued": 5}, 4_995)
    await do(install, service.resume, campaign)
    await _work_off(out)

    assert (await _states(install), await _credits(install)) == ({"sent": 5}, 4_995)
    assert len({parcel.reference for parcel in channel.taken}) == len(channel.taken) == 5
    assert ((await run(install, campaign)).state, await _kept_back(install)) == ("done", 0)


async def test_what_is_paused_stands_in_nobodys_way(install: Install, shop: Shop) -> None:
    """It was queued first and fills many batches; a single send and another campaign of its number leave at once."""
    paused, other = await _queued(install, shop, 30), await _queued(install, shop, 2, start=100)
    async with install.unit_of_work() as work:
        anna = await know(work, shop, "+37126000999")
    await sent(install, shop, anna)
    await do(install, service.pause, paused)
    channel = RecordingChannel()

    assert await Courier(install, {"whatsapp": channel}, Limits(batch=3)).step() == 2
    assert await Courier(install, {"whatsapp": channel}, Limits(batch=3)).step() == 1
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT campaign_id FROM send WHERE state = 'sent'")
    assert Counter(row["campaign_id"] for row in rows) == {other.id: 2, None: 1}


async def test_a_pause_between_claim_and_second_look_counts(install: Install, shop: Shop, clock: SteppingClock) -> None:
    """What was claimed isn't begun, and is given back: once resumed it leaves without waiting for a lease to end."""
    campaign = await _queued(install, shop, 3)
    out, channel = _courier(install)
    claimed = await out._claim()
    await do(install, service.pause, campaign)

    assert (len(claimed), await out._look(claimed), channel.taken) == (3, [], [])
    await do(install, service.resume, campaign)
    clock.advance(LIMITS.pair_every)
    assert (await out.step(), await _states(install)) == (3, {"sent": 3})


async def test_a_pause_waits_for_the_second_look_that_came_first(install: Install, shop: Shop) -> None:
    """Its answer says that nothing more leaves: so what was about to begin is committed before it, or gives way."""
    campaign = await _queued(install, shop, 1)
    out, _ = _courier(install)
    claimed = await out._claim()
    async with install.database.connection() as connection, connection.transaction():
        assert await outbox.leave_kept_back(Work(install, connection, install.clock()), claimed) == claimed
        pausing = asyncio.create_task(do(install, service.pause, campaign))
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await connection.fetchval(waits):
            assert not pausing.done()

    assert ((await pausing).state, await out._look(claimed)) == ("paused", [])


async def test_a_pause_while_a_slice_commits_keeps_the_slice_back(install: Install, shop: Shop) -> None:
    """Whichever comes first: a slice that committed is queued and does not leave; each is sent once in the end."""
    campaign = await to_file(install, shop, [line(place) for place in range(1_010)])
    await do(install, service.start, campaign)
    out, channel = _courier(install)

    await asyncio.gather(advance(install, campaign.id), do(install, service.pause, campaign))
    assert (await look(install, campaign)).state == "paused"
    assert (await out.step(), channel.taken) == (0, [])
    await do(install, service.resume, campaign)
    await run(install, campaign)
    await _work_off(out)

    assert await _states(install) == {"sent": 1_010}
    assert len({parcel.reference for parcel in channel.taken}) == len(channel.taken) == 1_010
    await _assert_each_looked_at_once(install, campaign)


async def _assert_each_looked_at_once(install: Install, campaign: StoredCampaign) -> None:
    """Each was decided about as often as it was looked at: when it was queued, and before it left."""
    async with install.reading() as work:
        decisions = await work.connection.fetchval(
            "SELECT count(*) FROM decision JOIN send ON send.id = send_id WHERE campaign_id = $1", campaign.id
        )
    assert decisions == 2 * (await look(install, campaign)).rows


async def test_pausing_and_resuming_amid_everything_skips_and_repeats_nobody(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """Slices, two couriers and a restless account at once: nobody waits in a circle, and each is sent one message."""
    campaign = await to_file(install, shop, [line(place) for place in range(1_050)])
    await do(install, service.start, campaign)
    (first, one), (second, other) = _courier(install), _courier(install)
    done = asyncio.Event()

    async def deliver(out: Courier) -> None:
        while await out.step() or not done.is_set():
            pass

    async def dither() -> None:
        for _ in range(8):
            await do(install, service.pause, campaign)
            sending = (await _states(install))["sending"]
            handed_over = len(one.taken) + len(other.taken) + sending
            await advance(install, campaign.id)
            assert len(one.taken) + len(other.taken) <= handed_over
            await do(install, service.resume, campaign)
            await advance(install, campaign.id)
        done.set()

    async with asyncio.timeout(120):
        await asyncio.gather(deliver(first), deliver(second), dither())
        clock.advance(LIMITS.pair_every)  # what was given back had taken its person's turn
        await asyncio.gather(_work_off(first), _work_off(second))

    taken = [parcel.reference for parcel in (*one.taken, *other.taken)]
    assert (await _states(install), len(set(taken)), len(taken)) == ({"sent": 1_050}, 1_050, 1_050)
    assert ((await look(install, campaign)).decided, await _credits(install)) == (1_050, 3_950)


async def test_a_stop_after_a_pause_ends_what_was_kept_back(install: Install, shop: Shop) -> None:
    """Nothing leaves between the two; all are stopped, all credits come back, and nothing is kept back any more."""
    campaign = await _queued(install, shop, 5)
    out, channel = _courier(install)
    await do(install, service.pause, campaign)
    await do(install, service.stop, campaign)
    assert (await out.step(), await _kept_back(install)) == (0, 1)
    while await run_campaigns(install):
        pass

    assert (await out.step(), channel.taken, await _states(install)) == (0, [], {"stopped": 5})
    assert (await _credits(install), await _kept_back(install)) == (5_000, 0)


async def test_nothing_leaves_after_a_stop_though_it_is_not_cleared_yet(install: Install, shop: Shop) -> None:
    """However many have to be stopped, from the stop on none of them leaves; one that never started keeps nothing."""
    campaign, never = await _queued(install, shop, 5), await to_file(install, shop, [line(7)])
    out, channel = _courier(install)
    await do(install, service.stop, campaign)
    await do(install, service.stop, never)

    assert (await out.step(), channel.taken, await _kept_back(install)) == (0, [], 1)


async def test_couriers_that_die_around_a_pause_lose_and_repeat_nothing(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """One died after its claim, one amid handing over; what the provider surely never had comes back, and waits too."""
    campaign = await _queued(install, shop, 2)
    channel = RecordingChannel()
    dead = Courier(install, {"whatsapp": channel}, Limits(batch=1))
    await dead._look(await dead._claim())
    await dead._claim()
    await do(install, service.pause, campaign)
    clock.advance(LIMITS.lease)
    reconciler = Reconciler(install, {"whatsapp": channel}, LIMITS)
    await reconciler.step()
    assert await _states(install) == {"queued": 1, "unknown": 1}
    clock.advance(LIMITS.patience + LIMITS.look_up_after)
    await reconciler.step()
    out, channel = _courier(install)
    assert (await _states(install), await out.step()) == ({"queued": 2}, 0)

    await do(install, service.resume, campaign)
    assert (await out.step(), await _states(install), len(channel.taken)) == (2, {"sent": 2}, 2)


async def test_what_was_paused_for_days_is_judged_by_what_is_true_then(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """One person has opted out meanwhile, and gets nothing and costs nothing; the others get theirs."""
    campaign = await _queued(install, shop, 3)
    await do(install, service.pause, campaign)
    clock.advance(timedelta(days=3))  # a Monday again
    async with install.unit_of_work() as work:
        token = await work.connection.fetchval("SELECT person FROM send ORDER BY id LIMIT 1")
        await suppress(work, token, account_id=shop.account_id, reason="reply")
    await do(install, service.resume, campaign)
    out, channel = _courier(install)
    await _work_off(out)

    assert (await _states(install), len(channel.taken)) == ({"denied": 1, "sent": 2}, 2)
    assert await _credits(install) == 4_998


async def test_what_is_resumed_at_night_waits_for_the_morning(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """The second look holds it, its credit comes back, and its release judges it anew."""
    campaign = await _queued(install, shop, 2)
    await do(install, service.pause, campaign)
    clock.advance(timedelta(hours=14))
    await do(install, service.resume, campaign)
    out, channel = _courier(install)
    await _work_off(out)

    assert (await _states(install), channel.taken, await _credits(install)) == ({"held": 2}, [], 5_000)


async def test_a_done_campaign_can_be_paused_while_something_has_not_left(install: Install, shop: Shop) -> None:
    """Resumed it is done again; once all have left, there is nothing to be paused."""
    campaign = await _queued(install, shop, 2)
    for verb in (service.pause, service.resume):
        await do(install, verb, campaign)
    assert (await run(install, campaign)).state == "done"
    out, _ = _courier(install)
    await _work_off(out)

    with pytest.raises(Refused) as refused:
        await do(install, service.pause, campaign)
    assert (refused.value.code, await _kept_back(install)) == ("campaign_has_left", 0)
    await _assert_each_looked_at_once(install, campaign)
