"""Reading: a message that came in is marked as read, by which nothing reaches anybody but two ticks.

It is an act of the number and no message, so the gate isn't asked. Only what this very number received can be marked,
and only while its account is not closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.channels.port import Unanswered
from backoffice.delivery.dropin.bodies import Reading
from backoffice.delivery.dropin.faults import AWAY, WRONG, GraphFault
from backoffice.delivery.dropin.handing_on import Provider, own_number
from backoffice.delivery.store import has_inbound

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install


async def mark_read(install: Install, provider: Provider | None, account_id: UUID, code: str, asked: Reading) -> None:
    """Show a person that their message was read; raises GraphFault where it can't be marked, or nobody answers."""
    async with install.reading() as work:
        sender = await own_number(work, account_id, code, is_to_send=True)
        if not await has_inbound(work, asked.message_id, sender.id):
            raise GraphFault(WRONG, "Param message_id is no message that this number received.")
    if provider is None:
        raise GraphFault(AWAY)
    try:
        is_taken = await provider.channel.mark_read(code, asked.message_id, is_typing=asked.is_typing)
    except Unanswered:
        raise GraphFault(AWAY) from None
    if not is_taken:
        raise GraphFault(WRONG, "Param message_id is not valid.")
