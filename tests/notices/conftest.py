"""A shop that may have webhooks."""

from __future__ import annotations

from uuid import UUID

import pytest

from backoffice.plumbing.install import Install
from tests.notices.places import register_shop


@pytest.fixture
async def shop(install: Install) -> UUID:
    """An account, committed."""
    async with install.unit_of_work() as work:
        return await register_shop(work)
