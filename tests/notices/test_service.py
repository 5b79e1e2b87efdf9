"""Webhooks: kept sealed, told in the transaction of what happened, and of no other account's."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

import msgspec
import pytest

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused
from backoffice.notices import carrying, service
from backoffice.notices.service import MOST, Telling
from backoffice.notices.states import Form
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import destroy_subject
from tests.accounts.conftest import kinds
from tests.notices.places import URL, WORD, register_shop

APP_SECRET = "0123456789abcdef" * 2


async def _hub(work: Work, account_id: UUID) -> UUID:
    return await service.register(work, account_id, "cloud_api", URL, secret=APP_SECRET, challenge=WORD)


async def test_a_webhook_is_kept_sealed_and_shown_in_clear(work: Work) -> None:
    """Its address may hold a token, and its secret is one: neither lies in the table."""
    shop = await register_shop(work)
    webhook_id = await service.register(work, shop, "standard", f"{URL}?token=Anna", events=["send.status"])

    (told,) = await service.list_webhooks(work, shop, count=5)
    stored = await work.connection.fetchval("SELECT webhook::text FROM webhook")

    assert (told.id, told.form, told.state, told.url) == (webhook_id, "standard", "open", f"{URL}?token=Anna")
    assert (told.events, told.fault, told.closed_at) == (["send.status"], None, None)
    assert (await service.secret_of(work, shop, webhook_id)).startswith("whsec_")
    for word in (b"hooks.example", b"Anna", b"whsec_"):
        assert word.hex() not in stored


async def test_the_program_in_front_of_us_keeps_the_secret_it_has(work: Work) -> None:
    """In the provider's form the account names its app secret and its verify token, and waits to be asked."""
    shop = await register_shop(work)
    webhook_id = await _hub(work, shop)

    assert await service.secret_of(work, shop, webhook_id) == APP_SECRET
    assert (await service.get_webhook(work, shop, webhook_id)).state == "unverified"


@pytest.mark.parametrize(
    ("form", "url", "secret", "challenge", "code"),
    [
        ("standard", "http://hooks.example/", "", "", "url_not_https"),
        ("standard", "https://me@hooks.example/", "", "", "url_invalid"),
        ("standard", URL, APP_SECRET, "", "secret_not_meant"),
        ("standard", URL, "", WORD, "verify_token_not_meant"),
        ("cloud_api", URL, APP_SECRET, "", "verify_token_missing"),
        ("cloud_api", URL, "short", WORD, "secret_invalid"),
        ("cloud_api", URL, "ä" * 32, WORD, "secret_invalid"),
    ],
)
async def test_what_can_be_no_webhook_is_refused(
    work: Work, form: Form, url: str, secret: str, challenge: str, code: str
) -> None:
    """With the field, and nothing is kept."""
    shop = await register_shop(work)
    with pytest.raises(Invalid) as refused:
        await service.register(work, shop, form, url, secret=secret, challenge=challenge)

    assert refused.value.code == code
    assert refused.value.data["field"] in ("url", "secret", "verify_token")
    assert await service.list_webhooks(work, shop, count=5) == []


async def test_an_account_has_so_many_webhooks_and_no_more(work: Work) -> None:
    """A closed one makes room."""
    shop = await register_shop(work)
    made = [await service.register(work, shop, "standard", URL) for _ in range(MOST)]
    with pytest.raises(Refused, match="webhooks_too_many"):
        await service.register(work, shop, "standard", URL)
    await service.close(work, shop, made[0])

    assert await service.register(work, shop, "standard", URL)


async def test_each_webhook_is_told_what_it_asked_for_in_its_form(work: Work) -> None:
    """One that named no events is told all; the other form and the other account are told nothing of it."""
    shop, other = await register_shop(work), await register_shop(work, "Other Lamp")
    all_, some = [await service.register(work, shop, "standard", URL, events=e) for e in ((), ("send.status",))]
    await service.register(work, other, "standard", URL)
    hub = await _hub(work, shop)

    assert await service.tell(work, shop, "send.decided", {"send_id": "x"}) == 1
    assert await service.tell(work, shop, "send.status", {"send_id": "x"}) == 2
    assert await service.tell_many(work, [Telling(shop, "cloud_api", "send.status", b"{}")]) == 1
    assert await service.tell(work, UUID(int=0), "send.status", {}) == 0

    due = await carrying.claim(work, is_failing=False, most=10, most_each=10)
    assert sorted((one.webhook_id, one.event) for one in due) == sorted(
        [(all_, "send.decided"), (all_, "send.status"), (some, "send.status")]
    )
    assert len({one.event_id for one in due if one.event == "send.status"}) == 1, "one event, one id"
    bodies = [msgspec.json.decode(one.body) for one in due]
    assert [body["type"] for body in bodies] == [one.event for one in due]
    assert {tuple(body) for body in bodies} == {("type", "timestamp", "data")}
    assert len(await service.list_deliveries(work, shop, hub, count=5)) == 1, "it waits until its address has echoed"


async def test_what_never_happened_is_told_to_nobody(install: Install, shop: UUID) -> None:
    """The row and what it tells are committed together or not at all."""
    async with install.unit_of_work() as work:
        webhook_id = await service.register(work, shop, "standard", URL)
    with pytest.raises(NotFound):
        async with install.unit_of_work() as work:
            await service.tell(work, shop, "send.status", {})
            await service.get_webhook(work, shop, UUID(int=0))
    async with install.unit_of_work() as work:
        assert await service.list_deliveries(work, shop, webhook_id, count=5) == []


async def test_a_closed_webhook_gives_up_what_it_has_not_taken(work: Work) -> None:
    """It is told nothing more, can't be changed any more, and closing it twice changes nothing."""
    shop = await register_shop(work)
    webhook_id = await service.register(work, shop, "standard", URL)
    await service.tell(work, shop, "send.status", {})
    await service.close(work, shop, webhook_id)
    await service.close(work, shop, webhook_id)

    (given_up,) = await service.list_deliveries(work, shop, webhook_id, count=5)
    assert (given_up.state, given_up.fault) == ("given_up", "webhook_closed")
    assert await service.tell(work, shop, "send.status", {}) == 0
    for refused in (
        service.rotate(work, shop, webhook_id),
        service.redeliver(work, shop, webhook_id, given_up.id),
        service.try_one(work, shop, webhook_id),
    ):
        with pytest.raises(Refused, match="webhook_closed"):
            await refused
    assert (await kinds(work)).count("notices:webhook:closed") == 1


async def test_a_rotated_secret_signs_along_for_a_day(work: Work) -> None:
    """Of the form that has room for two; in the provider's form the new one holds at once."""
    shop = await register_shop(work)
    standard, hub = await service.register(work, shop, "standard", URL), await _hub(work, shop)
    before = await service.secret_of(work, shop, standard)
    await service.rotate(work, shop, standard)
    await service.rotate(work, shop, hub, APP_SECRET[::-1])
    await service.tell(work, shop, "send.status", {})
    (due,) = await carrying.claim(work, is_failing=False, most=10, most_each=10)

    after = await service.secret_of(work, shop, standard)
    assert due.secrets == (after, before)
    assert after != before
    assert await service.secret_of(work, shop, hub) == APP_SECRET[::-1]
    work.at += timedelta(hours=24)
    (due,) = await carrying.claim(work, is_failing=False, most=10, most_each=10)
    assert due.secrets == (after,)


async def test_nothing_of_another_accounts_webhook_can_be_asked_or_done(work: Work) -> None:
    """As if there were none."""
    shop, other = await register_shop(work), await register_shop(work, "Other Lamp")
    webhook_id = await service.register(work, shop, "standard", URL)
    await service.tell(work, shop, "send.status", {})
    (told,) = await service.list_deliveries(work, shop, webhook_id, count=5)
    for asked in (
        service.get_webhook(work, other, webhook_id),
        service.secret_of(work, other, webhook_id),
        service.rotate(work, other, webhook_id),
        service.close(work, other, webhook_id),
        service.try_one(work, other, webhook_id),
        service.list_deliveries(work, other, webhook_id, count=5),
        service.redeliver(work, other, webhook_id, told.id),
    ):
        with pytest.raises(NotFound, match="webhook_unknown"):
            await asked
    with pytest.raises(NotFound, match="webhook_delivery_unknown"):
        await service.redeliver(work, shop, webhook_id, uuid5(told.id, "no"))


async def test_of_an_account_whose_key_is_destroyed_nothing_is_told(work: Work) -> None:
    """What waited is given up, and what happens later is not written down."""
    shop = await register_shop(work)
    webhook_id, hub = await service.register(work, shop, "standard", URL), await _hub(work, shop)
    await service.tell(work, shop, "send.status", {})
    await destroy_subject(work.connection, shop, work.at)

    assert await service.tell(work, shop, "send.status", {}) == 0
    assert await carrying.claim(work, is_failing=False, most=10, most_each=10) == []
    assert await carrying.claim_challenges(work, 10) == []
    (given_up,) = await service.list_deliveries(work, shop, webhook_id, count=5)
    assert (given_up.state, given_up.fault) == ("given_up", "subject_key_destroyed")
    assert await work.connection.fetchval("SELECT state FROM webhook WHERE id = $1", hub) == "closed"
    with pytest.raises(BackofficeError, match="subject_key_destroyed"):
        await service.list_webhooks(work, shop, count=5)
