"""Failing: what the provider tells nobody, since it never had the message, told as a `failed` status of the same form.

The gate denied later what it had held, somebody stopped it, or the provider refused it when it was handed over. A row
says which send and why; the status is written out when it is posted, so that no number lies in it before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backoffice.accounts.numbers import get_number
from backoffice.channels.graph import OBJECT
from backoffice.contacts.persons import ADDRESS
from backoffice.delivery import store
from backoffice.delivery.dropin.faults import CODES, DENIED, PRODUCT, UNDELIVERABLE, GraphFault, refusal_of
from backoffice.delivery.dropin.passing import TAG, tags_of
from backoffice.delivery.wamid import wamid_of
from backoffice.relay.announcing import Draft
from backoffice.relay.service import get_send
from backoffice.relay.telling import tell_decision

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_LANGUAGE = "en"  # the form's own


def draft_in(body: bytes) -> Draft | None:
    """Return what is to be written out, or None for a body that is whole already."""
    try:
        return msgspec.json.decode(body, type=Draft)
    except msgspec.ValidationError:
        return None


async def written(work: Work, account_id: UUID, draft: Draft) -> bytes:
    """Return a failure as the body of a webhook in the provider's form.

    Raises `subject_key_destroyed` where the person, or the account, is erased.
    """
    return msgspec.json.encode(await _body(work, account_id, draft))


async def _body(work: Work, account_id: UUID, draft: Draft) -> dict[str, Any]:
    send = await get_send(work, account_id, draft.send_id)
    number = await get_number(work, account_id, send.sender_id)
    who = (await store.list_addressees(work, [send.contact_id]))[send.contact_id]
    subject = work.vault.subject(who.id, who.wrapped, who.version)
    address = subject.open(ADDRESS, who.id, who.address).decode()
    status: dict[str, Any] = {
        "id": wamid_of(send.id),
        "status": "failed",
        "timestamp": str(int(draft.at.timestamp())),
        **_recipient(address),
        "errors": [await _error(work, account_id, draft)],
    }
    if tag := (await tags_of(work, account_id, [send.id]))[send.id]:
        status[TAG] = tag
    metadata = {
        "display_phone_number": number.address.removeprefix("+"),
        "phone_number_id": number.provider_code,
    }
    value = {
        "messaging_product": PRODUCT,
        "metadata": metadata,
        "contacts": [_contact(address)],
        "statuses": [status],
    }
    change = {"value": value, "field": "messages"}
    return {"object": OBJECT, "entry": [{"id": number.provider_account, "changes": [change]}]}


def _recipient(address: str) -> dict[str, str]:
    if address.startswith("+"):
        return {"recipient_id": address.removeprefix("+")}
    return {"recipient_user_id": address}


def _contact(address: str) -> dict[str, Any]:
    who = {"wa_id": address.removeprefix("+")} if address.startswith("+") else {"user_id": address}
    return {"profile": {}, **who}


async def _error(work: Work, account_id: UUID, draft: Draft) -> dict[str, Any]:
    if draft.decision_id:
        return refusal_of_decision(await tell_decision(work, account_id, draft.decision_id, _LANGUAGE)).failure()
    code = draft.code or _CODES_OF.get(draft.reason, DENIED)
    if code in CODES:
        return GraphFault(code, "" if draft.code else draft.reason).failure()
    title = f"Error {code}"
    return {"code": code, "title": title, "message": title, "error_data": {"details": title}}


_CODES_OF = {"outcome_unknown": UNDELIVERABLE, "tried_too_often": UNDELIVERABLE}
"""Codes for our own reasons, where the provider gave none; never one after which it is sent again."""


def refusal_of_decision(told: dict[str, Any]) -> GraphFault:
    """Return a decision, as the API tells it, as the Graph API would say it."""
    return refusal_of({**told, "decision_id": told["id"]})
