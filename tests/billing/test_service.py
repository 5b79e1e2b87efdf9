"""Credits in the database: granted, spent, given back, carried forward, expired; and what the ledger says of each."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from backoffice.accounts.service import set_standing
from backoffice.billing import service
from backoffice.billing.store import LotRow, list_lots
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.install import Work
from tests.billing.conftest import DAY, LEAST, lamp_shop, told


async def _remaining(work: Work, account_id: UUID) -> dict[UUID, int]:
    return {lot.id: lot.remaining for lot in await list_lots(work, account_id)}


async def _lot(work: Work, account_id: UUID, lot_id: UUID) -> LotRow:
    return next(lot for lot in await list_lots(work, account_id) if lot.id == lot_id)


async def _grant(work: Work, account_id: UUID, count: int, ends_in: timedelta = DAY, channel: str = "sms") -> UUID:
    return await service.grant_lot(work, account_id, channel, count, work.at, work.at + ends_in)


async def _spend(work: Work, account_id: UUID, count: int, channel: str = "sms") -> list[UUID]:
    lots = await service.lock_lots(work, {(account_id, channel)})
    taken = lots.debit(account_id, channel, count)
    await lots.flush(work)
    return taken


async def _available(work: Work, account_id: UUID, channel: str = "sms") -> int:
    return (await service.lock_lots(work, {(account_id, channel)})).available(account_id, channel)


async def test_a_grant_can_be_spent_from_its_moment_to_its_end(work: Work) -> None:
    """Half-open: the first moment is in, the last is out."""
    account_id, start = await lamp_shop(work), work.at
    await service.grant_lot(work, account_id, "sms", 5, start + DAY, start + 2 * DAY)

    for at, count in (
        (start, 0),
        (start + DAY, 5),
        (start + 2 * DAY - timedelta(microseconds=1), 5),
        (start + 2 * DAY, 0),
    ):
        work.at = at
        assert await _available(work, account_id) == count


async def test_each_channel_and_account_has_its_own_credits(work: Work) -> None:
    """What wasn't asked for isn't locked and isn't there."""
    first, second = await lamp_shop(work), await lamp_shop(work)
    await _grant(work, first, 5)
    await _grant(work, first, 7, channel="whatsapp")
    await _grant(work, second, 9)

    lots = await service.lock_lots(work, [(first, "sms"), (second, "sms"), (first, "sms")])

    assert [lots.available(one, "sms") for one in (first, second)] == [5, 9]
    assert lots.available(first, "whatsapp") == 0
    assert (await service.lock_lots(work, [])).available(first, "sms") == 0


async def test_a_flush_writes_each_debit_once(work: Work) -> None:
    """What was written is not written again with what follows."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 5)
    lots = await service.lock_lots(work, {(account_id, "sms")})

    lots.debit(account_id, "sms", 2)
    await lots.flush(work)
    await lots.flush(work)
    assert await _remaining(work, account_id) == {lot: 3}
    lots.debit(account_id, "sms", 1)
    await lots.flush(work)

    assert await _remaining(work, account_id) == {lot: 2}


async def test_two_credits_pay_for_two_messages_and_not_for_a_third(work: Work) -> None:
    """What is short is refused and takes nothing."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 2)
    assert await _spend(work, account_id, 1) == await _spend(work, account_id, 1) == [lot]

    with pytest.raises(Refused, match="credits_short"):
        await _spend(work, account_id, 1)

    assert await _remaining(work, account_id) == {lot: 0}


async def test_credits_go_back_to_the_lots_they_came_from(work: Work) -> None:
    """And not to another that has room for them."""
    account_id = await lamp_shop(work)
    soon, late = await _grant(work, account_id, 3), await _grant(work, account_id, 3, 2 * DAY)
    taken = await _spend(work, account_id, 5)
    assert Counter(taken) == {soon: 3, late: 2}

    await service.release(work, Counter(taken[:4]))

    assert await _remaining(work, account_id) == {soon: 3, late: 2}


async def test_a_credit_given_back_to_an_expired_lot_stays_expired(work: Work) -> None:
    """It is on record again, and pays for nothing."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 2)
    await _spend(work, account_id, 2)
    work.at += DAY
    await service.expire_lots(work)

    await service.release(work, {lot: 1})

    assert await _remaining(work, account_id) == {lot: 1}
    assert await _available(work, account_id) == 0
    assert await service.expire_lots(work) == 0


@pytest.mark.parametrize("counts", [{"lot": 3}, {"other": 1}, {"lot": 1, "other": 1}])
async def test_what_was_never_debited_cannot_be_given_back(work: Work, counts: dict[str, int]) -> None:
    """No lot ends up fuller than it was granted, and none that isn't there takes any."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 5)
    await _spend(work, account_id, 2)

    with pytest.raises(Refused, match="credits_not_debited"):
        await service.release(work, {lot if name == "lot" else work.new_id(): n for name, n in counts.items()})


async def test_a_release_of_nothing_does_nothing_and_of_less_is_refused(work: Work) -> None:
    """A negative release would be a debit by the back door."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 5)

    await service.release(work, {})
    await service.release(work, {lot: 0})
    with pytest.raises(Invalid, match="credit_count_invalid"):
        await service.release(work, {lot: -1})

    assert await _remaining(work, account_id) == {lot: 5}


@pytest.mark.parametrize("remaining", [-1, 6])
async def test_the_database_keeps_what_is_left_between_nothing_and_what_was_granted(work: Work, remaining: int) -> None:
    """Whatever the program believes."""
    account_id = await lamp_shop(work)
    lot = await _grant(work, account_id, 5)

    with pytest.raises(asyncpg.CheckViolationError):
        await work.connection.execute("UPDATE credit_lot SET remaining = $2 WHERE id = $1", lot, remaining)


@pytest.mark.parametrize(
    ("channel", "count", "ends_in", "code"),
    [
        ("sms", 0, DAY, "credit_count_invalid"),
        ("sms", -5, DAY, "credit_count_invalid"),
        ("sms", 2**31, DAY, "credit_count_invalid"),
        ("sms", 5, timedelta(0), "credit_span_invalid"),
        ("email", 5, DAY, "channel_unknown"),
        ("telex", 5, DAY, "channel_unknown"),
    ],
)
async def test_a_grant_of_nothing_for_no_time_or_on_no_channel_is_refused(
    work: Work, channel: str, count: int, ends_in: timedelta, code: str
) -> None:
    """An operator grants credits of the channels it offers."""
    with pytest.raises(Invalid, match=code):
        await _grant(work, await lamp_shop(work), count, ends_in, channel)


async def test_credits_hang_on_an_account(work: Work) -> None:
    """None is granted to nobody."""
    for act in (_grant(work, work.new_id(), 5), service.top_up(work, work.new_id(), "sms", 5)):
        with pytest.raises(NotFound, match="account_unknown"):
            await act


async def test_a_large_enough_purchase_carries_the_rest_forward(work: Work) -> None:
    """What is left ends with the new lot; each lot that moved is in the ledger with both ends."""
    account_id = await lamp_shop(work)
    old = await _grant(work, account_id, 10, 30 * DAY)
    spent = await _grant(work, account_id, 1, 20 * DAY)
    assert await _spend(work, account_id, 1) == [spent]

    bought = await service.top_up(work, account_id, "sms", LEAST["sms"])

    assert set(bought.carried) == {old, spent}
    assert {lot.expires_at for lot in await list_lots(work, account_id)} == {bought.expires_at}
    entries = await told(work, "billing:lot:carried_forward")
    assert {(UUID(entry["lot"]), entry["count"]) for entry in entries} == {(old, 10), (spent, 0)}
    assert all(entry["from"] < entry["to"] for entry in entries)


async def test_a_smaller_purchase_adds_its_credits_and_carries_nothing(work: Work) -> None:
    """One credit below the least the old lots end as they would have."""
    account_id = await lamp_shop(work)
    old = await _grant(work, account_id, 10, 30 * DAY)

    bought = await service.top_up(work, account_id, "sms", LEAST["sms"] - 1)

    assert bought.carried == ()
    assert (await _lot(work, account_id, old)).expires_at == work.at + 30 * DAY
    assert await _available(work, account_id) == LEAST["sms"] + 9


async def test_what_is_on_another_channel_or_has_expired_is_not_carried_forward(work: Work) -> None:
    """An end that has come stays, also before the ledger tells of it."""
    account_id = await lamp_shop(work)
    gone = await _grant(work, account_id, 10)
    other = await _grant(work, account_id, 10, 30 * DAY, channel="whatsapp")
    work.at += DAY

    bought = await service.top_up(work, account_id, "sms", LEAST["sms"])

    assert bought.carried == ()
    assert (await _lot(work, account_id, gone)).expires_at == work.at
    assert (await _lot(work, account_id, other)).expires_at < bought.expires_at


async def test_carrying_forward_never_shortens(work: Work) -> None:
    """A lot that ends later than the new one keeps its end."""
    account_id = await lamp_shop(work)
    later = await _grant(work, account_id, 10, 800 * DAY)

    bought = await service.top_up(work, account_id, "sms", LEAST["sms"])

    assert bought.carried == ()
    assert (await _lot(work, account_id, later)).expires_at == work.at + 800 * DAY


async def test_a_debit_given_back_after_carrying_forward_can_be_spent(work: Work) -> None:
    """The lot it came from went along although it was empty."""
    account_id = await lamp_shop(work)
    await _grant(work, account_id, 1, 30 * DAY)
    taken = await _spend(work, account_id, 1)
    await service.top_up(work, account_id, "sms", LEAST["sms"])
    work.at += 60 * DAY

    await service.release(work, Counter(taken))

    assert await _available(work, account_id) == LEAST["sms"] + 1


async def test_a_closed_account_buys_nothing(work: Work) -> None:
    """Nor a purged one; money that comes in for it is somebody's to decide on."""
    account_id = await lamp_shop(work)
    for standing, ground in (("closed", "own_request"), ("purged", "")):
        await set_standing(work, account_id, standing, ground)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="account_ended"):
            await service.top_up(work, account_id, "sms", 10)


async def test_an_expiry_is_told_once_with_what_was_left(work: Work) -> None:
    """A lot that was spent up ends too; one that runs on is not told of."""
    account_id = await lamp_shop(work)
    left, spent = await _grant(work, account_id, 4), await _grant(work, account_id, 2, DAY / 2)
    await _grant(work, account_id, 9, 3 * DAY)
    await _spend(work, account_id, 3)
    work.at += DAY

    assert await service.expire_lots(work) == 2
    assert await service.expire_lots(work) == 0

    entries = await told(work, "billing:lot:expired")
    assert {(UUID(entry["lot"]), entry["count"]) for entry in entries} == {(left, 3), (spent, 0)}


async def test_expiries_are_told_some_at_a_time(work: Work) -> None:
    """A night with a million of them is many transactions."""
    account_id = await lamp_shop(work)
    for _ in range(5):
        await _grant(work, account_id, 1)
    work.at += DAY

    assert [await service.expire_lots(work, most=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_lot_told_expired_is_spent_no_more_by_a_clock_that_is_behind(work: Work) -> None:
    """The ledger has said what was left of it."""
    account_id = await lamp_shop(work)
    await _grant(work, account_id, 5)
    before = work.at
    work.at += DAY
    await service.expire_lots(work)
    work.at = before

    assert await _available(work, account_id) == 0
    assert (await service.top_up(work, account_id, "sms", LEAST["sms"])).carried == ()


async def test_a_grant_is_in_the_ledger_with_its_span(work: Work) -> None:
    """Which lot, of how many, from when until when, and for what."""
    account_id = await lamp_shop(work)
    bought = await service.top_up(work, account_id, "sms", 7)

    (entry,) = await told(work, "billing:lot:granted")
    assert (entry["lot"], entry["count"], entry["channel"]) == (str(bought.lot_id), 7, "sms")
    assert entry["ground"] == "top_up"
    assert entry["valid_from"] < entry["expires_at"]
