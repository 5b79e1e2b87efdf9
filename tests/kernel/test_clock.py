"""Clocks say aware UTC and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from backoffice.kernel.clock import SteppingClock, as_utc, frozen_clock, system_clock
from backoffice.kernel.errors import Invalid

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_system_clock_says_aware_utc() -> None:
    """A reading of the machine's clock has UTC as its zone."""
    assert system_clock().tzinfo is UTC


def test_a_frozen_clock_always_says_the_same() -> None:
    """Two readings are equal, in UTC, whatever zone the moment was given in."""
    clock = frozen_clock(datetime(2026, 11, 20, 14, tzinfo=timezone(timedelta(hours=2))))
    assert clock() == clock() == NOON
    assert clock().tzinfo is UTC


def test_a_stepping_clock_steps_at_each_reading() -> None:
    """Each reading is one step after the one before."""
    clock = SteppingClock(NOON, timedelta(seconds=1))
    assert [clock(), clock()] == [NOON, NOON + timedelta(seconds=1)]


def test_a_stepping_clock_without_a_step_stands_until_advanced() -> None:
    """It moves only by what it is advanced."""
    clock = SteppingClock(NOON)
    assert clock() == clock() == NOON
    clock.advance(timedelta(hours=24))
    assert clock() == NOON + timedelta(hours=24)


@pytest.mark.parametrize("field", ["step", "by"])
def test_a_stepping_clock_never_runs_backwards(field: str) -> None:
    """A negative length of time is refused, naming the field."""
    back = timedelta(seconds=-1)
    with pytest.raises(Invalid, match="clock_backwards") as refused:
        SteppingClock(NOON, back) if field == "step" else SteppingClock(NOON).advance(back)
    assert refused.value.data["field"] == field


def test_a_moment_without_a_zone_is_refused() -> None:
    """Nobody knows when a naive moment is, so it never becomes UTC."""
    with pytest.raises(Invalid, match="instant_without_zone"):
        as_utc(NOON.replace(tzinfo=None))
    with pytest.raises(Invalid, match="instant_without_zone"):
        frozen_clock(NOON.replace(tzinfo=None))
