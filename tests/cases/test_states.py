"""The states of a case: one table, which the database knows too."""

from __future__ import annotations

import re

import pytest

from backoffice.cases.states import FIRST, NEXT, State, may_follow
from backoffice.plumbing.install import Work


async def test_the_database_knows_the_states_of_the_table_and_no_others(work: Work) -> None:
    """The CHECK of the column names what the transition table names."""
    told = await work.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'case_file_state'"
    )

    assert set(re.findall(r"'(\w+)'", told)) == set(NEXT)


def test_a_case_ends_in_one_step() -> None:
    """It is open, and then it is over for good."""
    assert NEXT[FIRST] == set(NEXT) - {FIRST}
    assert [state for state, then in NEXT.items() if then] == [FIRST]


@pytest.mark.parametrize("now", sorted(set(NEXT) - {FIRST}))
def test_nobody_judges_a_case_twice(now: State) -> None:
    """What lapsed is not decided after all, and what was decided does not lapse."""
    assert not any(may_follow(now, then) for then in NEXT)
