"""What a provider says of our numbers, templates and windows, and whom a portfolio may write to in a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from backoffice.accounts.service import get_number
from backoffice.billing.service import lock_lots
from backoffice.channels.port import Accepted, Answer, Parcel, Refused
from backoffice.contacts.service import record_inbound
from backoffice.delivery import inbound
from backoffice.delivery.views import ROUTES
from backoffice.policy.facts import NEVER
from backoffice.relay import service as relay
from tests.cast import ANNA, BORISS, Shop, hold_registers, know, open_shop
from tests.delivery.conftest import web_of
from tests.delivery.queueing import courier
from tests.delivery.webhooks import NAMES, SECRET, post, webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from backoffice.channels.permits import Permit
    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Install
    from backoffice.plumbing.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An install that WhatsApp's webhooks are signed for."""
    return msgspec.structs.replace(settings, whatsapp_secret=SECRET)


@pytest.fixture
async def http(install: Install) -> AsyncIterator[httpx.AsyncClient]:
    """WhatsApp, which calls the install."""
    async with web_of(install, ROUTES) as app:
        yield app


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop whose number WhatsApp knows."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        return await open_shop(work, names=NAMES)


class Answering:
    """A channel that gives every message one answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Spend the permit, and answer."""
        permit.spend(parcel.reference)
        return self._answer

    async def look_up(self, reference: UUID) -> Any:  # noqa: ANN401
        """Nobody asks."""
        raise NotImplementedError


async def says(install: Install, http: httpx.AsyncClient, field: str, value: dict[str, Any]) -> None:
    """Let WhatsApp say something of a business account, and act on it."""
    assert await post(http, webhook((field, value))) == 200
    while await inbound.step(install):
        pass


async def number(install: Install, shop: Shop) -> Any:  # noqa: ANN401  # a number
    """Return the shop's number."""
    async with install.reading() as work:
        return await get_number(work, shop.account_id, shop.sender_id)


async def states(install: Install) -> list[tuple[str, str]]:
    """Return the state and verdict of each send."""
    async with install.reading() as work:
        return [tuple(row) for row in await work.connection.fetch("SELECT state, verdict FROM send ORDER BY id")]


async def offer(install: Install, shop: Shop, person: ContactRef) -> None:
    """Send the shop's offer to somebody, if the gate lets it."""
    async with install.unit_of_work() as work:
        lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
        await relay.send(work, shop.errand, [relay.Letter(person.id)], lots)


async def people(install: Install, shop: Shop, *addresses: str) -> list[ContactRef]:
    """Put people on record who agreed to the shop's offers."""
    async with install.unit_of_work() as work:
        return [await know(work, shop, address) for address in addresses]


async def test_a_ban_bars_the_number_and_is_lifted_by_whatsapp(
    install: Install, http: httpx.AsyncClient, shop: Shop
) -> None:
    """Nothing leaves meanwhile."""
    (anna,) = await people(install, shop, ANNA)
    await says(install, http, "account_update", {"ban_info": {"waba_ban_state": "DISABLE"}})
    banned = (await number(install, shop)).is_banned
    await offer(install, shop, anna)
    await says(install, http, "account_update", {"ban_info": {"waba_ban_state": "REINSTATE"}})

    assert (banned, (await number(install, shop)).is_banned) == (True, False)
    assert (await states(install))[0][0] in {"denied", "held"}


async def test_a_restriction_halts_the_number(install: Install, http: httpx.AsyncClient, shop: Shop) -> None:
    """Until somebody has mended it."""
    await says(install, http, "account_update", {"event": "ACCOUNT_RESTRICTION"})

    assert (await number(install, shop)).is_halted is True


async def test_a_portfolio_that_is_full_waits_for_room(install: Install, http: httpx.AsyncClient, shop: Shop) -> None:
    """Of two persons in a day the second is one too many; who wrote to us first isn't counted."""
    anna, boriss, celia = await people(install, shop, ANNA, BORISS, "+37126000003")
    async with install.unit_of_work() as work:
        await record_inbound(work, celia.id, work.at)
    await says(install, http, "business_capability_update", {"max_daily_conversations_per_business": 1})
    out = courier(install, Answering(Accepted("wamid.1")))
    await offer(install, shop, celia)
    await out.step()
    room_before = (await number(install, shop)).portfolio_room_at
    await offer(install, shop, anna)
    await out.step()
    left_at = install.clock()
    await offer(install, shop, boriss)

    room_at = (await number(install, shop)).portfolio_room_at
    assert room_before == NEVER
    assert left_at - timedelta(seconds=1) < room_at - timedelta(hours=24) <= left_at
    assert await states(install) == [("sent", "allow"), ("sent", "allow"), ("held", "hold")]


@pytest.mark.parametrize(("code", "status"), [(132015, "paused"), (132016, "disabled")])
async def test_a_template_that_is_halted_goes_to_nobody_else(
    install: Install, shop: Shop, code: int, status: str
) -> None:
    """The gate knows it from the first refusal on."""
    anna, boriss = await people(install, shop, ANNA, BORISS)
    await offer(install, shop, anna)
    await courier(install, Answering(Refused(code=code, kind="halt_template"))).step()
    await offer(install, shop, boriss)

    async with install.reading() as work:
        facts = await work.connection.fetchval("SELECT facts FROM content WHERE id = $1", shop.errand.content_id)
    assert msgspec.msgpack.decode(facts)["template_status"] == status
    assert await states(install) == [("failed", "allow"), ("denied", "deny")]


async def test_a_window_that_whatsapp_calls_shut_is_shut(install: Install, shop: Shop) -> None:
    """However we came to think that it was open."""
    (anna,) = await people(install, shop, ANNA)
    async with install.unit_of_work() as work:
        await record_inbound(work, anna.id, work.at)
    await offer(install, shop, anna)
    await courier(install, Answering(Refused(code=131047, kind="never"))).step()

    async with install.reading() as work:
        opened = await work.connection.fetchval("SELECT last_inbound_at FROM contact WHERE id = $1", anna.id)
    assert opened <= install.clock() - timedelta(hours=24) + timedelta(seconds=1)
