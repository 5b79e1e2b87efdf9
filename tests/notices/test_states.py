"""States of webhooks and of what they are told: one table, in the code and in the database."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from backoffice.notices.states import (
    NEXT,
    NEXT_OF_DELIVERY,
    DeliveryState,
    Form,
    WebhookState,
    first_state,
    may_follow,
)
from backoffice.plumbing.install import Work


def test_the_tables_know_every_state_and_no_other() -> None:
    """Each state is an end or leads to one that is known."""
    for table, states in ((NEXT, WebhookState), (NEXT_OF_DELIVERY, DeliveryState)):
        assert set(table) == set(get_args(states))
        assert {then for ends in table.values() for then in ends} <= set(get_args(states))


def test_a_closed_webhook_stays_closed() -> None:
    """Each other one can be closed."""
    assert all(may_follow(now, "closed") for now in get_args(WebhookState) if now != "closed")
    assert not any(may_follow("closed", then) for then in get_args(WebhookState))


@pytest.mark.parametrize("form", get_args(Form))
def test_each_form_begins_in_a_state_that_is_known(form: Form) -> None:
    """Only an address that has echoed is told anything in the provider's form."""
    assert first_state(form) == ("unverified" if form == "cloud_api" else "open")


@pytest.mark.parametrize(
    ("constraint", "states"),
    [("webhook_state", WebhookState), ("webhook_delivery_state", DeliveryState), ("webhook_form_check", Form)],
)
async def test_the_database_knows_the_same_states(work: Work, constraint: str, states: object) -> None:
    """The CHECK of the column lists what the table lists."""
    check = await work.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint
    )

    assert set(re.findall(r"'(\w+)'", check)) == set(get_args(states))
