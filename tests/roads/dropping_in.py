"""An integration of the Cloud API, unchanged: pywa, at our door or at the sandbox's, and what it is told."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
from pywa import WhatsApp, filters, handlers, types
from pywa.types import templates as t

from backoffice.accounts.numbers import Names
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Number, Setup, Template
from tests.conftest import START
from tests.notices.places import WORD, Place

CODE, WABA, PORTFOLIO = "106540352242922", "102290129340398", "506914307656634"
NAMES = Names(CODE, WABA, PORTFOLIO)
TOKEN, APP_SECRET = "of the operator", "app secret of the shop"
VERSION = "v23.0"
LINK = "https://example.org/lamp.jpg"
_PATIENCE = 30.0  # seconds

NUMBER = Number(
    phone_number_id=CODE,
    waba_id=WABA,
    portfolio=PORTFOLIO,
    display_phone_number="+37129999901",
    verified_name="Baltic Lamp",
    throughput=1_000_000,
    tier=0,
)
OFFER = Template(
    waba_id=WABA,
    name="autumn_lamps",
    category="MARKETING",
    components=({"type": "BODY", "text": "{{1}}, lamps are cheaper by {{2}}."},),
)

Send = Callable[[WhatsApp, str], Any]
SENDS: dict[str, Send] = {
    "text": lambda wa, to: wa.send_text(to, "At nine.", preview_url=True, tracker="order 7"),
    "buttons": lambda wa, to: wa.send_text(
        to, "Which?", header="Lamps", footer="Baltic Lamp", buttons=[types.Button("One", "1"), types.Button("Two", "2")]
    ),
    "list": lambda wa, to: wa.send_text(
        to,
        "Which?",
        buttons=types.SectionList("See", [types.Section("Today", [types.SectionRow("One", "1", "Of glass")])]),
    ),
    "url": lambda wa, to: wa.send_text(to, "See", buttons=types.URLButton("Open", "https://example.org")),
    "image": lambda wa, to: wa.send_image(to, LINK, caption="A lamp"),
    "uploaded": lambda wa, to: wa.send_image(to, b"\x89PNG", mime_type="image/png"),
    "video": lambda wa, to: wa.send_video(to, LINK),
    "audio": lambda wa, to: wa.send_audio(to, LINK),
    "voice": lambda wa, to: wa.send_voice(to, LINK),
    "document": lambda wa, to: wa.send_document(to, LINK, filename="bill.pdf", caption="The bill"),
    "sticker": lambda wa, to: wa.send_sticker(to, LINK),
    "location": lambda wa, to: wa.send_location(to, 56.95, 24.1, "Shop", "11. novembra krastmala"),
    "where": lambda wa, to: wa.request_location(to, "Where are you?"),
    "contact": lambda wa, to: wa.send_contact(
        to,
        types.Contact(
            name=types.Contact.Name(formatted_name="Boriss", first_name="Boriss"),
            phones=[types.Contact.Phone(phone="+37126000002", type="HOME", wa_id="37126000002")],
        ),
    ),
    "product": lambda wa, to: wa.send_product(to, "1", "lamp-9", "This", "Baltic Lamp"),
    "reaction": lambda wa, to: wa.send_reaction(to, "👍", "wamid.HBg"),
    "template": lambda wa, to: wa.send_template(
        to, "autumn_lamps", t.TemplateLanguage.ENGLISH, [t.BodyText.params("Anna", "half")], tracker="autumn"
    ),
}
"""Each kind of message that pywa sends, to a person of its own."""

PEOPLE = {kind: f"3712600{place:04}" for place, kind in enumerate(SENDS, 100)}


class RunningClock:
    """A clock that begins where tests begin, in shop hours, and runs."""

    def __init__(self, at: datetime = START) -> None:
        self._at, self._began = at, time.monotonic()

    def __call__(self) -> datetime:
        """Return the moment."""
        return self._at + timedelta(seconds=time.monotonic() - self._began)

    def advance(self, by: timedelta) -> None:
        """Move on by a length of time."""
        self._at += by


class Call(NamedTuple):
    """A call as it went over the wire, and how it was answered."""

    method: str
    path: str
    status: int
    answer: Any


class Integration:
    """pywa as an integrator set it up, with what it called and what it made of what it was told."""

    def __init__(self, wa: WhatsApp, calls: list[Call], fetch: Callable[[str], httpx.Response]) -> None:
        self.wa, self.calls, self.fetch = wa, calls, fetch
        self.updates: list[Any] = []
        self._read = 0
        kinds = (handlers.MessageHandler, handlers.MessageStatusHandler, handlers.UserMarketingPreferencesHandler)
        wa.add_handlers(*(kind(lambda _, update: self.updates.append(update), filters.true) for kind in kinds))

    def hear(self, place: Place) -> list[Any]:
        """Hand pywa what was posted to a place since, as its own server would; return all it made of it so far."""
        for got in place.posts[self._read :]:
            assert self.wa.webhook_update_validator(got.body, got.headers["x-hub-signature-256"]) is None
            assert self.wa.webhook_update_handler(got.body) == ("ok", 200)
            self._read += 1
        return self.updates


@contextmanager
def integrate(url: str, token: str) -> Iterator[Integration]:
    """Set pywa up at a base URL with a token; it is as it comes in all else."""
    calls: list[Call] = []

    def note(response: httpx.Response) -> None:
        response.read()
        told = response.headers.get("content-type", "").startswith("application/json")
        answer = msgspec.json.decode(response.content) if told else response.content
        calls.append(Call(response.request.method, response.request.url.path, response.status_code, answer))

    with httpx.Client(event_hooks={"response": [note]}, timeout=30, trust_env=False) as session:
        wa = WhatsApp(
            phone_id=CODE,
            waba_id=WABA,
            business_portfolio_id=PORTFOLIO,
            token=token,
            session=session,
            app_secret=APP_SECRET,
            verify_token=WORD,
            filter_updates=False,
        )
        session.base_url = httpx.URL(f"{url}/{VERSION}")
        yield Integration(wa, calls, session.get)


@asynccontextmanager
async def sandbox_at(path: str, webhooks: str, *, secret: str, verify: str = "") -> AsyncIterator[RunningProvider]:
    """Run a sandbox that knows the shop's number and its template, and tells what happens there."""
    setup = Setup(
        path=path,
        webhooks=webhooks,
        secret=secret,
        token=TOKEN,
        verify_token=verify,
        numbers=(NUMBER,),
        templates=(OFFER,),
    )
    running = RunningProvider(setup)
    await asyncio.to_thread(running.start)
    try:
        yield running
    finally:
        await asyncio.to_thread(running.stop)


async def hear_from(sandbox: RunningProvider, person: str, **what: Any) -> Any:  # noqa: ANN401  # JSON
    """Have a person write to the shop's number; return what the sandbox says of it."""
    body = {"phone_number_id": CODE, "from": person, "type": "text", "text": {"body": "Hello"}, **what}
    return await asyncio.to_thread(sandbox.control, "POST", "inbound", body)


async def until(is_so: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever it is
    """Wait until something is so, and return it."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            if found := is_so():
                return found
            await asyncio.sleep(0.02)


_WAMID = re.compile(r"wamid\.[A-Za-z0-9+/=]+")


def statuses(place: Place) -> dict[tuple[str, str], Any]:
    """Return the statuses that were posted to a place, by recipient and status, each with all around it."""
    told = {}
    for got in place.posts:
        for entry in msgspec.json.decode(got.body)["entry"]:
            for change in entry["changes"]:
                around = {**change, "value": {**change["value"], "statuses": [], "contacts": []}}
                for status in change["value"].get("statuses", []):
                    told[status["recipient_id"], status["status"]] = normalised([entry["id"], around, status])
    return told


def normalised(told: Any) -> Any:  # noqa: ANN401  # JSON
    """Return JSON without what differs by its nature: ids of messages and files, moments, traces."""
    match told:
        case dict():
            return {name: _blank(name) if name in _OF_ONES_OWN else normalised(part) for name, part in told.items()}
        case list() | tuple():
            return [normalised(part) for part in told]
        case str():
            return _WAMID.sub("wamid", told)
    return told


_OF_ONES_OWN = frozenset({"timestamp", "expiration_timestamp", "fbtrace_id", "url"})


def _blank(name: str) -> str:
    return f"<{name}>"
