"""Late sends: a cap counts a send when it leaves, however long after it was made."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from backoffice.billing import service as billing
from backoffice.contacts.persons import ContactRef
from backoffice.plumbing.install import Install, Work
from backoffice.relay import late, service
from backoffice.relay.gathering import Recent, gather
from backoffice.relay.recording import Recorded
from backoffice.relay.service import Letter
from tests.cast import ANNA, Shop, know, open_shop

LATER = timedelta(hours=30)
HOUR = timedelta(hours=1)


async def _schedule(work: Work, shop: Shop, anna: ContactRef, count: int = 1) -> list[Recorded]:
    """Make sends to one person that are to go thirty hours later."""
    errand = msgspec.structs.replace(shop.errand, due_at=work.at + LATER)
    made = []
    for _ in range(count):
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        made += await service.send(work, errand, [Letter(anna.id)], lots)
    return made


async def _recents(work: Work, anna: ContactRef, at: datetime) -> list[Recent]:
    work.at = at
    (row,) = await gather(work, [anna.id])
    assert row
    return list(row.recents)


async def test_a_scheduled_send_counts_from_its_release_and_then_from_its_leaving(work: Work) -> None:
    """Made on Friday and gone on Saturday, it counts until Sunday; caps look at what reached the person."""
    shop = await open_shop(work)
    anna, made_at = await know(work, shop, ANNA), work.at
    (send,) = await _schedule(work, shop, anna)

    work.at = released_at = made_at + LATER
    assert await service.release(work) == 1
    queued = await _recents(work, anna, released_at + HOUR)
    (look,) = await service.look_again(work, await service.take_up(work, [send.send_id]))
    left = await _recents(work, anna, released_at + 24 * HOUR)

    assert [(one.id, one.topic, one.at) for one in queued] == [(send.send_id, "lamps", released_at)]
    assert look.is_permitted
    assert [(one.id, one.at) for one in left] == [(send.send_id, released_at + HOUR)]
    assert await _recents(work, anna, released_at + 25 * HOUR) == left
    assert await _recents(work, anna, released_at + 25 * HOUR + timedelta(seconds=1)) == []


async def test_a_send_of_today_that_leaves_hours_later_counts_once_and_from_then(work: Work) -> None:
    """Its id finds it, and so does its note: it is one send."""
    shop = await open_shop(work)
    anna, made_at = await know(work, shop, ANNA), work.at
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    (send,) = await service.send(work, shop.errand, [Letter(anna.id)], lots)

    work.at = left_at = made_at + 10 * HOUR
    await service.look_again(work, await service.take_up(work, [send.send_id]))
    (recent,) = await _recents(work, anna, made_at + 20 * HOUR)

    assert recent.id == send.send_id
    assert left_at - recent.at < timedelta(milliseconds=1)  # an id tells the millisecond
    assert len(await _recents(work, anna, made_at + 33 * HOUR)) == 1
    assert await _recents(work, anna, left_at + 25 * HOUR) == []


async def test_two_late_sends_to_one_person_are_judged_one_after_the_other(work: Work) -> None:
    """Judged together, neither would see that the other leaves."""
    shop = await open_shop(work)
    anna = await know(work, shop, ANNA)
    first, second = await _schedule(work, shop, anna, count=2)

    work.at += LATER + HOUR
    assert await service.release(work) == 1
    assert await service.release(work) == 1
    assert await service.release(work) == 0

    looks = await service.look_again(work, await service.take_up(work, [first.send_id, second.send_id]))
    others = await service.look_again(work, await service.take_up(work, [first.send_id, second.send_id]))

    assert sorted(look.send.id for look in (*looks, *others)) == sorted([first.send_id, second.send_id])
    assert (len(looks), len(others)) == (1, 1)


async def test_what_does_not_leave_after_all_counts_no_more(work: Work) -> None:
    """A send that is stopped in the outbox gives its place back."""
    shop = await open_shop(work)
    anna = await know(work, shop, ANNA)
    (send,) = await _schedule(work, shop, anna)
    work.at += LATER
    await service.release(work)

    await service.stop(work, shop.account_id, [send.send_id], by="account")

    assert await _recents(work, anna, work.at + HOUR) == []


async def test_notes_go_when_no_cap_looks_at_them_any_more(install: Install) -> None:
    """A day and an hour later nothing asks for them."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        await _schedule(work, shop, await know(work, shop, ANNA))
        work.at += LATER
        await service.release(work)
    install.clock.advance(LATER + late.KEPT_FOR)  # type: ignore[attr-defined]  # the tests' clock

    assert not await late.purge(install)

    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM late_send") == 0
