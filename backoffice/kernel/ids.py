"""Ids that sort by birth: UUIDv7, so that a month of rows lies together."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.kernel.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANDOM, _VARIANT = (1 << 62) - 1, 0b10 << 62  # of an id's second half


def new_id(clock: Clock) -> UUID:
    """Return a UUIDv7 (RFC 9562, section 5.7) born at the clock's moment.

    The 12 bits after the millisecond hold its fraction (section 6.2, method 3): ids of one process sort by the
    microsecond of their birth, and within one microsecond at random. 62 bits are random.
    """
    return UUID(int=_high(clock()) << 64 | 0b10 << 62 | secrets.randbits(62))


def new_ids(at: datetime, count: int) -> list[UUID]:
    """Return ids all born at `at`: what one batch makes at once.

    >>> ids = new_ids(datetime(2026, 11, 20, tzinfo=UTC), 3)
    >>> len(set(ids)), {id.version for id in ids}
    (3, {7})
    """
    return [UUID(bytes=made) for made in new_id_bytes(at, count)]


def new_id_bytes(at: datetime, count: int) -> list[bytes]:
    """Return the 16 bytes each of ids as `new_ids` makes them."""
    high = _high(at).to_bytes(8, "big")
    random = int.from_bytes(secrets.token_bytes(8 * count), "big")  # masked all at once, not id by id
    low = (random & _repeated(_RANDOM, count) | _repeated(_VARIANT, count)).to_bytes(8 * count, "big")
    return [high + low[start : start + 8] for start in range(0, 8 * count, 8)]


@lru_cache(maxsize=8)
def _repeated(part: int, count: int) -> int:
    return int.from_bytes(part.to_bytes(8, "big") * count, "big")


def named_id(sha256: bytes) -> UUID:
    """Return the UUIDv8 (RFC 9562, section 5.8) that a hash names: the same content has the same id.

    >>> named_id(bytes(32))
    UUID('00000000-0000-8000-8000-000000000000')
    """
    number = int.from_bytes(sha256[:16], "big")
    return UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62)


def first_id(at: datetime) -> UUID:
    """Return the least id that can be born at `at` or later: the bound for reading by time.

    >>> str(first_id(datetime(2026, 11, 1, tzinfo=UTC)))
    '01a19467-e800-7000-8000-000000000000'
    """
    return UUID(int=_high(at) << 64 | 0b10 << 62)


def born_at(made: UUID) -> datetime:
    """Return the moment of an id's birth, to the millisecond.

    >>> born_at(first_id(datetime(2026, 11, 1, tzinfo=UTC))).isoformat()
    '2026-11-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(milliseconds=made.int >> 80)


def _high(at: datetime) -> int:
    milliseconds, microseconds = divmod((at - _EPOCH) // _MICROSECOND, 1000)
    return milliseconds << 16 | 0x7 << 12 | microseconds * 4096 // 1000
