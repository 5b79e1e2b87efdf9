"""States of a send: the table, the database's CHECK and the beginnings agree."""

from __future__ import annotations

from itertools import product
from typing import get_args

import asyncpg
import pytest

from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from backoffice.relay.states import COUNTED, LEAVING, MOVERS, NEXT, STOPPABLE, WAITING, State, first_state, may_follow

STATES = get_args(State)
VERDICTS = ("allow", "warn", "hold", "deny")


def test_every_state_is_in_the_table_and_leads_to_states_of_it() -> None:
    """The table is whole."""
    assert set(NEXT) == set(STATES)
    assert set().union(*NEXT.values()) <= set(STATES)


def test_every_state_that_is_no_end_names_what_moves_it_on() -> None:
    """And from an end only the provider's word leads on, to another end."""
    ends = set(STATES) - set(MOVERS)

    assert ends == {"denied", "stopped", "sent", "failed"}
    assert all(NEXT[state] <= {"sent", "failed"} for state in ends)


def test_nothing_comes_back_from_where_it_may_have_left() -> None:
    """A send that may be with the provider is never denied, held or stopped afterwards."""
    for state in ("sending", "unknown", "sent", "failed"):
        assert not NEXT[state] & {"held", "scheduled", "denied", "stopped"}


def test_what_can_be_stopped_and_what_waits_has_not_left() -> None:
    """Stopping and releasing speak of sends that are still here."""
    assert {state for state in STATES if may_follow(state, "stopped")} >= STOPPABLE
    assert not WAITING & LEAVING
    assert LEAVING - {"failed"} == COUNTED


@pytest.mark.parametrize(("verdict", "is_scheduled"), list(product(VERDICTS, (True, False))))
def test_a_send_begins_where_its_verdict_allows(verdict: str, is_scheduled: bool) -> None:  # noqa: FBT001
    """Only a permitted send begins in a state that leaves."""
    begun = first_state(verdict, is_scheduled=is_scheduled)

    assert (begun in LEAVING) == (verdict in ("allow", "warn") and not is_scheduled)
    assert (begun == "denied") == (verdict == "deny")


@pytest.mark.parametrize(("state", "verdict"), list(product(STATES, VERDICTS)))
async def test_the_database_refuses_a_leaving_state_without_permission(work: Work, state: str, verdict: str) -> None:
    """The CHECK lets in exactly what the table and the verdict allow."""
    ids = new_ids(work.at, 6)
    insert = (
        "INSERT INTO send (id, account_id, contact_id, person, sender_id, content_id, channel, purpose, topic, state,"
        " verdict, decision_id) VALUES ($1, $2, $3, '\\x00', $4, $5, 'sms', 'service', '', $7, $8, $6)"
    )

    if state in LEAVING and verdict not in ("allow", "warn"):
        with pytest.raises(asyncpg.CheckViolationError):
            await work.connection.execute(insert, *ids, state, verdict)
    else:
        await work.connection.execute(insert, *ids, state, verdict)


async def test_a_send_without_a_verdict_is_refused(work: Work) -> None:
    """A NULL would pass a CHECK; the column refuses it."""
    with pytest.raises(asyncpg.NotNullViolationError):
        await work.connection.execute(
            "INSERT INTO send (id, account_id, contact_id, person, sender_id, content_id, channel, purpose, topic,"
            " state, verdict, decision_id)"
            " VALUES ($1, $2, $3, '\\x00', $4, $5, 'sms', 'service', '', 'sending', NULL, $6)",
            *new_ids(work.at, 6),
        )
