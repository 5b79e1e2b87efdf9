"""How sends are asked for: one at a time, with every reason; and their decisions, tried out, read again, proved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from backoffice.audit.proving import prove_entry
from backoffice.billing.service import lock_lots
from backoffice.contacts.addresses import Wanted, kind_on, read_address
from backoffice.contacts.cells import country_of
from backoffice.contacts.service import find_or_add
from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import Language
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.translations import translator
from backoffice.policy.telling import tell
from backoffice.relay import service, store
from backoffice.relay.content import Declared, Template, check_message, facts_of
from backoffice.relay.intake import Intake
from backoffice.relay.sending import SendRequest, errand_of, handle
from backoffice.relay.states import State
from backoffice.relay.telling import own_decision, tell_decision, tell_sends

Channel = Literal["whatsapp", "sms", "email", "voice"]
Purpose = Literal["marketing", "transactional", "service", "authentication"]
PAGE = 50
_PROOF = "text/plain"


class SendAsked(Body, frozen=True, kw_only=True):
    """One message to one person.

    `to` is a number in E.164 or a mail address; `country` tells where a person may be beside what the number tells.
    `text`, or `template` with `parameters`, or on WhatsApp a `message` in the Cloud API's own words: its `type` and the
    object named so. `is_answer` says that it answers what the person asked for by an act of their own in the last ten
    minutes: one such message passes a stop. `declared` is what the account says of its message: what it leaves out is
    unknown, and a rule that asks for it holds. `send_at` schedules it; it is judged now and again then.
    """

    channel: Channel
    sender_id: UUID
    to: Annotated[str, Meta(min_length=3, max_length=254)]
    country: Annotated[str, Meta(max_length=2)] = ""
    purpose: Purpose
    topic: Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""
    text: Annotated[str, Meta(max_length=4096)] = ""
    template: Template | None = None
    parameters: dict[Annotated[str, Meta(max_length=80)], Annotated[str, Meta(max_length=1024)]] = msgspec.field(
        default_factory=dict
    )
    message: dict[str, Any] = msgspec.field(default_factory=dict)
    is_answer: bool = False
    declared: Declared = Declared()
    send_at: Annotated[datetime, Meta(tz=True)] | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "channel": "whatsapp",
        "sender_id": "019a3cb9-6000-7000-8000-000000000001",
        "to": "+37126000001",
        "purpose": "service",
        "template": {"name": "order_ready", "language": "lv"},
        "parameters": {"name": "Anna"},
        "declared": {"has_promotional_part": False, "template_category": "utility"},
    }


@post("/v1/sends", status_code=202)
async def create_send(
    request: Request[Any, Any, Any],
    data: JSONBody[SendAsked],
    once: NamedDependency[Once],
) -> Response[Any]:
    """Decide about a message and, where it is allowed, send it.

    The answer is the decision: allow, warn, hold or deny, with every reason, each naming the clause of the operator's
    Terms or the article of law behind it, and the earliest moment at which a hold opens.
    """
    intake: Intake = request.app.state.intake
    return once.respond(await intake.submit(_asked(once, data)))


def _asked(once: Once, data: SendAsked) -> SendRequest:
    if not data.text and data.template is None and not data.message:
        raise Invalid("message_empty", field="text")
    check_message(data.channel, data.message)
    country, kind = country_of(data.country), kind_on(data.channel, data.to)
    return SendRequest(
        asked=once.asked(data),
        kind=kind,
        to=read_address(kind, data.to, country or None),
        country=country,
        sender_id=data.sender_id,
        channel=data.channel,
        purpose=data.purpose,
        topic=data.topic,
        facts=_facts(data),
        template=data.template,
        text=data.text,
        parameters=data.parameters,
        message=data.message,
        due_at=_future(data.send_at, once.install.clock()),
        language=once.language,
    )


def _facts(data: SendAsked) -> dict[str, Any]:
    has_template = data.template is not None or data.message.get("type") == "template"
    return facts_of(data.declared, has_template=has_template, door="requested_answer" if data.is_answer else "normal")


def _future(send_at: datetime | None, now: datetime) -> datetime | None:
    """A moment that has come already means now."""
    if send_at is None or send_at <= now:
        return None
    if (send_at - now).days > 366:
        raise Invalid("moment_too_far", field="send_at", most=366)
    return send_at


@post("/v1/decisions/dry-run", status_code=200)
async def try_send(
    data: JSONBody[SendAsked],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
) -> dict[str, Any]:
    """Say what would be decided about a message now, and when it could be sent at the earliest; nothing is written."""
    async with install.trial() as work:
        to, country = data.to, country_of(data.country)
        lots = await lock_lots(work, {(caller.account_id, data.channel)})
        (person,) = await find_or_add(work, caller.account_id, [Wanted(kind_on(data.channel, to), to, country)])
        facts = _facts(data)
        errand = await errand_of(
            work,
            caller.account_id,
            facts,
            data.template,
            sender_id=data.sender_id,
            channel=data.channel,
            purpose=data.purpose,
            topic=data.topic,
            due_at=_future(data.send_at, work.at),
        )
        return tell(await service.try_out(work, errand, person.id, lots), translator(language))


class Page(msgspec.Struct, frozen=True):
    """A page of sends, youngest first; `next` is the cursor of the page that follows, null on the last."""

    sends: list[dict[str, Any]]
    next: UUID | None


@get("/v1/sends")
async def list_sends(
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
    cursor: FromQuery[UUID | None] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    campaign_id: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE)] = PAGE,
) -> Page:
    """List sends, youngest first, each with where it stands and why."""
    async with install.reading() as work:
        found = await store.list_sends(
            work, caller.account_id, before=cursor, state=in_state or "", campaign_id=campaign_id, count=limit
        )
        told = await tell_sends(work, found, language)
    return Page(told, found[-1].id if len(found) == limit else None)


@get("/v1/sends/{send_id:uuid}")
async def get_send(
    send_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
) -> dict[str, Any]:
    """Tell one send: where it stands, the decision that counts, and every reason."""
    async with install.reading() as work:
        return await _told(work, caller.account_id, send_id, language)


@post("/v1/sends/{send_id:uuid}/stop", status_code=200)
async def stop_send(send_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[dict[str, Any]]:
    """Stop a send that hasn't left; its credit comes back. One that has left can't be stopped: 409."""

    async def stop(work: Work) -> dict[str, Any]:
        await service.stop_one(work, once.account_id, send_id, by="account")
        return await _told(work, once.account_id, send_id, once.language)

    return await once(None, stop)


@post("/v1/sends/{send_id:uuid}/release", status_code=200)
async def release_send(send_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[dict[str, Any]]:
    """Let a send go now that was scheduled for later. No other hold can be released by its account: 409."""

    async def release(work: Work) -> dict[str, Any]:
        await service.release_one(work, once.account_id, send_id)
        return await _told(work, once.account_id, send_id, once.language)

    return await once(None, release)


@get("/v1/decisions/{decision_id:uuid}")
async def get_decision(
    decision_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
) -> dict[str, Any]:
    """Tell one decision, also one that another has followed."""
    async with install.reading() as work:
        return await tell_decision(work, caller.account_id, decision_id, language)


@get("/v1/decisions/{decision_id:uuid}/proof", opt={"answers": _PROOF})
async def get_proof(
    decision_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> Response[bytes]:
    """Give the proof that a decision stands in the ledger: a file that proves it offline (C2SP tlog-proof).

    Until the ledger has given it its place, within seconds, the answer is 503.
    """
    async with install.reading() as work:
        await own_decision(work, caller.account_id, decision_id)
        return Response(await prove_entry(work, decision_id), media_type=_PROOF)


async def _told(work: Work, account_id: UUID, send_id: UUID, language: str) -> dict[str, Any]:
    (told,) = await tell_sends(work, [await service.get_send(work, account_id, send_id)], language)
    return told


@asynccontextmanager
async def take_in(app: Litestar) -> AsyncIterator[None]:
    """Keep the queue before the gate for as long as the web part lives; what was taken in is answered at its end."""
    intake = app.state.intake = Intake(partial(handle, app.state.install))
    try:
        yield
    finally:
        await intake.close()


ROUTES = [
    create_send,
    try_send,
    list_sends,
    get_send,
    stop_send,
    release_send,
    get_decision,
    get_proof,
]
