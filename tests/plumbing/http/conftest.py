"""The notebook's web part, asked by an account."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from backoffice.plumbing.http import Web
from backoffice.plumbing.install import Install
from tests.plumbing.http.notebook import AS_MIRDZA, asking, notebook


@pytest.fixture
async def web(install: Install) -> AsyncIterator[Web]:
    """The web part of the notebook; its notes go after the test."""
    yield notebook(install)
    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM mark WHERE value = 'note'")


@pytest.fixture
async def http(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever asks it: an account with a key."""
    async with asking(web, **AS_MIRDZA) as asked:
        yield asked
