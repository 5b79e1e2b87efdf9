"""Backoff: when to try again, later each time, and not all at once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backoffice.delivery.limits import Limits


def wait_before(attempt: int, seed: bytes, limits: Limits, *, least: timedelta | None = None) -> timedelta:
    """Return how long to wait after this many attempts: doubling up to a limit, of which half is drawn by the seed.

    The same seed and attempt wait equally long in every process. `least` is what the provider asked for.
    """
    full = limits.first_wait * (1 << min(max(attempt - 1, 0), 30))
    drawn = min(full, limits.longest_wait) * (0.5 + 0.5 * share(seed, attempt))
    return max(drawn, least) if least else drawn


def share(seed: bytes, number: int) -> float:
    """Draw a number from 0 up to 1 that depends on both alone.

    >>> share(b"send", 1) == share(b"send", 1) != share(b"send", 2)
    True
    """
    drawn = hashlib.blake2b(seed + number.to_bytes(8, "big"), digest_size=6).digest()
    return int.from_bytes(drawn, "big") / (1 << 48)
