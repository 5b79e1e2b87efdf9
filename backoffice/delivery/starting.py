"""Starting again: a person who takes a stop back, by an act of their own over the channel itself.

START restores what the person had agreed to before, and no more: orders, service and codes, and offers where a consent
to offers that was not withdrawn is on record. The act is recorded as a consent of grade A (GDPR 7(1)), which lifts the
stop for just that.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backoffice.accounts.service import get_account, name_of
from backoffice.consent.evidence import InboundMessage
from backoffice.consent.service import Claim, list_consents, record_consent

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.accounts.number_store import SenderRow
    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Work

_CHANNEL_NAMES = {"whatsapp": "WhatsApp", "sms": "SMS"}


async def restart(work: Work, sender: SenderRow, person: ContactRef, address: str, words: str, at: datetime) -> None:
    """Record that a person wants messages of the account again, by what they wrote."""
    name = await name_of(work, await get_account(work, sender.account_id))
    channel = _CHANNEL_NAMES.get(sender.channel)
    if channel is None:
        return
    matters = ["Orders", "Codes", *(["Offers"] if await _had_offers(work, sender, person.id) else [])]
    claim = Claim(
        words=f"{name}. " + " ".join(f"{matter} on {channel}." for matter in matters),
        sender=name,
        channel=sender.channel,
        given_at=at,
        method="reply",
        language="en",
        source="reply",
        message=InboundMessage(channel=sender.channel, address=address, at=at, words=words),
    )
    await record_consent(work, sender.account_id, person.id, claim)


async def _had_offers(work: Work, sender: SenderRow, contact_id: UUID) -> bool:
    told = await list_consents(work, sender.account_id, contact_id)
    return any(
        one.row.withdrawn_at is None and one.row.grade != "D" and one.wording.covers(sender.channel, "marketing")
        for one in told
    )
