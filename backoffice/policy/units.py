"""Units of policy files: times of day and weekdays, written as people write them."""

from __future__ import annotations

import re
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class MinuteOfDay(int):
    """A local time of day in minutes, written "08:00"; "24:00" ends the day."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> MinuteOfDay:
        """Read "HH:MM"; raises ValueError.

        >>> MinuteOfDay.parse("08:30")
        510
        """
        match = re.fullmatch(r"(\d\d):([0-5]\d)", text)
        minute = int(match[1]) * 60 + int(match[2]) if match else 9999
        if minute > 1440:
            raise ValueError(f"a time of day is written 08:00, not {text!r}")
        return cls(minute)


class Weekdays(frozenset[int]):
    """A set of weekdays, 0 Monday, written "mon-fri" or "sat sun"; "" is none."""

    @classmethod
    def parse(cls, text: str) -> Weekdays:
        """Read names and ranges; raises ValueError.

        >>> sorted(Weekdays.parse("mon-wed sun"))
        [0, 1, 2, 6]
        """
        days: set[int] = set()
        for span in text.split():
            first, _, last = span.partition("-")
            if first not in DAYS or (last or first) not in DAYS:
                raise ValueError(f"weekdays are written mon-fri, not {text!r}")
            days.update(range(DAYS.index(first), DAYS.index(last or first) + 1))
        return cls(days)


EVERY_DAY = Weekdays(range(7))
NO_DAYS = Weekdays()


def decode(kind: type, value: Any) -> Any:  # noqa: ANN401  # msgspec's hook
    """Turn what a policy file writes into the unit a parameter asks for; raises ValueError."""
    if kind in (MinuteOfDay, Weekdays) and isinstance(value, str):
        return kind.parse(value)
    raise ValueError(f"expected {kind.__name__}, got {value!r}")
