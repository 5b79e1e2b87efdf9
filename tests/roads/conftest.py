"""The whole web part on a real database, asked as an outsider asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest

from backoffice.accounts.service import issue_key
from backoffice.main import create_app
from backoffice.plumbing.install import Install
from tests.cast import Shop, hold_registers, open_shop


class Asking(NamedTuple):
    """An account's program: its shop, and how it asks."""

    shop: Shop
    http: httpx.AsyncClient

    async def post(self, path: str, body: Any = None, *, key: str) -> httpx.Response:  # noqa: ANN401  # JSON
        """Post with an idempotency key."""
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key})


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop that may send."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        return await open_shop(work)


@pytest.fixture
async def web(install: Install) -> AsyncIterator[Any]:
    """The web part, started."""
    app = create_app(install)
    async with app.lifespan():
        yield app


@pytest.fixture
async def asking(install: Install, shop: Shop, web: Any) -> AsyncIterator[Asking]:  # noqa: ANN401  # an ASGI app
    """The shop's program."""
    async with install.unit_of_work() as work:
        issued = await issue_key(work, shop.account_id)
    headers = {"Authorization": f"Bearer {issued}"}
    transport = httpx.ASGITransport(app=web)
    async with httpx.AsyncClient(transport=transport, base_url="http://backoffice.test", headers=headers) as http:
        yield Asking(shop, http)
