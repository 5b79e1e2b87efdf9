"""Permits: the leave to hand one send over, once; a contract lets only `delivery.courier` grant one."""

from __future__ import annotations

from typing import TYPE_CHECKING, final
from weakref import WeakSet

from backoffice.kernel.errors import Refused

if TYPE_CHECKING:
    from uuid import UUID

LEAVES = frozenset({"allow", "warn"})
"""The verdicts with which a message may leave."""


@final
class Permit:
    """Leave for one send, by one decision. It can't be made, copied or spent a second time: only `grant` enters it."""

    __slots__ = ("__weakref__", "decision_id", "send_id")

    def __init__(self, send_id: UUID, decision_id: UUID) -> None:
        self.send_id = send_id
        self.decision_id = decision_id

    def spend(self, reference: UUID) -> None:
        """Use the permit up for the send of this reference.

        Raises Refused: `permit_void` when it was not granted, is for another send, or was spent before.
        """
        if self not in _unspent or self.send_id != reference:
            raise Refused("permit_void", send_id=str(reference))
        _unspent.discard(self)


_unspent: WeakSet[Permit] = WeakSet()


def grant(send_id: UUID, decision_id: UUID, verdict: str) -> Permit:
    """Grant the leave that a decision gave; raises Refused: `permit_denied` for a verdict that lets nothing leave."""
    if verdict not in LEAVES:
        raise Refused("permit_denied", send_id=str(send_id), verdict=verdict)
    permit = Permit(send_id, decision_id)
    _unspent.add(permit)
    return permit
