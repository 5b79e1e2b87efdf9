"""What persons write to a number: a stop counts before the provider is answered, whoever and whatever stands there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from backoffice.accounts.service import mark_number, set_standing
from backoffice.billing.service import lock_lots
from backoffice.cases import service as cases
from backoffice.consent.service import suppress_address
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import find_or_add
from backoffice.delivery import inbound, unclear
from backoffice.delivery.views import ROUTES
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.relay import service as relay
from tests.cast import ANNA, Shop, hold_registers, know, open_shop
from tests.delivery.conftest import web_of
from tests.delivery.webhooks import ANNA_ID, NAMES, SECRET, VERIFY, of_number, post, text, webhook, wrote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backoffice.contacts.persons import ContactRef
    from backoffice.plumbing.install import Install
    from backoffice.plumbing.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An install that WhatsApp's webhooks are signed for."""
    return msgspec.structs.replace(settings, whatsapp_secret=SECRET, whatsapp_verify=VERIFY)


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


async def stops(install: Install) -> list[tuple[Any, ...]]:
    """Return whose stops are on record, of what, and how they were said."""
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT token, scope, channel, reason FROM suppression ORDER BY id")
    return [tuple(row) for row in rows]


async def act(install: Install) -> None:
    """Do all that is left to be done of what came in."""
    while await inbound.step(install):
        pass


async def faults(install: Install) -> list[str | None]:
    """Return what was wrong with each callback."""
    async with install.reading() as work:
        return [row["fault"] for row in await work.connection.fetch("SELECT fault FROM callback ORDER BY id")]


async def ask(install: Install, shop: Shop, person: ContactRef) -> tuple[str, set[str]]:
    """Ask the gate for the shop's offer to a person; return the verdict and what stands in the way."""
    async with install.trial() as work:
        lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
        decision = await relay.try_out(work, shop.errand, person.id, lots)
    return decision.verdict, {one.bound.rule.name for one in decision.findings}


async def test_a_stop_is_on_record_when_whatsapp_is_answered(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """Before any loop ran; the loop, and being told again, add nothing."""
    raw = wrote("STOP", install.clock())
    assert await post(http, raw) == 200
    found = await stops(install)
    await act(install)
    assert await post(http, raw) == 200
    await act(install)

    assert found == await stops(install) == [(anna.token, "all", "all", "reply")]
    verdict, reasons = await ask(install, shop, anna)
    assert verdict == "deny"
    assert "opted_out" in reasons


@pytest.mark.parametrize("trouble", ["banned", "suspended", "closed", "purged", "unlinked", "nobody knows them"])
async def test_a_stop_counts_in_every_standing(
    install: Install, http: httpx.AsyncClient, shop: Shop, trouble: str
) -> None:
    """Of the number, the account and the person."""
    async with install.unit_of_work() as work:
        match trouble:
            case "banned":
                await mark_number(work, shop.account_id, shop.sender_id, is_banned=True)
            case "unlinked":
                await mark_number(work, shop.account_id, shop.sender_id, is_linked=False)
            case "suspended":
                await set_standing(work, shop.account_id, "suspended", "non_payment")
            case "closed":
                await set_standing(work, shop.account_id, "closed", "own_request")
            case "purged":
                await set_standing(work, shop.account_id, "closed", "own_request")
                await set_standing(work, shop.account_id, "purged")
                await destroy_subject(work.connection, shop.account_id, work.at)
    assert await post(http, wrote("Stop please", install.clock())) == 200

    assert await stops(install) == [(install.vault.token("phone", ANNA), "all", "all", "reply")]
    await act(install)
    assert await faults(install) == [None]


async def test_a_stop_under_one_name_is_a_stop_under_the_others(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """A number and WhatsApp's id of its owner, told together once; also of what was said before that."""
    now = install.clock()
    assert await post(http, wrote("STOP", now)) == 200
    await act(install)
    assert await post(http, wrote("Hello", now, message="wamid.2", from_user_id=ANNA_ID)) == 200
    await act(install)
    scoped = install.vault.token("scoped_id", ANNA_ID)

    assert {token for token, *_ in await stops(install)} == {anna.token, scoped}
    async with install.unit_of_work() as work:
        (by_id,) = await find_or_add(work, shop.account_id, [Wanted("scoped_id", ANNA_ID)])
    assert (await ask(install, shop, by_id))[0] == "deny"


async def test_a_stop_from_somebody_who_hides_the_number_reaches_the_number(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """They were seen together before."""
    now = install.clock()
    await post(http, wrote("Hello", now, from_user_id=ANNA_ID))
    await act(install)
    assert await post(http, wrote("STOP", now, message="wamid.2", phone="", from_user_id=ANNA_ID)) == 200

    assert anna.token in {token for token, *_ in await stops(install)}
    assert (await ask(install, shop, anna))[0] == "deny"


async def test_a_stop_that_the_account_records_reaches_every_name(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """By whichever of them it says that somebody said stop."""
    await post(http, wrote("Hello", install.clock(), from_user_id=ANNA_ID))
    await act(install)
    async with install.unit_of_work() as work:
        await suppress_address(work, shop.account_id, ANNA_ID)

    assert anna.token in {token for token, *_ in await stops(install)}
    assert (await ask(install, shop, anna))[0] == "deny"


@pytest.mark.usefixtures("shop")
async def test_a_tapped_button_and_a_caption_are_words_too(install: Install, http: httpx.AsyncClient) -> None:
    """What programs read of a button counts as what people read on it."""
    at = str(int(install.clock().timestamp()))
    messages = [
        {
            "from": "37126000001",
            "id": "w1",
            "timestamp": at,
            "type": "button",
            "button": {"text": "No offers", "payload": "STOP"},
        },
        {"from": "37126000002", "id": "w2", "timestamp": at, "type": "image", "image": {"id": "1", "caption": "STOP"}},
        {
            "from": "37126000003",
            "id": "w3",
            "timestamp": at,
            "type": "interactive",
            "interactive": {"type": "button_reply", "button_reply": {"id": "stop", "title": "Stop"}},
        },
    ]
    assert await post(http, webhook(("messages", of_number(messages=messages)))) == 200

    assert len(await stops(install)) == 3


async def test_marketing_that_is_stopped_in_whatsapp_itself_is_a_stop_of_marketing(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """And taking it back there lifts nothing: it says nothing of what the person agreed to."""
    at = int(install.clock().timestamp())
    choice = {"wa_id": "37126000001", "category": "marketing_messages", "timestamp": str(at), "detail": "any"}
    for value in ("stop", "resume"):
        raw = webhook(("user_preferences", of_number(user_preferences=[{**choice, "value": value}])))
        assert await post(http, raw) == 200
        await act(install)

    assert await stops(install) == [(anna.token, "marketing", "all", "complaint")]
    assert (await ask(install, shop, anna))[0] == "deny"


async def test_what_may_be_a_stop_holds_at_once_and_is_a_stop_after_a_day(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """Unless somebody reads it."""
    assert await post(http, wrote("this has to stop somehow", install.clock())) == 200
    verdict, reasons = await ask(install, shop, anna)
    await act(install)

    assert (verdict, reasons) == ("hold", {"unclear_stop"})
    install.clock.advance(timedelta(hours=24, seconds=1))  # type: ignore[attr-defined]
    assert (await ask(install, shop, anna))[0] == "deny"
    await unclear.lapse(install)
    assert await stops(install) == [(anna.token, "all", "all", "unclear")]


@pytest.mark.usefixtures("shop")
async def test_a_moment_that_can_t_be_counts_as_now(install: Install, http: httpx.AsyncClient) -> None:
    """A stop of 1970 would be older than the yes it takes back, one of tomorrow would count from tomorrow."""
    now = install.clock()
    for place, at in enumerate((now - timedelta(days=20000), now + timedelta(days=1))):
        assert await post(http, wrote("STOP", at, message=f"wamid.{place}")) == 200

    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT at FROM suppression")
    assert all(now <= row["at"] <= install.clock() for row in rows)
    assert len(rows) == 2


async def test_what_a_person_writes_opens_the_window_and_is_something_asked_for(
    install: Install, http: httpx.AsyncClient, anna: ContactRef
) -> None:
    """An earlier message told later changes nothing; a repeated one neither."""
    now = install.clock()
    for words, before in (("Where is my lamp?", 60), ("Hello", 3600), ("Where is my lamp?", 60)):
        await post(http, wrote(words, now - timedelta(seconds=before), message=f"wamid.{before}"))
        await act(install)

    async with install.reading() as work:
        row = await work.connection.fetchrow(
            "SELECT last_inbound_at, last_request_at FROM contact WHERE id = $1", anna.id
        )
        count = await work.connection.fetchval("SELECT count(*) FROM inbound_message")
    opened = (now - timedelta(seconds=60)).replace(microsecond=0)
    assert (tuple(row), count) == ((opened, opened), 2)


async def test_a_message_is_forgotten_when_no_webhook_brings_it_again(
    install: Install, http: httpx.AsyncClient, anna: ContactRef
) -> None:
    """After a month; what came of it stays."""
    assert anna
    await post(http, wrote("Hello", install.clock()))
    await act(install)
    assert await inbound.purge(install) is False
    install.clock.advance(timedelta(days=31))  # type: ignore[attr-defined]
    await inbound.purge(install)

    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM inbound_message") == 0
        assert await work.connection.fetchval("SELECT last_inbound_at FROM contact WHERE id = $1", anna.id)


async def test_a_reaction_opens_no_window(install: Install, http: httpx.AsyncClient, anna: ContactRef) -> None:
    """Nor does the news that a number has changed: nobody has written."""
    at = str(int(install.clock().timestamp()))
    messages = [
        {
            "from": "37126000001",
            "id": "w1",
            "timestamp": at,
            "type": "reaction",
            "reaction": {"message_id": "w0", "emoji": "👍"},
        },
        {
            "from": "37126000001",
            "id": "w2",
            "timestamp": at,
            "type": "system",
            "system": {"type": "user_changed_number", "wa_id": "37126000009"},
        },
    ]
    assert await post(http, webhook(("messages", of_number(messages=messages)))) == 200
    await act(install)

    async with install.reading() as work:
        row = await work.connection.fetchrow(
            "SELECT last_inbound_at, last_request_at FROM contact WHERE id = $1", anna.id
        )
    assert tuple(row) == (None, None)


@pytest.mark.usefixtures("shop")
async def test_one_message_of_many_that_can_t_be_read_harms_no_other(install: Install, http: httpx.AsyncClient) -> None:
    """And the callback keeps that something in it was strange."""
    good = text("STOP", install.clock())
    raw = webhook(("messages", of_number(messages=[{"id": "w0"}, good, "nonsense", {**good, "timestamp": "later"}])))
    assert await post(http, raw) == 200
    await act(install)

    assert (len(await stops(install)), await faults(install)) == (1, ["callback_partly_strange"])


async def test_whatsapp_is_answered_when_it_asks_whether_the_webhook_is_ours(http: httpx.AsyncClient) -> None:
    """With its challenge where it knows our word, and with 403 where it doesn't."""
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    url = "/v1/providers/whatsapp/webhook"
    right = await http.get(url, params=asked)
    wrong = [
        await http.get(url, params={**asked, **changed}) for changed in ({"hub.verify_token": "x"}, {"hub.mode": ""})
    ]

    assert (right.status_code, right.text) == (200, "1158201444")
    assert [one.status_code for one in wrong] == [403, 403]


async def test_what_somebody_has_read_is_not_unclear_again_when_it_is_told_again(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """WhatsApp repeats a webhook for a week; nobody would be asked about it a second time."""
    raw = wrote("this has to stop somehow", install.clock())
    await post(http, raw)
    await act(install)
    async with install.unit_of_work() as work:
        (case,) = await cases.list_open(work)
        await unclear.decide(work, case.id, "no_stop", "operator")
    assert (await ask(install, shop, anna))[0] == "allow"

    await post(http, raw)
    assert (await ask(install, shop, anna))[0] == "allow"
    await act(install)

    assert (await ask(install, shop, anna))[0] == "allow"


async def test_what_may_be_a_stop_holds_under_every_name_until_somebody_has_read_it(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """And under none of them afterwards."""
    now = install.clock()
    await post(http, wrote("Hello", now, from_user_id=ANNA_ID))
    await act(install)
    async with install.unit_of_work() as work:
        (by_id,) = await find_or_add(work, shop.account_id, [Wanted("scoped_id", ANNA_ID)])
    await post(http, wrote("this has to stop somehow", now, message="wamid.2", from_user_id=ANNA_ID))
    await act(install)
    held = [(await ask(install, shop, who))[1] & {"unclear_stop"} for who in (anna, by_id)]

    async with install.unit_of_work() as work:
        (case,) = await cases.list_open(work)
        await unclear.decide(work, case.id, "no_stop", "operator")

    assert held == [{"unclear_stop"}, {"unclear_stop"}]
    assert [(await ask(install, shop, who))[1] & {"unclear_stop"} for who in (anna, by_id)] == [set(), set()]


async def test_a_clear_stop_leaves_nothing_unclear_under_any_name(
    install: Install, http: httpx.AsyncClient, shop: Shop, anna: ContactRef
) -> None:
    """So that whoever takes the stop back later is not held, and then denied, by what nobody has to read any more."""
    now = install.clock()
    await post(http, wrote("Hello", now, from_user_id=ANNA_ID))
    await act(install)
    async with install.unit_of_work() as work:
        await find_or_add(work, shop.account_id, [Wanted("scoped_id", ANNA_ID)])
    await post(http, wrote("this has to stop somehow", now, message="wamid.2", from_user_id=ANNA_ID))
    await post(http, wrote("STOP", now, message="wamid.3", from_user_id=ANNA_ID))
    await act(install)

    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT unclear_stop_at FROM contact WHERE account_id = $1", shop.account_id)
        assert await cases.list_open(work) == []
    assert anna.token in {token for token, *_ in await stops(install)}
    assert {row[0] for row in rows} == {None}
