"""The demo's house: PostgreSQL, the sandbox that plays WhatsApp and all other providers, and the web part."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from backoffice.accounts.numbers import Names
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import UNLIMITED, Faults, Number, Setup, Template
from backoffice.cli.apart import free_port
from backoffice.journeys.demo import OwnNumber
from backoffice.journeys.offers import TEMPLATE
from backoffice.main import create_app
from backoffice.plumbing.http.serving import serve_here
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.policies import library
from backoffice.plumbing.settings import Settings

FIRST_NUMBER = 37_120_000_101
"""What the first shop sends from; the others from the numbers after it."""

SOMEBODY = "37126000001"
"""A person of the demo's list, as WhatsApp writes numbers."""

FAULTS = Faults(drops=0.02, throttles=0.02, repeats=0.1, omits=0.1, late=0.5, batches=0.5, forges=0.02, seed=1)
"""How the sandbox misbehaves: it forgets to answer, is busy, and tells statuses late, twice and in disorder."""

ORIGIN = "backoffice.example/demo"
WEBHOOKS = "/v1/providers"
_PORTFOLIO = "300"
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # where we are reached


def own_number(place: int) -> OwnNumber:
    """Return what a shop sends from, and what WhatsApp calls it."""
    return OwnNumber(f"+{FIRST_NUMBER + place}", Names(f"10{place}", f"20{place}", f"{_PORTFOLIO}{place}"))


def settings_of(settings: Settings, folder: Path, port: int) -> Settings:
    """Return the settings of an install of the demo's own: in the sandbox, whatever the other is."""
    port, secret = free_port(settings.host, port), secrets.token_hex(16)
    return Settings(
        data=folder,
        origin=ORIGIN,
        host=settings.host,
        port=port,
        provider_secret=secret,
        whatsapp_secret=secret,
        whatsapp_token=secrets.token_hex(16),
        whatsapp_verify=secrets.token_hex(16),
    )


@asynccontextmanager
async def house(settings: Settings, clock: MovedClock) -> AsyncIterator[tuple[Install, RunningProvider]]:
    """Start the sandbox, the server, and the web part to which the sandbox tells what became of messages."""
    with RunningProvider(_setup(settings)) as provider:
        settings = msgspec.structs.replace(settings, provider_url=provider.url, whatsapp_url=provider.url)
        async with open_install(settings, clock) as install:
            stop = asyncio.Event()
            serving = asyncio.create_task(serve_here(create_app(install), settings, stop))
            try:
                yield install, provider
            finally:
                stop.set()
                await serving


def _setup(settings: Settings) -> Setup:
    own = [own_number(place) for place in range(len(library().operators))]
    return Setup(
        path=str(settings.data / "provider.sqlite"),
        webhooks=url_of(settings) + WEBHOOKS,
        secret=settings.whatsapp_secret,
        token=settings.whatsapp_token,
        verify_token=settings.whatsapp_verify,
        numbers=tuple(map(_number, own)),
        templates=tuple(_template(one.names.account) for one in own),
        faults=FAULTS,
    )


def _number(own: OwnNumber) -> Number:
    return Number(
        phone_number_id=own.names.code,
        waba_id=own.names.account,
        portfolio=own.names.portfolio,
        display_phone_number=own.address,
        tier=UNLIMITED,
    )


def _template(account: str) -> Template:
    return Template(waba_id=account, name=TEMPLATE.name, language=TEMPLATE.language, category="MARKETING")


def url_of(settings: Settings) -> str:
    """Return where an install is reached from this machine."""
    host = _ANYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"
