"""Bad input, through the whole web part: a clear refusal that names the field, and nothing lost or written."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from backoffice.accounts.service import issue_key
from backoffice.consent import importing
from backoffice.consent.import_views import ListToImport
from backoffice.main import create_app
from backoffice.plumbing.http.openapi import example_of, operations
from backoffice.plumbing.install import Install
from tests.campaigns.making import csv_of, line
from tests.cast import ANNA, open_shop
from tests.roads.conftest import Asking
from tests.roads.making import one_of_each

CSV = {"Content-Type": "text/csv"}
WRONG: dict[bytes, str] = {
    b"": "body_missing",
    b"phone\n+37126000001\n\xff\xfe\xfd\n": "encoding_invalid",
    b"PK\x03\x04 a workbook": "file_is_no_list",
    b"name,city\nAnna,Riga\n": "column_missing",
}


async def _statement(asking: Asking, key: str = "state") -> str:
    made = await asking.post("/v1/contacts/imports", ListToImport.EXAMPLE, key=key)
    return f"/v1/contacts/imports/{made.json()['id']}"


@pytest.mark.parametrize(("file", "code"), WRONG.items())
async def test_a_file_that_is_no_list_is_refused_and_another_may_follow(asking: Asking, file: bytes, code: str) -> None:
    """Bytes of no encoding, a workbook, no addresses, nothing at all; what was stated stays."""
    place = await _statement(asking)
    answer = await asking.http.post(f"{place}/preview", content=file, headers=CSV)

    assert (answer.status_code in (400, 422), answer.json()["code"]) == (True, code), answer.text
    assert "a workbook" not in answer.text
    good = await asking.http.post(f"{place}/preview", content=csv_of([line(1)]).getvalue(), headers=CSV)
    assert good.json()["counts"]["rows"] == 1


async def test_a_list_of_too_many_rows_is_refused_by_its_field(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rejected rows count too; nothing of the file is kept, and it can be handed in in two halves."""
    monkeypatch.setattr(importing, "MOST_ROWS", 3)
    place = await _statement(asking)
    lines = [line(1), line(2), line(3), "nobody,LV,,,,,"]
    long = await asking.http.post(f"{place}/preview", content=csv_of(lines).getvalue(), headers=CSV)
    half = await asking.http.post(f"{place}/preview", content=csv_of(lines[:3]).getvalue(), headers=CSV)

    (error,) = long.json()["errors"]
    assert (long.status_code, error["field"], error["code"]) == (422, "file", "file_too_long")
    assert "3" in error["says"]
    assert half.json()["counts"]["rows"] == 3


async def test_no_path_leads_to_what_is_anothers(install: Install, asking: Asking) -> None:
    """Every operation with an id answers a stranger as if there were nothing: 404; its owner finds it there."""
    ids = await one_of_each(asking)
    async with install.unit_of_work() as work:
        stranger = await issue_key(work, (await open_shop(work, number="+37129999902")).account_id)
    asked = [one for one in operations(create_app(install)) if "_id}" in one.path]
    statuses = {}
    for one in asked:
        headers = {"Authorization": f"Bearer {stranger}", "Idempotency-Key": one.path} | CSV
        content = csv_of([line(1)]).getvalue()
        if one.body is not None:
            content, headers["Content-Type"] = msgspec.json.encode(example_of(one.body)), "application/json"
        answer: httpx.Response = await asking.http.request(
            one.method, one.path.format(**ids), headers=headers, content=content if one.method == "POST" else None
        )
        statuses[f"{one.method} {one.path}"] = answer.status_code

    assert len(statuses) >= 20
    assert {path: status for path, status in statuses.items() if status != 404} == {}
    for path in ("/v1/sends/{send_id}", "/v1/campaigns/{campaign_id}/preview", "/v1/contacts/{contact_id}"):
        assert (await asking.http.get(path.format(**ids))).status_code == 200


async def test_a_key_used_again_for_something_else_is_refused_everywhere(install: Install, asking: Asking) -> None:
    """Whatever it was used for first, and whatever is asked now: 422, and nothing happens."""
    _ = install
    await asking.post("/v1/contacts", {"address": ANNA}, key="used")
    posts = [one for one in operations(create_app(install)) if one.is_once and "{" not in one.path]
    codes = {}
    for one in posts:
        answer = await asking.post(one.path, example_of(one.body), key="used")
        codes[one.path] = (answer.status_code, answer.json()["code"])

    assert len(codes) >= 7
    assert set(codes.values()) == {(422, "idempotency_key_reused")}, codes
