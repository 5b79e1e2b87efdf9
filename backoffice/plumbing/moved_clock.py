"""The test clock: a sandbox's own time, which begins at a moment, runs as the machine's does, and can be moved on.

An integrator lives through a quiet night, a trial or a month in a minute. It never goes back, and it is never beside a
live key: a database that was live takes no test clock, and one that had a test clock is never live (`marks`).
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from backoffice.kernel.clock import as_utc
from backoffice.kernel.errors import Invalid, Refused

MOST_LEAP = timedelta(days=400)
"""How far it can be moved at once."""


class MovedClock:
    """A clock that stands still until it is let go, and can be moved on at any time."""

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)
        self._runs_since: float | None = None

    def __call__(self) -> datetime:
        """Return the moment."""
        ran = 0.0 if self._runs_since is None else time.monotonic() - self._runs_since
        return self._at + timedelta(seconds=ran)

    def let_go(self) -> None:
        """Run from now on, as the machine's clock does."""
        if self._runs_since is None:
            self._runs_since = time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Move on by a length of time; raises Refused (`clock_backwards`) where it is negative."""
        if by < timedelta(0):
            raise Refused("clock_backwards", field="advance", value=str(by))
        self._at += by

    def move_to(self, at: datetime) -> None:
        """Move on to a moment; one that has passed meanwhile changes nothing."""
        self._at += max(as_utc(at) - self(), timedelta(0))


def aim(now: datetime, at: datetime | None, by: timedelta | None) -> datetime:
    """Return the moment that is meant by one of these, to which a clock may be moved.

    Raises Invalid for none or both (`clock_at_or_advance`) and for more than 400 days (`clock_leap_too_long`), Refused
    (`clock_backwards`) for what has passed.
    """
    if (at is None) == (by is None):
        raise Invalid("clock_at_or_advance", field="at")
    field = "advance" if at is None else "at"
    leap = as_utc(at) - now if at else by or timedelta(0)
    if leap < timedelta(0):
        raise Refused("clock_backwards", field=field, value=str(leap))
    if leap > MOST_LEAP:
        raise Invalid("clock_leap_too_long", field=field, most=MOST_LEAP.days)
    return now + leap
