"""Ids that sort by birth: UUIDv7, so that a month of rows lies together."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.kernel.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def new_id(clock: Clock) -> UUID:
    """Return a UUIDv7 (RFC 9562, section 5.7) born at the clock's moment.

    The 12 bits after the millisecond hold its fraction (section 6.2, method 3): ids of one process sort by the
    microsecond of their birth, and within one microsecond at random. 62 bits are random.
    """
    milliseconds, microseconds = divmod((clock() - _EPOCH) // _MICROSECOND, 1000)
    fraction = microseconds * 4096 // 1000
    high = milliseconds << 16 | 0x7 << 12 | fraction
    return UUID(int=high << 64 | 0b10 << 62 | secrets.randbits(62))
