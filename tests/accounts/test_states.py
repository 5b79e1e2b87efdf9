"""Standings: one table, in the code, in the database and in what the verb lets happen."""

from __future__ import annotations

import re
from typing import get_args

import asyncpg
import pytest

from backoffice.accounts.service import get_account, set_standing
from backoffice.accounts.states import FIRST, GROUNDED, NEXT, may_follow
from backoffice.accounts.store import put_standing
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Work
from backoffice.policy.vocabulary import Standing
from tests.accounts.conftest import Registers

STANDINGS: tuple[Standing, ...] = get_args(Standing)


def _ground(standing: Standing) -> str:
    return "fraud" if standing in GROUNDED else ""


def test_the_table_knows_every_standing_and_no_other() -> None:
    """A standing that a rule may ask about is one that an account may have."""
    assert set(NEXT) == set(STANDINGS)
    assert {then for ends in NEXT.values() for then in ends} | {FIRST} == set(STANDINGS)


def test_every_account_can_be_closed_and_nothing_comes_back_from_there() -> None:
    """From any standing before it there is a way to closed, and from closed only on to purged."""
    assert all("closed" in NEXT[now] for now in STANDINGS if now not in ("closed", "purged"))
    assert NEXT["closed"] == {"purged"}
    assert NEXT["purged"] == frozenset()


async def test_the_database_knows_the_same_standings(work: Work) -> None:
    """The CHECK of the column lists what the table lists."""
    check = await work.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'account_standing'"
    )

    assert set(re.findall(r"'(\w+)'", check)) == set(NEXT)


async def test_the_verb_lets_happen_what_the_table_lets(work: Work, register: Registers) -> None:
    """All pairs of standings are tried; what is refused leaves the account as it stands."""
    for now in STANDINGS:
        for then in STANDINGS:
            account_id = await register()
            await put_standing(work, account_id, now, "fraud" if now == "purged" else _ground(now), None)
            if may_follow(now, then):
                await set_standing(work, account_id, then, _ground(then))
            else:
                with pytest.raises(Refused) as refused:
                    await set_standing(work, account_id, then, _ground(then))
                assert refused.value.code == "standing_cannot_follow"
            assert (await get_account(work, account_id)).standing == (then if may_follow(now, then) else now)


@pytest.mark.parametrize(
    ("standing", "ground"), [("banned", ""), ("active", "fraud"), ("suspended", ""), ("closed", ""), ("purged", "")]
)
async def test_the_database_refuses_a_standing_without_its_ground(
    work: Work, register: Registers, standing: Standing, ground: str
) -> None:
    """An unknown standing, one without the ground it needs and one with a ground it doesn't have are no rows."""
    account_id = await register()

    with pytest.raises(asyncpg.CheckViolationError):
        await put_standing(work, account_id, standing, ground, None)
