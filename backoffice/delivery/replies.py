"""Replies: what persons write to our numbers, and what they choose at the provider.

Stops are heeded before the provider is answered, in every standing of number and account; so is a reply that may be a
stop, which holds what is meant for the person until somebody has read it. What is left for later: the provider's window
opens, a stop is confirmed once, START is recorded, what nobody is sure of becomes a case.
"""

from __future__ import annotations

from datetime import datetime

from backoffice.billing.service import lock_lots
from backoffice.cases.service import UnclearReply
from backoffice.channels.port import Callback
from backoffice.consent.known_stops import carry_over
from backoffice.consent.replies import guess_language
from backoffice.consent.service import Heard, suppress_heard
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.aliases import add_aliases, hold_names_of_each, list_aliases
from backoffice.contacts.persons import ContactRef, find
from backoffice.contacts.service import find_or_add, record_inbound, record_request, record_unclear_stop
from backoffice.delivery import store, unclear
from backoffice.delivery.confirming import confirm
from backoffice.delivery.providers import Senders
from backoffice.delivery.said import Said, addresses_of, list_chosen, list_said, moment, tokens_of
from backoffice.delivery.starting import restart
from backoffice.plumbing.install import Work

_NO_WORD = frozenset({"system", "reaction"})
"""Kinds of messages with which nobody has written: they open no window, and ask for nothing."""


async def heed_stops(work: Work, senders: Senders, callback: Callback) -> None:
    """Put the stops of a callback on record, and what may be one: nothing more starts that they forbid."""
    told = [one for one in await list_said(work, senders, callback) if one.reply.says in ("stop", "unclear")]
    chosen = [one for one in await list_chosen(senders, callback) if one[1].is_stopped]
    names = await hold_names_of_each(
        work,
        [
            *((one.sender.account_id, one.tokens) for one in told),
            *((sender.account_id, tokens_of(work, choice)) for sender, choice in chosen),
        ],
    )
    told = [one._replace(tokens=known) for one, known in zip(told, names, strict=False)]
    stops = [
        Heard(one.sender.account_id, one.tokens, one.reply.scope, "reply", one.at)
        for one in told
        if one.reply.says == "stop"
    ]
    stops += [
        Heard(sender.account_id, known, "marketing", "complaint", moment(work, choice.at))
        for (sender, choice), known in zip(chosen, names[len(told) :], strict=True)
    ]
    await suppress_heard(work, stops)
    for one in told:
        if one.reply.says == "unclear":
            await _hold(work, one)


async def _hold(work: Work, said: Said) -> None:
    """Hold what is meant for a person who may have said stop."""
    if await store.has_inbound(work, said.message.provider_id, said.sender.id):
        return  # told again: there is a case, or somebody has judged it
    found = await find(work, [(said.sender.account_id, token) for token in said.tokens])
    for contact in found.values():
        await record_unclear_stop(work, contact.id, said.at)


async def take_messages(work: Work, senders: Senders, callback: Callback, received_at: datetime) -> None:
    """Act on what persons wrote, each message once, however often we are told of it.

    `received_at` is when the callback came in: a stop in it is on record since then. The credits that confirmations
    cost are held before persons and contacts, as a batch does: nobody who says stop again waits for a batch.
    """
    told = await list_said(work, senders, callback)
    await lock_lots(work, {(one.sender.account_id, one.sender.channel) for one in told if one.reply.says == "stop"})
    await heed_stops(work, senders, callback)  # on record already, unless that failed when it came in
    for one in told:
        said = one._replace(tokens=await list_aliases(work, one.sender.account_id, one.tokens))
        person = await _person(work, said)
        if await store.add_inbound(work, said.message.provider_id, said.sender, person.id, said.at):
            await _take(work, said, person, received_at)


async def _person(work: Work, said: Said) -> ContactRef:
    """Return the contact that a message is from, found or added, under every name that is new too."""
    account_id = said.sender.account_id
    kind, address = addresses_of(said.message)[0]
    (person,) = await find_or_add(work, account_id, [Wanted(kind, address)])
    if others := await add_aliases(work, account_id, tokens_of(work, said.message)):
        await carry_over(work, account_id, others)
    return person


async def _take(work: Work, said: Said, person: ContactRef, received_at: datetime) -> None:
    account_id = said.sender.account_id
    known = await find(work, [(account_id, token) for token in said.tokens])
    names = {one.id for one in known.values()} | {person.id}
    for contact in names if said.message.kind not in _NO_WORD else ():
        await record_inbound(work, contact, said.at)
        if said.reply.says == "other":
            await record_request(work, contact, said.at)
    words = said.message.words
    if said.reply.says == "stop":
        if said.reply.scope == "all":
            await unclear.settle(work, account_id, person.token)
        async with work.apart("stop_not_confirmed"):  # it stands all the same
            await confirm(work, said, person, names, received_at)
    elif said.reply.says == "start":
        await restart(work, said.sender, person, addresses_of(said.message)[0][1], words[0], said.at)
    elif said.reply.says == "unclear":
        await _ask(work, said, person)


async def _ask(work: Work, said: Said, person: ContactRef) -> None:
    """Have somebody judge what may be a stop; until then, what is meant for the person is held."""
    text = "\n".join(said.message.words)
    reply = UnclearReply(
        account_id=said.sender.account_id,
        contact_id=person.id,
        person=person.token,
        channel=said.sender.channel,
        text=text,
        at=said.at,
        language=guess_language(text),
    )
    await unclear.hold(work, reply)
