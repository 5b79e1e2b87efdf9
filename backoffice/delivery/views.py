"""How delivery is asked: providers tell us what became of messages, and accounts see it."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backoffice.channels.wire import SIGNATURE
from backoffice.delivery import inbound, service, store
from backoffice.delivery.loops import CALLBACKS
from backoffice.delivery.providers import ProviderName
from backoffice.delivery.states import ORDER, Status
from backoffice.delivery.statuses import MOMENTS, status_of
from backoffice.kernel.errors import Refused
from backoffice.plumbing.http import PUBLIC, Caller
from backoffice.plumbing.install import Install
from backoffice.plumbing.loops import ring
from backoffice.plumbing.metrics import add_gauge
from backoffice.relay import outbox

LARGEST_CALLBACK = 3 * 1024 * 1024  # bytes


class Step(msgspec.Struct, frozen=True):
    """A status, and the earliest moment from which the provider says it."""

    status: Status
    at: datetime


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a send at its provider: the highest status, and how it came there."""

    send_id: UUID
    status: Status | None  # None while nobody knows whether the provider has it
    steps: list[Step]
    attempts: int
    code: int  # the provider's error code, 0 none
    reason: str  # why it failed, in a word of ours
    is_unknown: bool


_PLAIN = "text/plain"
_CALLBACK = {**PUBLIC, "upload": "*/*"}  # signed as it came, so taken as it came


@post("/v1/providers/whatsapp/webhook", opt=_CALLBACK, status_code=200, request_max_body_size=LARGEST_CALLBACK)
async def receive_webhook(request: Request[Any, Any, Any], install: NamedDependency[Install]) -> None:
    """Take what WhatsApp tells us. A stop in it is on record when this is answered; all else is acted on afterwards.

    It is kept as it came; its raw bytes are signed.
    """
    await _receive("whatsapp", request, install)


@post("/v1/providers/fake/webhook", opt=_CALLBACK, status_code=200, request_max_body_size=LARGEST_CALLBACK)
async def receive_callback(request: Request[Any, Any, Any], install: NamedDependency[Install]) -> None:
    """Take what a provider tells us; it is kept as it came, and acted on afterwards. The provider signs it."""
    await _receive("fake", request, install)


async def _receive(provider: ProviderName, request: Request[Any, Any, Any], install: Install) -> None:
    raw = await request.body()
    await inbound.receive(install, provider, raw, request.headers.get(SIGNATURE, ""))
    ring(install, CALLBACKS)


@get("/v1/providers/whatsapp/webhook", opt={**PUBLIC, "answers": _PLAIN})
async def verify_webhook(
    install: NamedDependency[Install],
    mode: Annotated[str, QueryParameter(name="hub.mode")] = "",
    told: Annotated[str, QueryParameter(name="hub.verify_token")] = "",
    challenge: Annotated[str, QueryParameter(name="hub.challenge", max_length=256)] = "",
) -> Response[str]:
    """Answer WhatsApp's question whether this webhook is ours: its challenge where it knows our word, else 403."""
    word = install.settings.whatsapp_verify
    if not word or mode != "subscribe" or not hmac.compare_digest(told.encode(), word.encode()):
        raise Refused("webhook_word_unknown")
    return Response(challenge, media_type=_PLAIN)


@get("/v1/sends/{send_id:uuid}/delivery")
async def get_delivery(
    send_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> Delivery:
    """Tell what became of a send that was handed over."""
    async with install.reading() as work:
        return _told(await service.get_delivery(work, caller.account_id, send_id))


def _told(known: store.StoredDelivery) -> Delivery:
    steps = [Step(status, at) for status in ORDER if (at := getattr(known, MOMENTS[status])) is not None]
    return Delivery(
        send_id=known.send_id,
        status=status_of(known) if steps else None,
        steps=steps,
        attempts=known.attempt,
        code=known.code,
        reason=known.reason,
        is_unknown=known.look_at is not None,
    )


add_gauge("outbox", "Sends that wait to leave or are leaving.", outbox.count)
add_gauge("unknown", "Messages nobody knows the outcome of.", store.count_unknown)
add_gauge("callbacks", "Callbacks nobody has acted on.", store.count_callbacks)

DOORS = [receive_webhook, verify_webhook, receive_callback]
"""Where providers come in."""

ROUTES = [*DOORS, get_delivery]
