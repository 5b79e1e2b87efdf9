"""Barring: whom an account has barred at WhatsApp itself gets nothing more from it there, by whichever of its ways.

WhatsApp tells nobody when a number bars a person, so its lists are read four times a day (PL-WA-03).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.accounts.numbers import list_named
from backoffice.channels.port import Unanswered
from backoffice.consent.known_stops import is_stopped
from backoffice.consent.service import suppress
from backoffice.contacts.addresses import person_token
from backoffice.kernel.errors import Invalid
from backoffice.plumbing import telling
from backoffice.plumbing.locks import person_key

if TYPE_CHECKING:
    from backoffice.accounts.number_store import SenderRow
    from backoffice.channels.whatsapp import WhatsAppChannel
    from backoffice.plumbing.install import Install

CHANNEL = "whatsapp"
_NUMBERS = 100  # read at once
_PERSONS = 100  # stopped in one transaction


async def read_lists(install: Install, channel: WhatsAppChannel) -> int:
    """Stop everybody whom a number of ours has barred at WhatsApp; return how many that were not stopped before.

    A number whose list can't be read now is read the next time.
    """
    after, count = UUID(int=0), 0
    while True:
        async with install.reading() as work:
            numbers = await list_named(work, CHANNEL, after, _NUMBERS)
        for number in numbers:
            try:
                barred = await channel.list_barred(number.provider_code)
            except Unanswered as fault:
                telling.fault("barred_not_listed", fault, sender=number.id)
                continue
            for start in range(0, len(barred), _PERSONS):
                count += await _stop(install, number, barred[start : start + _PERSONS])
        if len(numbers) < _NUMBERS:
            return count
        after = numbers[-1].id


async def _stop(install: Install, number: SenderRow, barred: Sequence[str]) -> int:
    async with install.unit_of_work() as work:
        tokens = set()
        for address in barred:
            try:
                tokens.add(person_token(work.vault, address))
            except Invalid as fault:
                telling.fault("barred_unreadable", fault, sender=number.id)
        new = [token for token in tokens if not await is_stopped(work, number.account_id, token, CHANNEL)]
        for token in sorted(new, key=person_key):
            await suppress(work, token, account_id=number.account_id, channel=CHANNEL, reason="account")
        return len(new)
