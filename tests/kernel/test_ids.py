"""Ids are UUIDv7 and sort by birth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.clock import SteppingClock, frozen_clock
from backoffice.kernel.ids import new_id

moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # zone given


@given(at=moments)
def test_an_id_is_version_7_and_tells_its_millisecond(at: datetime) -> None:
    """Version and variant are those of RFC 9562 and its first 48 bits count milliseconds since 1970."""
    made = new_id(frozen_clock(at))
    assert (made.version, made.variant) == (7, RFC_4122)
    born = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=made.int >> 80)
    assert born == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(at=moments)
def test_ids_sort_by_the_microsecond_of_their_birth(at: datetime) -> None:
    """A later microsecond makes a greater id, also inside one millisecond."""
    clock = SteppingClock(at, timedelta(microseconds=1))
    made = [new_id(clock) for _ in range(20)]
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    """Ids made at one frozen moment are still all different."""
    clock = frozen_clock(datetime(2026, 11, 20, tzinfo=UTC))
    assert len({new_id(clock) for _ in range(1000)}) == 1000
