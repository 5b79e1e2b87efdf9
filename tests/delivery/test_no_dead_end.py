"""No send waits for ever in a state that nobody looks at: time alone moves each on, or an event that surely comes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backoffice.channels.port import CantTell
from backoffice.delivery.limits import Limits
from backoffice.delivery.reconcile import Reconciler
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.relay import releasing
from backoffice.relay.states import MOVERS, State
from tests.cast import ANNA, BORISS, know, open_shop
from tests.delivery.fakes import Scripted, silence
from tests.delivery.queueing import courier, now, opened, sent

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install

LIMITS = Limits()
PUT: dict[State, str] = {
    "held": "state = 'held', verdict = 'hold', lot_id = NULL",
    "scheduled": "state = 'scheduled'",
    "queued": "state = 'queued'",
    "sending": "state = 'sending'",
    "unknown": "state = 'sending'",  # and then its courier's lease ends
}


async def _put(install: Install, send_id: UUID, state: State) -> None:
    """Put a queued send into a state as whoever died there left it."""
    async with install.unit_of_work() as work:
        await work.connection.execute(f"UPDATE send SET {PUT[state]} WHERE id = $1", send_id)
        if state in {"held", "scheduled"}:
            await work.connection.execute("DELETE FROM outbox WHERE send_id = $1", send_id)
            await work.connection.execute("UPDATE send SET due_at = $1 WHERE state = 'scheduled'", work.at)
        await work.connection.execute("UPDATE outbox SET claimed_until = $1", work.at + LIMITS.lease)


@pytest.mark.parametrize("state", MOVERS)
async def test_time_alone_brings_every_send_to_an_end(install: Install, clock: SteppingClock, state: State) -> None:
    """Whoever had it died, nobody says anything, and the provider can't tell: it is over after three days at most."""
    shop, (anna,) = await opened(install, ANNA)
    (send_id,) = await sent(install, shop, anna)
    await _put(install, send_id, state)
    channel = Scripted(silence, CantTell())
    out, reconciler = courier(install, channel), Reconciler(install, {"whatsapp": channel}, LIMITS)

    for _ in range(3 * 24):
        clock.advance(timedelta(hours=1))
        await releasing.look_daily(install)
        while await releasing.release(install):
            pass
        await out.step()
        await reconciler.step()

    assert await now(install, [send_id]) == ["failed"]


async def _decisions(install: Install, send_id: UUID) -> int:
    async with install.reading() as work:
        counted: int = await work.connection.fetchval("SELECT count(*) FROM decision WHERE send_id = $1", send_id)
    return counted


async def _held(install: Install) -> UUID:
    """Return a send that is held, since nobody said whether the number is halted."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, unstated=frozenset({"is_halted"}))
        anna = await know(work, shop, ANNA)
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE sender SET is_halted = false")
    (send_id,) = await sent(install, shop, anna)
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE sender SET is_halted = NULL")
    await courier(install, Scripted(silence)).step()
    assert await now(install, [send_id]) == ["held"]
    return send_id


async def test_what_no_event_speaks_of_is_judged_anew_each_day(install: Install, clock: SteppingClock) -> None:
    """A new edition, or what became known of a person: once a day, and no more often."""
    send_id = await _held(install)
    before = await _decisions(install, send_id)
    for _ in range(50):
        clock.advance(timedelta(hours=1))
        await releasing.look_daily(install)
        await releasing.release(install)

    assert await _decisions(install, send_id) == before + 2


async def test_a_send_to_nobody_that_waits_harms_no_other_and_ends(install: Install, clock: SteppingClock) -> None:
    """Its contact is gone when its moment comes: it is stopped, and the other is released."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    for send_id in ids:
        await _put(install, send_id, "scheduled")
    async with install.unit_of_work() as work:
        await destroy_subject(work.connection, people[0].id, work.at)
        await work.connection.execute("DELETE FROM contact WHERE id = $1", people[0].id)
    await releasing.release(install)
    assert await now(install, ids) == ["stopped", "queued"]
    clock.advance(timedelta(days=1))
    assert not await releasing.release(install)


async def test_a_send_that_can_not_be_judged_is_set_aside_and_tried_again(
    install: Install, clock: SteppingClock
) -> None:
    """What it says is lost: it waits an hour, and the other is released."""
    shop, people = await opened(install, ANNA, BORISS)
    ids = await sent(install, shop, *people)
    for send_id in ids:
        await _put(install, send_id, "scheduled")
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET content_id = id WHERE id = $1", ids[0])
    await releasing.release(install)
    assert await now(install, ids) == ["scheduled", "queued"]
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET content_id = $1", shop.errand.content_id)
    clock.advance(releasing.ASIDE)
    await releasing.release(install)

    assert await now(install, ids) == ["queued", "queued"]
