"""Local times: what clocks and calendars may show where a person may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from backoffice.kernel.calendars import Calendar
from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import zone
from backoffice.policy.facts import LocalTime
from backoffice.policy.gaps import gap

Pairs = tuple[tuple[str, str], ...]  # (place, IANA zone)


class Times:
    """Makes the local times of a set of places and zones at an instant, from calendars under legal control."""

    def __init__(self, calendars: Mapping[str, Calendar]) -> None:
        self.calendars = calendars
        self.at = lru_cache(maxsize=4096)(self._at)
        self._days_off = lru_cache(maxsize=64)(self._calendars_off)

    def _at(self, pairs: Pairs, at: datetime) -> tuple[LocalTime, ...]:
        return tuple(self._local(place, name, at) for place, name in pairs)

    def _local(self, place: str, name: str, at: datetime) -> LocalTime:
        wall = at.astimezone(zone(name))
        minute = wall.hour * 60 + wall.minute
        return LocalTime(place, name, wall.date().isoformat(), wall.weekday(), minute, self._days_off(wall.date()))

    def _calendars_off(self, on: date) -> tuple[str, ...]:
        """Name the calendars in which this is a day off; a year a calendar does not cover is a gap."""
        try:
            return tuple(name for name, calendar in self.calendars.items() if calendar.is_holiday(on, "safe"))
        except Invalid:
            unknown: tuple[str, ...] = gap("recipient.local_times")
            return unknown


def pairs_of(times: tuple[LocalTime, ...]) -> Pairs:
    """Return the places and zones these times were made for."""
    return tuple((time.place, time.zone) for time in times)
