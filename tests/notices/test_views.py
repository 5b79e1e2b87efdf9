"""How an account keeps its webhooks over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from uuid import UUID

import httpx
import pytest

from backoffice.accounts.service import find_caller, issue_key
from backoffice.notices import service
from backoffice.notices.views import ROUTES, WebhookToRegister
from backoffice.plumbing.http import make_web
from backoffice.plumbing.install import Install
from tests.notices.places import URL


@pytest.fixture
async def http(install: Install, shop: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """The shop's program."""
    async with install.unit_of_work() as work:
        key = await issue_key(work, shop)
    web = make_web(lambda: nullcontext(install), ROUTES, find_caller)
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(app=web)
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as asked:
        yield asked


async def _post(http: httpx.AsyncClient, path: str, body: object = None, key: str = "one") -> httpx.Response:
    return await http.post(path, json=body, headers={"Idempotency-Key": key})


async def test_a_webhook_is_registered_once_and_its_secret_is_told_apart(http: httpx.AsyncClient) -> None:
    """Answers to a POST are kept, so none holds a secret or an address."""
    first, again = [await _post(http, "/v1/webhooks", WebhookToRegister.EXAMPLE) for _ in range(2)]
    webhook_id = first.json()["id"]
    secret = (await http.get(f"/v1/webhooks/{webhook_id}/secret")).json()["secret"]
    rotated = await _post(http, f"/v1/webhooks/{webhook_id}/rotate", {}, "two")

    assert (first.status_code, first.json()) == (201, {"id": webhook_id})
    assert first.content == again.content
    assert rotated.json() == {"id": webhook_id}
    assert (await http.get(f"/v1/webhooks/{webhook_id}/secret")).json()["secret"] != secret
    assert (await http.get(f"/v1/webhooks/{webhook_id}")).json()["url"] == "https://example.com/hooks"


async def test_pages_hold_each_webhook_and_each_delivery_once(
    install: Install, shop: UUID, http: httpx.AsyncClient
) -> None:
    """Youngest first, with a cursor until there is no more."""
    made = [
        (await _post(http, "/v1/webhooks", {"form": "standard", "url": URL}, f"{n}")).json()["id"] for n in range(3)
    ]
    async with install.unit_of_work() as work:
        for _ in range(3):
            await service.tell(work, shop, "send.status", {})
    deliveries = f"/v1/webhooks/{made[0]}/deliveries"
    wanted: list[tuple[str, dict[str, str], str, int]] = [
        ("/v1/webhooks", {}, "webhooks", 3),
        (deliveries, {}, "deliveries", 3),
        (deliveries, {"state": "given_up"}, "deliveries", 0),
    ]
    for path, asked, name, count in wanted:
        seen: list[str] = []
        cursor = None
        while True:
            page = (
                await http.get(path, params={**asked, "limit": "2"} | ({"cursor": cursor} if cursor else {}))
            ).json()
            seen += [one["id"] for one in page[name]]
            if (cursor := page["next"]) is None:
                break
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == count


async def test_a_webhook_is_tried_told_again_and_closed(http: httpx.AsyncClient) -> None:
    """What it was told can be told anew, until it is closed."""
    webhook_id = (
        await _post(http, "/v1/webhooks", {"form": "standard", "url": URL, "events": ["send.status"]})
    ).json()["id"]
    tried = await _post(http, f"/v1/webhooks/{webhook_id}/try", None, "two")
    again = await _post(http, f"/v1/webhooks/{webhook_id}/deliveries/{tried.json()['id']}/redeliver", None, "three")
    closed = await _post(http, f"/v1/webhooks/{webhook_id}/close", None, "four")
    (told,) = (await http.get(f"/v1/webhooks/{webhook_id}/deliveries")).json()["deliveries"]
    late = await _post(http, f"/v1/webhooks/{webhook_id}/try", None, "five")

    assert [tried.status_code, again.status_code, closed.status_code] == [202, 202, 200]
    assert (told["id"], told["event"], told["state"]) == (tried.json()["id"], "webhook.tried", "given_up")
    assert (late.status_code, late.json()["code"]) == (409, "webhook_closed")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://example.com:22/"}, "url"),
        ({"url": ""}, "url"),
        ({"form": "smoke"}, "form"),
        ({"events": ["send.lost"]}, "events[0]"),
        ({"secret": "x" * 32}, "secret"),
        ({"verify_token": "x"}, "verify_token"),
        ({"account_id": "x"}, "account_id"),
    ],
)
async def test_what_can_be_no_webhook_is_refused_with_its_field(
    http: httpx.AsyncClient, changed: dict[str, object], field: str
) -> None:
    """And is not repeated."""
    answer = await _post(http, "/v1/webhooks", {**WebhookToRegister.EXAMPLE, **changed})

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert "example.com" not in answer.text
    assert (await http.get("/v1/webhooks")).json()["webhooks"] == []
