"""Recording: what would have been sent is written down instead; for tests, dry runs and installs without a provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backoffice.channels.port import Absent, Accepted, Answer, Fate, Found, Parcel

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.channels.permits import Permit


class RecordingChannel:
    """Takes every message and sends none.

    With a file, it keeps there the reference and the decision of each, one JSON line a message, and nothing of a
    person; without one, it keeps the parcels in memory, in `taken`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.taken: list[Parcel] = []
        self._path = path

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Take the parcel down; its provider's id is the reference."""
        permit.spend(parcel.reference)
        if self._path is None:
            self.taken.append(parcel)
        else:
            line = msgspec.json.encode({"reference": parcel.reference, "decision": permit.decision_id})
            with self._path.open("ab") as file:
                file.write(line + b"\n")
        return Accepted(provider_id=f"recorded.{parcel.reference}")

    async def look_up(self, reference: UUID) -> Fate:
        """Tell what was taken down, by whichever process."""
        return Found(f"recorded.{reference}", "accepted") if self._has(reference) else Absent()

    def _has(self, reference: UUID) -> bool:
        if self._path is None:
            return any(parcel.reference == reference for parcel in self.taken)
        if not self._path.exists():
            return False
        with self._path.open("rb") as file:
            return any(str(reference).encode() in line for line in file)
