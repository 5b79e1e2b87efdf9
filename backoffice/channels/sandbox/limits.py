"""Limits: how fast a number may send, how often to one person, and to how many persons a portfolio may in a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
PAIR_EVERY = timedelta(seconds=6)
PAIR_BURST = 45
"""Messages to one person at once: they are borrowed, and the next waits until each had its six seconds."""

_PAIRS = 10_000  # pairs that are kept without a look at which are over


class Throughput:
    """A bucket a number, of a second's worth of messages; measured by the machine, in whatever time the sandbox is."""

    def __init__(self, lap: Callable[[], float]) -> None:
        self._lap = lap
        self._left: dict[str, tuple[float, float]] = {}

    def is_open(self, number: str, a_second: int) -> bool:
        """Take one message out of a number's bucket, if there is one."""
        now = self._lap()
        left, since = self._left.get(number, (float(a_second), now))
        left = min(float(a_second), left + (now - since) * a_second)
        is_open = left >= 1
        self._left[number] = (left - is_open, now)
        return is_open


class Pairs:
    """How often one number may write to one person."""

    def __init__(self) -> None:
        self._bursts: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._most = _PAIRS

    def is_open(self, number: str, person: str, at: datetime) -> bool:
        """Tell whether one more may go, and count it if so.

        >>> from datetime import UTC, timedelta
        >>> pairs, at = Pairs(), datetime(2026, 1, 31, tzinfo=UTC)
        >>> sum(pairs.is_open("1", "37126000001", at) for _ in range(60))
        45
        >>> [pairs.is_open("1", "37126000001", at + timedelta(seconds=s)) for s in (7, 269, 270)]
        [False, False, True]
        """
        if len(self._bursts) >= self._most:
            self._sweep(at)
        since, count = self._bursts.get((number, person), (at, 0))
        if at >= since + PAIR_EVERY * max(count, 1) or at < since:
            since, count = at, 0
        if count >= PAIR_BURST or at > since + PAIR_EVERY:
            return False
        self._bursts[number, person] = (since, count + 1)
        return True

    def _sweep(self, at: datetime) -> None:
        """Forget pairs whose time is over, once there are many."""
        self._bursts = {pair: one for pair, one in self._bursts.items() if at < one[0] + PAIR_EVERY * one[1]}
        self._most = max(_PAIRS, 2 * len(self._bursts))


class Reach:
    """Whom each portfolio wrote to outside a service window, and when last: no more than its tier in any 24 hours."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, datetime]] = {}

    def is_open(self, portfolio: str, person: str, tier: int, at: datetime) -> bool:
        """Tell whether a portfolio may write to a person, and count the person if so; tier 0 has no limit.

        >>> from datetime import UTC, timedelta
        >>> reach, at = Reach(), datetime(2026, 1, 31, tzinfo=UTC)
        >>> [reach.is_open("p", person, 2, at) for person in ("1", "2", "3", "1")]
        [True, True, False, True]
        >>> reach.is_open("p", "3", 2, at + timedelta(hours=24))
        True
        """
        last = self._last.setdefault(portfolio, {})
        while last and at - next(iter(last.values())) >= DAY:
            del last[next(iter(last))]
        if tier and person not in last and len(last) >= tier:
            return False
        last.pop(person, None)
        last[person] = at
        return True

    def remember(self, portfolio: str, person: str, at: datetime) -> None:
        """Count a person whom a portfolio wrote to before we were started; the earlier ones first."""
        self._last.setdefault(portfolio, {}).pop(person, None)
        self._last[portfolio][person] = at
