"""States: one table, in the code, in the database and in what the verbs let happen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from backoffice.campaigns import service, store
from backoffice.campaigns.states import DECIDED, ENDED, NEXT, State, may_follow
from backoffice.kernel.errors import Refused
from tests.campaigns.making import named, wanted
from tests.cast import open_shop

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

STATES: tuple[State, ...] = get_args(State)
VERBS: dict[State, tuple[service.Verb, ...]] = {
    "running": (service.start, service.resume),
    "paused": (service.pause,),
    "stopped": (service.stop,),
}


def test_the_table_knows_every_state_and_no_other() -> None:
    """Each state but the first follows another, and each but an end is followed."""
    assert set(NEXT) == set(STATES)
    assert {then for ends in NEXT.values() for then in ends} | {"draft"} == set(STATES)
    assert all("running" not in NEXT[now] for now in ENDED)


def test_a_campaign_can_be_stopped_wherever_it_is() -> None:
    """From every state there is a way to the end that its account chooses, and from there none."""
    assert all(may_follow(now, "stopped") for now in STATES if now != "stopped")
    assert NEXT["stopped"] == frozenset()


async def test_the_database_knows_the_same_states(work: Work) -> None:
    """The CHECK of the column lists what the table lists."""
    check = await work.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'campaign_state'"
    )

    assert set(re.findall(r"'(\w+)'", check)) == set(NEXT)


async def test_the_verbs_let_happen_what_the_table_lets(work: Work) -> None:
    """All verbs are tried in all states; start and resume part the two ways into running."""
    shop = await open_shop(work)
    made = await service.create(work, shop.account_id, wanted(shop, recipients=named(1)))
    for now in STATES:
        for then, verbs in VERBS.items():
            for verb in verbs:
                await store.change_campaign(work, made.id, state=now, ended_at=None)
                may = may_follow(now, then) and not (verb is service.start and now == "paused")
                if may and now not in DECIDED and not (verb is service.resume and now == "ready"):
                    assert (await verb(work, shop.account_id, made.id)).state == then
                else:
                    with pytest.raises(Refused) as refused:
                        await verb(work, shop.account_id, made.id)
                    code = "campaign_has_left" if may and now in DECIDED else "campaign_is_elsewhere"
                    assert refused.value.code == code
