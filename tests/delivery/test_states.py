"""The status of a message: it only rises, in whatever order and however often it is told."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.channels import port
from backoffice.delivery.states import NEXT, ORDER, RANK, Status, highest, join

statuses = st.sampled_from(ORDER)


def test_providers_and_we_use_the_same_words() -> None:
    """In the same order."""
    assert get_args(port.Status) == get_args(Status) == ORDER


@given(statuses, statuses, statuses)
def test_statuses_are_a_lattice(one: Status, two: Status, three: Status) -> None:
    """Joining is the same in any order and grouping, and saying it twice adds nothing."""
    assert join(one, two) == join(two, one)
    assert join(join(one, two), three) == join(one, join(two, three))
    assert join(one, one) == one


@given(statuses, statuses)
def test_a_status_never_falls(now: Status, told: Status) -> None:
    """What follows is allowed to follow."""
    assert RANK[join(now, told)] >= RANK[now]
    assert join(now, told) in NEXT[now]


@pytest.mark.parametrize("told", list(permutations(["sent", "failed", "delivered", "read"])))
def test_what_was_read_was_not_lost(told: tuple[Status, ...]) -> None:
    """A message may be called failed and arrive after all; in all 24 orders it has arrived."""
    assert highest(told) == "read"


def test_of_a_message_nobody_speaks_of_it_is_known_that_it_was_accepted() -> None:
    """Nothing more."""
    assert highest([]) == "accepted"
