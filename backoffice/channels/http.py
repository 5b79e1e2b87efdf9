"""HTTP: the adapter for a provider that takes messages as JSON and tells their statuses by signed callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import httpx
import msgspec

from backoffice.channels import wire
from backoffice.channels.codes import UNAVAILABLE, kind_of
from backoffice.channels.lines import PATIENCE, Lines, NeverLeft, code_of, is_no, retry_after, words_in
from backoffice.channels.port import (
    Absent,
    Accepted,
    Answer,
    Callback,
    CantTell,
    Fate,
    Found,
    Kind,
    Parcel,
    Refused,
    Report,
    Unanswered,
)
from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from backoffice.channels.permits import Permit


class HttpChannel:
    """A provider that speaks the plain protocol of `wire`."""

    def __init__(self, url: str, *, patience: timedelta = PATIENCE, lines: int = 64) -> None:
        self._lines = Lines(url, patience=patience, lines=lines)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self._lines.__aexit__(*fault)

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Spend the permit and hand the parcel over, once; raises Unanswered when nobody knows what became of it."""
        permit.spend(parcel.reference)
        try:
            response = await self._lines.ask("POST", "/messages", _written(parcel))
        except NeverLeft:
            return Refused(code=UNAVAILABLE, kind="retry")
        return _answer(response)

    async def look_up(self, reference: UUID) -> Fate:
        """Ask what became of a message; only the provider's own "never taken" counts as absent."""
        try:
            response = await self._lines.ask("GET", f"/messages/{reference}")
        except (NeverLeft, Unanswered):
            return CantTell()
        return _fate(response)


def read(raw: bytes) -> Callback:
    """Read a callback; raises Invalid: `callback_invalid`."""
    try:
        post = msgspec.json.decode(raw, type=wire.Post)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Invalid("callback_invalid", why=str(fault)) from None
    return Callback(channel=post.channel, sender=post.sender, reports=tuple(map(_report, post.statuses)))


def _written(parcel: Parcel) -> bytes:
    return msgspec.json.encode(
        wire.Order(
            reference=parcel.reference,
            channel=parcel.channel,
            sender=parcel.sender,
            to=parcel.to,
            text=parcel.text,
            template=parcel.template,
            language=parcel.language,
            parameters=parcel.parameters,
        )
    )


def _answer(response: httpx.Response) -> Answer:
    """Read an answer: only a plain yes is a yes, only a refusal in the provider's words or a 4xx is a no."""
    if response.is_success and (taken := words_in(response, wire.Taken)):
        return Accepted(taken.id)
    is_no(response)
    fault = words_in(response, wire.Fault)
    code = code_of(fault.error.code if fault else None)
    return Refused(code=code, kind=kind_of(code), retry_after=retry_after(response, code))


def _fate(response: httpx.Response) -> Fate:
    if response.status_code == httpx.codes.NOT_FOUND and words_in(response, wire.Fault) is not None:
        return Absent()
    kept = words_in(response, wire.Kept) if response.is_success else None
    return Found(kept.id, kept.status, kept.code, _kind(kept)) if kept else CantTell()


def _report(event: wire.Event) -> Report:
    return Report(
        reference=event.reference,
        provider_id=event.id,
        status=event.status,
        at=event.at,
        code=event.code,
        kind=_kind(event),
    )


def _kind(told: wire.Kept | wire.Event) -> Kind | None:
    return kind_of(told.code) if told.status == "failed" else None
