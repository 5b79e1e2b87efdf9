"""Lists as accounts hand them in, written to a folder of the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pytest

from backoffice.contacts.lists import ContactList, open_list

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Handed(Protocol):
    """Hands in a list and opens it."""

    def __call__(
        self,
        content: str | bytes,
        *,
        channel: str = "whatsapp",
        region: str | None = None,
        mapping: dict[str, str] | None = None,
        encoding: str | None = None,
    ) -> ContactList:
        """Return the opened list."""


@pytest.fixture
def handed(tmp_path: Path) -> Handed:
    """A list with this content, opened on 20 November 2026 at noon UTC."""

    def hand(
        content: str | bytes,
        *,
        channel: str = "whatsapp",
        region: str | None = None,
        mapping: dict[str, str] | None = None,
        encoding: str | None = None,
    ) -> ContactList:
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_list(path, channel=channel, region=region, at=AT, mapping=mapping, encoding=encoding)

    return hand
