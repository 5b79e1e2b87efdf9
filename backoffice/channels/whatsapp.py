"""WhatsApp: the adapter for the Cloud API, which takes messages by the number's id and knows none of ours again.

Our send's id travels as `biz_opaque_callback_data` and comes back in each status. The API has no key that makes a
message unique and no way to ask for one: what was handed over without an answer is known by its statuses alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import msgspec

from backoffice.channels.codes import UNAVAILABLE, kind_of
from backoffice.channels.lines import PATIENCE, Lines, NeverLeft, code_of, is_no, retry_after, words_in
from backoffice.channels.port import Accepted, Answer, CantTell, Fate, Parcel, Refused, Unanswered

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from backoffice.channels.permits import Permit

VERSION = "v23.0"
"""The version of the Graph API that we speak; its answers are read tolerantly."""

PRODUCT = "whatsapp"
UNSURE = frozenset({1, 2, 131000, UNAVAILABLE})
"""Codes that say nothing of what became of the message where they come with status 500."""

_PLACE = re.compile(r"[1-9][0-9]?")  # of a parameter that has no name


class WhatsAppChannel:
    """The Cloud API behind a base URL, spoken to with one key."""

    def __init__(self, url: str, token: str, *, patience: timedelta = PATIENCE, lines: int = 64) -> None:
        told = {"Authorization": f"Bearer {token}"}
        self._lines = Lines(f"{url.rstrip('/')}/{VERSION}", patience=patience, lines=lines, headers=told)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self._lines.__aexit__(*fault)

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Spend the permit and hand the parcel over, once; raises Unanswered when nobody knows what became of it."""
        permit.spend(parcel.reference)
        try:
            response = await self._lines.ask("POST", f"/{parcel.sender_code}/messages", written(parcel))
        except NeverLeft:
            return Refused(code=UNAVAILABLE, kind="retry")
        if response.is_success and (taken := words_in(response, _Taken)) and taken.messages:
            return Accepted(taken.messages[0].id)
        fault = words_in(response, _Fault)
        if fault is None or fault.error.code in UNSURE:
            is_no(response)
        code = code_of(fault.error.code if fault else None)
        return Refused(code=code, kind=kind_of(code), retry_after=retry_after(response, code))

    async def look_up(self, reference: UUID) -> Fate:  # noqa: ARG002  # there is nobody to ask
        """Say that nobody can tell: the API answers no question about a message."""
        return CantTell()

    async def mark_read(self, sender_code: str, provider_id: str, *, is_typing: bool = False) -> bool:
        """Show a person that their message was read, and that an answer is being typed; tell whether it was taken.

        It is no message: nothing reaches the person but two ticks. Raises Unanswered when nobody knows.
        """
        told: dict[str, Any] = {"messaging_product": PRODUCT, "status": "read", "message_id": provider_id}
        if is_typing:
            told["typing_indicator"] = {"type": "text"}
        try:
            response = await self._lines.ask("POST", f"/{sender_code}/messages", msgspec.json.encode(told))
        except NeverLeft:
            return False
        return response.is_success

    async def list_barred(self, sender_code: str) -> list[str]:
        """Return whom a number has barred at WhatsApp: numbers in E.164, ids of those who keep theirs to themselves.

        Raises Unanswered when it can't be asked, or can't say all of it.
        """
        found: list[str] = []
        query: dict[str, str] | None = {"limit": "1000"}
        while query:
            path = f"/{sender_code}/block_users?{urlencode(query)}"
            try:
                response = await self._lines.ask("GET", path)
            except NeverLeft:
                raise Unanswered("provider_unanswered", why="NeverLeft") from None
            page = words_in(response, _Barred) if response.is_success else None
            if page is None:
                raise Unanswered("provider_unanswered", why=f"status {response.status_code}")
            found += [f"+{one.wa_id}" if one.wa_id else one.scoped_id for one in page.data]
            query = {"limit": "1000", "after": page.paging.cursors.after} if page.paging.next else None
        return found


def written(parcel: Parcel) -> bytes:
    """Return a parcel in the API's words."""
    to = {"to": parcel.to.removeprefix("+")} if parcel.to.startswith("+") else {"recipient": parcel.to}
    return msgspec.json.encode(
        {
            "messaging_product": PRODUCT,
            "recipient_type": "individual",
            **to,
            **_said(parcel),
            "biz_opaque_callback_data": str(parcel.reference),
        }
    )


def _said(parcel: Parcel) -> dict[str, Any]:
    if parcel.message:
        return dict(parcel.message)
    if parcel.template:
        return {"type": "template", "template": _template(parcel)}
    return {"type": "text", "text": {"body": parcel.text}}


def _template(parcel: Parcel) -> dict[str, Any]:
    template: dict[str, Any] = {"name": parcel.template, "language": {"code": parcel.language}}
    if parcel.parameters:
        template["components"] = [{"type": "body", "parameters": _parameters(parcel)}]
    return template


def _parameters(parcel: Parcel) -> list[dict[str, str]]:
    """Return a template's parameters: in their order where their names are numbers, by name else."""
    if all(map(_PLACE.fullmatch, parcel.parameters)):
        ordered = sorted(parcel.parameters, key=int)
        return [{"type": "text", "text": parcel.parameters[place]} for place in ordered]
    return [{"type": "text", "parameter_name": name, "text": text} for name, text in parcel.parameters.items()]


class _Message(msgspec.Struct, frozen=True):
    id: str


class _Taken(msgspec.Struct, frozen=True):
    messages: list[_Message]


class _BarredOne(msgspec.Struct, frozen=True):
    wa_id: str = ""
    scoped_id: str = msgspec.field(name="user_id", default="")


class _Cursors(msgspec.Struct, frozen=True):
    after: str = ""


class _Paging(msgspec.Struct, frozen=True):
    cursors: _Cursors = _Cursors()
    next: str = ""


class _Barred(msgspec.Struct, frozen=True):
    data: list[_BarredOne]
    paging: _Paging = _Paging()


class _Error(msgspec.Struct, frozen=True):
    code: int


class _Fault(msgspec.Struct, frozen=True):
    error: _Error
