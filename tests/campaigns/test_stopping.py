"""Pausing, resuming and stopping: nobody is skipped, nobody comes twice, and a stop reaches what has not left."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backoffice.campaigns import service
from backoffice.campaigns.advancing import advance, clear, run_campaigns
from backoffice.kernel.errors import Refused
from backoffice.relay import service as relay
from tests.campaigns.making import assert_each_once, do, line, look, run, to_file, to_named

if TYPE_CHECKING:
    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install
    from tests.cast import Shop


async def _states(install: Install) -> Counter[str]:
    async with install.reading() as work:
        return Counter({row[0]: row[1] for row in await work.connection.fetch(_STATES)})


_STATES = "SELECT state, count(*) FROM send GROUP BY state"


async def _credits(install: Install) -> int:
    async with install.reading() as work:
        left: int = await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot")
    return left


async def _started(install: Install, shop: Shop, count: int) -> StoredCampaign:
    campaign = await to_file(install, shop, [line(place) for place in range(count)])
    return await do(install, service.start, campaign)


async def test_a_paused_campaign_goes_on_where_it_was(install: Install, shop: Shop) -> None:
    """Paused after each slice and resumed: each of 2,300 is decided about once."""
    campaign = await to_named(install, shop, 2_300)
    await do(install, service.start, campaign)
    while await advance(install, campaign.id):
        paused = await do(install, service.pause, campaign)
        assert not await advance(install, campaign.id)
        assert (await look(install, campaign)).decided == paused.decided
        await do(install, service.resume, campaign)

    assert (await look(install, campaign)).state == "done"
    await assert_each_once(install, campaign)


async def test_a_pause_and_a_slice_at_once_are_one_before_the_other(install: Install, shop: Shop) -> None:
    """Whichever comes first: the slice is whole or was not, and nothing is decided about after the pause."""
    campaign = await to_named(install, shop, 1_500)
    await do(install, service.start, campaign)

    await asyncio.gather(advance(install, campaign.id), do(install, service.pause, campaign))

    paused = await look(install, campaign)
    assert (paused.state, paused.decided in {0, 1_000}) == ("paused", True)
    assert not await advance(install, campaign.id)
    await do(install, service.resume, campaign)
    await run(install, campaign)
    await assert_each_once(install, campaign)


async def test_a_stop_ends_it_and_gives_back_the_credits_of_what_has_not_left(install: Install, shop: Shop) -> None:
    """Twelve hundred are decided about and none has left: all are stopped in slices, and their credits come back."""
    campaign = await _started(install, shop, 1_200)
    await run(install, campaign)
    before = await _credits(install)
    stopped = await do(install, service.stop, campaign)
    assert (stopped.state, stopped.clear_at is not None) == ("stopped", True)
    while await run_campaigns(install):
        pass

    assert await _states(install) == {"stopped": 1_200}
    assert (await _credits(install), before) == (5_000, 3_800)
    assert (await look(install, campaign)).clear_at is None
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_campaign_of_which_everything_has_left_cant_be_stopped(install: Install, shop: Shop) -> None:
    """All were sent or denied: there is nothing to be stopped, and it stays done."""
    campaign = await _started(install, shop, 2)
    await run(install, campaign)
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET state = 'sent'")

    with pytest.raises(Refused) as refused:
        await do(install, service.stop, campaign)

    assert (refused.value.code, (await look(install, campaign)).state) == ("campaign_has_left", "done")


async def test_a_stop_between_two_slices_decides_about_nobody_more(install: Install, shop: Shop) -> None:
    """A thousand were queued and are stopped; the other 200 are never decided about."""
    campaign = await _started(install, shop, 1_200)
    await advance(install, campaign.id)

    await do(install, service.stop, campaign)
    while await run_campaigns(install):
        pass

    ended = await look(install, campaign)
    assert (ended.state, ended.decided, await _states(install)) == ("stopped", 1_000, {"stopped": 1_000})
    with pytest.raises(Refused):
        await do(install, service.resume, campaign)


async def test_two_workers_that_clear_at_once_stop_each_send_once(install: Install, shop: Shop) -> None:
    """Each of 1,200 is stopped once, with one entry and one credit back."""
    campaign = await _started(install, shop, 1_200)
    await advance(install, campaign.id)
    await do(install, service.stop, campaign)

    async def work_off() -> None:
        while await clear(install, campaign.id):
            pass

    await asyncio.gather(work_off(), work_off())

    assert (await _states(install), await _credits(install)) == ({"stopped": 1_000}, 5_000)
    async with install.reading() as work:
        bodies = await work.connection.fetch("SELECT body FROM ledger_entry")
    told: list[dict[str, Any]] = [msgspec.json.decode(row["body"]) for row in bodies]
    stops = [one for one in told if one["kind"] == "relay:send:stopped"]
    assert (len(stops), {one["by"] for one in stops}) == (1_000, {f"campaign:{campaign.id}"})


async def test_what_is_being_handed_over_is_stopped_when_it_comes_back(
    install: Install, shop: Shop, clock: SteppingClock
) -> None:
    """One is with the courier when the stop comes; it comes back unsent, and is stopped a minute later."""
    campaign = await _started(install, shop, 3)
    await run(install, campaign)
    async with install.unit_of_work() as work:
        (one, *_) = await work.connection.fetch("SELECT id FROM send")
        await relay.look_again(work, await relay.take_up(work, [one["id"]]))
    await do(install, service.stop, campaign)
    while await run_campaigns(install):
        pass
    assert await _states(install) == {"sending": 1, "stopped": 2}
    assert not await run_campaigns(install)

    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET state = 'queued' WHERE id = $1", one["id"])
    clock.advance(timedelta(minutes=2))
    while await run_campaigns(install):
        pass

    assert await _states(install) == {"stopped": 3}
    assert (await look(install, campaign)).clear_at is None


async def test_only_its_own_sends_are_stopped(install: Install, shop: Shop) -> None:
    """Another campaign's, of the same account at the same time, go on."""
    stopped, other = await _started(install, shop, 3), await to_file(install, shop, [line(place) for place in (7, 8)])
    await do(install, service.start, other)
    await advance(install, stopped.id)
    await advance(install, other.id)

    await do(install, service.stop, stopped)
    while await run_campaigns(install):
        pass

    assert await _states(install) == {"stopped": 3, "queued": 2}


async def test_each_turn_is_an_entry_with_how_far_it_was(install: Install, shop: Shop) -> None:
    """Created, started, paused, resumed, stopped; another one ended by itself."""
    first, second = await to_named(install, shop, 2), await to_named(install, shop, 1)
    for verb in (service.start, service.pause, service.resume, service.stop):
        await do(install, verb, first)
    await do(install, service.start, second)
    await run(install, second)

    async with install.reading() as work:
        bodies = await work.connection.fetch("SELECT body FROM ledger_entry ORDER BY id")
    told: list[dict[str, Any]] = [msgspec.json.decode(row["body"]) for row in bodies]
    turns = {one.id: [] for one in (first, second)}  # type: dict[Any, list[str]]
    for one in told:
        if one["kind"].startswith("campaigns:campaign:"):
            turns[next(key for key in turns if str(key) == one["campaign"])].append(one["kind"].rpartition(":")[2])
    assert turns[first.id] == ["created", "started", "paused", "resumed", "stopped"]
    assert turns[second.id] == ["created", "started", "ended"]
    (ended,) = [one for one in told if one["kind"] == "campaigns:campaign:ended"]
    assert (ended["state"], ended["rows"], ended["denied"]) == ("done", 1, 1)
