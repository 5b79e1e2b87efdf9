"""The shop's offer, queued for people who agreed to it, and couriers to take it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backoffice.billing import service as billing
from backoffice.delivery.courier import Courier
from backoffice.delivery.limits import Limits
from backoffice.relay import service
from backoffice.relay.service import Letter
from tests.cast import Shop, know, open_shop
from tests.delivery.conftest import states

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.channels.port import Channel
    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Install


def courier(install: Install, channel: Channel, **limits: Any) -> Courier:  # noqa: ANN401  # any limit
    """Return a courier with one way out."""
    return Courier(install, {"whatsapp": channel}, Limits(**limits))


async def opened(install: Install, *addresses: str) -> tuple[Shop, list[ContactRef]]:
    """Open the shop and put people on record who agreed to its offers."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        return shop, [await know(work, shop, address) for address in addresses]


async def sent(install: Install, shop: Shop, *people: ContactRef) -> list[UUID]:
    """Send the shop's offer to these people; return the sends, all of them queued."""
    async with install.unit_of_work() as work:
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        recorded = await service.send(
            work, shop.errand, [Letter(one.id, b'{"text": "", "parameters": {"1": "lamp"}}') for one in people], lots
        )
    assert {one.state for one in recorded} == {"queued"}
    return [one.send_id for one in recorded]


async def queued(install: Install, *addresses: str) -> tuple[Shop, list[UUID]]:
    """Open the shop and send its offer to these addresses."""
    shop, people = await opened(install, *addresses)
    return shop, await sent(install, shop, *people)


async def now(install: Install, ids: list[UUID]) -> list[str]:
    """Return where sends stand."""
    async with install.reading() as work:
        return await states(work, ids)
