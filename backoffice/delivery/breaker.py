"""Breakers: after failures in a row a channel or a sender rests, then one message tries, and longer rests follow.

Each courier learns for itself: while a channel is away, each tries it with its own few messages, and no more. A sender
that its provider has halted is held by the gate, for all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from backoffice.delivery.limits import Limits


class Breaker:
    """One channel's or sender's: closed while things go well, open while it rests, then open by a crack."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures = 0  # in a row
        self._rests = 0  # in a row
        self._rests_until: datetime | None = None

    def room(self, at: datetime) -> int | None:
        """Return how many messages it lets through now: 0 while it rests, 1 to try, None without a limit."""
        if self._rests_until is None:
            return None
        return 1 if at >= self._rests_until else 0

    def went_well(self) -> None:
        """Note an answer, whatever it says of its message."""
        self._failures = self._rests = 0
        self._rests_until = None

    def failed(self, at: datetime) -> None:
        """Note silence or an error; the one too many opens it, and each failed try makes the rest longer."""
        self._failures += 1
        is_trying = self._rests_until is not None and at >= self._rests_until
        if is_trying or (self._rests_until is None and self._failures >= self._limits.faults_to_open):
            self.rest(at)

    def rest(self, at: datetime) -> None:
        """Open it at once: the provider has said that nothing more is wanted."""
        self._rests_until = at + min(self._limits.rest * (1 << min(self._rests, 20)), self._limits.longest_rest)
        self._rests += 1

    @property
    def rests_until(self) -> datetime | None:
        """Return when it tries again, None while it is closed."""
        return self._rests_until


class Breakers:
    """The breakers of a courier, by channel and by sender."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[Hashable, Breaker] = {}

    def of(self, key: Hashable) -> Breaker:
        """Return the breaker of a channel or a sender."""
        return self._known.setdefault(key, Breaker(self._limits))

    def room(self, *keys: Hashable, at: datetime) -> int | None:
        """Return how many messages all of these let through now, None without a limit."""
        rooms = [room for key in keys if (room := self.of(key).room(at)) is not None]
        return min(rooms, default=None)
