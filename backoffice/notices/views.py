"""How an account says where its programs are told what happens, and what they were told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from backoffice.notices import service, store
from backoffice.notices.service import LONGEST_SECRET, Event
from backoffice.notices.states import DeliveryState, Form, WebhookState
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.metrics import add_gauge
from backoffice.plumbing.reaching import LONGEST_URL

PAGE = 50

Secret = Annotated[str, Meta(max_length=LONGEST_SECRET)]


class WebhookToRegister(Body, frozen=True, kw_only=True):
    """An address of yours that is told what happens: https, on port 443, of the public internet.

    `standard` is told as Standard Webhooks have it: the `events` named, or all (`send.decided` what was decided after a
    send was answered, `send.status` what became of it, `message.received` what persons wrote). `cloud_api` is told in
    the WhatsApp Cloud API's own form: its challenge is asked first, with `verify_token`; `secret` signs as your app
    secret does.
    """

    form: Form
    url: Annotated[str, Meta(min_length=1, max_length=LONGEST_URL)]
    events: Annotated[list[Event], Meta(max_length=8)] = msgspec.field(default_factory=list)
    verify_token: Annotated[str, Meta(max_length=255)] = ""
    secret: Secret = ""

    EXAMPLE: ClassVar[dict[str, Any]] = {"form": "standard", "url": "https://example.com/hooks", "events": []}


class SecretToRotate(Body, frozen=True, kw_only=True):
    """A new secret of your own, of the form `cloud_api`; without one it is drawn here."""

    secret: Secret = ""

    EXAMPLE: ClassVar[dict[str, Any]] = {"secret": ""}


class WebhookTold(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook; `failing_since` and `fault` say since when and why it takes nothing."""

    id: UUID
    form: Form
    state: WebhookState
    url: str
    events: list[str]
    failing_since: datetime | None
    fault: str | None
    made_at: datetime
    closed_at: datetime | None


class Made(msgspec.Struct, frozen=True):
    """What was made or changed, by its id; a secret is told by itself."""

    id: UUID


class SecretTold(msgspec.Struct, frozen=True):
    """What a webhook's bodies are signed with."""

    secret: str


class WebhookPage(msgspec.Struct, frozen=True):
    """A page of webhooks, youngest first; `next` is the cursor of the page that follows, null on the last."""

    webhooks: list[WebhookTold]
    next: UUID | None


class DeliveryTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is told of an event: how often it was posted, and what it answered last."""

    id: UUID
    event_id: UUID
    event: str
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    status: int | None
    fault: str | None
    made_at: datetime
    ended_at: datetime | None


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries, youngest first; `next` is the cursor of the page that follows, null on the last."""

    deliveries: list[DeliveryTold]
    next: UUID | None


@post("/v1/webhooks")
async def register_webhook(data: JSONBody[WebhookToRegister], once: NamedDependency[Once]) -> Response[Made]:
    """Register a webhook, up to 20 in all.

    What it is told comes at least once and in no order: look at the id, which stays the same. What is not taken with
    a 2xx within ten seconds comes again, later each time, for seven days.
    """

    async def register(work: Work) -> Made:
        return Made(
            await service.register(
                work,
                once.account_id,
                data.form,
                data.url,
                events=data.events,
                secret=data.secret,
                challenge=data.verify_token,
            )
        )

    return await once(data, register)


@get("/v1/webhooks")
async def list_webhooks(
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE)] = PAGE,
) -> WebhookPage:
    """List webhooks, youngest first, closed ones too."""
    async with install.reading() as work:
        found = await service.list_webhooks(work, caller.account_id, before=cursor, count=limit)
    return WebhookPage([_told(one) for one in found], found[-1].id if len(found) == limit else None)


@get("/v1/webhooks/{webhook_id:uuid}")
async def get_webhook(
    webhook_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> WebhookTold:
    """Tell a webhook and how it fares."""
    async with install.reading() as work:
        return _told(await service.get_webhook(work, caller.account_id, webhook_id))


@get("/v1/webhooks/{webhook_id:uuid}/secret")
async def get_secret(
    webhook_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> SecretTold:
    """Tell what a webhook's bodies are signed with."""
    async with install.reading() as work:
        return SecretTold(await service.secret_of(work, caller.account_id, webhook_id))


@post("/v1/webhooks/{webhook_id:uuid}/rotate", status_code=200)
async def rotate_secret(
    webhook_id: FromPath[UUID], data: JSONBody[SecretToRotate], once: NamedDependency[Once]
) -> Response[Made]:
    """Give a webhook a new secret; of the form `standard` the one before signs along for 24 hours."""

    async def rotate(work: Work) -> Made:
        await service.rotate(work, once.account_id, webhook_id, data.secret)
        return Made(webhook_id)

    return await once(data, rotate)


@post("/v1/webhooks/{webhook_id:uuid}/close", status_code=200)
async def close_webhook(webhook_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Made]:
    """Close a webhook: it is told nothing more, and what it has not taken is given up."""

    async def close(work: Work) -> Made:
        await service.close(work, once.account_id, webhook_id)
        return Made(webhook_id)

    return await once(None, close)


@post("/v1/webhooks/{webhook_id:uuid}/try", status_code=202)
async def try_webhook(webhook_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Made]:
    """Tell a webhook that it is tried: an event `webhook.tried`, or a body without entries in the Cloud API's form."""

    async def tell(work: Work) -> Made:
        return Made(await service.try_one(work, once.account_id, webhook_id))

    return await once(None, tell)


@get("/v1/webhooks/{webhook_id:uuid}/deliveries")
async def list_webhook_deliveries(
    webhook_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    cursor: FromQuery[UUID | None] = None,
    in_state: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE)] = PAGE,
) -> DeliveryPage:
    """List what a webhook is told, youngest first; what ended over thirty days ago is erased."""
    async with install.reading() as work:
        found = await service.list_deliveries(
            work, caller.account_id, webhook_id, before=cursor, state=in_state, count=limit
        )
    told = [DeliveryTold(**{part: getattr(one, part) for part in DeliveryTold.__struct_fields__}) for one in found]
    return DeliveryPage(told, found[-1].id if len(found) == limit else None)


@post("/v1/webhooks/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/redeliver", status_code=202)
async def redeliver(
    webhook_id: FromPath[UUID], delivery_id: FromPath[UUID], once: NamedDependency[Once]
) -> Response[Made]:
    """Have a webhook told once more, under the same id, what it took or what was given up."""

    async def again(work: Work) -> Made:
        await service.redeliver(work, once.account_id, webhook_id, delivery_id)
        return Made(delivery_id)

    return await once(None, again)


def _told(one: service.Webhook) -> WebhookTold:
    return WebhookTold(**one._asdict())


add_gauge("webhooks_waiting", "What webhooks are to be told and have not taken.", store.count_waiting)

ROUTES = [
    register_webhook,
    list_webhooks,
    get_webhook,
    get_secret,
    rotate_secret,
    close_webhook,
    try_webhook,
    list_webhook_deliveries,
    redeliver,
]
