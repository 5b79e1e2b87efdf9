"""Whom a number has barred at WhatsApp is stopped with us too, read from the sandbox's own list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import UNLIMITED, Number, Setup
from backoffice.channels.whatsapp import WhatsAppChannel
from backoffice.delivery.barring import read_lists
from tests.cast import ANNA, BORISS, hold_registers, open_shop
from tests.delivery.webhooks import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backoffice.plumbing.install import Install

TOKEN = "of the business"  # noqa: S105


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningProvider]:
    """WhatsApp, which knows the shop's number."""
    own = Number(
        phone_number_id=NAMES.code,
        waba_id=NAMES.account,
        portfolio=NAMES.portfolio,
        display_phone_number="+37129999901",
        tier=UNLIMITED,
    )
    with RunningProvider(Setup(path=str(tmp_path / "provider.sqlite"), token=TOKEN, numbers=(own,))) as running:
        yield running


def bar(sandbox: RunningProvider, *people: str) -> None:
    """Let people write to the number, so that it may bar them, and bar them there."""
    for one in people:
        told = {"phone_number_id": NAMES.code, "from": one.removeprefix("+"), "type": "text", "text": {"body": "Hi"}}
        sandbox.control("POST", "inbound", told)
    body = {"messaging_product": "whatsapp", "block_users": [{"user": one} for one in people]}
    assert sandbox.ask("POST", f"/v23.0/{NAMES.code}/block_users", body, bearer=TOKEN).is_success


async def test_who_is_barred_at_whatsapp_is_stopped_there(install: Install, sandbox: RunningProvider) -> None:
    """Once, however often the list is read; somebody barred later is found the next time."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work, names=NAMES)
    bar(sandbox, ANNA)
    async with WhatsAppChannel(sandbox.url, TOKEN) as channel:
        counts = [await read_lists(install, channel), await read_lists(install, channel)]
        bar(sandbox, BORISS)
        counts.append(await read_lists(install, channel))

    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT token, account_id, scope, channel, reason FROM suppression")
    assert counts == [1, 0, 1]
    assert {tuple(row) for row in rows} == {
        (install.vault.token("phone", one), shop.account_id, "all", "whatsapp", "account") for one in (ANNA, BORISS)
    }


async def test_a_list_of_several_pages_is_read_whole(install: Install, sandbox: RunningProvider) -> None:
    """A thousand persons a page."""
    async with install.unit_of_work() as work:
        await open_shop(work, names=NAMES)
    people = [f"+3712600{number:04}" for number in range(1_001)]
    bar(sandbox, *people[:1000])
    bar(sandbox, people[1000])
    async with WhatsAppChannel(sandbox.url, TOKEN) as channel:
        assert sorted(await channel.list_barred(NAMES.code)) == people


async def test_a_provider_that_is_away_stops_nobody(install: Install, sandbox: RunningProvider) -> None:
    """And the next reading finds what this one missed."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        await open_shop(work, names=NAMES)
    bar(sandbox, ANNA)
    async with WhatsAppChannel("http://127.0.0.1:9", TOKEN) as channel:
        assert await read_lists(install, channel) == 0
    async with WhatsAppChannel(sandbox.url, TOKEN) as channel:
        assert await read_lists(install, channel) == 1
