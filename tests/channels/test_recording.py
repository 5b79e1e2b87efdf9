"""Recording: what would have been sent can be read afterwards, and names nobody on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from backoffice.channels.port import Absent, Accepted, Found
from backoffice.channels.recording import RecordingChannel
from tests.channels.conftest import AIJA, parcel, permit

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_parcel_is_taken_down_and_not_sent() -> None:
    """In memory, as it is."""
    channel = RecordingChannel()
    answer = await channel.deliver(permit(), parcel())

    assert answer == Accepted(f"recorded.{UUID(int=1)}")
    assert channel.taken == [parcel()]


async def test_a_file_names_nobody(tmp_path: Path) -> None:
    """It has the reference alone, and in memory nothing gathers."""
    path = tmp_path / "recorded.jsonl"
    channel = RecordingChannel(path)
    await channel.deliver(permit(), parcel())

    line = path.read_text(encoding="utf-8")
    assert str(UUID(int=1)) in line
    assert AIJA not in line
    assert channel.taken == []


@pytest.mark.parametrize("name", [None, "recorded.jsonl"])
async def test_what_was_taken_down_is_found(tmp_path: Path, name: str | None) -> None:
    """And nothing else, also before anything was."""
    channel = RecordingChannel(tmp_path / name if name else None)
    assert await channel.look_up(UUID(int=1)) == Absent()
    await channel.deliver(permit(), parcel())

    assert isinstance(await channel.look_up(UUID(int=1)), Found)
    assert await channel.look_up(UUID(int=2)) == Absent()


def test_a_parcel_shows_no_address() -> None:
    """What is written of it in a log line or an error is its reference."""
    assert AIJA not in repr(parcel())
    assert "boat" not in str(parcel())
