"""Handing on: calls that send nobody anything are asked of the provider, with the operator's own key.

A number's own data; its media files, brought up, described, fetched and taken away; the templates of a business account
that has no other account's numbers. What is asked of the provider names a number of the account each time, and the
provider refuses a file that is another number's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import msgspec

from backoffice.accounts.numbers import find_by_code, list_numbers, list_of_provider_account
from backoffice.accounts.service import get_account
from backoffice.accounts.states import ENDED
from backoffice.channels.graph import CHANNEL
from backoffice.channels.whatsapp import VERSION, WhatsAppChannel
from backoffice.delivery.dropin.faults import AWAY, LOCKED, GraphFault, no_such_object

if TYPE_CHECKING:
    from litestar import Litestar, Request

    from backoffice.accounts.number_store import SenderRow
    from backoffice.plumbing.install import Install, Work
    from backoffice.plumbing.settings import Settings

LARGEST_FILE = 101 * 1024 * 1024  # bytes: what the provider takes, and the form around it
_PATIENCE = httpx.Timeout(60.0, connect=5.0)
_ID = re.compile(r"[0-9]{1,64}")
_OF_PROVIDER = re.compile(r"(?:[a-z0-9-]+\.)+(?:fbsbx\.com|facebook\.com|whatsapp\.net)")


_UNASKED = ("verified_name", "code_verification_status", "display_phone_number", "quality_rating", "throughput")
_OWN = frozenset(
    {
        *_UNASKED,
        *("id", "status", "quality_score", "name_status", "new_name_status", "account_mode", "is_on_biz_app"),
        *("is_official_business_account", "is_pin_enabled", "is_preverified_number", "search_visibility"),
        *("platform_type", "last_onboarded_time", "messaging_limit_tier", "country_code", "country_dial_code"),
        "whatsapp_business_manager_messaging_limit",
    }
)
"""Fields of a number that say something of it alone; others name the operator's webhooks, accounts and certificates."""


_QUERY = frozenset(
    {"fields", "limit", "after", "before", "name", "status", "category", "language", "hsm_id", "content"}
)
_PLAIN = re.compile(r"[\w ,.=-]{0,512}")  # fields that lead on to other things have braces


class Answered(NamedTuple):
    """What the provider answered."""

    status: int
    body: bytes


class Provider:
    """The provider's Graph API: for what sends nothing, and `channel` to mark a message as read."""

    def __init__(self, url: str, token: str) -> None:
        self.channel = WhatsAppChannel(url, token, lines=8)
        self._host = httpx.URL(url).host
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/{VERSION}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_PATIENCE,
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of its connections."""
        await self._http.aclose()
        await self.channel.__aexit__(None, None, None)

    async def number(self, code: str, fields: str) -> Answered:
        """Ask for a number's own data: fields of its own, none that leads on to what the operator has beside it."""
        asked = [name for name in fields.split(",") if name in _OWN] if fields else _UNASKED
        return await self._ask("GET", f"/{code}", params={"fields": ",".join(asked) or "id"})

    async def bring_up(self, code: str, content: AsyncIterator[bytes], content_type: str) -> Answered:
        """Bring up a file for a number."""
        return await self._ask("POST", f"/{code}/media", content=content, headers={"Content-Type": content_type})

    async def file(self, method: str, media_id: str, code: str) -> Answered:
        """Describe a number's file, or take it away."""
        return await self._ask(method, f"/{media_id}", params={"phone_number_id": code})

    async def templates(self, method: str, business: str, query: Mapping[str, str], content: bytes) -> Answered:
        """List, submit or take away templates of a business account."""
        plain = {name: value for name, value in query.items() if name in _QUERY and _PLAIN.fullmatch(value)}
        told = {"Content-Type": "application/json"} if method == "POST" else {}
        return await self._ask(method, f"/{business}/message_templates", params=plain, content=content, headers=told)

    async def fetch(self, url: str) -> httpx.Response:
        """Begin to fetch a file from where the provider says it lies; whoever takes it closes it."""
        host = httpx.URL(url).host
        if host != self._host and not _OF_PROVIDER.fullmatch(host):
            raise GraphFault(AWAY)
        try:
            return await self._http.send(self._http.build_request("GET", url), stream=True)
        except httpx.HTTPError:
            raise GraphFault(AWAY) from None

    async def _ask(self, method: str, path: str, **asked: Any) -> Answered:  # noqa: ANN401  # as httpx has them
        try:
            response = await self._http.request(method, path, **asked)
        except httpx.HTTPError:
            raise GraphFault(AWAY) from None
        return Answered(response.status_code, response.content)


def provider_of(settings: Settings) -> Provider | None:
    """Return the way to the provider, None where none is set."""
    return Provider(settings.whatsapp_url, settings.whatsapp_token) if settings.whatsapp_url else None


@asynccontextmanager
async def open_provider(app: Litestar) -> AsyncIterator[None]:
    """Keep the way to the provider for as long as the web part lives."""
    app.state.provider = provider = provider_of(app.state.install.settings)
    try:
        yield
    finally:
        if provider:
            await provider.close()


class File(NamedTuple):
    """A media file as the provider describes it, and the number it is of."""

    code: str
    answered: Answered

    @property
    def url(self) -> str:
        """Where the provider keeps it; raises GraphFault where it doesn't say."""
        try:
            return msgspec.json.decode(self.answered.body, type=_Kept).url
        except msgspec.DecodeError:
            raise GraphFault(AWAY) from None

    def lying_at(self, url: str) -> Answered:
        """Return the description with another address in it."""
        told = msgspec.json.decode(self.answered.body)
        return Answered(self.answered.status, msgspec.json.encode({**told, "url": url}))


class _Kept(msgspec.Struct, frozen=True):
    url: str


async def find_file(provider: Provider, method: str, codes: list[str], media_id: str) -> File:
    """Describe a file, or take it away, of whichever of these numbers it is; raises GraphFault where it is of none."""
    for code in codes:
        answered = await provider.file(method, media_id, code)
        if answered.status < httpx.codes.BAD_REQUEST:
            return File(code, answered)
    raise no_such_object(method, media_id)


def check_file(method: str, media_id: str) -> None:
    """Raise GraphFault for what can be no media file's id."""
    if not _ID.fullmatch(media_id):
        raise no_such_object(method, media_id)


async def own_codes(install: Install, account_id: UUID) -> list[str]:
    """Return the provider's names of the account's numbers."""
    async with install.reading() as work:
        numbers = await list_numbers(work, account_id)
    return [one.provider_code for one in numbers if one.provider_code and one.channel == CHANNEL]


async def own_number(work: Work, account_id: UUID, code: str, *, is_to_send: bool = False) -> SenderRow:
    """Return the account's number that the provider names so.

    Raises GraphFault for another's and none, and for what is to be sent where the account is closed.
    """
    sender = await find_by_code(work, CHANNEL, code)
    if sender is None or sender.account_id != account_id:
        raise no_such_object("POST", code)
    if is_to_send and (await get_account(work, account_id)).standing in ENDED:
        raise GraphFault(LOCKED)
    return sender


async def check_business(work: Work, account_id: UUID, business: str, *, is_to_send: bool) -> None:
    """Raise GraphFault for a business account that isn't the account's alone: its templates may be another's."""
    numbers = await list_of_provider_account(work, CHANNEL, business)
    if {one.account_id for one in numbers} != {account_id}:
        raise no_such_object("POST", business)
    if is_to_send and (await get_account(work, account_id)).standing in ENDED:
        raise GraphFault(LOCKED)


def way(request: Request[Any, Any, Any]) -> Provider:
    """Return the way to the provider; raises GraphFault where none is set."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise GraphFault(AWAY)
    return provider
