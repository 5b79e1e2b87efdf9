"""Consents, stops and lists over the wire, from statement to receipt."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backoffice.consent import spool
from backoffice.consent.import_views import ListToImport
from backoffice.consent.views import ROUTES, ConsentToRecord, StopToAdd
from backoffice.contacts.views import ROUTES as CONTACTS
from backoffice.plumbing.install import Install
from tests.contacts.rooms import asking

LIST = (
    "phone,consent_at,consent_text,opted_out_at\n"
    "26000001,2026-03-01T10:00:00Z,Baltic Lamp may send me offers on WhatsApp.,\n"
    "26000002,,,2026-05-01T10:00:00Z\n"
    "12,,,\n"
)


@pytest.fixture
async def http(install: Install) -> AsyncIterator[httpx.AsyncClient]:
    """A shop's programs."""
    async with asking(install, [*CONTACTS, *ROUTES]) as asked:
        yield asked


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, Any], key: str = "one") -> httpx.Response:
    return await http.post(path, json=body, headers={"Idempotency-Key": f"{path}-{key}"})


async def _consent(http: httpx.AsyncClient, key: str = "one", **changed: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    answer = await _post(http, "/v1/consents", ConsentToRecord.EXAMPLE | changed, key)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_consent_is_recorded_told_and_withdrawn(http: httpx.AsyncClient) -> None:
    """With its grade, its receipt in the words that were shown, and its end."""
    recorded = await _consent(http)
    (one,) = recorded["consents"]
    assert (one["grade"], one["withdrawn_at"]) == ("B", None)

    receipt = (await http.get(f"/v1/consents/{one['id']}")).json()
    assert receipt["words"] == ConsentToRecord.EXAMPLE["words"]
    assert (receipt["channels"], receipt["purposes"]) == (["whatsapp"], ["marketing"])
    assert (receipt["form_id"], receipt["form_sha256"]) == ("checkout-2026", "5a" * 32)

    ended = await _post(http, f"/v1/consents/{one['id']}/withdraw", {})
    assert ended.json() == {"consents": [one["id"]]}
    (told,) = (await http.get("/v1/consents", params={"contact_id": recorded["contact_id"]})).json()
    assert told["withdrawn_at"]


async def test_the_same_act_under_another_key_is_on_record_already(http: httpx.AsyncClient) -> None:
    """Nothing is recorded twice."""
    await _consent(http)

    assert (await _consent(http, "two"))["consents"] == []


async def test_a_consent_is_of_a_contact_or_of_an_address_and_not_of_both(http: httpx.AsyncClient) -> None:
    """Whoever has the address becomes a contact, and is the contact that is named."""
    first = await _consent(http)

    named = await _consent(http, "two", address="", contact_id=first["contact_id"])
    assert (named["contact_id"], named["consents"]) == (first["contact_id"], [])
    for changed in ({"contact_id": first["contact_id"]}, {"address": ""}):
        answer = await _post(http, "/v1/consents", ConsentToRecord.EXAMPLE | changed, "three")
        assert answer.json()["code"] == "contact_or_address"


async def test_a_bare_claim_is_of_grade_d(http: httpx.AsyncClient) -> None:
    """Without the form that captured it nothing is proved."""
    assert [one["grade"] for one in (await _consent(http, form=None))["consents"]] == ["D"]


@pytest.mark.parametrize("written", ["+37126000001", "+371 2600 0001", "0037126000001"])
async def test_a_stop_is_found_however_its_address_is_written(http: httpx.AsyncClient, written: str) -> None:
    """Also where a query has turned the plus sign into a space."""
    added = (await _post(http, "/v1/suppressions", StopToAdd.EXAMPLE)).json()

    for query in (httpx.QueryParams({"address": written}), f"address={written.replace(' ', '%20')}"):
        (told,) = (await http.get(f"/v1/suppressions?{query}")).json()
        assert (told["id"], told["scope"], told["reason"]) == (added["id"], "marketing", "account")
        assert told["is_everywhere"] is False


async def test_a_stop_of_the_same_matter_is_the_stop_that_stands(http: httpx.AsyncClient) -> None:
    """Told again under another key with the same moment, it is the same one."""
    body = StopToAdd.EXAMPLE | {"said_at": "2026-05-01T10:00:00Z"}

    first, again = [await _post(http, "/v1/suppressions", body, key) for key in ("one", "two")]

    assert first.json() == again.json()
    assert "2600" not in first.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/suppressions", {"address": "+37126000001", "scope": "topic"}, "topic"),
        ("/v1/suppressions", {"address": "+37126000001", "said_at": "2030-01-01T00:00:00Z"}, "at"),
        ("/v1/suppressions", {"address": "nobody"}, "phone"),
        ("/v1/suppressions", {"address": "26000001", "country": "lv", "reason": "staff"}, "reason"),
        ("/v1/contacts/imports", {"name": ""}, "name"),
        ("/v1/contacts/imports", {"name": "x", "facts": {"is_rich": True}}, "is_rich"),
        ("/v1/contacts/imports", {"name": "x", "evidence": {"form": [{"id": "f"}]}}, "form"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_field(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], field: str
) -> None:
    """By the reader or by the verb, in one form."""
    answer = await _post(http, path, body)

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field in answer.text


async def _import(http: httpx.AsyncClient) -> str:
    begun = await _post(http, "/v1/contacts/imports", ListToImport.EXAMPLE)
    assert begun.status_code == 201, begun.text
    told: str = begun.json()["id"]
    return told


async def test_a_list_goes_from_its_statement_to_its_end(install: Install, http: httpx.AsyncClient) -> None:
    """Stated, previewed, committed with the same file, stored by the job, told at each step."""
    place = f"/v1/contacts/imports/{await _import(http)}"
    csv = {"Content-Type": "text/csv", "Idempotency-Key": "file"}

    seen = (await http.post(f"{place}/preview", content=LIST, headers=csv)).json()
    assert (seen["counts"]["rows"], seen["new"], seen["known"]) == (2, 2, 0)
    assert seen["counts"]["grades"] == {"C": 1, "none": 1}
    assert seen["rejected"] == [{"line": 4, "field": "phone", "reason": "number_invalid"}]
    first = await http.post(f"{place}/commit", content=LIST, headers=csv)
    again = await http.post(f"{place}/commit", content=LIST, headers=csv)
    assert (first.status_code, first.json()["state"], first.content) == (202, "committing", again.content)

    async with install.reading() as work:
        told = await work.connection.fetchrow("SELECT entrypoint, payload FROM pgqueuer")
        account_id = await work.connection.fetchval("SELECT account_id FROM contact_import")
    assert told["entrypoint"] == spool.JOB
    await spool.run(install, {"account_id": str(account_id), "import_id": place.rpartition("/")[2]})

    now = (await http.get(place)).json()
    assert (now["state"], now["done_line"], now["rows"]) == ("committed", 4, 3)
    assert (now["counts"]["added"], now["counts"]["consents"], now["counts"]["stops"]) == (2, 1, 1)
    (stop,) = (await http.get("/v1/suppressions", params={"address": "+37126000002"})).json()
    assert stop["reason"] == "list"


async def test_another_file_or_no_preview_is_refused(http: httpx.AsyncClient) -> None:
    """With a code that says which, and nothing is kept of the file."""
    place = f"/v1/contacts/imports/{await _import(http)}"
    csv = {"Content-Type": "text/csv", "Idempotency-Key": "file"}

    unseen = await http.post(f"{place}/commit", content=LIST, headers=csv)
    await http.post(f"{place}/preview", content=LIST, headers=csv)
    other = await http.post(f"{place}/commit", content=LIST + "26000003,,,\n", headers=csv)

    assert [unseen.json()["code"], other.json()["code"]] == ["import_is_elsewhere", "file_differs"]
    assert (await http.get(place)).json()["state"] == "previewed"


async def test_a_file_that_is_no_list_is_told_without_its_contents(http: httpx.AsyncClient) -> None:
    """The line and what is missing, and not the name of a file that has none."""
    place = f"/v1/contacts/imports/{await _import(http)}"

    answer = await http.post(f"{place}/preview", content=b"Anna;Ozola\n", headers={"Content-Type": "text/csv"})

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "column_missing"
    assert "Anna" not in answer.text


def test_the_same_statement_has_the_same_hash_in_every_process() -> None:
    """Sets have no order of their own; a list is known again by what was stated of it."""
    from backoffice.consent.stated import Stated  # noqa: PLC0415

    one = Stated(name="a", evidence={"form": [{"channels": frozenset({"sms", "whatsapp", "email", "voice"})}]})

    assert one.statement() == hashlib.sha256(_PLAIN).digest()


_PLAIN = (
    b'{"columns":{},"encoding":"","evidence":{"form":[{"channels":["email","sms","voice","whatsapp"]}]},'
    b'"facts":{"soft_opt_in":[]},"kind":"phone","name":"","region":""}'
)
