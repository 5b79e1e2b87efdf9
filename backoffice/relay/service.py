"""The gate's verbs: send, release, look again, stop, reconsider, try."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from backoffice.accounts.service import find_account
from backoffice.accounts.states import OPEN
from backoffice.audit import ledger
from backoffice.billing import service as billing
from backoffice.billing.lots import Lots
from backoffice.contacts.service import record_door
from backoffice.kernel.errors import NotFound, Refused
from backoffice.plumbing.bulk import ids_for
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.locks import hold_persons_at_once
from backoffice.plumbing.vault import Place
from backoffice.policy.decide import Decision
from backoffice.relay import facts, late, outbox, store
from backoffice.relay.announcing import Turn, announce
from backoffice.relay.facts import Ready, Shared
from backoffice.relay.judging import Judged, judge
from backoffice.relay.recording import MOST, Addressee, Errand, Kind, Recorded, record_again, record_new
from backoffice.relay.shapes import StoredSend
from backoffice.relay.states import LEAVING, STOPPABLE, WAITING, State

PAYLOAD = Place("send", "payload")
LOOKED: Kind = "relay:send:looked_at_again"


class Letter(NamedTuple):
    """One message of an errand: to whom, and what only this person's says, not yet sealed."""

    contact_id: UUID
    payload: bytes | None = None


class Look(NamedTuple):
    """What a second look made of a send: it is `sending` now and may be handed over, or it was taken back."""

    send: StoredSend
    recorded: Recorded

    @property
    def is_permitted(self) -> bool:
        """Whether it may be handed over now."""
        return self.recorded.state == "sending"


class Group(NamedTuple):
    """Sends on one errand, with what they have in common."""

    shared: Shared
    sends: list[StoredSend]


async def send(work: Work, errand: Errand, letters: Sequence[Letter], lots: Lots) -> list[Recorded]:
    """Decide and record up to a thousand sends on one errand; the account's lots are locked already.

    Raises Unavailable (`ledger_behind`) when the ledger can't keep up, NotFound for a content or contact that isn't the
    account's. Ledger: relay:send:decided, one a send.
    """
    if len(letters) > MOST:
        raise ValueError(len(letters))
    await ledger.require_room(work)
    ready = await facts.gather(work, errand, [letter.contact_id for letter in letters], lots)
    judged = judge(ready.batch)
    debited = lots.debit(errand.account_id, errand.channel, sum(one.is_paid for one in judged))
    addressed, debits = _addressed(work, ready, letters), lots.take_debits()
    recorded = await record_new(work, errand, ready.batch, judged, addressed, debited, *debits)
    if ready.batch.message.kind != "normal":
        passed = {
            row.contact_id: one.send_id for row, one in zip(ready.rows, recorded, strict=True) if one.state in LEAVING
        }
        await record_door(work, ready.batch.message.kind, passed)
    return recorded


def _addressed(work: Work, ready: Ready, letters: Sequence[Letter]) -> list[Addressee]:
    """Seal what only one person's message says, each under that person's key."""
    addressees = []
    for letter, row, send_id in zip(letters, ready.rows, ids_for(work.at, len(letters)), strict=True):
        sealed = None
        if letter.payload is not None:
            if row.wrapped is None or row.key_version is None:
                raise Refused("subject_key_destroyed", contact=str(row.contact_id))
            subject = work.vault.subject(row.contact_id, row.wrapped, row.key_version)
            sealed = subject.seal(PAYLOAD, send_id, letter.payload)
        addressees.append(Addressee(row.contact_id, row.token, row.commitment, send_id, sealed))
    return addressees


async def try_out(work: Work, errand: Errand, contact_id: UUID, lots: Lots) -> Decision:
    """Decide one send and record nothing."""
    ready = await facts.gather(work, errand, [contact_id], lots)
    return judge(ready.batch)[0].decision


async def release(work: Work, count: int = 200) -> int:
    """Judge anew the sends whose moment has come; return how many there were.

    Ledger: relay:send:released, one a send.
    """
    return await release_sends(work, await store.list_due(work, count))


async def release_sends(work: Work, due: Sequence[tuple[UUID, UUID, str]]) -> int:
    """Judge anew these waiting sends, each with its account and channel; return how many waited."""
    if not due:
        return 0
    wanted = {(account_id, channel) for _, account_id, channel in due}
    await billing.lock_lots(work, wanted)
    sends = late.one_each(
        await store.lock_sends(work, [send_id for send_id, _, _ in due], sorted(WAITING), waits=False)
    )
    # What was paid when it was scheduled comes back first, so that nothing is paid twice or for nothing.
    await billing.release(work, Counter(one.lot_id for one in sends if one.lot_id))
    lots = await billing.lock_lots(work, wanted)
    turns: list[Turn] = []
    for errand, group in (await _errands(work, sends)).items():
        ready = await facts.gather(work, errand, [one.contact_id for one in group], lots)
        judged = judge(ready.batch)
        debited = iter(lots.debit(errand.account_id, errand.channel, sum(one.is_paid for one in judged)))
        lot_ids = [next(debited) if one.is_paid else None for one in judged]
        states = [_released(one) for one in judged]
        pairs = _with_commitments(group, ready)
        recorded = await record_again(work, errand, ready.batch, judged, pairs, states, lot_ids, "relay:send:released")
        turns += [_turn(one, made) for one, made in zip(group, recorded, strict=True)]
        await late.note(work, [one for one, state in zip(group, states, strict=True) if state == "queued"])
    await lots.flush(work)
    await announce(work, [turn for turn in turns if turn.state != "held"])
    return len(sends)


def _released(judged: Judged) -> State:
    if judged.is_permitted:
        return "queued"
    return "held" if judged.decision.verdict == "hold" else "denied"


async def take_up(work: Work, send_ids: Sequence[UUID]) -> list[Group]:
    """Hold queued sends for a second look, and gather what they have in common; what others hold is left out."""
    return await _groups(work, _one_each(work, await store.lock_sends(work, send_ids, ["queued"], waits=False)))


async def look_again(work: Work, groups: Sequence[Group], *, leaves_paid: bool = False) -> list[Look]:
    """Decide sends that were taken up once more before they are handed over; those still permitted become `sending`.

    A stop that has committed is seen, and one that comes later waits for us: so nothing is waited for while persons'
    locks are held. Sends to persons who are saying stop now are left. What is no longer permitted leaves the outbox and
    gives its credit back, for which its lots are held first; with `leaves_paid` these are not waited for either, and
    such sends are left. Ledger: relay:send:looked_at_again, one a send.
    """
    sends = [send for group in groups for send in group.sends]
    if not leaves_paid:
        await billing.lock_lots(work, {(one.account_id, one.channel) for one in sends if one.lot_id})
    alone = [one.person for one in sends if late.is_late(work, one.id)]
    missed = await hold_persons_at_once(work.connection, [one.person for one in sends], alone)
    held = [Group(one.shared, [send for send in one.sends if send.person not in missed]) for one in groups]
    looks = [look for group in held if group.sends for look in await _look(work, group, leaves_paid=leaves_paid)]
    await late.note(work, [look.send for look in looks if look.is_permitted])
    await _take_back(work, [look for look in looks if not look.is_permitted])
    return looks


def _one_each(work: Work, sends: Sequence[StoredSend]) -> list[StoredSend]:
    """Return these sends, one to each person where some are late: the others are looked at when their lease ends."""
    return late.one_each(sends) if any(late.is_late(work, one.id) for one in sends) else list(sends)


async def _groups(work: Work, sends: Sequence[StoredSend]) -> list[Group]:
    """Sort sends by errand. A credit of theirs is their own already, so none is asked for again."""
    return [
        Group(await facts.gather_shared(work, errand, len(group), sum(one.lot_id is not None for one in group)), group)
        for errand, group in (await _errands(work, sends)).items()
    ]


async def _look(work: Work, group: Group, *, leaves_paid: bool) -> list[Look]:
    """What is judged again doesn't count against itself."""
    shared, sends, own = group.shared, group.sends, [one.id for one in group.sends]
    ready = await facts.gather_each(work, shared, [one.contact_id for one in sends], own=own)
    answers = [
        (one, pair)
        for one, pair in zip(judge(ready.batch), _with_commitments(sends, ready), strict=True)
        if one.is_permitted or not leaves_paid or pair[0].lot_id is None
    ]
    if not answers:
        return []
    judged, pairs = [one for one, _ in answers], [pair for _, pair in answers]
    states: list[State] = ["sending" if one.is_permitted else _released(one) for one in judged]
    lot_ids = [send.lot_id if state == "sending" else None for (send, _), state in zip(pairs, states, strict=True)]
    recorded = await record_again(work, shared.errand, ready.batch, judged, pairs, states, lot_ids, LOOKED)
    return [Look(send, one) for (send, _), one in zip(pairs, recorded, strict=True)]


async def _take_back(work: Work, looks: Sequence[Look]) -> None:
    if ids := [look.send.id for look in looks]:
        await late.forget(work, ids)
        await outbox.take_out(work, ids)
        await _give_back(work, [look.send for look in looks])
        await announce(work, [_turn(look.send, look.recorded) for look in looks])


async def stop(work: Work, account_id: UUID, send_ids: Sequence[UUID], *, by: str) -> list[UUID]:
    """Stop sends that haven't left; return those that were stopped. Their credits come back.

    Ledger: relay:send:stopped, one a send.
    """
    sends = [one for one in await store.lock_sends(work, send_ids, sorted(STOPPABLE)) if one.account_id == account_id]
    ids = [one.id for one in sends]
    await store.put_stopped(work, ids)
    await outbox.take_out(work, ids)
    await late.forget(work, ids)
    await _give_back(work, sends)
    await ledger.append_many(work, "relay:send:stopped", [(account_id, {"send": one, "by": by}) for one in ids])
    await announce(work, [Turn(account_id, one, "stopped", None) for one in ids])
    return ids


async def _give_back(work: Work, sends: Sequence[StoredSend]) -> None:
    """Give back the credits of sends that don't leave: others may wait for them."""
    paid = [one for one in sends if one.lot_id]
    await billing.release(work, Counter(one.lot_id for one in paid if one.lot_id))
    for account_id in {one.account_id for one in paid}:
        await note_change(work, account_id)


async def stop_one(work: Work, account_id: UUID, send_id: UUID, *, by: str) -> StoredSend:
    """Stop one send; raises NotFound for another's, Refused (`send_has_left`) when it is too late."""
    found = await get_send(work, account_id, send_id)
    if not await stop(work, account_id, [send_id], by=by) and found.state != "stopped":
        raise Refused("send_has_left", state=found.state)
    return await get_send(work, account_id, send_id)


async def release_one(work: Work, account_id: UUID, send_id: UUID) -> StoredSend:
    """Let a scheduled send go now, if the gate lets it; raises Refused (`send_not_scheduled`) for any other."""
    found = await get_send(work, account_id, send_id)
    if found.state != "scheduled":
        raise Refused("send_not_scheduled", state=found.state)
    await store.bring_forward(work, [send_id])
    return await get_send(work, account_id, send_id)


async def reconsider(work: Work, account_id: UUID, person: bytes | None = None) -> int:
    """Have sends judged anew that wait for an event, after something changed for them; return how many.

    Of an account, or of one person as its contact. While it is suspended they go on waiting, for judged now they would
    be denied for good; once it is reinstated they are asked for again.
    """
    account = await find_account(work, account_id)
    if account is None or account.standing not in OPEN:
        return 0
    return await store.bring_forward_held(work, account_id, person)


async def get_send(work: Work, account_id: UUID, send_id: UUID) -> StoredSend:
    """Return an account's send; raises NotFound, also for another account's."""
    found = await store.find_send(work, account_id, send_id)
    if found is None:
        raise NotFound("send_unknown", send=str(send_id))
    return found


async def _errands(work: Work, sends: Iterable[StoredSend]) -> dict[Errand, list[StoredSend]]:
    """Sort sends by what they have in common, up to a thousand on an errand."""
    sends = list(sends)
    contents = await store.get_contents(work, [one.content_id for one in sends]) if sends else {}
    groups: dict[Errand, list[StoredSend]] = defaultdict(list)
    for one in sends:
        errand = Errand(
            account_id=one.account_id,
            sender_id=one.sender_id,
            content_id=one.content_id,
            content_sha256=contents[one.content_id].sha256,
            channel=one.channel,
            purpose=one.purpose,
            topic=one.topic,
            campaign_id=one.campaign_id,
        )
        groups[errand].append(one)
    return groups


def _turn(send: StoredSend, recorded: Recorded) -> Turn:
    return Turn(send.account_id, send.id, recorded.state, recorded.decision_id)


def _with_commitments(group: Sequence[StoredSend], ready: Ready) -> list[tuple[StoredSend, bytes]]:
    return [(send, row.commitment) for send, row in zip(group, ready.rows, strict=True)]
