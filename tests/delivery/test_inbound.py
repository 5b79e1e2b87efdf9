"""Callbacks: kept as they came and sealed, answered at once, acted on once however often and in whatever order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import msgspec
import pytest

from backoffice.accounts.service import set_standing
from backoffice.channels import wire
from backoffice.delivery import inbound, store
from backoffice.delivery.inbound import BODY
from backoffice.delivery.statuses import status_of
from backoffice.delivery.store import OPERATOR
from backoffice.delivery.views import LARGEST_CALLBACK, ROUTES
from backoffice.plumbing.vault.store import destroy_subject, load_subjects
from backoffice.relay import outbox
from tests.cast import ANNA, know, open_shop
from tests.delivery.conftest import ACCOUNT, Made, make, states, web_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backoffice.plumbing.install import Install
    from backoffice.plumbing.settings import Settings

SECRET = "of the callbacks"  # noqa: S105
NUMBER = "+37129999901"
REFUSED = {401, 403, 409}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An install whose provider signs its callbacks."""
    return msgspec.structs.replace(settings, provider_secret=SECRET)


@pytest.fixture
async def http(install: Install) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever calls the install: a provider, or an account with its id for a key."""
    async with web_of(install, ROUTES) as app:
        yield app


def post(*events: wire.Event, sender: str = NUMBER) -> bytes:
    """Return a callback's bytes."""
    return msgspec.json.encode(wire.Post(channel="whatsapp", sender=sender, statuses=events))


def event(install: Install, send_id: UUID, status: str, *, code: int = 0, after: float = 0) -> wire.Event:
    """Return what a provider says of a send."""
    at = install.clock() + timedelta(seconds=after)
    return msgspec.convert(
        {"id": "p1", "reference": str(send_id), "status": status, "at": at, "code": code}, wire.Event
    )


async def told(http: httpx.AsyncClient, raw: bytes, signature: str | None = None) -> int:
    """Tell it to the install; return how it answered."""
    signed = wire.sign(SECRET.encode(), raw) if signature is None else signature
    response = await http.post("/v1/providers/fake/webhook", content=raw, headers={wire.SIGNATURE: signed})
    return response.status_code


async def handled(install: Install) -> list[tuple[UUID, str | None]]:
    """Act on all callbacks; return whose key sealed each, and what was wrong with it."""
    while await inbound.step(install):
        pass
    async with install.reading() as work:
        rows = await work.connection.fetch(
            "SELECT subject_id, fault FROM callback WHERE handled_at IS NOT NULL ORDER BY id"
        )
    return [tuple(row) for row in rows]


async def made(install: Install, *sends: Made) -> list[UUID]:
    """Store bare sends."""
    async with install.unit_of_work() as work:
        return await make(work, *sends)


async def test_a_callback_is_kept_sealed_and_acted_on_later(install: Install, http: httpx.AsyncClient) -> None:
    """Byte for byte, by the key of the account whose number it came for."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
    (send_id,) = await made(install, Made(state="unknown", account_id=shop.account_id))
    raw = post(event(install, send_id, "delivered"))
    assert await told(http, raw) == 200

    async with install.reading() as work:
        row = await work.connection.fetchrow("SELECT id, subject_id, signature, body FROM callback")
        subject = (await load_subjects(work.connection, work.vault, [shop.account_id]))[shop.account_id]
        assert await states(work, [send_id]) == ["unknown"]
    assert subject.open(BODY, row["id"], row["body"]) == raw
    assert row["signature"] == wire.sign(SECRET.encode(), raw)
    assert await handled(install) == [(shop.account_id, None)]
    async with install.reading() as work:
        assert await states(work, [send_id]) == ["sent"]


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "nonsense", wire.sign(b"", post())])
async def test_what_the_provider_did_not_sign_is_refused(
    install: Install, http: httpx.AsyncClient, signature: str
) -> None:
    """And not kept."""
    assert await told(http, post(), signature) in REFUSED

    async with install.reading() as work:
        assert await store.count_callbacks(work) == 0


async def test_a_byte_changed_on_the_way_is_noticed(install: Install, http: httpx.AsyncClient) -> None:
    """The signature is over the raw bytes, so another spelling of the same JSON is another body."""
    (send_id,) = await made(install, Made(state="unknown"))
    raw = post(event(install, send_id, "read"))

    assert await told(http, raw.replace(b":", b": ", 1), wire.sign(SECRET.encode(), raw)) in REFUSED
    assert await told(http, raw) == 200


async def test_a_callback_that_is_too_long_is_refused(http: httpx.AsyncClient) -> None:
    """Providers send three megabytes at most."""
    assert await told(http, b" " * (LARGEST_CALLBACK + 1)) == 413


async def test_callbacks_in_any_order_and_twice_end_alike(install: Install, http: httpx.AsyncClient) -> None:
    """One of them speaks of a send whose courier has not recorded yet that it left."""
    (send_id,) = await made(install, Made(state="sending", attempt=1))
    events = [
        event(install, send_id, status, after=place) for place, status in enumerate(("sent", "delivered", "read"))
    ]
    for one in (*events[::-1], *events):
        assert await told(http, post(one)) == 200
    await handled(install)

    async with install.reading() as work:
        (row,) = (await store.list_deliveries(work, [send_id])).values()
        assert (await states(work, [send_id]), await outbox.count(work)) == (["sent"], 0)
    assert (status_of(row), row.sent_at) == ("read", events[0].at)


async def test_a_word_of_the_person_in_a_callback_is_a_stop(install: Install, http: httpx.AsyncClient) -> None:
    """Also when the provider's clock is ahead of ours; and a second time changes nothing."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        anna = await know(work, shop, ANNA)
    (send_id,) = await made(install, Made(state="sent", account_id=shop.account_id, person=anna.token))
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET contact_id = $1", anna.id)
    raw = post(event(install, send_id, "failed", code=131050, after=3600))
    for _ in range(2):
        await told(http, raw)
        await handled(install)

    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT token, account_id, scope, channel FROM suppression")
        error = await work.connection.fetchval("SELECT provider_error FROM contact WHERE id = $1", anna.id)
        assert (await states(work, [send_id]), error) == (["failed"], 131050)
    assert [tuple(row) for row in rows] == [(anna.token, shop.account_id, "marketing", "whatsapp")]


@pytest.mark.parametrize(("standing", "ground"), [("suspended", "non_payment"), ("closed", "own_request")])
async def test_a_closed_account_still_hears(
    install: Install, http: httpx.AsyncClient, standing: str, ground: str
) -> None:
    """A stop counts whatever became of the account."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        await set_standing(work, shop.account_id, standing, ground)  # type: ignore[arg-type]
    (send_id,) = await made(install, Made(state="sent", account_id=shop.account_id))

    assert await told(http, post(event(install, send_id, "failed", code=131050))) == 200
    assert await handled(install) == [(shop.account_id, None)]


async def test_where_no_key_is_left_the_operators_own_seals(install: Install, http: httpx.AsyncClient) -> None:
    """An account that was purged, a number nobody has, an address that is none; all at once, they draw one key."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        await destroy_subject(work.connection, shop.account_id, work.at)
    (send_id,) = await made(install, Made(state="sent", account_id=shop.account_id))
    stopped = event(install, send_id, "failed", code=131050)
    senders = (NUMBER, "+37120000009", "nobody")
    answers = await asyncio.gather(*(told(http, post(stopped, sender=sender)) for sender in senders))

    assert answers == [200] * 3
    assert await handled(install) == [(OPERATOR, None)] * 3
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM suppression") == 1


async def test_a_signed_callback_nobody_can_read_is_kept_with_its_fault(
    install: Install, http: httpx.AsyncClient
) -> None:
    """The provider is told that it came; the next ones are acted on."""
    (send_id,) = await made(install, Made(state="unknown"))
    for raw in (b"\xff", b"[]", post(event(install, send_id, "sent"))):
        assert await told(http, raw) == 200

    assert await handled(install) == [(OPERATOR, "callback_invalid")] * 2 + [(OPERATOR, None)]
    async with install.reading() as work:
        assert await states(work, [send_id]) == ["sent"]


async def test_one_that_can_not_be_acted_on_harms_no_other(install: Install, http: httpx.AsyncClient) -> None:
    """Its code is beyond what can be stored; it is set aside with its fault."""
    (send_id,) = await made(install, Made(state="unknown"))
    await told(http, post(event(install, send_id, "failed", code=1 << 40)))
    await told(http, post(event(install, send_id, "sent")))

    assert await handled(install) == [(OPERATOR, "callback_failed"), (OPERATOR, None)]
    async with install.reading() as work:
        assert await states(work, [send_id]) == ["sent"]


async def test_an_account_sees_what_became_of_its_send(install: Install, http: httpx.AsyncClient) -> None:
    """Status by status; another account's send is not there for it."""
    (send_id,) = await made(install, Made(state="unknown"))
    await told(http, post(event(install, send_id, "read", after=1), event(install, send_id, "sent")))
    await handled(install)
    mine = await http.get(f"/v1/sends/{send_id}/delivery", headers={"Authorization": f"Bearer {ACCOUNT}"})
    theirs = await http.get(f"/v1/sends/{send_id}/delivery", headers={"Authorization": f"Bearer {OPERATOR}"})

    assert (mine.status_code, theirs.status_code) == (200, 404)
    assert (mine.json()["status"], [step["status"] for step in mine.json()["steps"]]) == ("read", ["sent", "read"])
    assert mine.json()["is_unknown"] is False
