"""A list of stops over the wire: stated, counted, stored by the worker, told line by line."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import httpx
import msgspec
import pytest

from backoffice.accounts.service import find_caller, issue_key
from backoffice.consent.views import ROUTES as CONSENT
from backoffice.journeys import suppressing
from backoffice.journeys.suppression_views import ROUTES, StopsToImport
from backoffice.plumbing.http import make_web
from backoffice.plumbing.install import Install
from tests.campaigns.making import number, to_named
from tests.cast import Shop, open_shop

LIST = f"contact_id,sender_id,status\n{number(1)},MG1,opt-out\n{number(2)},MG1,opt-in\n12,MG1,opt-out\n"
IMPORTS = "/v1/suppressions/imports"


@pytest.fixture
async def shop(install: Install) -> Shop:
    """The lamp shop."""
    async with install.unit_of_work() as work:
        return await open_shop(work)


@pytest.fixture
async def http(install: Install, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """The shop's programs."""
    async with install.unit_of_work() as work:
        secret = await issue_key(work, shop.account_id)
    web = make_web(lambda: nullcontext(install), [*CONSENT, *ROUTES], find_caller)
    headers, transport = {"Authorization": f"Bearer {secret}"}, httpx.ASGITransport(app=web)
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as asked:
        yield asked


async def _state(http: httpx.AsyncClient, key: str = "one", **changed: Any) -> httpx.Response:  # noqa: ANN401  # JSON
    return await http.post(IMPORTS, json=StopsToImport.EXAMPLE | changed, headers={"Idempotency-Key": key})


async def _hand_in(http: httpx.AsyncClient, stops_id: str, body: str = LIST) -> httpx.Response:
    key = hashlib.sha256(f"{stops_id} {body}".encode()).hexdigest()
    headers = {"Idempotency-Key": key, "Content-Type": "text/csv"}
    return await http.post(f"{IMPORTS}/{stops_id}/commit", content=body, headers=headers)


async def test_a_list_is_stated_counted_stored_and_told(install: Install, shop: Shop, http: httpx.AsyncClient) -> None:
    """And a person of it is in a campaign: which, is told by its name."""
    campaign = await to_named(install, shop, 3, name="=Autumn")
    stops_id = (await _state(http)).json()["id"]
    seen = (await http.post(f"{IMPORTS}/{stops_id}/preview", content=LIST)).json()

    figures: dict[str, Any] = {
        "rows": 3,
        "new": 1,
        "known": 0,
        "not_opt_out": 1,
        "unreadable": 1,
        "doubtful": 0,
        "stops": 1,
    }
    figures |= {"in_campaigns": 1, "reasons": {"number_invalid": 1}}
    met = [{"id": str(campaign.id), "name": "=Autumn", "state": "ready", "people": 1}]
    fault = {"line": 4, "outcome": "unreadable", "field": "phone", "reason": "number_invalid", "is_in_campaign": False}
    assert (seen["format"], seen["counts"], seen["campaigns"], seen["faults"]) == ("twilio", figures, met, [fault])
    taken = await _hand_in(http, stops_id)
    assert (taken.status_code, taken.json()) == (202, {"id": stops_id, "state": "committing"})
    assert (await _hand_in(http, stops_id)).content == taken.content
    payload = {"account_id": str(shop.account_id), "import_id": stops_id}
    await suppressing.run(install, payload)

    told = (await http.get(f"{IMPORTS}/{stops_id}")).json()
    assert (told["state"], told["counts"], told["campaigns"], told["done_line"]) == ("committed", figures, met, 4)
    (stop,) = (await http.get("/v1/suppressions", params={"address": number(1)})).json()
    assert (stop["reason"], stop["scope"], stop["channel"]) == ("import", "all", "all")
    lines = (await http.get(f"{IMPORTS}/{stops_id}/lines", params={"form": "jsonl"})).text.splitlines()
    assert [msgspec.json.decode(one) for one in lines][2] == fault
    assert (await http.get(f"{IMPORTS}/{stops_id}/lines")).text.splitlines() == [
        "line,outcome,field,reason,is_in_campaign",
        "2,new,,,True",
        "3,not_opt_out,,,False",
        "4,unreadable,phone,number_invalid,False",
    ]


async def test_a_file_handed_in_anew_takes_the_place_of_the_one_before(
    install: Install, shop: Shop, http: httpx.AsyncClient
) -> None:
    """Also where it is shorter by pieces; once it is begun, another is refused."""
    stops_id = (await _state(http)).json()["id"]
    async with install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO import_part VALUES ($1, 7, 'left', now())", stops_id)
    await _hand_in(http, stops_id)
    other = await _hand_in(http, stops_id, LIST + "13,MG1,opt-out\n")
    await suppressing.run(install, {"account_id": str(shop.account_id), "import_id": stops_id})

    assert (other.status_code, other.json()["code"]) == (422, "file_differs")
    assert (await http.get(f"{IMPORTS}/{stops_id}")).json()["state"] == "committed"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"format": "fax"}, "format"),
        ({"scope": "topic"}, "scope"),
        ({"name": ""}, "name"),
        ({"country": "XX"}, "country"),
    ],
)
async def test_what_cant_be_stated_is_refused_by_its_field(
    http: httpx.AsyncClient, changed: dict[str, str], field: str
) -> None:
    """With a code for programs."""
    answer = await _state(http, **changed)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("body", ["", "\x00", "a,b\n1,2\n", "phone\n\xff", "PK\x03\x04"])
async def test_a_file_that_is_no_list_is_refused(http: httpx.AsyncClient, body: str) -> None:
    """Whatever it is; nothing of it is repeated."""
    stops_id = (await _state(http)).json()["id"]
    answer = await http.post(f"{IMPORTS}/{stops_id}/preview", content=body.encode("latin-1"))

    assert answer.status_code in (400, 422)


async def test_anothers_import_is_as_good_as_none(install: Install, http: httpx.AsyncClient) -> None:
    """However it is asked for."""
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
        secret = await issue_key(work, other.account_id)
    stops_id = (await _state(http)).json()["id"]
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "other"}

    wanted = (("GET", "", ""), ("GET", "/lines", ""), ("POST", "/preview", LIST), ("POST", "/commit", LIST))
    asked = [
        await http.request(verb, f"{IMPORTS}/{stops_id}{rest}", headers=headers, content=body)
        for verb, rest, body in wanted
    ]
    assert [one.status_code for one in asked] == [404] * 4
