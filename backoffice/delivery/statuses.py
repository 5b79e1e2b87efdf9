"""Statuses: what providers answer and report raises what is known of messages, and never lowers it.

Whoever changes sends and what is known of them takes persons first, then all its sends at once, in sorted order; what
is known of a send is changed by whoever holds the send. So nobody waits for another in a circle.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from backoffice.audit import ledger
from backoffice.billing.service import release
from backoffice.channels.port import Kind
from backoffice.delivery import naming, store
from backoffice.delivery.effects import Word, act
from backoffice.delivery.naming import Named
from backoffice.delivery.states import ORDER, Status, highest
from backoffice.delivery.store import StoredDelivery, Whose
from backoffice.notices.service import Telling, tell_many
from backoffice.notices.store import list_listeners
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.relay import outbox
from backoffice.relay.announcing import Draft
from backoffice.relay.service import stop

LEDGER = "delivery:sends:told"
_MOST_IN_ENTRY = 300  # sends: below 65,535 bytes

Reason = Literal["", "refused", "undeliverable", "tried_too_often", "outcome_unknown"]
"""Why a send failed: refused at once · the provider couldn't bring it · put off too often · nobody knows."""


NOT_TRANSMITTED: frozenset[Reason] = frozenset({"refused", "tried_too_often"})
"""Reasons with which a message never left us for its person, so that its credit comes back."""

UNTOLD: frozenset[str] = NOT_TRANSMITTED | {"outcome_unknown"}
"""Reasons of which the provider tells nobody by itself."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one send: a status since a moment; code, its meaning and our reason where it failed."""

    send_id: UUID
    status: Status
    at: datetime
    provider_id: str | None = None
    code: int = 0
    kind: Kind | None = None
    reason: Reason = ""
    attempt: int = 0


async def tell(work: Work, told: Sequence[Told]) -> None:
    """Raise statuses by what is told, in whatever order and however often; ids that aren't ours are passed over.

    A person whom the provider calls opted out is suppressed; what else it says of a person is kept for the next send.
    Ledger: delivery:sends:told, one an account, of what was new.
    """
    whose = await store.list_whose(work, {one.send_id for one in told})
    ours = [one for one in told if one.send_id in whose]
    await act(work, words_of(ours, await store.list_deliveries(work, whose)), whose)
    await outbox.hold(work, whose)
    await rise(work, ours, whose)


async def rise(work: Work, told: Sequence[Told], whose: Mapping[UUID, Whose]) -> None:
    """Raise the statuses of sends that are held, and do nothing else of what `tell` does."""
    known = await store.list_deliveries(work, {one.send_id for one in told})
    fresh = [one for one in summed(told, whose).values() if adds(one, known.get(one.send_id))]
    if not fresh:
        return
    now = {one.send_id: status_of(one) for one in await store.join_deliveries(work, fresh)}
    failed = {send_id for send_id, status in now.items() if status == "failed"}
    lost = await outbox.move(work, failed, "failed")
    moved = await outbox.move(work, now.keys() - failed, "sent")
    await _stop_held(work, now.keys() - failed - moved, whose)
    await outbox.take_out(work, moved | lost)
    unsent = {one.send_id for one in fresh if one.reason in NOT_TRANSMITTED}
    await release(work, Counter(await outbox.take_credits(work, lost & unsent)))
    for account_id in {whose[send_id].account_id for send_id in lost & unsent}:
        await note_change(work, account_id)
    await enter(work, LEDGER, [(one.account_id, [one.send_id, status_of(one), one.code, one.reason]) for one in fresh])
    if listeners := await list_listeners(work, {one.account_id for one in fresh}):
        await naming.note(work, [_named(one, whose) for one in told], listeners)
        await tell_many(work, [telling for one in fresh for telling in _tellings(work, one, lost)], listeners)


def _named(told: Told, whose: Mapping[UUID, Whose]) -> Named:
    return Named(told.send_id, whose[told.send_id].account_id, told.provider_id or "")


def _tellings(work: Work, one: StoredDelivery, lost: Collection[UUID]) -> Iterator[Telling]:
    """Tell programs of an account; in the provider's form, what the provider tells nobody, as it never had it."""
    data = {"send_id": one.send_id, "status": status_of(one), "code": one.code, "reason": one.reason}
    told = {"type": "send.status", "timestamp": work.at, "data": data}
    yield Telling(one.account_id, "standard", "send.status", msgspec.json.encode(told))
    if one.send_id in lost and one.reason in UNTOLD:
        draft = Draft(send_id=one.send_id, at=work.at, code=one.code, reason=one.reason)
        yield Telling(one.account_id, "cloud_api", "send.status", msgspec.json.encode(draft))


async def _stop_held(work: Work, ids: Iterable[UUID], whose: Mapping[UUID, Whose]) -> None:
    """Stop what was held after its provider had called it absent, and has left after all: it must not go again."""
    by_account: dict[UUID, list[UUID]] = defaultdict(list)
    for send_id in sorted(ids):
        by_account[whose[send_id].account_id].append(send_id)
    for account_id in sorted(by_account):
        await stop(work, account_id, by_account[account_id], by="provider")


def words_of(told: Sequence[Told], known: Mapping[UUID, StoredDelivery]) -> list[Word]:
    """Return the error codes that are new: a stop told again must not undo what the person said since."""
    return [
        Word(one.send_id, one.code, one.kind, one.at)
        for one in told
        if one.code and (one.send_id not in known or known[one.send_id].code != one.code)
    ]


async def enter(work: Work, kind: str, sends: Iterable[tuple[UUID, object]]) -> None:
    """Write what is said of sends into the ledger, in entries of one account and up to 300 sends each."""
    by_account: dict[UUID, list[object]] = defaultdict(list)
    for account_id, said in sends:
        by_account[account_id].append(said)
    entries = [
        (account_id, {"sends": said[start : start + _MOST_IN_ENTRY]})
        for account_id, said in sorted(by_account.items())
        for start in range(0, len(said), _MOST_IN_ENTRY)
    ]
    await ledger.append_many(work, kind, entries)


def summed(told: Iterable[Told], whose: Mapping[UUID, Whose]) -> dict[UUID, StoredDelivery]:
    """Return in one row a send what all these say of it, in whatever order they come."""
    by_send: dict[UUID, list[Told]] = defaultdict(list)
    for one in told:
        by_send[one.send_id].append(one)
    return {send_id: _row(send_id, whose[send_id].account_id, said) for send_id, said in by_send.items()}


def _row(send_id: UUID, account_id: UUID, said: Sequence[Told]) -> StoredDelivery:
    hashes = sorted({provider_hash(send_id, one.provider_id) for one in said if one.provider_id})
    moments = {status: min((one.at for one in said if one.status == status), default=None) for status in ORDER}
    reason: Reason = max((one.reason for one in said), key=str)
    return StoredDelivery(
        send_id=send_id,
        account_id=account_id,
        attempt=max(one.attempt for one in said),
        provider_hash=hashes[0] if hashes else None,
        is_doubled=len(hashes) > 1,
        code=max(one.code for one in said),
        reason=reason,
        accepted_at=moments["accepted"],
        sent_at=moments["sent"],
        failed_at=moments["failed"],
        delivered_at=moments["delivered"],
        read_at=moments["read"],
    )


def provider_hash(send_id: UUID, provider_id: str) -> bytes:
    """Return what is kept of a provider's id: ids of some providers spell the recipient's number."""
    return hashlib.sha256(send_id.bytes + provider_id.encode()).digest()


def adds(told: StoredDelivery, known: StoredDelivery | None) -> bool:
    """Tell whether something that is told isn't known yet, or ends a search."""
    if known is None or known.look_at is not None:
        return True
    earlier = (
        moment is not None and (since is None or moment < since)
        for moment, since in ((getattr(told, name), getattr(known, name)) for name in MOMENTS.values())
    )
    is_other = told.provider_hash not in (None, known.provider_hash) and not known.is_doubled
    return any(earlier) or is_other or told.code > known.code


MOMENTS: dict[Status, str] = {status: f"{status}_at" for status in ORDER}
"""Where the moment of each status is kept."""


def status_of(known: StoredDelivery) -> Status:
    """Return the status of a message: the highest of which the moment is known."""
    return highest(status for status, name in MOMENTS.items() if getattr(known, name) is not None)
