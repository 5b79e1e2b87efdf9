"""Channels with a will of their own, for roads that must not end well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.channels.port import Absent, Answer, Fate, Parcel, Unanswered
from backoffice.channels.recording import RecordingChannel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from backoffice.channels.permits import Permit


class Scripted(RecordingChannel):
    """Takes parcels down as a recording does, then does what the script says with each."""

    def __init__(self, script: Callable[[Parcel], Awaitable[Answer | None]], fate: Fate | None = None) -> None:
        super().__init__()
        self._script = script
        self._fate = fate

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Answer by the script, where it says something."""
        answer = await super().deliver(permit, parcel)
        return await self._script(parcel) or answer

    async def look_up(self, reference: UUID) -> Fate:
        """Tell the one fate that was given, or what was taken down."""
        return self._fate or await super().look_up(reference)


async def silence(_: Parcel) -> None:
    """Say nothing."""
    raise Unanswered("provider_unanswered")


async def mistake(_: Parcel) -> None:
    """Fail as no adapter should."""
    raise ZeroDivisionError


ABSENT = Absent()
