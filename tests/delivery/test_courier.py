"""The courier's round: what may leave is handed over once, on a decision made just before; what may not stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from msgspec.structs import replace

from backoffice.billing import service as billing
from backoffice.channels.port import Answer, Parcel, Refused
from backoffice.channels.recording import RecordingChannel
from backoffice.consent.service import suppress
from backoffice.delivery.courier import Courier, Leaving
from backoffice.delivery.limits import Limits
from backoffice.delivery.reconcile import Reconciler
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.relay import outbox, service
from tests.cast import ANNA, BORISS
from tests.delivery.conftest import states
from tests.delivery.fakes import ABSENT, Scripted, mistake, silence
from tests.delivery.queueing import courier, now, opened, queued, sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install
    from backoffice.relay.outbox import Claimed

LIMITS = Limits()


async def test_a_send_is_handed_over_once(install: Install) -> None:
    """To its person, from its sender, with its template and words; then there is nothing to do."""
    _, ids = await queued(install, ANNA)
    channel = RecordingChannel()
    out = courier(install, channel)

    assert (await out.step(), await out.step()) == (1, 0)
    assert await now(install, ids) == ["sent"]
    assert channel.taken == [
        Parcel(
            reference=ids[0],
            channel="whatsapp",
            sender="+37129999901",
            to=ANNA,
            template="autumn_lamps",
            language="en",
            parameters={"1": "lamp"},
        )
    ]


async def test_each_leaves_on_a_decision_made_just_before(install: Install) -> None:
    """The second look is a decision of its own, in the ledger before anything is handed over."""
    _, (send_id,) = await queued(install, ANNA)
    entered: list[int] = []

    async def look(_: Parcel) -> None:
        async with install.reading() as work:
            entered.append(await work.connection.fetchval("SELECT count(*) FROM decision WHERE send_id = $1", send_id))
            assert await states(work, [send_id]) == ["sending"]

    await courier(install, Scripted(look)).step()
    assert entered == [2]


async def test_an_opt_out_before_the_courier_stops_the_send(install: Install) -> None:
    """Denied by the second look, not handed over, and its credit comes back."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    async with install.unit_of_work() as work:
        await suppress(work, people[0].token, account_id=shop.account_id, reason="reply")
    channel = RecordingChannel()
    await courier(install, channel).step()

    assert await now(install, ids) == ["denied", "sent"]
    assert [parcel.to for parcel in channel.taken] == [BORISS]
    async with install.unit_of_work() as work:
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        assert lots.available(shop.account_id, "whatsapp") == 99
        assert await outbox.count(work) == 0


async def test_a_stop_leaves_nothing_for_the_courier(install: Install) -> None:
    """Before it was claimed."""
    shop, ids = await queued(install, ANNA)
    async with install.unit_of_work() as work:
        await service.stop(work, shop.account_id, ids, by="account")

    assert await courier(install, RecordingChannel()).step() == 0
    assert await now(install, ids) == ["stopped"]


async def test_a_stop_between_claim_and_look_still_counts(install: Install) -> None:
    """What was claimed is not yet begun."""
    shop, ids = await queued(install, ANNA)
    channel = RecordingChannel()
    out = courier(install, channel)
    claimed = await out._claim()
    async with install.unit_of_work() as work:
        await service.stop(work, shop.account_id, ids, by="account")

    assert await out._look(claimed) == []
    assert (await now(install, ids), channel.taken) == (["stopped"], [])


async def test_silence_leaves_sends_unknown_and_closes_the_channel(install: Install) -> None:
    """After a few, the rest are given back as they are; the message itself is looked up later."""
    addresses = [f"+3712600{number:04}" for number in range(8)]
    _, ids = await queued(install, *addresses)
    channel = Scripted(silence)
    out = courier(install, channel, faults_to_open=3, in_flight=1)
    await out.step()

    found = await now(install, ids)
    assert (found.count("unknown"), found.count("queued"), len(channel.taken)) == (3, 5, 3)
    assert await out.step() == 0


async def test_after_its_rest_a_channel_is_tried_with_one_message(install: Install, clock: SteppingClock) -> None:
    """And when that goes well, with all."""
    _, ids = await queued(install, *(f"+3712600{number:04}" for number in range(6)))
    answers: list[Answer | None] = [Refused(code=131016, kind="retry")] * 3

    async def recover(_: Parcel) -> Answer | None:
        return answers.pop() if answers else None

    out = courier(install, Scripted(recover), faults_to_open=3, in_flight=1)
    await out.step()
    clock.advance(LIMITS.rest)

    assert [await out.step(), await out.step()] == [1, 5]
    assert set(await now(install, ids)) == {"sent"}


async def test_a_sender_that_is_halted_sends_nothing_more(install: Install) -> None:
    """Its sends wait; the gate holds them until staff lift the halt."""
    _, ids = await queued(install, ANNA, BORISS)

    async def halt(_: Parcel) -> Answer:
        return Refused(code=131048, kind="halt_sender")

    channel = Scripted(halt)
    out = courier(install, channel, in_flight=1)
    await out.step()

    assert (set(await now(install, ids)), len(channel.taken)) == ({"queued"}, 1)
    assert await out.step() == 0


async def test_what_the_provider_refuses_for_good_costs_nothing(install: Install) -> None:
    """The message was never transmitted, so its credit comes back, once."""
    shop, ids = await queued(install, ANNA, BORISS)

    async def refuse(parcel: Parcel) -> Answer | None:
        return Refused(code=131026, kind="never") if parcel.to == ANNA else None

    await courier(install, Scripted(refuse)).step()
    assert sorted(await now(install, ids)) == ["failed", "sent"]
    async with install.unit_of_work() as work:
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        assert lots.available(shop.account_id, "whatsapp") == 99


async def test_an_adapters_mistake_leaves_doubt(install: Install) -> None:
    """The message may have left before it."""
    _, ids = await queued(install, ANNA)
    await courier(install, Scripted(mistake)).step()

    assert await now(install, ids) == ["unknown"]


async def test_a_send_to_nobody_harms_no_other_and_ends(install: Install) -> None:
    """Its person's key is gone, which no waiting mends: it is stopped with its credit, and the others leave."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    async with install.unit_of_work() as work:
        await destroy_subject(work.connection, people[0].id, work.at)
    out = courier(install, RecordingChannel())
    await out.step()

    assert await now(install, ids) == ["stopped", "sent"]
    assert await out.step() == 0
    async with install.unit_of_work() as work:
        assert await outbox.count(work) == 0
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        assert lots.available(shop.account_id, "whatsapp") == 99


async def test_a_send_that_can_not_be_looked_at_harms_no_other(install: Install, clock: SteppingClock) -> None:
    """What is sealed for it was damaged: it is set aside for an hour, and the others leave."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET payload = payload || '\\x00' WHERE id = $1", ids[0])
    out = courier(install, RecordingChannel())
    await out.step()

    assert await now(install, ids) == ["queued", "sent"]
    assert await out.step() == 0
    clock.advance(LIMITS.longest_wait)
    assert await out.step() == 1


async def test_nothing_is_handed_over_when_its_lease_may_end_first(install: Install, clock: SteppingClock) -> None:
    """The first took so long that the second could be somebody else's by now."""
    _, ids = await queued(install, ANNA, BORISS)

    async def dawdle(_: Parcel) -> None:
        clock.advance(LIMITS.lease - LIMITS.patience)

    channel = Scripted(dawdle)
    await courier(install, channel, in_flight=1).step()

    assert (sorted(await now(install, ids)), len(channel.taken)) == (["queued", "sent"], 1)


async def test_one_person_is_not_written_to_twice_in_a_moment(install: Install, clock: SteppingClock) -> None:
    """The second message waits for the pair's turn."""
    shop, (anna,) = await opened(install, ANNA)
    ids = await sent(install, shop, anna) + await sent(install, shop, anna)
    channel = RecordingChannel()
    out = courier(install, channel)

    assert (await out.step(), await out.step(), len(channel.taken)) == (1, 0, 1)
    clock.advance(LIMITS.pair_every)
    assert (await out.step(), await now(install, ids)) == (1, ["sent", "sent"])


class Forgetful(Courier):
    """A courier that loses the database after its first look."""

    looks = 0

    async def _look(self, claimed: Sequence[Claimed]) -> list[Leaving]:
        self.looks += 1
        if self.looks > 1:
            raise Unavailable("database_away")
        return await super()._look(claimed)


async def test_what_was_looked_at_leaves_though_the_next_look_fails(install: Install) -> None:
    """It is committed as `sending`: nobody else would ever hand it over."""
    _, ids = await queued(install, ANNA, BORISS)
    channel = RecordingChannel()
    with pytest.raises(Unavailable, match="database_away"):
        await Forgetful(install, {"whatsapp": channel}, Limits(look=1)).step()

    assert (sorted(await now(install, ids)), len(channel.taken)) == (["queued", "sent"], 1)


async def test_a_sender_leaves_at_its_rate(install: Install, clock: SteppingClock) -> None:
    """Its burst, then what its rate allows."""
    await queued(install, *(f"+3712600{number:04}" for number in range(8)))
    out = courier(install, RecordingChannel(), sender_burst=3, sender_rate=2.0)

    assert (await out.step(), await out.step()) == (3, 0)
    clock.advance(timedelta(seconds=1))
    assert await out.step() == 2


async def test_couriers_share_a_senders_rate(install: Install, clock: SteppingClock) -> None:
    """However many there are and at once: together they take the burst, then what the rate allows, and no more."""
    await queued(install, *(f"+3712600{number:04}" for number in range(20)))
    channel = RecordingChannel()
    couriers = [courier(install, channel, sender_burst=6, sender_rate=2.0) for _ in range(3)]

    assert sum(await asyncio.gather(*(out.step() for out in couriers * 2))) == 6
    for waited, allowed in ((1, 8), (0, 8), (2, 12)):
        clock.advance(timedelta(seconds=waited))
        await asyncio.gather(*(out.step() for out in couriers * 2))
        assert len(channel.taken) == allowed


async def test_a_campaign_does_not_hold_up_the_single_sends_of_its_number(install: Install) -> None:
    """Both take part in a batch, and in what the number may send, whatever came first."""
    shop, people = await opened(install, *(f"+3712600{number:04}" for number in range(9)))
    campaign = replace(shop.errand, campaign_id=UUID(int=7))
    await sent(install, shop._replace(errand=campaign), *people[:8])
    (single,) = await sent(install, shop, people[8])
    out = courier(install, RecordingChannel(), sender_burst=4, sender_rate=1.0, batch=4)
    await out.step()

    assert await now(install, [single]) == ["sent"]


async def test_what_has_no_way_out_waits(install: Install) -> None:
    """Its channel isn't set up here."""
    _, ids = await queued(install, ANNA)

    assert await Courier(install, {"sms": RecordingChannel()}, LIMITS).step() == 0
    assert await now(install, ids) == ["queued"]


async def test_couriers_side_by_side_hand_nothing_over_twice(install: Install) -> None:
    """Three of them, overlapping rounds, small batches."""
    _, ids = await queued(install, *(f"+3712600{number:04}" for number in range(30)))
    channel = RecordingChannel()
    couriers = [courier(install, channel, batch=4) for _ in range(3)]

    async def work_off(out: Courier) -> None:
        while await out.step():
            pass

    await asyncio.gather(*map(work_off, couriers * 2))
    assert sorted(parcel.reference for parcel in channel.taken) == sorted(ids)
    assert set(await now(install, ids)) == {"sent"}


@pytest.mark.parametrize("was_taken", [True, False])
async def test_a_lost_answer_is_looked_up(install: Install, clock: SteppingClock, *, was_taken: bool) -> None:
    """Found, it was sent; surely absent, it is decided and handed over once more."""
    _, ids = await queued(install, ANNA)
    channel = Scripted(silence, None if was_taken else ABSENT)
    out, reconciler = courier(install, channel), Reconciler(install, {"whatsapp": channel}, LIMITS)
    await out.step()
    clock.advance(timedelta(seconds=1))
    assert await reconciler.step() == 1
    assert await now(install, ids) == ["sent" if was_taken else "unknown"]

    clock.advance(LIMITS.patience + LIMITS.look_up_after)
    await reconciler.step()
    assert await now(install, ids) == ["sent" if was_taken else "queued"]
    assert await out.step() == (0 if was_taken else 1)


async def test_a_courier_that_died_in_the_middle_leaves_doubt(install: Install, clock: SteppingClock) -> None:
    """Its lease ends, and the send is looked up: here the provider never had it."""
    _, ids = await queued(install, ANNA)
    channel = RecordingChannel()
    dead = courier(install, channel)
    await dead._look(await dead._claim())
    clock.advance(LIMITS.lease)
    reconciler = Reconciler(install, {"whatsapp": channel}, LIMITS)
    await reconciler.step()
    assert await now(install, ids) == ["unknown"]

    clock.advance(LIMITS.patience + LIMITS.look_up_after)
    await reconciler.step()
    assert (await courier(install, channel).step(), await now(install, ids)) == (1, ["sent"])


async def test_a_courier_that_died_before_the_look_loses_nothing(install: Install, clock: SteppingClock) -> None:
    """The next one takes the send when the lease has ended."""
    _, ids = await queued(install, ANNA)
    await courier(install, RecordingChannel())._claim()
    alive = courier(install, RecordingChannel())
    assert await alive.step() == 0
    clock.advance(LIMITS.lease)

    assert (await alive.step(), await now(install, ids)) == (1, ["sent"])
