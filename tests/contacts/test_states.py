"""The states of an import: one table, which the database knows too."""

from __future__ import annotations

import re

import pytest

from backoffice.contacts.states import NEXT, State, may_follow
from backoffice.plumbing.install import Work


async def test_the_database_knows_the_states_of_the_table_and_no_others(work: Work) -> None:
    """The CHECK of the column names what the transition table names."""
    told = await work.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'contact_import_state_check'"
    )

    assert set(re.findall(r"'(\w+)'", told)) == set(NEXT)


def test_every_state_is_reached_from_the_first_and_only_one_is_the_end() -> None:
    """Nothing is stuck but what is committed."""
    reached: set[State] = {"stated"}
    for _ in NEXT:
        reached |= {then for now in reached for then in NEXT[now]}

    assert reached == set(NEXT)
    assert [state for state, then in NEXT.items() if not then] == ["committed"]


@pytest.mark.parametrize(("now", "then"), [("stated", "committing"), ("committed", "committing"), ("failed", "stated")])
def test_a_list_is_not_committed_unseen_and_not_twice(now: State, then: State) -> None:
    """Who wants it again states it again."""
    assert not may_follow(now, then)
