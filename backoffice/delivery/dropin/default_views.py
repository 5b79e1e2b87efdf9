"""How an account says what counts for messages whose calls, in the Cloud API's form, say nothing of it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from backoffice.delivery.dropin import defaults
from backoffice.delivery.dropin.defaults import FREE_TEXT, Default
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work
from backoffice.relay.content import Declared


class DefaultTold(msgspec.Struct, frozen=True, kw_only=True):
    """What counts for messages of a template on a number; an empty name is whatever is sent without a template."""

    template: str
    purpose: str
    topic: str
    is_answer: bool
    declared: Declared


class DefaultToState(Body, frozen=True, kw_only=True):
    """What counts for messages of a template on a number, where the Cloud API's own call says nothing of it.

    An empty name is whatever is sent without a template. `is_answer` says that each answers what its person asked for
    by an act of their own in the last ten minutes: one message then passes without a consent on record. What is left
    out of `declared` is unknown, and holds.
    """

    template: Annotated[str, Meta(max_length=512)] = FREE_TEXT
    purpose: Literal["marketing", "transactional", "service", "authentication"]
    topic: Annotated[str, Meta(max_length=80, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""
    is_answer: bool = False
    declared: Declared = Declared()

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "template": "order_ready",
        "purpose": "service",
        "declared": {"has_promotional_part": False, "template_category": "utility"},
    }


class DefaultToWithdraw(Body, frozen=True, kw_only=True):
    """A template whose messages are unknown again; an empty name is whatever is sent without one."""

    template: Annotated[str, Meta(max_length=512)] = FREE_TEXT

    EXAMPLE: ClassVar[dict[str, Any]] = {"template": "order_ready"}


class Done(msgspec.Struct, frozen=True):
    """The number whose defaults were changed."""

    sender_id: UUID


@get("/v1/numbers/{sender_id:uuid}/defaults")
async def list_defaults(
    sender_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> list[DefaultTold]:
    """Tell what counts for messages of a number whose calls say nothing, by template."""
    async with install.reading() as work:
        found = await defaults.list_stated(work, caller.account_id, sender_id)
    return [DefaultTold(template=template, **default._asdict()) for template, default in found]


@post("/v1/numbers/{sender_id:uuid}/defaults", status_code=200)
async def state_default(
    sender_id: FromPath[UUID], data: JSONBody[DefaultToState], once: NamedDependency[Once]
) -> Response[Done]:
    """State what counts for a template's messages from a number, in place of what counted.

    It is read for calls in the Cloud API's form, which have no place for a purpose or for what is declared.
    """

    async def state(work: Work) -> Done:
        default = Default(data.purpose, data.topic, data.is_answer, data.declared)
        await defaults.state(work, once.account_id, sender_id, data.template, default)
        return Done(sender_id)

    return await once(data, state)


@post("/v1/numbers/{sender_id:uuid}/defaults/withdraw", status_code=200)
async def withdraw_default(
    sender_id: FromPath[UUID], data: JSONBody[DefaultToWithdraw], once: NamedDependency[Once]
) -> Response[Done]:
    """Take back what counts for a template's messages from a number: they are unknown again, and count as marketing."""

    async def withdraw(work: Work) -> Done:
        await defaults.withdraw(work, once.account_id, sender_id, data.template)
        return Done(sender_id)

    return await once(data, withdraw)


ROUTES = [list_defaults, state_default, withdraw_default]
