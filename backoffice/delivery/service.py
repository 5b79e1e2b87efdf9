"""Delivery's verbs: record how handing over went, find again what got lost, tell what is known of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from backoffice.accounts.numbers import mark_portfolio
from backoffice.channels.port import Absent, Accepted, Answer, Fate, Found, Refused
from backoffice.delivery import pace_store, store
from backoffice.delivery.backoff import wait_before
from backoffice.delivery.effects import Word, act
from backoffice.delivery.limits import Limits
from backoffice.delivery.statuses import Reason, Told, enter, rise, words_of
from backoffice.delivery.store import Search, StoredDelivery
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work
from backoffice.relay import outbox

UNKNOWN, RETURNED = "delivery:sends:unknown", "delivery:sends:returned"

_PATIENT = frozenset({"retry", "halt_sender"})  # kinds after which a message is tried again
_MOST_LAPSED = 500  # taken in one transaction
_FIRST_LOOK = timedelta(seconds=1)


class Outcome(NamedTuple):
    """How handing one send over went: an answer; None for silence; `is_tried` False where it surely never left."""

    send_id: UUID
    attempt: int  # this one's number, from 1
    answer: Answer | None
    is_tried: bool = True


async def settle(work: Work, outcomes: Sequence[Outcome], limits: Limits) -> None:
    """Record how handing over went: sent, failed, unknown, or queued again for later.

    Ledger: delivery:sends:told, delivery:sends:unknown.
    """
    whose = await store.list_whose(work, {one.send_id for one in outcomes})
    refused = [(one.send_id, one.answer) for one in outcomes if isinstance(one.answer, Refused)]
    await act(work, [Word(send_id, answer.code, answer.kind, work.at) for send_id, answer in refused], whose)
    await outbox.hold(work, whose)
    await rise(work, [told for one in outcomes if (told := _told(one, work.at, limits))], whose)
    await _count(work, [one.send_id for one in outcomes if isinstance(one.answer, Accepted) or one.answer is None])
    await _put_off(work, [one for one in outcomes if _is_put_off(one, limits)], limits)
    silent = {one.send_id: one.attempt for one in outcomes if one.is_tried and one.answer is None}
    await lose(work, silent, counts_at=work.at + limits.patience + limits.look_up_after)


async def _count(work: Work, left: Sequence[UUID]) -> None:
    """Count whom portfolios wrote to, where the provider limits them; a full one is marked for all its numbers.

    Couriers may exceed the limit by what they have in hand; the provider counts too.
    """
    if not left:
        return
    for account_id, sender_id, portfolio, limit in await pace_store.count_persons(work, left):
        if room_at := await pace_store.find_room(work, portfolio, limit):
            await mark_portfolio(work, account_id, sender_id, room_at, by="program")


def _told(one: Outcome, at: datetime, limits: Limits) -> Told | None:
    match one.answer:
        case Accepted(provider_id):
            return Told(send_id=one.send_id, status="accepted", at=at, provider_id=provider_id, attempt=one.attempt)
        case Refused(code=code, kind=kind) if not _is_put_off(one, limits):
            reason: Reason = "tried_too_often" if kind in _PATIENT else "refused"
            return Told(
                send_id=one.send_id,
                status="failed",
                at=at,
                code=code,
                kind=kind,
                reason=reason,
                attempt=one.attempt,
            )
    return None


def _is_put_off(one: Outcome, limits: Limits) -> bool:
    if not one.is_tried:
        return True
    is_for_later = isinstance(one.answer, Refused) and one.answer.kind in _PATIENT
    return is_for_later and one.attempt < limits.most_attempts


async def _put_off(work: Work, outcomes: Sequence[Outcome], limits: Limits) -> None:
    moved = await outbox.give_up(work, {one.send_id: one.attempt for one in outcomes}, "queued")
    await outbox.put_off(work, {one.send_id: work.at + _wait(one, limits) for one in outcomes if one.send_id in moved})


def _wait(one: Outcome, limits: Limits) -> timedelta:
    asked = one.answer.retry_after if isinstance(one.answer, Refused) else None
    return wait_before(one.attempt, one.send_id.bytes, limits, least=asked)


async def lose(work: Work, attempts: Mapping[UUID, int], *, counts_at: datetime) -> None:
    """Record that nobody knows what became of sends; from `counts_at` on a provider's "never had it" is believed.

    Ledger: delivery:sends:unknown, one an account.
    """
    lost = await outbox.give_up(work, attempts, "unknown")
    await outbox.take_out(work, lost)
    whose = await store.list_whose(work, lost)
    rows = [
        StoredDelivery(
            send_id=send_id,
            account_id=whose[send_id].account_id,
            attempt=attempts[send_id],
            unknown_at=work.at,
            absence_counts_at=counts_at,
            look_at=work.at + _FIRST_LOOK,
        )
        for send_id in sorted(lost)
    ]
    if rows:
        await store.begin_search(work, rows)
        await enter(work, UNKNOWN, ((row.account_id, row.send_id) for row in rows))


async def reap(work: Work, limits: Limits) -> int:
    """Call unknown what was being handed over when its courier's lease ended, and return how many there were.

    Asked again and again: a dead courier's last statement may be committed after it was asked once.
    """
    lapsed = await outbox.list_lapsed(work, _MOST_LAPSED)
    await lose(work, lapsed, counts_at=work.at + limits.patience + limits.look_up_after)
    return len(lapsed)


async def resolve(work: Work, fates: Sequence[tuple[Search, Fate]], limits: Limits) -> None:
    """End the searches that were answered: found, surely absent and queued again, or given up; look later for the rest.

    Ledger: delivery:sends:told, delivery:sends:returned.
    """
    ended = [told for search, fate in fates if (told := _found(search, fate, work.at, limits))]
    whose = await store.list_whose(work, {search.send_id for search, _ in fates})
    await act(work, words_of(ended, {}), whose)
    await outbox.hold(work, whose)
    await rise(work, ended, whose)
    absent = {search.send_id: search.attempt for search, fate in fates if _is_absent(search, fate, work.at, limits)}
    await _return(work, absent)
    done = absent.keys() | {told.send_id for told in ended}
    later = [search for search, _ in fates if search.send_id not in done]
    await store.look_later(work, {search.send_id: _next_look(search, work.at, limits) for search in later})


def _found(search: Search, fate: Fate, at: datetime, limits: Limits) -> Told | None:
    if isinstance(fate, Found):
        reason: Reason = "undeliverable" if fate.status == "failed" else ""
        return Told(
            send_id=search.send_id,
            status=fate.status,
            at=at,
            provider_id=fate.provider_id,
            code=fate.code,
            kind=fate.kind,
            reason=reason,
            attempt=search.attempt,
        )
    is_absent = _counts_as_absent(search, fate, at)
    if is_absent and search.attempt >= limits.most_attempts:
        return Told(send_id=search.send_id, status="failed", at=at, reason="tried_too_often", attempt=search.attempt)
    if not is_absent and at >= search.unknown_at + limits.give_up_after:
        return Told(send_id=search.send_id, status="failed", at=at, reason="outcome_unknown", attempt=search.attempt)
    return None


def _counts_as_absent(search: Search, fate: Fate, at: datetime) -> bool:
    return isinstance(fate, Absent) and at >= search.absence_counts_at


def _is_absent(search: Search, fate: Fate, at: datetime, limits: Limits) -> bool:
    return _counts_as_absent(search, fate, at) and search.attempt < limits.most_attempts


async def _return(work: Work, attempts: Mapping[UUID, int]) -> None:
    returned = await outbox.move(work, attempts, "queued", was=["unknown"])
    await outbox.put_back(work, {send_id: attempts[send_id] for send_id in sorted(returned)})
    await store.end_searches(work, returned)
    whose = await store.list_whose(work, returned)
    await enter(work, RETURNED, ((one.account_id, one.id) for one in whose.values()))


def _next_look(search: Search, at: datetime, limits: Limits) -> datetime:
    later = at + wait_before(search.looks, search.send_id.bytes, limits)
    return min(later, search.absence_counts_at) if at < search.absence_counts_at else later


async def get_delivery(work: Work, account_id: UUID, send_id: UUID) -> StoredDelivery:
    """Return what is known of an account's send at its provider; raises NotFound while it was never handed over."""
    found = (await store.list_deliveries(work, [send_id])).get(send_id)
    if found is None or found.account_id != account_id:
        raise NotFound("delivery_unknown", send=str(send_id))
    return found
