"""The cast's lamp shop, open for business."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import Shop, hold_registers, open_shop

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop that may send, with credits for five thousand messages."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        return await open_shop(work, credits_=5_000)
