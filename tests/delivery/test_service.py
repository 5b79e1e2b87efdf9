"""How handing over went is recorded: once, for good, and without forgetting what nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from backoffice.accounts.facts import gather
from backoffice.accounts.service import link_number, list_numbers, register_account
from backoffice.channels.codes import NOT_ON_CHANNEL, OPTED_OUT, PAIR_LIMIT, UNAVAILABLE
from backoffice.channels.port import Absent, Accepted, Answer, CantTell, Fate, Found, Refused
from backoffice.delivery import service, store
from backoffice.delivery.limits import Limits
from backoffice.delivery.service import Outcome, reap, resolve, settle
from backoffice.delivery.statuses import provider_hash, status_of
from backoffice.kernel.errors import NotFound
from backoffice.relay import outbox
from backoffice.relay.outbox import SINGLE, Queue
from tests.delivery.conftest import ACCOUNT, OTHER_ACCOUNT, SENDER, Made, make, states

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

LIMITS = Limits()
SENDING = Made(state="sending", attempt=1)
BUSY = Refused(code=UNAVAILABLE, kind="retry")


async def settled(work: Work, answer: Answer | None, made: Made = SENDING, *, is_tried: bool = True) -> UUID:
    """Record an answer to one send; return the send."""
    (send_id,) = await make(work, made)
    await settle(work, [Outcome(send_id, made.attempt, answer, is_tried)], LIMITS)
    return send_id


async def known(work: Work, send_id: UUID) -> store.StoredDelivery:
    """Return what is known of a send."""
    return (await store.list_deliveries(work, [send_id]))[send_id]


async def not_before(work: Work) -> timedelta:
    """Return how long the one send of the outbox waits."""
    row = await work.connection.fetchrow("SELECT not_before, claimed_until FROM outbox")
    assert row["claimed_until"] is None
    waits: timedelta = row["not_before"] - work.at
    return waits


async def test_what_was_accepted_has_left(work: Work) -> None:
    """With the provider's id."""
    send_id = await settled(work, Accepted("p1"))
    row = await known(work, send_id)

    assert (await states(work, [send_id]), await outbox.count(work)) == (["sent"], 0)
    assert (row.provider_hash, row.attempt, status_of(row)) == (provider_hash(send_id, "p1"), 1, "accepted")


async def test_what_was_refused_for_good_has_failed(work: Work) -> None:
    """With the provider's code and our reason."""
    send_id = await settled(work, Refused(code=NOT_ON_CHANNEL, kind="never"))
    row = await known(work, send_id)

    assert (await states(work, [send_id]), await outbox.count(work)) == (["failed"], 0)
    assert (row.code, row.reason, row.provider_hash) == (NOT_ON_CHANNEL, "refused", None)


async def test_what_was_refused_for_now_waits_and_comes_back(work: Work) -> None:
    """By our own backoff, or as long as the provider asks."""
    send_id = await settled(work, BUSY)
    assert await states(work, [send_id]) == ["queued"]
    assert timedelta(seconds=1) <= await not_before(work) <= timedelta(seconds=2)


async def test_as_long_as_the_provider_asks_is_waited(work: Work) -> None:
    """A day."""
    await settled(work, Refused(code=131049, kind="retry", retry_after=timedelta(hours=24)))

    assert await not_before(work) == timedelta(hours=24)


async def test_what_is_put_off_too_often_fails(work: Work) -> None:
    """The last attempt is the last."""
    last = Made(state="sending", attempt=LIMITS.most_attempts)
    send_id = await settled(work, BUSY, last)

    assert (await states(work, [send_id]), (await known(work, send_id)).reason) == (["failed"], "tried_too_often")


async def test_what_was_never_tried_waits_however_often(work: Work) -> None:
    """Its courier ran out of time, or its channel was resting."""
    send_id = await settled(work, None, Made(state="sending", attempt=99), is_tried=False)

    assert await states(work, [send_id]) == ["queued"]


async def test_silence_makes_a_send_unknown(work: Work) -> None:
    """It leaves the outbox, and is looked up soon; its absence counts only later."""
    send_id = await settled(work, None)
    row = await known(work, send_id)

    assert (await states(work, [send_id]), await outbox.count(work)) == (["unknown"], 0)
    assert row.unknown_at == work.at
    assert row.absence_counts_at == work.at + LIMITS.patience + LIMITS.look_up_after
    assert row.look_at
    assert row.look_at < row.absence_counts_at


async def test_a_courier_frozen_past_its_lease_takes_nothing_away(work: Work) -> None:
    """Its send is another's by now, at a later attempt: neither given back nor called unknown."""
    (send_id,) = await make(work, Made(state="sending", attempt=2))
    await settle(work, [Outcome(send_id, 1, BUSY)], LIMITS)
    await settle(work, [Outcome(send_id, 1, None)], LIMITS)
    await settle(work, [Outcome(send_id, 1, None, is_tried=False)], LIMITS)

    assert await states(work, [send_id]) == ["sending"]


async def test_an_answer_that_comes_after_the_lease_still_counts(work: Work) -> None:
    """The send was called unknown meanwhile; yes is yes."""
    (send_id,) = await make(work, Made(state="sending", attempt=1, claimed_until=work.at))
    assert await reap(work, LIMITS) == 1
    await settle(work, [Outcome(send_id, 1, Accepted("p1"))], LIMITS)

    assert (await states(work, [send_id]), await store.count_unknown(work)) == (["sent"], 0)


async def test_what_a_dead_courier_had_begun_is_unknown_again_and_again(work: Work) -> None:
    """Asked once is not enough: its last statement may be committed after."""
    first = await make(work, Made(state="sending", attempt=1, claimed_until=work.at))
    assert (await reap(work, LIMITS), await reap(work, LIMITS)) == (1, 0)
    late = await make(work, Made(state="sending", attempt=1, claimed_until=work.at))
    alive = await make(work, Made(state="sending", attempt=1, claimed_until=work.at + LIMITS.lease))
    assert await reap(work, LIMITS) == 1

    assert await states(work, [*first, *late, *alive]) == ["unknown", "unknown", "sending"]


async def test_a_person_who_stopped_at_the_provider_is_suppressed(work: Work) -> None:
    """For this account's marketing on this channel, once."""
    person = b"aija's token 16b"
    for _ in range(2):
        await settled(work, Refused(code=OPTED_OUT, kind="suppress"), Made(state="sending", attempt=1, person=person))

    rows = await work.connection.fetch("SELECT token, account_id, scope, channel, reason FROM suppression")
    assert [tuple(row) for row in rows] == [(person, ACCOUNT, "marketing", "whatsapp", "complaint")]


async def test_a_halt_is_of_the_number_and_of_no_other(work: Work) -> None:
    """It is recorded, and the send waits for whoever lifts it; the account's other number goes on."""
    account_id = await register_account(work, "wasync", "Baltic Tours", "LV")
    halted, other = [
        await link_number(
            work, account_id, "whatsapp", number, "official", is_registered=True, can_receive=True, is_halted=False
        )
        for number in ("+37126000001", "+37126000002")
    ]
    made = Made(state="sending", attempt=1, account_id=account_id, sender_id=halted)
    send_id = await settled(work, Refused(code=131048, kind="halt_sender"), made)

    assert await states(work, [send_id]) == ["queued"]
    assert {one.id: one.is_halted for one in await list_numbers(work, account_id)} == {halted: True, other: False}
    told = [(await gather(work, account_id, one, "whatsapp")).stated for one in (halted, other)]
    assert [one["sender_is_halted"] for one in told] == [True, False]


async def _lost(work: Work, made: Made = SENDING) -> UUID:
    return await settled(work, None, made)


async def _looked_up(work: Work, send_id: UUID, fate: Fate, *, after: timedelta) -> str:
    """Answer the search for a send some time after it began; return the send's state."""
    work.at += after
    searches = await store.claim_searches(work, 10, work.at + LIMITS.lease)
    await resolve(work, [(search, fate) for search in searches], LIMITS)
    return (await states(work, [send_id]))[0]


LATER = LIMITS.patience + LIMITS.look_up_after
SOON = timedelta(seconds=2)


async def test_what_the_provider_has_was_sent(work: Work) -> None:
    """Its search ends with the status it has there."""
    send_id = await _lost(work)

    assert await _looked_up(work, send_id, Found("p1", "delivered"), after=SOON) == "sent"
    assert status_of(await known(work, send_id)) == "delivered"
    assert await store.count_unknown(work) == 0


async def test_what_the_provider_failed_to_bring_has_failed(work: Work) -> None:
    """Found out by a look-up as by a callback."""
    send_id = await _lost(work)
    found = Found("p1", "failed", OPTED_OUT, "suppress")

    assert await _looked_up(work, send_id, found, after=SOON) == "failed"
    assert await work.connection.fetchval("SELECT count(*) FROM suppression") == 1


async def test_an_absence_is_not_believed_too_early(work: Work) -> None:
    """The message may still be on its way; it is asked again when it can't be."""
    send_id = await _lost(work)

    assert await _looked_up(work, send_id, Absent(), after=SOON) == "unknown"
    row = await known(work, send_id)
    assert row.look_at
    assert row.absence_counts_at
    assert work.at < row.look_at <= row.absence_counts_at


async def test_what_the_provider_surely_never_had_is_queued_again(work: Work) -> None:
    """With its attempts, and never looked up any more."""
    send_id = await _lost(work)

    assert await _looked_up(work, send_id, Absent(), after=LATER) == "queued"
    (again,) = await outbox.claim(work, {Queue(SENDER, SINGLE, "whatsapp"): 1}, work.at + LIMITS.lease)
    assert (again.send_id, again.attempt) == (send_id, 1)
    assert await store.count_unknown(work) == 0


async def test_what_was_lost_too_often_fails(work: Work) -> None:
    """Nothing goes round for ever."""
    send_id = await _lost(work, Made(state="sending", attempt=LIMITS.most_attempts))

    assert await _looked_up(work, send_id, Absent(), after=LATER) == "failed"
    assert (await known(work, send_id)).reason == "tried_too_often"


@pytest.mark.parametrize(
    ("after", "state"),
    [(SOON, "unknown"), (LATER, "unknown"), (timedelta(hours=23), "unknown"), (timedelta(hours=24), "failed")],
)
async def test_where_nobody_can_tell_a_day_ends_it(work: Work, after: timedelta, state: str) -> None:
    """It is never sent again, and it is said why."""
    send_id = await _lost(work)

    assert await _looked_up(work, send_id, CantTell(), after=after) == state
    assert (await known(work, send_id)).reason == ("outcome_unknown" if state == "failed" else "")
    assert await outbox.count(work) == 0


async def test_looks_become_rarer(work: Work) -> None:
    """The provider is not asked every second for a day."""
    send_id = await _lost(work)
    waits = []
    for _ in range(12):
        row = await known(work, send_id)
        assert row.look_at
        await _looked_up(work, send_id, CantTell(), after=row.look_at - work.at)
        after = (await known(work, send_id)).look_at
        assert after
        waits.append(after - work.at)

    assert max(waits) > 20 * min(waits)
    assert max(waits) <= LIMITS.longest_wait


async def test_a_search_that_ended_meanwhile_stays_ended(work: Work) -> None:
    """A status came while the provider was being asked."""
    send_id = await _lost(work)
    work.at += SOON
    searches = await store.claim_searches(work, 10, work.at + LIMITS.lease)
    await settle(work, [Outcome(send_id, 1, Accepted("p1"))], LIMITS)
    await resolve(work, [(search, CantTell()) for search in searches], LIMITS)

    assert (await states(work, [send_id]), await store.count_unknown(work)) == (["sent"], 0)


async def test_two_searchers_never_ask_for_the_same_message(work: Work) -> None:
    """The second finds nothing to do until the first has had its time."""
    await _lost(work)
    work.at += SOON

    assert len(await store.claim_searches(work, 10, work.at + LIMITS.lease)) == 1
    assert await store.claim_searches(work, 10, work.at + LIMITS.lease) == []


async def test_an_account_sees_its_own_deliveries(work: Work) -> None:
    """And nobody else's."""
    send_id = await settled(work, Accepted("p1"))

    assert status_of(await service.get_delivery(work, ACCOUNT, send_id)) == "accepted"
    with pytest.raises(NotFound, match="delivery_unknown"):
        await service.get_delivery(work, OTHER_ACCOUNT, send_id)


async def test_each_turn_is_entered(work: Work) -> None:
    """Unknown, returned, told: ids only."""
    send_id = await _lost(work)
    await _looked_up(work, send_id, Absent(), after=LATER)
    await settled(work, Refused(code=PAIR_LIMIT, kind="retry"))
    await settled(work, Accepted("p1"))

    bodies = [row["body"] for row in await work.connection.fetch("SELECT body FROM ledger_entry ORDER BY id")]
    kinds = [body.decode().partition('"kind":"')[2].partition('"')[0] for body in bodies]
    assert sorted(kinds) == ["delivery:sends:returned", "delivery:sends:told", "delivery:sends:unknown"]
    assert sum(str(send_id).encode() in body for body in bodies) == 2
