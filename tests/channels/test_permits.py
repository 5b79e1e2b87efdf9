"""Permits: nothing is handed over without one, and none serves twice."""

from __future__ import annotations

import copy
from uuid import UUID

import pytest

from backoffice.channels.permits import Permit, grant
from backoffice.kernel.errors import Refused

SEND, OTHER, DECISION = UUID(int=1), UUID(int=2), UUID(int=9)


@pytest.mark.parametrize("verdict", ["allow", "warn"])
def test_a_decision_that_lets_leave_gives_one_leave(verdict: str) -> None:
    """It is spent by the first delivery, and the second is refused."""
    permit = grant(SEND, DECISION, verdict)
    permit.spend(SEND)

    with pytest.raises(Refused, match="permit_void"):
        permit.spend(SEND)


@pytest.mark.parametrize("verdict", ["hold", "deny", "", "ALLOW"])
def test_no_other_verdict_gives_leave(verdict: str) -> None:
    """A hold, a denial and a word nobody knows give none."""
    with pytest.raises(Refused, match="permit_denied"):
        grant(SEND, DECISION, verdict)


def test_leave_for_one_send_is_none_for_another() -> None:
    """And it isn't used up by the attempt."""
    permit = grant(SEND, DECISION, "allow")

    with pytest.raises(Refused, match="permit_void"):
        permit.spend(OTHER)
    permit.spend(SEND)


def test_a_permit_of_ones_own_making_is_void() -> None:
    """Made by its class, copied, or made around its class: only what was granted counts."""
    granted = grant(SEND, DECISION, "allow")
    bare = object.__new__(Permit)
    bare.send_id = SEND

    for forged in (Permit(SEND, DECISION), copy.copy(granted), bare):
        with pytest.raises(Refused, match="permit_void"):
            forged.spend(SEND)
