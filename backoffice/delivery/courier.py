"""The courier: claims what is due, has it looked at again, hands over what may leave, and records how that went.

Three transactions a round, and the wire outside of all of them: claim; second look and `sending`; outcome. What the
second look left waits until the others are on their way, and has one of its own for each account. Killed between any
two, a courier leaves sends that are `queued` under a lease that ends, or `sending`, which become `unknown`.
Nothing is handed over so late that its lease could end first: then somebody else may have it already.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from backoffice.channels.codes import NUMBER_THROUGHPUT, OF_CHANNEL
from backoffice.channels.permits import grant
from backoffice.channels.port import Answer, Channel, Parcel, Refused, Unanswered
from backoffice.delivery import pace_store, service
from backoffice.delivery.breaker import Breakers
from backoffice.delivery.limits import Limits
from backoffice.delivery.pacing import after, room, waits
from backoffice.delivery.parcels import Sealed, open_parcels, read_parcels
from backoffice.delivery.service import Outcome
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing import telling
from backoffice.relay import outbox
from backoffice.relay.outbox import Claimed, Queue
from backoffice.relay.releasing import is_gone
from backoffice.relay.service import Look, look_again, stop, take_up
from backoffice.relay.shapes import StoredSend

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

_TRIES = 5  # to record what is known already
_BETWEEN_TRIES = 1.0  # seconds
_SOON = timedelta(seconds=1)


class Leaving(NamedTuple):
    """A send that is committed as `sending`: its permission, its parcel, and how long it is this courier's."""

    look: Look
    parcel: Parcel
    attempt: int
    until: datetime

    @property
    def send_id(self) -> UUID:
        """Return the send's id."""
        return self.look.send.id


class Courier:
    """One courier: its breakers and the ways to the channels. Its rounds may overlap, and other couriers' too."""

    def __init__(self, install: Install, channels: Mapping[str, Channel], limits: Limits) -> None:
        self._install = install
        self._channels = channels
        self._limits = limits
        self._breakers = Breakers(limits)
        self._places = asyncio.Semaphore(limits.in_flight)
        self._turn = 0
        self._left: list[Claimed] = []  # what a second look left, to be looked at once the others are on their way

    async def step(self) -> int:
        """Do one round and return how many sends were claimed; none when nothing is due, or nothing may leave now."""
        claimed = await self._claim()
        parts = [claimed[start : start + self._limits.look] for start in range(0, len(claimed), self._limits.look)]
        leaving: list[Leaving] = []
        try:
            for part in parts:
                leaving += await self._look(part)
        finally:
            await self._send_out(leaving)  # these are `sending`, whatever became of the others
        left, self._left = self._left, []
        for account_id in sorted({one.account_id for one in left}):
            await self._send_out(await self._look_at_left([one for one in left if one.account_id == account_id]))
        return len(claimed)

    async def _send_out(self, leaving: Sequence[Leaving]) -> None:
        outcomes = await asyncio.gather(*map(self._hand_over, leaving))
        if outcomes:
            await self._record(outcomes)

    async def _claim(self) -> list[Claimed]:
        """Lease what may leave now; what came too soon after another to its person waits its turn."""
        async with self._install.unit_of_work() as work:
            waiting = await self._choose(work)
            paces = await pace_store.hold_paces(work, {queue.sender_id for queue in waiting}) if waiting else {}
            rooms = self._rooms(waiting, paces, work.at)
            claimed = await outbox.claim(work, rooms, work.at + self._limits.lease) if rooms else []
            turns = await pace_store.list_turns(work, claimed, self._limits.pair_every) if claimed else {}
            late = waits(claimed, turns, work.at, self._limits)
            await outbox.put_off(work, {send_id: work.at + wait for send_id, wait in late.items()})
            going = [one for one in claimed if one.send_id not in late]
            taken = Counter(one.sender_id for one in going)
            await pace_store.put_paces(
                work, {id_: after(paces[id_], n, work.at, self._limits) for id_, n in taken.items()}
            )
        return going

    async def _choose(self, work: Work) -> list[Queue]:
        """Return the queues of one batch that may send now, as it looks; where they are too many, they take turns."""
        waiting = [queue for queue in await outbox.list_waiting(work) if queue.channel in self._channels]
        paces = await pace_store.list_paces(work, {queue.sender_id for queue in waiting})
        ready = [queue for queue in waiting if self._room(queue, paces.get(queue.sender_id, work.at), work.at) > 0]
        self._turn = (self._turn + 1) % max(len(ready), 1)
        return (ready[self._turn :] + ready[: self._turn])[: self._limits.batch]

    def _rooms(self, queues: Sequence[Queue], paces: Mapping[UUID, datetime], at: datetime) -> dict[Queue, int]:
        """Share one batch among the queues, and what each sender may send among its own."""
        left = {queue.sender_id: self._room(queue, paces[queue.sender_id], at) for queue in queues}
        share, rooms = max(1, self._limits.batch // max(len(queues), 1)), dict[Queue, int]()
        for queue in queues:
            rooms[queue] = min(left[queue.sender_id], share)
            left[queue.sender_id] -= rooms[queue]
        return {queue: count for queue, count in rooms.items() if count}

    def _room(self, queue: Queue, full_at: datetime, at: datetime) -> int:
        paced, least = room(full_at, at, self._limits), self._breakers.room(queue.channel, queue.sender_id, at=at)
        return paced if least is None else min(paced, least)

    async def _look(self, claimed: Sequence[Claimed]) -> list[Leaving]:
        """Look at sends again; where one of them spoils it for all, each is looked at by itself."""
        try:
            return await self._look_at(claimed)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001  # whatever is wrong with it, it doesn't leave
            if len(claimed) == 1:
                telling.fault("second_look_failed", fault, send=claimed[0].send_id)
                await self._set_aside(claimed[0], fault)
                return []
        return [leaving for one in claimed for leaving in await self._look([one])]

    async def _look_at(self, claimed: Sequence[Claimed]) -> list[Leaving]:
        leaving, left = await self._look_once(claimed, leaves_paid=True)
        self._left += left
        return leaving

    async def _look_at_left(self, left: Sequence[Claimed]) -> list[Leaving]:
        """Look at what was left of one account; where that fails, it stays queued until its lease has ended."""
        try:
            leaving, _ = await self._look_once(left)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001  # the other accounts' go on
            telling.fault("left_and_not_looked_at", fault, account=left[0].account_id)
            return []
        return leaving

    async def _look_once(
        self, claimed: Sequence[Claimed], *, leaves_paid: bool = False
    ) -> tuple[list[Leaving], list[Claimed]]:
        """Return what may leave, and what was left; what neither waits nor leaves is swept out.

        Whoever's lock is held by somebody a second time is asked for again in a moment: it may be a code they wait for.
        """
        async with self._install.unit_of_work() as work:
            going = await outbox.leave_kept_back(work, claimed)
            await outbox.sweep(work, [one.send_id for one in going])
            groups = await take_up(work, [one.send_id for one in going])
            sealed = await read_parcels(work, [send for group in groups for send in group.sends])
            looks = await look_again(work, groups, leaves_paid=leaves_paid)  # stops of these persons wait from here on
            leaving = await self._begin(work, going, looks, sealed)
            looked = {look.send.id for look in looks}
            missed = [send.id for group in groups for send in group.sends if send.id not in looked]
            if missed and not leaves_paid:
                await outbox.put_off(work, dict.fromkeys(missed, work.at + _SOON))
        return leaving, [one for one in going if one.send_id not in looked]

    async def _begin(
        self, work: Work, going: Sequence[Claimed], looks: Sequence[Look], sealed: Sealed
    ) -> list[Leaving]:
        """Count an attempt for what may leave, and open its parcels."""
        permitted = [look for look in looks if look.is_permitted]
        attempts = {one.send_id: one.attempt + 1 for one in going}
        until = self._install.clock() + self._limits.lease  # a long look takes nothing from the lease
        await outbox.begin(work, [look.send.id for look in permitted], until)
        parcels = await open_parcels(work, [look.send for look in permitted], sealed)
        return [
            Leaving(look, parcel, attempts[look.send.id], until)
            for look, parcel in zip(permitted, parcels, strict=True)
        ]

    async def _set_aside(self, one: Claimed, fault: Exception) -> None:
        async with self._install.unit_of_work() as work:
            if is_gone(fault):
                await stop(work, one.account_id, [one.send_id], by="program")
            else:
                await outbox.put_off(work, {one.send_id: work.at + self._limits.longest_wait})

    async def _hand_over(self, one: Leaving) -> Outcome:
        async with self._places:
            at = self._install.clock()
            if at + self._limits.patience >= one.until or self._is_resting(one.look.send, at):
                return Outcome(one.send_id, one.attempt, None, is_tried=False)
            answer = await self._deliver(one)
        self._note(one.look.send, answer)
        return Outcome(one.send_id, one.attempt, answer)

    async def _deliver(self, one: Leaving) -> Answer | None:
        """Hand one parcel over; None where nobody knows what became of it."""
        recorded, channel = one.look.recorded, one.look.send.channel
        permit = grant(one.send_id, recorded.decision_id, recorded.decision.verdict)
        try:
            async with asyncio.timeout(self._limits.patience.total_seconds()):
                return await self._channels[channel].deliver(permit, one.parcel)
        except (Unanswered, TimeoutError):
            return None
        except Exception as fault:  # noqa: BLE001  # an adapter's own mistake: the message may have left before it
            telling.fault("channel_failed", fault, send=one.send_id, channel=channel)
            return None

    def _is_resting(self, send: StoredSend, at: datetime) -> bool:
        return self._breakers.room(send.channel, send.sender_id, at=at) == 0

    def _note(self, send: StoredSend, answer: Answer | None) -> None:
        """Tell the breakers: silence and absence speak against the channel, throttling against the sender."""
        at, channel, sender = self._install.clock(), self._breakers.of(send.channel), self._breakers.of(send.sender_id)
        code = answer.code if isinstance(answer, Refused) else 0
        if answer is None or code in OF_CHANNEL:
            channel.failed(at)
            return
        channel.went_well()
        if isinstance(answer, Refused) and answer.kind == "halt_sender":
            sender.rest(at)
        elif code == NUMBER_THROUGHPUT:
            sender.failed(at)
        else:
            sender.went_well()

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes; with the database away for a while, try again: what is forgotten has to be looked up."""
        for left in range(_TRIES, 0, -1):
            try:
                async with self._install.unit_of_work() as work:
                    await service.settle(work, outcomes, self._limits)
            except Unavailable:
                if left == 1:
                    raise
                await asyncio.sleep(_BETWEEN_TRIES)
            else:
                return
