"""The gate's facts of an account: what is stated is there, what isn't is left out, in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asyncpg.connection import LoggedQuery

from backoffice.accounts import service
from backoffice.accounts.facts import gather
from backoffice.accounts.statements import ELSEWHERE, OWN, STATED
from backoffice.kernel.jurisdiction import closure
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library, policies_folder
from backoffice.policy.facts import Account
from backoffice.policy.gaps import is_gap
from backoffice.relay.profile import read_profile
from tests.accounts.conftest import OPERATOR, TEXT, Registers

DEMO = read_profile(policies_folder() / "demo" / "profile.toml")
EDITION = library().operator(OPERATOR).edition
DOCUMENTS: tuple[service.Document, ...] = ("terms", "privacy", "dpa")


@contextmanager
def _statements(work: Work) -> Iterator[list[str]]:
    """Count the statements of a block."""
    asked: list[str] = []

    def heard(record: LoggedQuery) -> None:
        asked.append(record.query)

    work.connection.add_query_logger(heard)
    yield asked
    work.connection.remove_query_logger(heard)


async def test_what_nobody_stated_is_a_gap(work: Work, register: Registers) -> None:
    """A new account answers what its registration says, and nothing else."""
    known = await gather(work, await register(), None, "sms")

    account = Account(**known.stated)
    assert known[:2] == (OPERATOR, EDITION)
    assert set(known.stated) == {fact for fact in OWN if not fact.startswith(("sender_", "portfolio_"))}
    assert {name for name in Account.__struct_fields__ if is_gap(getattr(account, name))} >= {"paid_until", "credits"}


@pytest.mark.parametrize("place", ["LV", "AZ", "US-FL", "GP", "GB"])
async def test_the_places_are_those_of_account_and_operator_with_all_that_hold_them(
    work: Work, register: Registers, place: str
) -> None:
    """Florida's account of an operator anywhere stands under Florida, the US and the operator's law."""
    for operator in library().operators:
        known = await gather(work, await register(operator, place=place), None, "sms")

        assert known.stated["places"] == closure({place, library().operator(operator).place})


async def test_the_demos_account_is_stored_and_gathered_as_the_demo_states_it(work: Work, register: Registers) -> None:
    """What a profile says of an account, the database says too: the same facts, so the same verdicts."""
    profile = DEMO.account
    account_id = await register()
    await service.set_standing(work, account_id, "active")
    number = await service.link_number(
        *(work, account_id, "whatsapp", "+37126000001", "official"),
        is_registered=True,
        can_receive=True,
        is_halted=profile["sender_is_halted"],
        portfolio_room_at=profile["portfolio_room_at"],
    )
    for kind in DOCUMENTS:
        await service.accept_document(work, account_id, kind, EDITION, "lv", TEXT)
    for fact in STATED & profile.keys():
        await service.state_fact(work, account_id, fact, profile[fact], "operator")

    known = await gather(work, account_id, number, "whatsapp")

    stored = Account(**known.stated)
    wanted = DEMO.account_facts(library().operator(OPERATOR).place)
    for name in set(Account.__struct_fields__) - ELSEWHERE:
        pair = getattr(stored, name), getattr(wanted, name)
        assert is_gap(pair[0]) == is_gap(pair[1]), name
        assert is_gap(pair[0]) or pair[0] == pair[1], name


async def test_facts_are_gathered_in_one_statement(work: Work, register: Registers) -> None:
    """However much is stated."""
    account_id = await register()
    number = await service.link_number(
        work, account_id, "sms", "+37126000001", "official", is_registered=True, can_receive=True
    )
    for fact in ("entitlements", "addons_purchased", "addons_configured"):
        await service.state_fact(work, account_id, fact, ["sms"], "operator")

    with _statements(work) as asked:
        await gather(work, account_id, number, "sms")
        await asyncio.sleep(0)  # it tells of a statement a turn later

    assert len(asked) == 1
