"""Announcing: what becomes of a send after its first answer, told to its account's own programs.

A program that asks in the provider's form is told of a failure alone, for the provider itself tells the rest: as a
draft, which is written out when it is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from backoffice.notices.service import Telling, tell_many

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

ENDS = frozenset({"denied", "stopped"})
"""States in which a send fails for who asked in the provider's form."""


class Draft(msgspec.Struct, frozen=True, kw_only=True, tag="failed", forbid_unknown_fields=True):
    """A failure that the provider tells nobody: by a decision of ours, or with the code it was refused with."""

    send_id: UUID
    at: datetime
    decision_id: UUID | None = None
    code: int = 0
    reason: str = ""  # in a word of ours


class Turn(NamedTuple):
    """What became of a send."""

    account_id: UUID
    send_id: UUID
    state: str
    decision_id: UUID | None  # of the decision that made it so, none where it was stopped


async def announce(work: Work, turns: Iterable[Turn]) -> None:
    """Tell accounts what was decided of their sends after they were answered."""
    await tell_many(work, [telling for turn in turns for telling in _tellings(work, turn)])


def _tellings(work: Work, turn: Turn) -> Iterator[Telling]:
    data = {"send_id": turn.send_id, "state": turn.state, "decision_id": turn.decision_id}
    told = {"type": "send.decided", "timestamp": work.at, "data": data}
    yield Telling(turn.account_id, "standard", "send.decided", msgspec.json.encode(told))
    if turn.state in ENDS:
        draft = Draft(send_id=turn.send_id, at=work.at, decision_id=turn.decision_id, reason=turn.state)
        yield Telling(turn.account_id, "cloud_api", "send.decided", msgspec.json.encode(draft))
