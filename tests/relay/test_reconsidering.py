"""Reconsidering: what waits for an event goes by itself after it, and no crash and no race can lose the event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest

from backoffice.accounts import service as accounts
from backoffice.billing import service as billing
from backoffice.consent.service import Claim, record_consent
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import record_register
from backoffice.plumbing import changes
from backoffice.plumbing.install import Install, Work
from backoffice.policy.vocabulary import Standing
from backoffice.relay import content, reconsidering, service
from backoffice.relay.service import Letter
from tests.cast import ANNA, BORISS, FORM, LONG_AGO, WORDS, Shop, know, open_shop


class Waiting(NamedTuple):
    """A shop, and two sends that wait: nobody knows whether the provider has halted its number."""

    shop: Shop
    anna: ContactRef
    boriss: ContactRef
    to_anna: UUID
    to_boriss: UUID


@pytest.fixture
async def waiting(install: Install) -> Waiting:
    """Two sends on record that wait for an event, and no change that is not acted on."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, unstated=frozenset({"is_halted"}))
        anna, boriss = await know(work, shop, ANNA), await know(work, shop, BORISS)
        to_anna, to_boriss = await send(work, shop, anna, boriss)
        await work.connection.execute("DELETE FROM change")
    return Waiting(shop, anna, boriss, to_anna, to_boriss)


async def send(work: Work, shop: Shop, *to: ContactRef) -> list[UUID]:
    """Send the shop's offer."""
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    return [one.send_id for one in await service.send(work, shop.errand, [Letter(ref.id) for ref in to], lots)]


async def unhalt(install: Install, shop: Shop) -> None:
    """Let the provider say that the number is not halted."""
    async with install.unit_of_work() as work:
        await accounts.mark_number(work, shop.account_id, shop.sender_id, is_halted=False)


async def work_on(install: Install) -> None:
    """Do what the worker's two loops do."""
    await reconsidering.step(install)
    async with install.unit_of_work() as work:
        await service.release(work)


async def states(install: Install, shop: Shop, *sends: UUID) -> list[str]:
    """Return where sends stand."""
    async with install.reading() as work:
        return [(await service.get_send(work, shop.account_id, one)).state for one in sends]


async def due(install: Install) -> set[UUID]:
    """Return the held sends that are to be judged anew."""
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT id FROM send WHERE state = 'held' AND due_at IS NOT NULL")
    return {row["id"] for row in rows}


async def test_what_waits_goes_by_itself_once_the_fact_is_stated(install: Install, waiting: Waiting) -> None:
    """Nobody asks for it; and without a change, nothing is judged again."""
    await work_on(install)
    assert await states(install, waiting.shop, waiting.to_anna) == ["held"]
    assert await due(install) == set()

    await unhalt(install, waiting.shop)
    await work_on(install)

    assert await states(install, waiting.shop, waiting.to_anna, waiting.to_boriss) == ["queued", "queued"]


async def test_what_waited_without_credits_is_paid_for_with_those_bought_since(install: Install) -> None:
    """A lack of credits denies and makes nobody wait; but who waits for a fact spends what there is when it comes."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, credits_=1, unstated=frozenset({"is_halted"}))
        (sent,) = await send(work, shop, await know(work, shop, ANNA))
    await unhalt(install, shop)
    await work_on(install)

    assert await states(install, shop, sent) == ["queued"]
    async with install.unit_of_work() as work:
        assert (await billing.lock_lots(work, {(shop.account_id, "whatsapp")})).available(*_whose(shop)) == 0


def _whose(shop: Shop) -> tuple[UUID, str]:
    return shop.account_id, "whatsapp"


async def test_a_suspended_accounts_held_sends_go_after_its_reinstatement(install: Install, waiting: Waiting) -> None:
    """What changes while it is suspended denies nothing for good; once it is back, all of it counts."""
    async with install.unit_of_work() as work:
        await accounts.set_standing(work, waiting.shop.account_id, "suspended", "breach")
    await unhalt(install, waiting.shop)
    await work_on(install)
    assert await states(install, waiting.shop, waiting.to_anna) == ["held"]

    async with install.unit_of_work() as work:
        await accounts.set_standing(work, waiting.shop.account_id, "active")
    await work_on(install)

    assert await states(install, waiting.shop, waiting.to_anna, waiting.to_boriss) == ["queued", "queued"]


async def test_a_persons_own_act_concerns_their_sends_alone(install: Install, waiting: Waiting) -> None:
    """Anna says yes once more; what waits for Boriss is left as it is."""
    async with install.unit_of_work() as work:
        claim = Claim(words=WORDS, sender="Baltic Lamp", given_at=LONG_AGO + timedelta(days=1), form=FORM)
        await record_consent(work, waiting.shop.account_id, waiting.anna.id, claim)
    await reconsidering.step(install)

    assert await due(install) == {waiting.to_anna}


async def test_a_register_concerns_everybody(install: Install, waiting: Waiting) -> None:
    """It is no account's; what waits on any is judged anew."""
    async with install.unit_of_work() as work:
        await record_register(work, "us_dnc", work.at, [])
    await reconsidering.step(install)

    assert await due(install) == {waiting.to_anna, waiting.to_boriss}


async def test_another_accounts_change_concerns_nobody_here(install: Install, waiting: Waiting) -> None:
    """Not even where the same person is its contact."""
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
        await know(work, other, ANNA)
    await reconsidering.step(install)

    assert waiting.to_anna not in await due(install)


class _KilledError(Exception):
    """Ends a step where a killed worker would."""


async def test_a_worker_that_dies_between_change_and_release_loses_nothing(
    install: Install, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies in the midst of acting on it: whoever comes next finds it still to do."""
    await unhalt(install, waiting.shop)

    async def killed(work: Work, account_id: UUID, person: bytes | None) -> int:
        await service.reconsider(work, account_id, person)
        raise _KilledError

    with monkeypatch.context() as patched:
        patched.setattr(reconsidering, "reconsider", killed)
        with pytest.raises(_KilledError):
            await reconsidering.step(install)
    assert await due(install) == set()
    await work_on(install)

    assert await states(install, waiting.shop, waiting.to_anna) == ["queued"]


async def test_a_change_is_as_lasting_as_its_transaction(install: Install, waiting: Waiting) -> None:
    """What was undone has not happened, and nothing is judged anew for it."""
    with pytest.raises(_KilledError):
        async with install.unit_of_work() as work:
            await accounts.mark_number(work, waiting.shop.account_id, waiting.shop.sender_id, is_halted=False)
            raise _KilledError
    await reconsidering.step(install)

    assert await due(install) == set()


async def test_a_send_that_was_decided_on_what_stood_before_is_seen_too(install: Install, waiting: Waiting) -> None:
    """It looked before the change and commits after it: the change waits for it, for no later one would come."""
    decided, may_end = asyncio.Event(), asyncio.Event()
    sent: list[UUID] = []

    async def slow() -> None:
        async with install.unit_of_work() as work:
            sent.extend(await send(work, waiting.shop, await know(work, waiting.shop, "+37126000003")))
            await work.connection.execute("DELETE FROM change")  # its own: only the provider's word is left to act on
            decided.set()
            await may_end.wait()

    sending = asyncio.create_task(slow())
    await decided.wait()
    await unhalt(install, waiting.shop)

    async def breathe() -> None:
        may_end.set()
        await sending

    await reconsidering.step(install, breathe)

    assert sending.done()
    assert set(sent) <= await due(install)


async def _accept(work: Work, shop: Shop) -> None:
    account = await accounts.get_account(work, shop.account_id)
    await accounts.accept_document(work, account.id, "tariff", account.edition, "en", bytes(32))


async def _stop(work: Work, shop: Shop) -> None:
    (sent,) = await send(work, shop, await know(work, shop, ANNA))
    await work.connection.execute("DELETE FROM change")
    await service.stop_one(work, shop.account_id, sent, by="account")


OPENS: dict[str, Callable[[Work, Shop], Awaitable[object]]] = {
    "a document": _accept,
    "a fact": lambda work, shop: accounts.state_fact(work, shop.account_id, "scan_ground", "contract", "operator"),
    "a number's mark": lambda work, shop: accounts.mark_number(work, *shop[:2], can_receive=False),
    "a channel": lambda work, shop: accounts.restrict_channels(work, shop.account_id, []),
    "bought credits": lambda work, shop: billing.top_up(work, shop.account_id, "whatsapp", 5),
    "credits that come back": _stop,
    "what staff found": lambda work, shop: content.review(work, shop.errand.content_id, {"complaints": 0}, by="staff"),
}
"""What may let something pass that waits."""


@pytest.mark.parametrize("what", OPENS)
async def test_whatever_may_open_is_noted(work: Work, what: str) -> None:
    """One change of the account, in the same transaction."""
    shop = await open_shop(work, operator="reseller")
    await accounts.restrict_channels(work, shop.account_id, ["sms"], "law")
    await work.connection.execute("DELETE FROM change")

    await OPENS[what](work, shop)

    noted = await changes.list_changes(work, 10)
    assert {(one.account_id, one.person) for one in noted} == {(shop.account_id, None)}


@pytest.mark.parametrize("standing", ["suspended", "closed"])
async def test_what_only_closes_is_not_noted(work: Work, standing: Standing) -> None:
    """Nothing that waits could go for it."""
    shop = await open_shop(work)
    await work.connection.execute("DELETE FROM change")

    await accounts.set_standing(work, shop.account_id, standing, "breach")
    await accounts.restrict_channels(work, shop.account_id, ["sms"], "law")

    assert await changes.list_changes(work, 10) == []


async def test_credits_for_later_are_noted_for_then(work: Work) -> None:
    """A lot that can be spent from tomorrow on lets nothing go today."""
    shop, tomorrow = await open_shop(work), work.at + timedelta(days=1)
    await work.connection.execute("DELETE FROM change")
    await billing.grant_lot(work, shop.account_id, "whatsapp", 5, tomorrow, tomorrow + timedelta(days=1))

    assert await changes.list_changes(work, 10) == []
    work.at = tomorrow
    assert len(await changes.list_changes(work, 10)) == 1
