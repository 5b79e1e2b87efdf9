"""The web part: the rooms' routes, who may call them, and how it is served.

`create_app` makes it, `app` makes it from the environment, `serve` runs it until it is told to stop.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from backoffice.accounts import views as accounts
from backoffice.accounts.service import find_caller
from backoffice.audit import ledger
from backoffice.audit import views as audit
from backoffice.billing import views as billing
from backoffice.campaigns import views as campaigns
from backoffice.consent import views as consent
from backoffice.contacts import views as contacts
from backoffice.delivery import views as delivery
from backoffice.delivery.dropin import views as dropin
from backoffice.delivery.dropin.handing_on import open_provider
from backoffice.journeys import clock_views as clock
from backoffice.journeys import suppression_views as suppressions
from backoffice.notices import views as notices
from backoffice.plumbing.health import add_check
from backoffice.plumbing.http import Part, Web, make_web
from backoffice.plumbing.http.serving import serve_processes, take_precedence
from backoffice.plumbing.install import Install, Work, open_install
from backoffice.plumbing.metrics import add_gauge
from backoffice.plumbing.settings import Settings, read_settings
from backoffice.relay import views as relay

ROUTES: list[Any] = [
    *accounts.ROUTES,
    *contacts.ROUTES,
    *consent.ROUTES,
    *billing.ROUTES,
    *relay.ROUTES,
    *delivery.ROUTES,
    *dropin.ROUTES,
    *campaigns.ROUTES,
    *suppressions.ROUTES,
    *clock.ROUTES,
    *notices.ROUTES,
    *audit.ROUTES,
]
"""The routes of every room that has any, room by room."""

PARTS: list[Part] = [relay.take_in, open_provider]
"""What lives as long as the web part: each finds its install in `app.state.install`."""


async def _ledger_queue(work: Work) -> float:
    return (await ledger.pressure(work)).pending


async def _ledger_lag(work: Work) -> float:
    return (await ledger.pressure(work)).oldest_age.total_seconds()


add_gauge("ledger_queue", "Entries that wait for their place in the ledger.", _ledger_queue)
add_gauge("ledger_lag_seconds", "How long the oldest of them has waited.", _ledger_lag)
add_check("ledger", ledger.require_room)


def create_app(
    install: Install | None = None, settings: Settings | None = None, *, has_doors_alone: bool = False
) -> Web:
    """Make the web part of an install; without one it opens its own, by the settings, for as long as it serves.

    With the providers' doors alone it takes their webhooks and nothing else.
    """

    def opening() -> AbstractAsyncContextManager[Install]:
        return nullcontext(install) if install else open_install(settings or read_settings())

    if has_doors_alone:
        return make_web(opening, delivery.DOORS, find_caller)
    return make_web(opening, ROUTES, find_caller, PARTS)


def app() -> Web:
    """Make the web part from the environment: `granian --interface asgi --factory backoffice.main:app`."""
    return create_app(settings=read_settings())


def serve(settings: Settings, *, workers: int = 1, has_doors_alone: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered first.

    The providers' doors alone take precedence over whatever else the machine does: no load keeps a stop waiting.
    """
    if has_doors_alone:
        take_precedence()
    serve_processes(_doors if has_doors_alone else _made, settings, workers=workers)


def _doors(settings: Settings) -> Web:
    return create_app(settings=settings, has_doors_alone=True)


def _made(settings: Settings) -> Web:
    return create_app(settings=settings)
