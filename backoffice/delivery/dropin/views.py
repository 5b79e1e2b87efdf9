"""How the drop-in door is asked: by the Cloud API's own paths."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar import Request, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from backoffice.channels.graph import CHANNEL
from backoffice.delivery.dropin import default_views, defaults
from backoffice.delivery.dropin.bodies import Asked, Reading, read_body
from backoffice.delivery.dropin.defaults import FREE_TEXT, Default
from backoffice.delivery.dropin.faults import PRODUCT, no_such_object, refusal_of
from backoffice.delivery.dropin.frame import GRAPH, JSON, caller_in
from backoffice.delivery.dropin.handing_on import (
    LARGEST_FILE,
    Answered,
    check_business,
    check_file,
    find_file,
    own_codes,
    own_number,
    way,
)
from backoffice.delivery.dropin.reading import mark_read
from backoffice.delivery.wamid import wamid_of
from backoffice.plumbing.http import Caller, Once
from backoffice.plumbing.http.bodies import decode
from backoffice.plumbing.http.once import HEADER
from backoffice.plumbing.http.problems import wanted_language
from backoffice.plumbing.idempotency import Asked as Known
from backoffice.plumbing.idempotency import Key
from backoffice.plumbing.install import Install
from backoffice.relay.content import check_message
from backoffice.relay.intake import Intake
from backoffice.relay.sending import SendRequest

_READ = msgspec.json.Decoder()
_HELD = "held_for_quality_assessment"


@post("/{version:str}/{object_id:str}/messages", status_code=200, **GRAPH)
async def call_messages(
    request: Request[Any, Any, Any],
    object_id: FromPath[str],
    install: NamedDependency[Install],
) -> Response[bytes]:
    """Send a message as the Cloud API does, or mark one as read."""
    caller = await caller_in(request)
    asked = read_body(decode(await request.body(), _READ))
    if isinstance(asked, Reading):
        await mark_read(install, request.app.state.provider, caller.account_id, object_id, asked)
        return _answer({"success": True})
    check_message(CHANNEL, asked.message)
    sender_id, default = await _whose(install, caller, object_id, asked)
    intake: Intake = request.app.state.intake
    answer = await intake.submit(_send_request(request, install, caller, asked, sender_id, default))
    return _answer(_told(asked, msgspec.json.decode(answer.body)))


@post("/{version:str}/{object_id:str}/media", status_code=200, request_max_body_size=LARGEST_FILE, **GRAPH)
async def call_media(
    request: Request[Any, Any, Any], object_id: FromPath[str], install: NamedDependency[Install]
) -> Response[bytes]:
    """Bring up a media file for a number."""
    caller = await caller_in(request)
    async with install.reading() as work:
        await own_number(work, caller.account_id, object_id, is_to_send=True)
    content_type = request.headers.get("content-type", "")
    return _as_answered(await way(request).bring_up(object_id, request.stream(), content_type))


@route(
    "/{version:str}/{object_id:str}/message_templates",
    http_method=["GET", "POST", "DELETE"],
    status_code=200,
    **GRAPH,
)
async def call_templates(
    request: Request[Any, Any, Any], object_id: FromPath[str], install: NamedDependency[Install]
) -> Response[bytes]:
    """List, submit or take away the templates of a business account that is the caller's alone."""
    caller = await caller_in(request)
    async with install.reading() as work:
        await check_business(work, caller.account_id, object_id, is_to_send=request.method != "GET")
    query = {name: str(value) for name, value in request.query_params.items()}
    return _as_answered(await way(request).templates(request.method, object_id, query, await request.body()))


@route("/{version:str}/{object_id:str}", http_method=["GET", "DELETE"], status_code=200, **GRAPH)
async def call_object(
    request: Request[Any, Any, Any],
    version: FromPath[str],
    object_id: FromPath[str],
    install: NamedDependency[Install],
) -> Response[bytes]:
    """Tell a number's own data; describe a media file, or take it away."""
    caller = await caller_in(request)
    codes = await own_codes(install, caller.account_id)
    if object_id in codes:
        return _as_answered(await way(request).number(object_id, request.query_params.get("fields", "")))
    check_file(request.method, object_id)
    if request.method == "DELETE":
        return _as_answered((await find_file(way(request), "DELETE", codes, object_id)).answered)
    file = await find_file(way(request), "GET", codes, object_id)
    return _as_answered(file.lying_at(f"{request.base_url}{version}/{file.code}/media/{object_id}"))


@get("/{version:str}/{object_id:str}/media/{media_id:str}", **GRAPH)
async def call_file(
    request: Request[Any, Any, Any],
    object_id: FromPath[str],
    media_id: FromPath[str],
    install: NamedDependency[Install],
) -> Stream:
    """Fetch a media file of a number from where the provider keeps it."""
    caller = await caller_in(request)
    async with install.reading() as work:
        await own_number(work, caller.account_id, object_id)
    check_file("GET", media_id)
    file = await find_file(way(request), "GET", [object_id], media_id)
    response = await way(request).fetch(file.url)
    return Stream(_pieces(response), status_code=response.status_code, media_type=response.headers.get("content-type"))


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_raw():
            yield piece
    finally:
        await response.aclose()


@route("/{version:str}/{object_id:str}/{verb:path}", http_method=["GET", "POST", "DELETE", "PUT"], **GRAPH)
async def call_others(request: Request[Any, Any, Any], object_id: FromPath[str]) -> Response[bytes]:
    """Answer that nothing else is done here."""
    await caller_in(request)
    raise no_such_object(request.method, object_id)


async def _whose(install: Install, caller: Caller, object_id: str, asked: Asked) -> tuple[UUID, Default]:
    """Return the number that a message leaves from, and what counts for it; raises GraphFault where it isn't theirs."""
    async with install.reading() as work:
        sender = await own_number(work, caller.account_id, object_id)
        template = asked.template.name if asked.template else FREE_TEXT
        return sender.id, await defaults.default_of(work, sender.id, template)


def _send_request(
    request: Request[Any, Any, Any], install: Install, caller: Caller, asked: Asked, sender_id: UUID, default: Default
) -> SendRequest:
    return SendRequest(
        asked=_known(request, install, caller, asked),
        kind=asked.address_kind,
        to=asked.to,
        country="",
        sender_id=sender_id,
        channel=CHANNEL,
        purpose=default.purpose,
        topic=default.topic,
        facts=default.facts(has_template=asked.template is not None),
        template=asked.template,
        text="",
        parameters={},
        message=asked.message,
        tag=asked.tag,
        due_at=None,
        language=wanted_language(request.headers.get("accept-language", "")),
    )


def _known(request: Request[Any, Any, Any], install: Install, caller: Caller, asked: Asked) -> Known:
    """Return a call as it is known again: only by an idempotency key, for the Cloud API has none of its own."""
    if HEADER in request.headers:
        return Once(install, request).asked([asked.to, asked.message, asked.tag])
    return Known(Key(caller.account_id, secrets.token_bytes(32)), secrets.token_bytes(32))


def _told(asked: Asked, told: dict[str, Any]) -> dict[str, Any]:
    """Return a send as the Cloud API tells it; raises GraphFault where the gate denied it."""
    if told["state"] == "denied":
        raise refusal_of(told)
    message = {"id": wamid_of(UUID(told["id"]))}
    if told["state"] in ("held", "scheduled"):
        message["message_status"] = _HELD
    elif asked.template:
        message["message_status"] = "accepted"
    known = {"user_id": asked.to} if asked.address_kind == "scoped_id" else {"wa_id": asked.to.removeprefix("+")}
    return {
        "messaging_product": PRODUCT,
        "contacts": [{"input": asked.written, **known}],
        "messages": [message],
    }


def _answer(told: dict[str, Any]) -> Response[bytes]:
    return Response(msgspec.json.encode(told), status_code=200, media_type=JSON)


def _as_answered(answered: Answered) -> Response[bytes]:
    return Response(answered.body, status_code=answered.status, media_type=JSON)


ROUTES = [
    *default_views.ROUTES,
    call_messages,
    call_media,
    call_templates,
    call_object,
    call_file,
    call_others,
]
