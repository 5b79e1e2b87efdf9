"""A sandbox as its own process, and what is handed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from backoffice.channels.http import HttpChannel
from backoffice.channels.permits import Permit, grant
from backoffice.channels.port import Parcel
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Setup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

SECRET = b"of the callbacks"
BALTIC_TOURS, AIJA, BELLA = "+37120000000", "+37126000001", "+37126000002"


def parcel(number: int = 1, to: str = AIJA) -> Parcel:
    """Return a parcel of the send with this number."""
    return Parcel(
        reference=UUID(int=number), channel="whatsapp", sender=BALTIC_TOURS, to=to, text="Your boat leaves at nine."
    )


def permit(number: int = 1) -> Permit:
    """Return leave for the send with this number."""
    return grant(UUID(int=number), UUID(int=1000 + number), "allow")


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[RunningProvider]:
    """A sandbox, behaving."""
    with RunningProvider(Setup(path=str(tmp_path / "provider.sqlite"), secret=SECRET.decode())) as running:
        yield running


@pytest.fixture
async def channel(provider: RunningProvider) -> AsyncIterator[HttpChannel]:
    """The way to it."""
    async with HttpChannel(provider.url) as opened:
        yield opened
