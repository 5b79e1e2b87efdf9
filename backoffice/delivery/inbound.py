"""Inbound: what providers tell us of their own accord is kept as it came, answered at once, and acted on later.

A stop is not left for later: it is on record when the provider gets its answer, and so is a reply that may be one. All
else is acted on by a loop. A callback may come twice, late and out of order, and may speak of messages whose courier
has not yet recorded that they left. Its body names people, so it is sealed with its account's key; where no account is
there to seal it, or its key is gone, with the operator's own: what a person told a provider counts also when the
account is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from backoffice.channels import wire
from backoffice.delivery import store
from backoffice.delivery.dropin.passing import pass_on
from backoffice.delivery.effects import heed_words
from backoffice.delivery.providers import PROVIDERS, ProviderName, Senders
from backoffice.delivery.replies import heed_stops, take_messages
from backoffice.delivery.statuses import Told, tell
from backoffice.delivery.store import StoredCallback
from backoffice.kernel.errors import BackofficeError, Invalid, Refused, Unavailable
from backoffice.plumbing import telling
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.channels.port import Callback, Report
    from backoffice.plumbing.install import Install, Work

BODY = Place("callback", "body")
_MOST = 100  # callbacks acted on in one transaction
_KEPT_FOR = timedelta(days=30)  # a webhook is repeated for a week
_PURGED_AT_ONCE = 10_000


async def receive(install: Install, name: ProviderName, raw: bytes, signature: str) -> None:
    """Keep a provider's callback, byte for byte and sealed, and put the stops in it on record, all at once.

    What is signed and can't be read is kept too, and is found to be faulty when it is to be acted on; so is a stop that
    can't be recorded now, which the loop tries again. Raises Refused: `callback_unsigned`.
    """
    provider = PROVIDERS[name]
    if not wire.is_signed(provider.secret(install.settings).encode(), raw, signature):
        raise Refused("callback_unsigned")
    callback = _read(name, raw)
    try:
        async with install.unit_of_work() as work:
            senders = Senders(work, name)
            await _keep(work, senders, name, raw, signature, callback)
            if callback and is_of_persons(callback):
                await heed_stops(work, senders, callback)
    except Unavailable:
        raise
    except Exception as fault:  # noqa: BLE001  # whatever it is, the callback is kept
        telling.fault("stop_not_heeded", fault)
        async with install.unit_of_work() as work:
            await _keep(work, Senders(work, name), name, raw, signature, callback)


async def _keep(
    work: Work, senders: Senders, name: ProviderName, raw: bytes, signature: str, callback: Callback | None
) -> None:
    callback_id, subject = work.new_id(), await _subject(work, senders, callback)
    kept = StoredCallback(
        id=callback_id,
        subject_id=subject.id,
        provider=name,
        received_at=work.at,
        body=subject.seal(BODY, callback_id, raw),
    )
    await store.add_callback(work, kept, signature)


def _read(name: ProviderName, raw: bytes) -> Callback | None:
    try:
        return PROVIDERS[name].read(raw)
    except Invalid:
        return None


async def _subject(work: Work, senders: Senders, callback: Callback | None) -> Subject:
    """Return whose key seals a callback."""
    try:
        sender = await senders.find(callback.channel, callback.sender) if callback else None
    except Invalid:
        sender = None
    if sender:
        subject = (await load_subjects(work.connection, work.vault, [sender.account_id]))[sender.account_id]
        if not subject.is_destroyed:
            return subject
    return await store.get_operator_subject(work)


async def step(install: Install) -> int:
    """Act on the oldest callbacks and return how many there were; one that can't be acted on harms no other.

    Statuses are acted on together. What persons wrote is acted on one callback at a time: each holds persons of its
    own, and two that held several in turn could wait for each other in a circle.
    """
    waiting: list[StoredCallback] = []
    try:
        async with install.unit_of_work() as work:
            waiting = await store.claim_callbacks(work, _MOST)
            alone = await _act_together(work, waiting)
    except Unavailable:
        raise
    except Exception as fault:  # noqa: BLE001  # one of them is bad: which, is found by acting on each
        telling.fault("callbacks_failed", fault)
        alone = waiting
    for one in alone:
        await _act_alone(install, one)
    return len(waiting)


class Opened(NamedTuple):
    """A callback as it was kept, and what it says."""

    kept: StoredCallback
    raw: bytes
    callback: Callback


async def purge(install: Install) -> bool:
    """Forget messages of persons that no webhook brings again; return whether there may be more."""
    async with install.unit_of_work() as work:
        return await store.purge_inbound(work, work.at - _KEPT_FOR, _PURGED_AT_ONCE) == _PURGED_AT_ONCE


async def _act_together(work: Work, kept: Sequence[StoredCallback]) -> list[StoredCallback]:
    """Act on the callbacks that bring statuses alone; return the others."""
    read = await _opened(work, kept)
    await _act(work, [one for one in read if not is_of_persons(one.callback)])
    return [one.kept for one in read if is_of_persons(one.callback)]


async def _act_alone(install: Install, one: StoredCallback) -> None:
    try:
        async with install.unit_of_work() as work:
            await _act(work, await _opened(work, await store.claim_callbacks(work, 1, one.id)))
    except Unavailable:
        raise
    except asyncpg.DeadlockDetectedError as fault:  # nothing is wrong with it: it waits for the next step
        telling.fault("callback_put_off", fault, callback=one.id)
    except Exception as fault:  # noqa: BLE001  # it is kept, with what is wrong with it
        telling.fault("callback_failed", fault, callback=one.id)
        async with install.unit_of_work() as work:
            await store.handled(work, [one.id], "callback_failed")


def is_of_persons(callback: Callback) -> bool:
    """Tell whether a callback brings what persons wrote or chose."""
    return bool(callback.messages or callback.preferences)


async def _opened(work: Work, kept: Sequence[StoredCallback]) -> list[Opened]:
    """Open and read callbacks; those that can't be are done with, and keep what is wrong with them."""
    subjects = await load_subjects(work.connection, work.vault, {one.subject_id for one in kept})
    read: list[Opened] = []
    faults: dict[str, list[UUID]] = {}
    for one in kept:
        try:
            raw = subjects[one.subject_id].open(BODY, one.id, one.body)
            read.append(Opened(one, raw, PROVIDERS[one.provider].read(raw)))
        except BackofficeError as fault:
            faults.setdefault(fault.code, []).append(one.id)
    for code, ids in faults.items():
        await store.handled(work, ids, code)
    return read


async def _act(work: Work, read: Sequence[Opened]) -> None:
    for one in read:
        if is_of_persons(one.callback):
            await take_messages(work, Senders(work, one.kept.provider), one.callback, one.kept.received_at)
    await tell(work, [_told(report) for one in read for report in one.callback.reports])
    await heed_words(work, [word for one in read for word in one.callback.words])
    if raws := [one.raw for one in read if PROVIDERS[one.kept.provider].names_senders]:
        async with work.apart("webhook_not_passed_on"):  # what was acted on stays so
            await pass_on(work, raws)
    await store.handled(work, [one.kept.id for one in read if not one.callback.strange])
    await store.handled(work, [one.kept.id for one in read if one.callback.strange], "callback_partly_strange")


def _told(report: Report) -> Told:
    return Told(
        send_id=report.reference,
        status=report.status,
        at=report.at,
        provider_id=report.provider_id,
        code=report.code,
        kind=report.kind,
        reason="undeliverable" if report.status == "failed" else "",
    )
