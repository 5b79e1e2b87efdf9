"""The two narrow doors of a stop: its confirmation, and an answer to what the person asked for since."""

from __future__ import annotations

import asyncio
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from backoffice.audit import sequencer
from backoffice.billing.service import lock_lots
from backoffice.delivery import inbound
from backoffice.delivery.parcels import open_parcels, read_parcels
from backoffice.delivery.views import ROUTES
from backoffice.kernel.clock import frozen_clock
from backoffice.plumbing.locks import hold_persons
from backoffice.relay import service as relay
from backoffice.relay.content import Declared, facts_of, keep_content
from backoffice.relay.sending import payload
from tests.cast import ANNA, DECLARED, Shop, hold_registers, know, open_shop
from tests.delivery.conftest import web_of
from tests.delivery.waiting import PATIENCE, begun, until_it_waits
from tests.delivery.webhooks import NAMES, SECRET, post, wrote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Install
    from backoffice.plumbing.settings import Settings
    from backoffice.relay.recording import Errand, Recorded


ANSWERS = (DECLARED.carries or frozenset()) | {"human_path"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An install that WhatsApp's webhooks are signed for."""
    return msgspec.structs.replace(settings, whatsapp_secret=SECRET)


@pytest.fixture
async def http(install: Install) -> AsyncIterator[httpx.AsyncClient]:
    """WhatsApp, which calls the install."""
    async with web_of(install, ROUTES) as app:
        yield app


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop whose number WhatsApp knows."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        return await open_shop(work, names=NAMES)


@pytest.fixture
async def anna(install: Install, shop: Shop) -> ContactRef:
    """A person who agreed to the shop's offers."""
    async with install.unit_of_work() as work:
        return await know(work, shop, ANNA)


async def hears(install: Install, http: httpx.AsyncClient, words: str, message: str = "wamid.1") -> None:
    """Let Anna write, and act on it."""
    assert await post(http, wrote(words, install.clock(), message=message)) == 200
    while await inbound.step(install):
        pass


async def sends(install: Install) -> list[tuple[str, str]]:
    """Return the state and purpose of each send."""
    async with install.reading() as work:
        return [tuple(row) for row in await work.connection.fetch("SELECT state, purpose FROM send ORDER BY id")]


async def said(install: Install) -> list[tuple[str, str]]:
    """Look again at all that is queued, and return what leaves: to whom, and in which words."""
    async with install.unit_of_work() as work:
        queued = [row["id"] for row in await work.connection.fetch("SELECT id FROM send WHERE state = 'queued'")]
        looks = await relay.look_again(work, await relay.take_up(work, queued))
        sends = [one.send for one in looks if one.is_permitted]
        parcels = await open_parcels(work, sends, await read_parcels(work, sends))
        return [(parcel.to, parcel.text) for parcel in parcels]


async def answer(install: Install, shop: Shop, person: ContactRef) -> tuple[str, set[str]]:
    """Send an answer to what the person asked for; return the verdict, and what stands in its way."""
    declared = msgspec.structs.replace(DECLARED, has_promotional_part=False, template_category="none", carries=ANSWERS)
    async with install.unit_of_work() as work:
        recorded = await _answer(work, shop, person, declared)
    return recorded.decision.verdict, {one.bound.rule.name for one in recorded.decision.findings}


async def _answer(work: Any, shop: Shop, person: ContactRef, declared: Declared) -> Recorded:  # noqa: ANN401
    facts = facts_of(declared, has_template=False, door="requested_answer")
    content_id, sha256 = await keep_content(work, shop.account_id, facts, None)
    errand: Errand = msgspec.structs.replace(
        shop.errand, content_id=content_id, content_sha256=sha256, purpose="service", topic=""
    )
    lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
    (recorded,) = await relay.send(work, errand, [relay.Letter(person.id, payload("It is on its way."))], lots)
    return recorded


async def test_a_stop_is_confirmed_once(install: Install, http: httpx.AsyncClient, anna: ContactRef) -> None:
    """In the language of the number; said again, nothing more is sent."""
    await hears(install, http, "STOP")
    assert await said(install) == [
        (ANNA, "Jūs vairs nesaņemsiet ziņas no Baltic Lamp. Ja tā bija kļūda, atbildiet ar START.")
    ]
    await hears(install, http, "STOP", "wamid.2")

    assert await sends(install) == [("sending", "transactional")]
    assert anna


async def test_two_stops_that_overtake_each_other_are_confirmed_once(
    install: Install, http: httpx.AsyncClient, anna: ContactRef
) -> None:
    """The first comes in by a machine that is slow, or whose clock is behind: the second is on record before it."""
    first, slow = install.clock(), copy(install)
    slow.clock = frozen_clock(first)
    install.clock.advance(timedelta(seconds=2))  # type: ignore[attr-defined]
    assert await post(http, wrote("STOP", install.clock(), message="wamid.2")) == 200
    async with web_of(slow, ROUTES) as late:
        assert await post(late, wrote("STOP", first)) == 200
    while await inbound.step(install):
        pass

    assert [purpose for _, purpose in await sends(install)] == ["transactional"]
    assert anna


async def test_a_confirmation_waits_for_credits_with_nobody_held(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """A batch that has the shop's credits gets at the person too: neither it nor a stop waits for the confirmation."""
    assert await post(http, wrote("STOP", install.clock())) == 200
    async with install.unit_of_work() as batch, asyncio.timeout(PATIENCE):
        await lock_lots(batch, {(shop.account_id, "whatsapp")})
        acting = begun(inbound.step(install))
        await until_it_waits(batch, acting)
        await hold_persons(batch.connection, [anna.token])

    await acting
    assert await sends(install) == [("queued", "transactional")]


async def test_a_confirmation_that_comes_too_late_stays(
    install: Install, http: httpx.AsyncClient, anna: ContactRef
) -> None:
    """Five minutes after the stop the door is shut (47 CFR 64.1200(a)(12))."""
    await hears(install, http, "STOP")
    install.clock.advance(timedelta(minutes=5, seconds=1))  # type: ignore[attr-defined]

    assert await said(install) == []
    assert await sends(install) == [("denied", "transactional")]
    assert anna


async def test_start_takes_a_stop_back_for_what_was_agreed_before(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """Offers too, since the person had agreed to them; in the second after the stop, not in the same."""
    await hears(install, http, "STOP")
    stopped = await _asked(install, shop, anna.id)
    install.clock.advance(timedelta(seconds=2))  # type: ignore[attr-defined]
    await hears(install, http, "START", "wamid.2")

    assert (stopped, await _asked(install, shop, anna.id)) == ("deny", "allow")


async def _asked(install: Install, shop: Shop, contact_id: UUID) -> str:
    async with install.trial() as work:
        lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
        return (await relay.try_out(work, shop.errand, contact_id, lots)).verdict


async def test_what_a_stopped_person_asks_is_answered_once(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """Within ten minutes and without advertising; the second answer meets the stop."""
    await hears(install, http, "STOP")
    early = await answer(install, shop, anna)
    install.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
    await hears(install, http, "Where is my lamp?", "wamid.2")
    first, second = await answer(install, shop, anna), await answer(install, shop, anna)
    install.clock.advance(timedelta(seconds=2))  # type: ignore[attr-defined]
    await hears(install, http, "And my other lamp?", "wamid.3")
    third = await answer(install, shop, anna)
    install.clock.advance(timedelta(minutes=11))  # type: ignore[attr-defined]
    await sequencer.step(install)
    late = await answer(install, shop, anna)

    assert [verdict for verdict, _ in (early, first, second, third, late)] == ["deny", "allow", "deny", "allow", "deny"]
    assert all("answer_unfit" in reasons for _, reasons in (early, second, late))
