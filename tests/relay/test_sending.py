"""Sends: decided by what is on record, recorded with their reasons, released, looked at again, stopped, replayed."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from backoffice.accounts import service as accounts
from backoffice.billing import service as billing
from backoffice.consent.service import suppress
from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import NotFound, Refused
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from backoffice.relay import service, store
from backoffice.relay.recording import Recorded
from backoffice.relay.replay import replay
from backoffice.relay.service import Letter
from backoffice.relay.snapshot import decode_person
from backoffice.relay.telling import told
from tests.cast import ANNA, BORISS, Shop, hold_registers, know, open_shop


async def _send(work: Work, shop: Shop, *letters: Letter, due_at: datetime | None = None) -> list[Recorded]:
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    return await service.send(work, msgspec.structs.replace(shop.errand, due_at=due_at), letters, lots)


async def _credits(work: Work, shop: Shop) -> int:
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    return lots.available(shop.account_id, "whatsapp")


async def _states(work: Work, *recorded: Recorded) -> list[str]:
    rows = await work.connection.fetch("SELECT id, state FROM send")
    by_id = {row["id"]: row["state"] for row in rows}
    return [by_id[one.send_id] for one in recorded]


async def test_a_person_who_agreed_gets_the_offer_and_one_who_did_not_is_denied(work: Work) -> None:
    """One queued with its credit, one denied with its reasons; both recorded alike, and both can be decided again."""
    shop = await open_shop(work)
    anna, boriss = await know(work, shop, ANNA), await know(work, shop, BORISS, has_consent=False)

    sent, denied = await _send(work, shop, Letter(anna.id), Letter(boriss.id))

    assert [(finding.bound.source, finding.fact) for finding in sent.decision.findings] == []
    assert (sent.state, sent.decision.verdict) == ("queued", "allow")
    assert (denied.state, denied.decision.verdict) == ("denied", "deny")
    assert sent.lot_id
    assert not denied.lot_id
    assert await _credits(work, shop) == 99
    for one in (sent, denied):
        assert (await replay(work, shop.account_id, one.decision_id)).is_same
        assert await work.connection.fetchval("SELECT count(*) FROM ledger_queue WHERE id = $1", one.decision_id) == 1


async def test_what_a_denial_says_is_the_same_when_it_is_read_again(work: Work) -> None:
    """The answer to the request and the stored send tell the same reasons in the same words."""
    shop = await open_shop(work)
    boriss = await know(work, shop, BORISS, has_consent=False)
    (denied,) = await _send(work, shop, Letter(boriss.id))
    from backoffice.relay.telling import tell_sends  # noqa: PLC0415

    (stored,) = await tell_sends(work, [await service.get_send(work, shop.account_id, denied.send_id)], "lv")

    assert stored["reasons"] == told(denied, "lv")["reasons"]
    assert stored["reasons"]


async def test_a_stop_after_the_decision_is_seen_by_the_second_look(work: Work, clock: SteppingClock) -> None:
    """A queued send whose person has said stop is taken back, and its credit with it."""
    shop = await open_shop(work)
    anna, boriss = await know(work, shop, ANNA), await know(work, shop, BORISS)
    first, second = await _send(work, shop, Letter(anna.id), Letter(boriss.id))

    clock.advance(timedelta(minutes=1))
    work.at = clock()
    await suppress(work, anna.token, account_id=shop.account_id, reason="reply")
    looks = await service.look_again(work, await service.take_up(work, [first.send_id, second.send_id]))

    assert {look.send.id: look.is_permitted for look in looks} == {first.send_id: False, second.send_id: True}
    assert await _states(work, first, second) == ["denied", "sending"]
    assert await _credits(work, shop) == 99
    assert [row["send_id"] for row in await work.connection.fetch("SELECT send_id FROM outbox")] == [second.send_id]
    for look in looks:
        assert (await replay(work, shop.account_id, look.recorded.decision_id)).is_same


async def test_the_third_of_three_on_two_credits_gets_none(work: Work) -> None:
    """Credits end within the batch; who comes after is judged with none, and replays so."""
    shop = await open_shop(work, operator="reseller", credits_=2)
    people = [await know(work, shop, f"+3712600001{number}") for number in range(3)]

    recorded = await _send(work, shop, *(Letter(person.id) for person in people))

    assert [one.decision.verdict for one in recorded[:2]] == ["allow", "allow"]
    assert recorded[2].decision.verdict in ("hold", "deny")
    assert "account.credits" not in {finding.fact for finding in recorded[2].decision.findings}
    assert await _credits(work, shop) == 0
    assert (await replay(work, shop.account_id, recorded[2].decision_id)).is_same


async def test_a_held_send_goes_by_itself_at_its_moment(work: Work) -> None:
    """The provider has room for one person more in an hour: held until then, judged anew, and queued."""
    shop = await open_shop(work)
    anna, room_at = await know(work, shop, ANNA), work.at + timedelta(hours=1)
    await accounts.mark_portfolio(work, shop.account_id, shop.sender_id, room_at)
    (held,) = await _send(work, shop, Letter(anna.id))
    assert (held.state, held.decision.next_allowed_at) == ("held", room_at)
    assert await service.release(work) == 0

    work.at = room_at
    assert await service.release(work) == 1

    assert await _states(work, held) == ["queued"]
    assert await _credits(work, shop) == 99


async def test_a_send_that_waits_for_an_event_is_judged_anew_after_it(work: Work) -> None:
    """Nobody knows whether the provider halted the number; once it is known, the account's holds are reconsidered."""
    shop = await open_shop(work, unstated=frozenset({"is_halted"}))
    anna = await know(work, shop, ANNA)
    (waiting,) = await _send(work, shop, Letter(anna.id))
    assert (waiting.state, waiting.decision.next_allowed_at) == ("held", None), waiting.decision.findings
    assert await service.release(work) == 0

    await accounts.mark_number(work, shop.account_id, shop.sender_id, is_halted=False)
    assert await service.reconsider(work, shop.account_id) == 1
    assert await service.release(work) == 1

    assert await _states(work, waiting) == ["queued"]


async def test_a_scheduled_send_is_judged_when_made_and_when_fired(work: Work, clock: SteppingClock) -> None:
    """Scheduled for noon; at noon the account is suspended, so it doesn't leave."""
    shop = await open_shop(work)
    anna, boriss = await know(work, shop, ANNA), await know(work, shop, BORISS, has_consent=False)
    noon = work.at + timedelta(hours=2)
    scheduled, denied = await _send(work, shop, Letter(anna.id), Letter(boriss.id), due_at=noon)
    assert (scheduled.state, denied.state) == ("scheduled", "denied")
    assert await _credits(work, shop) == 99

    clock.advance(timedelta(hours=3))
    work.at = clock()
    await accounts.set_standing(work, shop.account_id, "suspended", "breach")
    await service.release(work)

    assert (await _states(work, scheduled))[0] in ("denied", "held")


async def test_a_stopped_send_gives_its_credit_back_and_another_account_cant_stop_it(work: Work) -> None:
    """Another account's send is as good as none."""
    shop, other = await open_shop(work), await open_shop(work, number="+37129999902")
    anna = await know(work, shop, ANNA)
    (queued,) = await _send(work, shop, Letter(anna.id))

    with pytest.raises(NotFound):
        await service.stop_one(work, other.account_id, queued.send_id, by="account")
    stopped = await service.stop_one(work, shop.account_id, queued.send_id, by="account")

    assert (stopped.state, stopped.lot_id) == ("stopped", None)
    assert await _credits(work, shop) == 100
    assert await work.connection.fetchval("SELECT count(*) FROM outbox") == 0
    assert (await service.stop_one(work, shop.account_id, queued.send_id, by="account")).state == "stopped"


async def test_what_has_left_is_not_stopped(work: Work) -> None:
    """Once it is being handed over, stopping it comes too late."""
    shop = await open_shop(work)
    anna = await know(work, shop, ANNA)
    (queued,) = await _send(work, shop, Letter(anna.id))
    await service.look_again(work, await service.take_up(work, [queued.send_id]))

    with pytest.raises(Refused):
        await service.stop_one(work, shop.account_id, queued.send_id, by="account")


async def test_sends_of_the_last_day_count_with_those_in_flight(work: Work) -> None:
    """The facts of the next decision hold the queued send of today."""
    shop = await open_shop(work)
    await hold_registers(work)
    anna = await know(work, shop, ANNA)
    await _send(work, shop, Letter(anna.id))
    (second,) = await _send(work, shop, Letter(anna.id))

    kept = await store.get_decision(work, second.decision_id)
    rare = decode_person(kept.facts).rare
    assert rare
    assert (len(rare.recent_sends), len(rare.recent_on_topic)) == (1, 1)


async def test_a_contact_of_another_account_is_none(work: Work) -> None:
    """Nobody sends to a contact by guessing its id."""
    shop, other = await open_shop(work), await open_shop(work, number="+37129999902")
    anna = await know(work, other, ANNA)

    for stranger in (anna.id, new_ids(work.at, 1)[0]):
        with pytest.raises(NotFound):
            await _send(work, shop, Letter(stranger))
