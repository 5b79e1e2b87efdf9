"""Clocks: the one place that knows the time of day, so that everything else can be asked about any moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from backoffice.kernel.errors import Invalid

Clock = Callable[[], datetime]
"""Answers with the present moment in aware UTC; it is passed in and read once a road."""


def as_utc(at: datetime, *, field: str = "at") -> datetime:
    """Return the same moment in UTC; a moment without a zone is refused, as nobody knows when it is.

    >>> as_utc(datetime.fromisoformat("2026-10-23T18:00:00+03:00")).isoformat()
    '2026-10-23T15:00:00+00:00'
    """
    if at.utcoffset() is None:
        raise Invalid("instant_without_zone", field=field, value=at.isoformat())
    return at.astimezone(UTC)


def system_clock() -> datetime:
    """Return the machine's present moment in UTC."""
    return datetime.now(UTC)


def frozen_clock(at: datetime) -> Clock:
    """Return a clock that always says `at`.

    >>> frozen_clock(datetime(2026, 11, 20, tzinfo=UTC))().isoformat()
    '2026-11-20T00:00:00+00:00'
    """
    moment = as_utc(at)
    return lambda: moment


class SteppingClock:
    """A clock for tests and the sandbox: each reading is `step` after the one before, and it never runs backwards.

    With no step it stands still until it is advanced.
    """

    def __init__(self, at: datetime, step: timedelta = timedelta(0)) -> None:
        self._at = as_utc(at)
        self._step = _forward(step, "step")

    def __call__(self) -> datetime:
        """Return the moment it stands at, then step."""
        moment = self._at
        self._at += self._step
        return moment

    def advance(self, by: timedelta) -> None:
        """Move on by a length of time; `clock_backwards` when it is negative."""
        self._at += _forward(by, "by")


def _forward(by: timedelta, field: str) -> timedelta:
    if by < timedelta(0):
        raise Invalid("clock_backwards", field=field, value=str(by))
    return by
