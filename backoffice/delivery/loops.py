"""Delivery's loops: what a worker runs, and the ways to the channels, open for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from backoffice.channels.http import HttpChannel
from backoffice.channels.recording import RecordingChannel
from backoffice.channels.whatsapp import WhatsAppChannel
from backoffice.contacts.addresses import KIND
from backoffice.delivery import barring, inbound, telling_out
from backoffice.delivery.courier import Courier
from backoffice.delivery.limits import Limits
from backoffice.delivery.reconcile import Reconciler
from backoffice.plumbing.loops import Loop
from backoffice.plumbing.reaching import Reach
from backoffice.relay.outbox import LOOP

if TYPE_CHECKING:
    from backoffice.channels.port import Channel
    from backoffice.plumbing.install import Install
    from backoffice.plumbing.settings import Settings

CALLBACKS = "callbacks"
"""The loop to ring when a callback was kept."""


@asynccontextmanager
async def channels_of(settings: Settings) -> AsyncIterator[dict[str, Channel]]:
    """Open the ways to the channels: WhatsApp's own, one for all others; without one, messages are recorded."""
    async with AsyncExitStack() as stack:
        ways: dict[str, Channel] = dict.fromkeys(KIND, RecordingChannel(settings.data / "recorded.jsonl"))
        if settings.provider_url:
            ways = dict.fromkeys(KIND, await stack.enter_async_context(HttpChannel(settings.provider_url)))
        if settings.whatsapp_url:
            whatsapp = WhatsAppChannel(settings.whatsapp_url, settings.whatsapp_token)
            ways["whatsapp"] = await stack.enter_async_context(whatsapp)
        yield ways


def loops_of(install: Install, channels: Mapping[str, Channel], limits: Limits) -> dict[str, Loop]:
    """Return the loops of one courier of this install, with the seconds each rests when there is nothing to do."""
    courier, reconciler = Courier(install, channels, limits), Reconciler(install, channels, limits)

    async def deliver(_: Install) -> bool:
        return await courier.step() > 0

    async def reconcile(_: Install) -> bool:
        return await reconciler.step() > 0

    async def act(opened: Install) -> bool:
        return await inbound.step(opened) > 0

    async def read_barred(opened: Install) -> bool:
        whatsapp = channels.get("whatsapp")
        return isinstance(whatsapp, WhatsAppChannel) and await barring.read_lists(opened, whatsapp) > 0

    return {
        LOOP: Loop(deliver, rests=0.2),
        "reconcile": Loop(reconcile, rests=1.0),
        CALLBACKS: Loop(act, rests=0.2),
        "inbound": Loop(inbound.purge, rests=3600.0),
        "barred": Loop(read_barred, rests=21_600.0),
    }


@asynccontextmanager
async def delivering(install: Install, limits: Limits | None = None) -> AsyncIterator[dict[str, Loop]]:
    """Open the channels and yield the loops that deliver, for a worker to run beside its others."""
    async with (
        channels_of(install.settings) as channels,
        Reach(is_sandbox=install.settings.is_sandbox) as reach,
    ):
        yield {**loops_of(install, channels, limits or Limits()), **telling_out.loops_of(reach)}
