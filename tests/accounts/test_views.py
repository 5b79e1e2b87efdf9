"""What an account is told of itself, and the numbers it links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from backoffice.accounts import service
from backoffice.accounts.views import ROUTES, NumberToLink
from backoffice.plumbing.http import make_web
from backoffice.plumbing.install import Install
from backoffice.plumbing.policies import library
from tests.accounts.conftest import OPERATOR, TEXT

RIGA = "+37126000001"
NUMBER = {**NumberToLink.EXAMPLE, "address": RIGA}


@asynccontextmanager
async def asking(install: Install, secret: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the room's web part with a key."""
    web = make_web(lambda: nullcontext(install), ROUTES, service.find_caller)
    transport = httpx.ASGITransport(app=web)
    headers = {"Authorization": f"Bearer {secret}"}
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield http


async def _shop(install: Install, name: str = "Baltic Lamp") -> tuple[UUID, str]:
    async with install.unit_of_work() as work:
        account_id = await service.register_account(work, OPERATOR, name, "LV", "business")
        await service.set_standing(work, account_id, "active")
        return account_id, await service.issue_key(work, account_id)


@pytest.fixture
async def shop(install: Install) -> tuple[UUID, str]:
    """An active account with a key."""
    return await _shop(install)


@pytest.fixture
async def http(install: Install, shop: tuple[UUID, str]) -> AsyncIterator[httpx.AsyncClient]:
    """Its programs."""
    async with asking(install, shop[1]) as asked:
        yield asked


async def _link(http: httpx.AsyncClient, key: str = "one", **changed: Any) -> httpx.Response:  # noqa: ANN401  # JSON
    return await http.post("/v1/numbers", json={**NUMBER, **changed}, headers={"Idempotency-Key": key})


async def test_an_account_is_told_what_is_on_record_of_it(
    install: Install, shop: tuple[UUID, str], http: httpx.AsyncClient
) -> None:
    """Name and number in clear for itself; what it accepted, and whether that is the edition that binds it."""
    edition = library().operator(OPERATOR).edition
    async with install.unit_of_work() as work:
        await service.accept_document(work, shop[0], "terms", edition, "lv", TEXT)
    await _link(http)

    told = (await http.get("/v1/account")).json()

    assert (told["id"], told["name"], told["establishment"]) == (str(shop[0]), "Baltic Lamp", "LV")
    assert told["standing"]["standing"] == "active"
    (document,) = told["documents"]
    assert (document["document"], document["sha256"], document["is_current"]) == ("terms", TEXT.hex(), True)
    assert [number["address"] for number in told["numbers"]] == [RIGA]
    assert told["numbers"] == (await http.get("/v1/numbers")).json()


async def test_a_suspended_account_is_told_on_which_ground_and_by_what(
    install: Install, shop: tuple[UUID, str], http: httpx.AsyncClient
) -> None:
    """The door stays open, and the reasons cite clause or law in words."""
    assert "not_in_standing" not in str((await http.get("/v1/account")).json())
    async with install.unit_of_work() as work:
        await service.set_standing(work, shop[0], "suspended", "law")

    answer = await http.get("/v1/account")

    standing = answer.json()["standing"]
    assert (answer.status_code, standing["standing"], standing["ground"]) == (200, "suspended", "law")
    reasons = {reason["source"]: reason for reason in standing["reasons"]}
    assert reasons["GL-STAND-01"]["code"] == "not_in_standing"
    assert all(reason["says"] and reason["citation"] for reason in standing["reasons"])


async def test_a_number_is_linked_once_however_often_it_is_asked(http: httpx.AsyncClient) -> None:
    """The same key and body get the same bytes; the answer holds no address, as it is kept."""
    first, again = await _link(http), await _link(http)

    assert first.status_code == 201
    assert first.content == again.content
    assert RIGA not in first.text
    assert [number["id"] for number in (await http.get("/v1/numbers")).json()] == [first.json()["id"]]


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"address": "26000001"}, 422, "address"),
        ({"address": "lamp@example.com"}, 422, "address"),
        ({"channel": "push"}, 422, "channel"),
        ({"provider_type": "grey"}, 422, "provider_type"),
        ({"is_banned": False}, 422, "is_banned"),
        ({"is_registered": 1}, 422, "is_registered"),
        ({"address": "x" * 255}, 422, "address"),
    ],
)
async def test_a_number_that_cannot_be_linked_is_refused_with_its_field(
    http: httpx.AsyncClient, changed: dict[str, Any], status: int, field: str
) -> None:
    """And what was written is not repeated."""
    answer = await _link(http, **changed)

    assert answer.status_code == status
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert str(changed.get("address", "no such text")) not in answer.text
    assert (await http.get("/v1/numbers")).json() == []


async def test_another_accounts_number_is_refused(install: Install, http: httpx.AsyncClient) -> None:
    """While it is linked there: 409, and nothing of whose it is."""
    await _link(http)
    _, secret = await _shop(install, "Other Lamp")
    async with asking(install, secret) as other:
        answer = await _link(other)

    assert (answer.status_code, answer.json()["code"]) == (409, "number_linked_elsewhere")
    assert "Baltic" not in answer.text


async def test_in_live_mode_nobody_takes_an_accounts_word_for_its_number(
    install: Install, shop: tuple[UUID, str]
) -> None:
    """The number is neither linked nor registered until its provider says so, and keeps nobody from linking it."""
    install.settings = msgspec.structs.replace(install.settings, mode="live")
    async with asking(install, shop[1]) as http:
        answer = await _link(http)
        (number,) = (await http.get("/v1/numbers")).json()

    assert answer.json()["is_linked"] is False
    assert (number["is_linked"], number["is_registered"], number["can_receive"]) == (False, None, False)
    assert number["is_banned"] is None


@pytest.mark.parametrize("path", ["/v1/account", "/v1/numbers"])
async def test_without_a_key_nothing_is_told(install: Install, path: str) -> None:
    """Nor with one that was never issued."""
    for secret in ("", "bo_sandbox_guess"):
        async with asking(install, secret) as http:
            assert (await http.get(path)).status_code == 401
