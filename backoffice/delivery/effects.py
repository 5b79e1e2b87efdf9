"""Effects: what a provider's word means beyond its message: a stop, a wait for this person, a sender that is halted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.accounts.number_store import SenderRow
from backoffice.accounts.numbers import find_by_number, limit_portfolio, list_of_provider_account, mark_number
from backoffice.channels.codes import OF_PERSON, TEMPLATE_DISABLED, WINDOW_SHUT
from backoffice.channels.port import Kind
from backoffice.channels.port import Word as SenderWord
from backoffice.consent.service import suppress
from backoffice.contacts.service import record_provider_error, record_window_shut
from backoffice.delivery.store import Whose
from backoffice.plumbing.install import Work
from backoffice.plumbing.locks import person_key
from backoffice.relay.content import halt_template


class Word(NamedTuple):
    """A provider's error code for a send, and what it means."""

    send_id: UUID
    code: int
    kind: Kind | None
    at: datetime


async def heed_words(work: Work, words: Sequence[SenderWord]) -> None:
    """Record what a provider says of our numbers: banned or reinstated, restricted, how many persons a day."""
    for word in words:
        for sender in await _senders(work, word):
            if word.is_banned is not None or word.is_halted is not None:
                await mark_number(
                    work, sender.account_id, sender.id, is_banned=word.is_banned, is_halted=word.is_halted
                )
            if word.daily_limit is not None:
                await limit_portfolio(work, sender, word.daily_limit)


async def _senders(work: Work, word: SenderWord) -> list[SenderRow]:
    if word.sender:
        found = await find_by_number(work, "whatsapp", word.sender)
        return [found] if found else []
    return await list_of_provider_account(work, "whatsapp", word.account)


async def act(work: Work, words: Sequence[Word], whose: Mapping[UUID, Whose]) -> None:
    """Act on error codes, once or again; must come before sends are locked, since a stop waits for its person.

    A provider's clock may be ahead of ours: nothing is recorded as of a moment that is yet to come.
    """
    pairs = [(one._replace(at=min(one.at, work.at)), whose[one.send_id]) for one in words]
    for one, send in sorted(pairs, key=lambda pair: person_key(pair[1].person)):
        if one.kind == "suppress":
            await suppress(
                work,
                send.person,
                account_id=send.account_id,
                scope="marketing",
                channel=send.channel,
                reason="complaint",
                at=one.at,
            )
    for one, send in sorted(pairs, key=lambda pair: pair[1].contact_id):
        if one.code in OF_PERSON:
            await record_provider_error(work, send.contact_id, one.code, one.at)
    for code, content_id in sorted({(one.code, send.content_id) for one, send in pairs if one.kind == "halt_template"}):
        await halt_template(work, content_id, "disabled" if code == TEMPLATE_DISABLED else "paused")
    for one, send in pairs:
        if one.code == WINDOW_SHUT:  # the provider knows better; until the person writes again, only a template goes
            await record_window_shut(work, send.contact_id, one.at)
    for account_id, sender_id in sorted({send.number for one, send in pairs if one.kind == "halt_sender"}):
        await mark_number(work, account_id, sender_id, is_halted=True)
