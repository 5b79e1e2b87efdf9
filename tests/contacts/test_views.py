"""Contacts over the wire: added once, told to their account, refused with the field that is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backoffice.contacts.views import ROUTES, ContactToAdd
from backoffice.plumbing.install import Install
from tests.contacts.rooms import asking


@pytest.fixture
async def http(install: Install) -> AsyncIterator[httpx.AsyncClient]:
    """A shop's programs."""
    async with asking(install, ROUTES) as asked:
        yield asked


async def _add(http: httpx.AsyncClient, key: str = "one", **changed: Any) -> httpx.Response:  # noqa: ANN401  # JSON
    return await http.post("/v1/contacts", json=ContactToAdd.EXAMPLE | changed, headers={"Idempotency-Key": key})


async def test_a_contact_is_added_once_and_told_to_its_account(http: httpx.AsyncClient) -> None:
    """The answer that is kept holds an id; the address is told to who asks for it."""
    first, again = await _add(http), await _add(http)
    other = await _add(http, "two", address="26000001", born_on="1990-05-01")

    assert (first.status_code, first.json()["is_new"], first.content) == (201, True, again.content)
    assert "2600" not in first.text
    assert other.json() == {"id": first.json()["id"], "is_new": False}
    told = (await http.get(f"/v1/contacts/{first.json()['id']}")).json()
    assert (told["kind"], told["address"], told["born_on"]) == ("phone", "+37126000001", "1990-05-01")
    assert told["places"] == ["EU", "LV"]


async def test_another_accounts_contact_is_not_found(install: Install, http: httpx.AsyncClient) -> None:
    """As if it weren't there."""
    added = (await _add(http)).json()

    async with asking(install, ROUTES, "Other Lamp") as other:
        answer = await other.get(f"/v1/contacts/{added['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "contact_unknown")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"address": "12345"}, "phone"),
        ({"address": "anna@"}, "email"),
        ({"country": "Latvia"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"person_type": "alien"}, "person_type"),
        ({"born_on": "2030-01-01"}, "born_on"),
        ({"nickname": "Anna"}, "nickname"),
    ],
)
async def test_what_cannot_be_added_is_refused_with_its_field(
    http: httpx.AsyncClient, changed: dict[str, Any], field: str
) -> None:
    """And what was written is not repeated."""
    answer = await _add(http, **changed)

    assert answer.status_code in (400, 422)
    assert field in answer.text
    assert "12345" not in answer.text
