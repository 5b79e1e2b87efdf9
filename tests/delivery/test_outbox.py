"""The outbox: what waits is claimed once, comes back when a lease ends, and never after it has left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from backoffice.relay import outbox
from backoffice.relay.outbox import SINGLE, Queue
from tests.delivery.conftest import ACCOUNT, OTHER_ACCOUNT, OTHER_SENDER, SENDER, Made, make, states

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work
    from backoffice.relay.states import State

CAMPAIGN, PAUSED = UUID(int=0xCA), UUID(int=0xCB)
SINGLES, OTHERS = Queue(SENDER, SINGLE, "whatsapp"), Queue(OTHER_SENDER, SINGLE, "whatsapp")
LEASE = timedelta(seconds=90)
SOON = timedelta(seconds=10)


async def claimed(work: Work, room: int = 100) -> list[object]:
    """Claim for the first sender; return the sends."""
    return [one.send_id for one in await outbox.claim(work, {SINGLES: room}, work.at + LEASE)]


async def test_senders_with_something_due_are_listed(work: Work) -> None:
    """Not those whose sends wait, or are claimed."""
    await make(
        work,
        *(Made(), Made(), Made(sender_id=OTHER_SENDER, not_before=work.at + SOON)),
        Made(sender_id=ACCOUNT, claimed_until=work.at + SOON),
        Made(sender_id=OTHER_ACCOUNT, claimed_until=work.at - SOON),
    )

    assert {one.sender_id for one in await outbox.list_waiting(work)} == {SENDER, OTHER_ACCOUNT}


async def test_each_campaign_of_a_sender_is_a_queue_and_one_that_is_kept_back_is_passed_over(work: Work) -> None:
    """What comes back into it later is passed over too, until it is let go."""
    sends = (Made(), Made(campaign_id=CAMPAIGN), Made(campaign_id=PAUSED), Made(sender_id=OTHER_SENDER))
    _, open_, paused, _ = await make(work, *sends)
    await outbox.keep_back(work, PAUSED)
    await outbox.take_out(work, [paused])
    await outbox.put_back(work, {paused: 1})

    assert set(await outbox.list_waiting(work)) == {SINGLES, Queue(SENDER, CAMPAIGN, "whatsapp"), OTHERS}
    found = await outbox.claim(work, {Queue(SENDER, CAMPAIGN, "whatsapp"): 5}, work.at + LEASE)
    assert [one.send_id for one in found] == [open_]
    await outbox.let_go(work, PAUSED)
    assert Queue(SENDER, PAUSED, "whatsapp") in await outbox.list_waiting(work)


async def test_as_many_as_there_is_room_for_are_claimed_longest_due_first(work: Work) -> None:
    """A sender's room is its own, and what is claimed is claimed once."""
    late, early = await make(work, Made(), Made(not_before=work.at - SOON))
    (other,) = await make(work, Made(sender_id=OTHER_SENDER))

    found = await outbox.claim(work, {SINGLES: 1, OTHERS: 5}, work.at + LEASE)
    assert {one.send_id for one in found} == {early, other}
    assert await claimed(work) == [late]
    assert await claimed(work) == []


async def test_what_is_not_due_or_not_queued_is_not_claimed(work: Work) -> None:
    """Not yet due, leased, being handed over by somebody whose lease has ended."""
    await make(
        work,
        Made(not_before=work.at + SOON),
        Made(claimed_until=work.at + SOON),
        Made(state="sending", claimed_until=work.at - SOON),
    )

    assert await claimed(work) == []


async def test_a_lease_that_ended_is_nobodys(work: Work) -> None:
    """The next courier takes it over."""
    (send_id,) = await make(work, Made(claimed_until=work.at - SOON))

    assert await claimed(work) == [send_id]


async def test_two_couriers_never_claim_the_same_send(install: Install) -> None:
    """While one claims, the other takes what is left, and waits for nobody."""
    async with install.unit_of_work() as work:
        await make(work, *[Made()] * 10)
    async with install.unit_of_work() as first:
        mine = await claimed(first, 6)
        async with install.database.connection() as connection, connection.transaction():
            second = type(first)(install, connection, first.at)
            theirs = await claimed(second)

    assert (len(mine), len(theirs)) == (6, 4)
    assert not set(mine) & set(theirs)


async def test_an_attempt_is_counted_when_it_begins(work: Work) -> None:
    """And its lease is renewed."""
    (send_id,) = await make(work, Made())
    await claimed(work)
    await outbox.begin(work, [send_id], work.at + 2 * LEASE)

    row = await work.connection.fetchrow("SELECT attempt, claimed_until FROM outbox")
    assert (row["attempt"], row["claimed_until"]) == (1, work.at + 2 * LEASE)


async def test_what_is_put_off_comes_back_at_its_moment(work: Work) -> None:
    """Not before."""
    (send_id,) = await make(work, Made())
    await claimed(work)
    await outbox.put_off(work, {send_id: work.at + SOON})

    assert await claimed(work) == []
    work.at += SOON
    assert await claimed(work) == [send_id]


async def test_what_was_begun_when_its_lease_ended_has_lapsed(work: Work) -> None:
    """With its attempts; what was only claimed hasn't."""
    ids = await make(
        work,
        Made(state="sending", claimed_until=work.at, attempt=2),
        Made(state="sending", claimed_until=work.at + SOON),
        Made(claimed_until=work.at),
    )

    assert await outbox.list_lapsed(work, 10) == {ids[0]: 2}


async def test_what_was_only_claimed_hides_nothing_that_was_begun(work: Work) -> None:
    """However many leases have ended that nobody takes up, of a campaign that is kept back."""
    claimed = Made(campaign_id=PAUSED, claimed_until=work.at - 2 * LEASE)
    *_, begun = await make(work, *[claimed] * 20, Made(state="sending", claimed_until=work.at - LEASE, attempt=1))

    assert await outbox.list_lapsed(work, 10) == {begun: 1}


@pytest.mark.parametrize(
    ("state", "then", "moves"),
    [
        ("queued", "stopped", True),
        ("sending", "stopped", False),
        ("sending", "sent", True),
        ("denied", "queued", False),
    ],
)
async def test_a_send_moves_only_where_its_state_leads(work: Work, state: str, then: State, *, moves: bool) -> None:
    """The transition table is the law, whoever asks."""
    ids = await make(work, Made(state=state))
    moved = await outbox.move(work, ids, then)

    assert (moved == set(ids), await states(work, ids)) == (moves, [then if moves else state])


async def test_what_may_move_from_many_states_can_be_asked_from_one(work: Work) -> None:
    """A courier gives back what it had begun, and nothing that others found out meanwhile."""
    ids = await make(work, Made(state="sending"), Made(state="unknown"))

    assert await outbox.move(work, ids, "queued", was=["sending"]) == {ids[0]}


async def test_what_surely_never_left_is_put_back(work: Work) -> None:
    """With the attempts it has had; twice is once."""
    (send_id,) = await make(work, Made(state="unknown"))
    await outbox.move(work, [send_id], "queued", was=["unknown"])
    for _ in range(2):
        await outbox.put_back(work, {send_id: 3})

    assert [(one.send_id, one.attempt) for one in await outbox.claim(work, {SINGLES: 9}, work.at)] == [(send_id, 3)]
    assert await outbox.count(work) == 1
