"""A drop-in front door: pywa, unchanged but for its base URL and token, at our server, worker and the sandbox."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from pywa import errors
from pywa import types as pywa_types
from pywa.types import templates

from backoffice.accounts.service import issue_key, set_standing
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.sending import wamid
from backoffice.channels.sandbox.setup import Faults
from backoffice.channels.sandbox.state import Person
from backoffice.cli.apart import free_port
from backoffice.consent.service import Claim, record_consent
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import add_contact
from backoffice.delivery.dropin import defaults
from backoffice.delivery.dropin.defaults import FREE_TEXT, Default
from backoffice.delivery.wamid import send_of
from backoffice.notices import service as notices
from backoffice.plumbing.install import Install, Work, open_install
from backoffice.plumbing.settings import Settings
from backoffice.relay.service import reconsider
from backoffice.worker import serve_all
from tests.cast import ANNA, BORISS, DECLARED, FORM, LONG_AGO, Shop, hold_registers, know, open_shop, put_on_list
from tests.conftest import _empty
from tests.notices.places import WORD, Place, listening
from tests.roads.dropping_in import (
    APP_SECRET,
    CODE,
    NAMES,
    PEOPLE,
    SENDS,
    TOKEN,
    Integration,
    RunningClock,
    hear_from,
    integrate,
    normalised,
    sandbox_at,
    statuses,
    until,
)

SECRET, VERIFY = "secret of the operator", "word of the operator"
ANSWERS = msgspec.structs.replace(
    DECLARED,
    has_promotional_part=False,
    template_category="none",
    is_automated=False,
    carries=(DECLARED.carries or frozenset()) | {"human_path"},
)
SERVICE = Default("service", declared=ANSWERS)
OFFERS = Default("marketing", "lamps", declared=DECLARED)


class Door(NamedTuple):
    """Our own house in front of the sandbox, a shop in it, and the shop's integration."""

    install: Install
    url: str
    key: str
    shop: Shop
    sandbox: RunningProvider
    clock: RunningClock
    place: Place
    ours: Integration


@pytest.fixture
async def door(settings: Settings, tmp_path: Path) -> AsyncIterator[Door]:
    """Serve and work, with a sandbox behind and an integration before."""
    port = free_port("127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        kept, webhooks = str(tmp_path / "behind.sqlite"), f"{url}/v1/providers"
        sandbox = await stack.enter_async_context(sandbox_at(kept, webhooks, secret=SECRET, verify=VERIFY))
        changed = msgspec.structs.replace(
            settings,
            port=port,
            whatsapp_url=sandbox.url,
            whatsapp_token=TOKEN,
            whatsapp_secret=SECRET,
            whatsapp_verify=VERIFY,
        )
        clock, place = RunningClock(), await stack.enter_async_context(listening())
        install = await stack.enter_async_context(open_install(changed, clock, must_migrate=False))
        async with install.unit_of_work() as work:
            await hold_registers(work)
            shop = await open_shop(work, names=NAMES)
            key = await issue_key(work, shop.account_id)
            await defaults.state(work, shop.account_id, shop.sender_id, FREE_TEXT, SERVICE)
            await defaults.state(work, shop.account_id, shop.sender_id, "autumn_lamps", OFFERS)
            await notices.register(work, shop.account_id, "cloud_api", place.url, secret=APP_SECRET, challenge=WORD)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve_all(install, stop))
        await _live(url)
        ours = stack.enter_context(integrate(url, key))
        yield Door(install, url, key, shop, sandbox, clock, place, ours)
        stop.set()
        await serving
    await _empty(settings.database_url)
    shutil.rmtree(settings.data / "ledger", ignore_errors=True)  # what was signed is gone with it


AGREED = "I agree that Baltic Lamp sends me offers and news about my orders on WhatsApp."


async def agree(work: Work, shop: Shop, address: str) -> None:
    """Put a person on record who agreed to offers and to service."""
    ref = await know(work, shop, address)
    form = msgspec.structs.replace(FORM, words=AGREED, purposes=frozenset({"marketing", "service"}))
    claim = Claim(words=AGREED, sender="Baltic Lamp", given_at=LONG_AGO, language="en", source="shop", form=form)
    await record_consent(work, shop.account_id, ref.id, claim)


async def _live(url: str) -> None:
    """Wait until the server answers."""
    async with asyncio.timeout(30), httpx.AsyncClient(base_url=url, trust_env=False) as http:
        while True:
            try:
                await http.get("/health/live")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


@pytest.fixture
async def town(door: Door) -> Door:
    """Everybody has written to the shop, and has agreed to its offers and its service."""
    async with door.install.unit_of_work() as work:
        for person in PEOPLE.values():
            await agree(work, door.shop, f"+{person}")
    for person in PEOPLE.values():
        await hear_from(door.sandbox, person)
    await until(lambda: len(door.ours.hear(door.place)) == len(PEOPLE))
    return door


async def _send(one: Integration, kind: str, to: str = "") -> Any:  # noqa: ANN401  # of pywa's many
    return await asyncio.to_thread(SENDS[kind], one.wa, to or PEOPLE[kind])


async def test_the_same_calls_differ_in_nothing_but_ids(town: Door, tmp_path: Path) -> None:
    """Every kind, at our door and at the provider's: the answers, and all that is told of them afterwards."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(listening())
        kept, webhooks = str(tmp_path / "direct.sqlite"), place.url.removesuffix("/hook")
        sandbox = await stack.enter_async_context(sandbox_at(kept, webhooks, secret=APP_SECRET))
        direct = stack.enter_context(integrate(sandbox.url, TOKEN))
        for person in PEOPLE.values():
            await hear_from(sandbox, person)
        for kind in SENDS:
            ours, theirs = await _send(town.ours, kind), await _send(direct, kind)
            assert send_of(ours.id)
            assert not send_of(theirs.id)
        expected = 3 * len(SENDS) + 1  # sent, delivered, read; a voice message is played, too
        await until(lambda: len(statuses(town.place)) == len(statuses(place)) == expected)

        assert normalised(town.ours.calls) == normalised(direct.calls)
        assert len(town.ours.calls) == len(SENDS) + 1, "one file was brought up"
        assert statuses(town.place) == statuses(place)
        told = [one for one in town.ours.hear(town.place) if isinstance(one, pywa_types.MessageStatus)]
        assert {one.tracker for one in told} == {None, "order 7", "autumn"}
        assert {str(one["reference"]) for one in town.sandbox.control("GET", "accepted")} == {
            str(send_of(one.id)) for one in told
        }


async def test_a_refusal_is_pywas_own_error_with_our_reason(door: Door) -> None:
    """No consent, no open window, a stop, a suspended account: each with its clause and its decision."""
    async with door.install.unit_of_work() as work:
        await agree(work, door.shop, ANNA)
    with pytest.raises(errors.AccessDenied) as unknown:
        await _send(door.ours, "template", BORISS)
    with pytest.raises(errors.ReEngagementMessage) as late:
        await _send(door.ours, "text", ANNA)
    heard = await hear_from(door.sandbox, ANNA, text={"body": "STOP"})
    await until(lambda: [one.id for one in door.ours.hear(door.place)] == [heard["id"]])
    with pytest.raises(errors.UserStoppedMarketingMessages) as stopped:
        await _send(door.ours, "template", ANNA)
    async with door.install.unit_of_work() as work:
        await set_standing(work, door.shop.account_id, "suspended", "law")
    with pytest.raises(errors.AccountLocked) as suspended:
        await _send(door.ours, "template", ANNA)

    for refusal in (unknown, late, stopped, suspended):
        words, _, decision_id = str(refusal.value.details).rpartition(" decision_id=")
        assert words.endswith("]")
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {door.key}"}, trust_env=False) as http:
            told = (await http.get(f"{door.url}/v1/decisions/{decision_id}")).json()
        assert (told["verdict"], bool(told["reasons"])) == ("deny", True)
        assert all(reason["says"] in words and reason["citation"] in words for reason in told["reasons"])
    bodies = [one["body"] for one in door.sandbox.control("GET", "accepted")]
    assert [body for body in bodies if body["type"] == "template" or body["text"]["body"] == "At nine."] == []


async def test_a_person_who_asks_is_answered_once_without_a_consent(door: Door) -> None:
    """Where the account says that its free text answers: one message for each thing that a person writes."""
    async with door.install.unit_of_work() as work:
        await put_on_list(work, door.shop, await add_contact(work, door.shop.account_id, Wanted("phone", ANNA)))
        answers = SERVICE._replace(is_answer=True)
        await defaults.state(work, door.shop.account_id, door.shop.sender_id, FREE_TEXT, answers)
    await hear_from(door.sandbox, ANNA)
    await until(lambda: door.ours.hear(door.place))
    assert (await _send(door.ours, "text", ANNA)).id
    with pytest.raises(errors.AccessDenied):
        await _send(door.ours, "text", ANNA)
    assert await until(lambda: len(door.sandbox.control("GET", "accepted"))) == 1


async def test_what_the_gate_holds_and_denies_later_is_told_as_failed(door: Door) -> None:
    """Held for quality at first; when the person says stop, a `failed` status with our reason, under the same id."""
    async with door.install.unit_of_work() as work:
        await agree(work, door.shop, ANNA)
        await work.connection.execute("UPDATE contact SET list_id = NULL")  # nobody knows what the person was told
    sent = await asyncio.to_thread(SENDS["template"], door.ours.wa, ANNA)
    assert sent.status == "held_for_quality_assessment"
    await hear_from(door.sandbox, ANNA, text={"body": "STOP"})
    await until(lambda: door.ours.hear(door.place))
    async with door.install.unit_of_work() as work:
        assert await reconsider(work, door.shop.account_id)
    failed = await until(lambda: [one for one in door.ours.hear(door.place) if getattr(one, "status", "") == "failed"])

    assert [(one.id, one.tracker, one.from_user.wa_id) for one in failed] == [(sent.id, "autumn", ANNA[1:])]
    assert isinstance(failed[0].error, errors.UserStoppedMarketingMessages)
    assert "decision_id=" in str(failed[0].error.details)


async def test_what_the_provider_refuses_at_once_is_told_as_failed(door: Door) -> None:
    """The integration had its answer before the provider was asked; the provider's code comes with the status."""
    async with door.install.unit_of_work() as work:
        await agree(work, door.shop, ANNA)
    await asyncio.to_thread(door.sandbox.misbehave, Faults(refuses={ANNA: 131026}))
    sent = await _send(door.ours, "template", ANNA)
    failed = await until(lambda: door.ours.hear(door.place))

    assert [(one.id, one.status, one.error.code) for one in failed] == [(sent.id, "failed", 131026)]


async def test_messages_are_named_by_our_ids_on_this_side_and_by_the_providers_on_that(door: Door) -> None:
    """What a person answers to, what we answer to, and what is marked as read."""
    async with door.install.unit_of_work() as work:
        await agree(work, door.shop, ANNA)
    heard = await hear_from(door.sandbox, ANNA)
    await until(lambda: door.ours.hear(door.place))
    assert await asyncio.to_thread(door.ours.wa.mark_message_as_read, heard["id"])
    with pytest.raises(errors.InvalidParameter):
        await asyncio.to_thread(door.ours.wa.mark_message_as_read, "wamid.HBgL")
    sent = await _send(door.ours, "text", ANNA)
    await until(lambda: len(door.ours.hear(door.place)) == 4)
    (kept,) = door.sandbox.control("GET", "accepted")
    provider_id = wamid(Person(wa_id=ANNA[1:]), kept["number"])
    context = {"from": NAMES.code, "id": provider_id}
    await hear_from(door.sandbox, ANNA, context=context)
    reply = (await until(lambda: door.ours.hear(door.place)[4:]))[0]
    door.clock.advance(timedelta(seconds=10))  # the pair's limit
    await asyncio.to_thread(lambda: door.ours.wa.send_text(ANNA, "Yes.", reply_to_message_id=sent.id))
    answers = await until(lambda: door.sandbox.control("GET", "accepted")[1:])

    assert reply.reply_to_message.id == sent.id
    assert answers[0]["body"]["context"] == {"message_id": provider_id}
    async with door.install.unit_of_work() as work:
        await set_standing(work, door.shop.account_id, "closed", "own_request")
    with pytest.raises(errors.AccountLocked):
        await asyncio.to_thread(door.ours.wa.mark_message_as_read, heard["id"])


async def test_numbers_and_files_are_the_accounts_own(door: Door) -> None:
    """Handed on to the provider with the operator's key, and to nobody else's number or file."""
    async with door.install.unit_of_work() as work:
        stranger = await issue_key(work, (await open_shop(work, number="+37129999902")).account_id)
    wa = door.ours.wa
    number = await asyncio.to_thread(wa.get_business_phone_number)
    media = await asyncio.to_thread(wa.upload_media, b"\x89PNG", mime_type="image/png", filename="a.png")
    url = await asyncio.to_thread(wa.get_media_url, media.id)
    assert (number.id, number.verified_name) == (CODE, "Baltic Lamp")
    assert url.url.startswith(door.url)
    assert await asyncio.to_thread(wa.get_media_bytes, url.url) == b"\x89PNG"
    with integrate(door.url, stranger) as other:
        for asked in (
            lambda: other.wa.get_media_url(media.id),
            lambda: other.wa.delete_media(media.id),
            lambda: other.wa.upload_media(b"\x89PNG", mime_type="image/png", filename="a.png"),
            other.wa.get_business_phone_number,
            lambda: other.wa.send_text(ANNA, "Hello"),
            lambda: other.wa.mark_message_as_read("wamid.HBgL"),
        ):
            with pytest.raises(errors.WhatsAppError) as refused:
                await asyncio.to_thread(asked)
            assert (refused.value.code, refused.value.subcode) == (100, 33)
        answer = await asyncio.to_thread(other.fetch, url.url)
        assert answer.json()["error"]["error_subcode"] == 33
    with integrate(door.url, "bo_sandbox_guess") as forged, pytest.raises(errors.ExpiredAccessToken) as strange:
        await asyncio.to_thread(forged.wa.send_text, ANNA, "Hello")
    assert strange.value.status_code == 401
    assert await asyncio.to_thread(wa.delete_media, media.id)


async def test_templates_are_handed_on_where_no_other_account_has_a_part(door: Door) -> None:
    """Listed, submitted and taken away; once another account's number is in the business account, none of it."""
    wa = door.ours.wa
    name = "order_ready"
    body = templates.BodyText("Your lamp is ready.")
    made = await asyncio.to_thread(
        wa.create_template,
        templates.Template(
            name=name,
            language=templates.TemplateLanguage.ENGLISH,
            category=templates.TemplateCategory.UTILITY,
            components=[body],
        ),
    )
    listed = await asyncio.to_thread(wa.get_templates)
    assert made.id
    assert {one.name for one in listed} == {"autumn_lamps", name}
    async with door.install.unit_of_work() as work:
        await open_shop(work, number="+37129999902", names=NAMES._replace(code="2"))
    with pytest.raises(errors.WhatsAppError) as refused:
        await asyncio.to_thread(wa.get_templates)
    assert (refused.value.code, refused.value.subcode) == (100, 33)


async def test_with_an_idempotency_key_a_call_happens_once(door: Door) -> None:
    """Without one each call is a send of its own, as at the provider."""
    async with door.install.unit_of_work() as work:
        for person in (ANNA, BORISS):
            await agree(work, door.shop, person)
    template = {"name": "autumn_lamps", "language": {"code": "en"}}
    body = {"messaging_product": "whatsapp", "type": "template", "template": template}
    headers = {"Authorization": f"Bearer {door.key}", "Idempotency-Key": "order 7"}
    async with httpx.AsyncClient(base_url=f"{door.url}/v23.0/{CODE}", headers=headers, trust_env=False) as http:
        first, again = [await http.post("/messages", json={**body, "to": ANNA}) for _ in range(2)]
        other = await http.post("/messages", json={**body, "to": BORISS})
        del http.headers["Idempotency-Key"]
        fresh = await http.post("/messages", json={**body, "to": ANNA})

    assert (first.status_code, first.json()) == (200, again.json())
    assert (other.status_code, other.json()["error"]["code"]) == (400, 100)
    assert fresh.json()["messages"][0]["id"] != first.json()["messages"][0]["id"]


async def test_on_a_bad_day_all_is_told_under_our_ids(town: Door) -> None:
    """Many in one body, twice, in any order, forged ones between: each message's statuses come, and no other's."""
    faults = Faults(repeats=0.5, late=0.5, batches=1, forges=0.5, seed=7)
    await asyncio.to_thread(town.sandbox.misbehave, faults)
    kinds = ["text", "image", "location", "contact", "template"]
    sent = {(await _send(town.ours, kind)).id for kind in kinds}
    await until(lambda: len(statuses(town.place)) == 3 * len(kinds))
    told = [one for one in town.ours.hear(town.place) if isinstance(one, pywa_types.MessageStatus)]

    assert {one.id for one in told} == sent
    assert {one.status for one in told} == {"sent", "delivered", "read"}
