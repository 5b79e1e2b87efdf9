"""Calls in the Cloud API's form, asked of our door alone: what is declared for them, what is wrong with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backoffice.accounts.service import issue_key
from backoffice.delivery.wamid import send_of
from backoffice.plumbing.http.bodies import LARGEST_BODY
from backoffice.plumbing.install import Install
from tests.cast import ANNA, BORISS, DECLARED, Shop, hold_registers, know, open_shop
from tests.delivery.webhooks import NAMES
from tests.roads.conftest import Asking

MESSAGES = f"/v23.0/{NAMES.code}/messages"
TEMPLATE = {"name": "autumn_lamps", "language": {"code": "en"}}
OFFER = {"messaging_product": "whatsapp", "to": ANNA, "type": "template", "template": TEMPLATE}
DEFAULT = {
    "template": "autumn_lamps",
    "purpose": "marketing",
    "topic": "lamps",
    "declared": msgspec.to_builtins(DECLARED),
}


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop whose number the provider knows, and Anna, who agreed."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work, names=NAMES)
        await know(work, shop, ANNA)
        return shop


async def _state(asking: Asking, key: str = "state", **changed: Any) -> httpx.Response:  # noqa: ANN401  # JSON
    return await asking.post(f"/v1/numbers/{asking.shop.sender_id}/defaults", {**DEFAULT, **changed}, key=key)


async def _call(asking: Asking, body: Any) -> tuple[int, Any]:  # noqa: ANN401  # JSON
    answer = await asking.http.post(MESSAGES, json=body)
    return answer.status_code, answer.json()


async def _decision(asking: Asking, told: Any) -> Any:  # noqa: ANN401  # JSON
    """Return the decision that a refusal names."""
    decision_id = told["error"]["error_data"]["details"].rpartition("decision_id=")[2]
    return (await asking.http.get(f"/v1/decisions/{decision_id}")).json()


async def test_what_is_declared_of_a_template_counts_for_its_calls(asking: Asking) -> None:
    """Purpose, topic and facts: the same as in a send of our own form, and the same send."""
    await _state(asking)
    status, told = await _call(asking, OFFER)
    (message,) = told["messages"]
    send = (await asking.http.get(f"/v1/sends/{send_of(message['id'])}")).json()

    assert (status, message["message_status"]) == (200, "accepted")
    assert told["contacts"] == [{"input": ANNA, "wa_id": ANNA.removeprefix("+")}]
    assert (send["state"], send["purpose"], send["topic"], send["verdict"]) == ("queued", "marketing", "lamps", "allow")


async def test_what_nobody_declared_counts_as_marketing_and_holds_what_asks(asking: Asking) -> None:
    """Strict, and the answer says which fact is missing."""
    for body in (OFFER, {**OFFER, "type": "text", "text": {"body": "Hello"}, "template": None}):
        status, told = await _call(asking, {name: part for name, part in body.items() if part})
        decision = await _decision(asking, told)
        assert status >= 400
        assert decision["purpose"] == "marketing"
        assert {reason["fact"] for reason in decision["reasons"] if "fact" in reason} >= {"message.carries"}


async def test_free_text_has_a_default_of_its_own(asking: Asking) -> None:
    """Whatever is sent without a template; it counts as service once nothing in it can be marketing."""
    text = {"messaging_product": "whatsapp", "to": ANNA, "text": {"body": "Hello"}}
    plain = {"has_promotional_part": False, "template_category": "none"}
    purposes = []
    for key, declared in (("one", plain), ("two", {**plain, "leads_to_paid_content": False})):
        await _state(asking, key, template="", purpose="service", declared=declared)
        _, told = await _call(asking, text)
        assert told["error"]["code"] == 131047
        purposes.append((await _decision(asking, told))["purpose"])

    assert purposes == ["marketing", "service"]


async def test_defaults_are_told_changed_and_taken_back(install: Install, asking: Asking) -> None:
    """The newest counts; of another account's number nothing is told or changed."""
    path = f"/v1/numbers/{asking.shop.sender_id}/defaults"
    await _state(asking)
    await _state(asking, "again", purpose="service", declared={})
    assert (await asking.http.get(path)).json() == [
        {"template": "autumn_lamps", "purpose": "service", "topic": "lamps", "is_answer": False, "declared": {}}
    ]
    first, second = [await asking.post(f"{path}/withdraw", {"template": "autumn_lamps"}, key=key) for key in "ab"]
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 404, "default_unknown")
    assert (await asking.http.get(path)).json() == []

    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
    for answer in (
        await asking.http.get(f"/v1/numbers/{other.sender_id}/defaults"),
        await asking.post(f"/v1/numbers/{other.sender_id}/defaults", DEFAULT, key="c"),
        await asking.post(f"/v1/numbers/{other.sender_id}/defaults/withdraw", {}, key="d"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "sender_unknown")


WRONG = [
    *(b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"{}", b'{"messaging_product":"whatsapp"}', b"[" * 100_000),
    b'{"messaging_product":"whatsapp","to":"37126000001","text":{"body":"\\u0000"}}',
    b'{"messaging_product":"whatsapp","to":"37126000001","text":{"body":"' + b"x" * LARGEST_BODY + b'"}}',
    msgspec.json.encode({**OFFER, "template": {**TEMPLATE, "components": ["x" * 40_000]}}),
]


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
async def test_what_is_no_call_is_refused_in_the_graph_apis_words(asking: Asking, body: bytes) -> None:
    """As a bad request, and nothing is recorded."""
    answer = await asking.http.post(MESSAGES, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in (100, 131008, 131009)
    assert (await asking.http.get("/v1/sends")).json()["sends"] == []


@given(
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(sorted(OFFER)), st.text() | st.none()).map(msgspec.json.encode)
)
@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_called_is_answered(asking: Asking, body: bytes) -> None:
    """Never by a fault of ours."""
    answer = await asking.http.post(MESSAGES, content=body)

    assert answer.status_code in (200, 400, 403, 404)
    assert "error" in answer.json() or "messages" in answer.json()


async def test_nobody_gets_in_without_a_key_or_by_another_number(install: Install, asking: Asking) -> None:
    """190 for the key; for another account's number the same as for one that isn't there."""
    async with install.unit_of_work() as work:
        key = await issue_key(work, (await open_shop(work, number="+37129999902")).account_id)
    keyless = await asking.http.post(MESSAGES, json=OFFER, headers={"Authorization": ""})
    stranger = await asking.http.post(MESSAGES, json=OFFER, headers={"Authorization": f"Bearer {key}"})
    nowhere = await asking.http.post("/v23.0/999/messages", json=OFFER)

    assert (keyless.status_code, keyless.json()["error"]["code"]) == (401, 190)
    told = [one.json()["error"] for one in (stranger, nowhere)]
    assert [(one["code"], one["error_subcode"]) for one in told] == [(100, 33), (100, 33)]
    assert told[0]["message"].replace(NAMES.code, "999") == told[1]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"/v23.0/{NAMES.code}/register", 400),
        ("POST", f"/v23.0/{NAMES.code}/marketing_messages", 400),
        ("GET", f"/v23.0/{NAMES.account}/message_templates?limit=3", 503),
        ("GET", "/v23.0/102290129340399/message_templates", 400),
        ("GET", f"/v23.0/{NAMES.account}/phone_numbers", 400),
        ("GET", "/v23.0/me", 400),
        ("DELETE", f"/v23.0/{NAMES.account}/subscribed_apps", 400),
        ("GET", f"/v23.0/{NAMES.code}?fields=id", 503),  # no provider is set
        ("POST", f"/v23.0/{NAMES.code}/media", 503),
        ("GET", "/v23.0/1234567890", 503),
    ],
)
async def test_what_is_not_done_here_is_a_graph_error(asking: Asking, method: str, path: str, status: int) -> None:
    """Also where nothing is wrong with it elsewhere."""
    answer = await asking.http.request(method, path, content=b"{}" if method == "POST" else None)

    assert (answer.status_code, answer.json()["error"]["type"]) == (
        status,
        "GraphMethodException" if status == 400 else "OAuthException",
    )


@pytest.mark.parametrize("path", ["/none/such", "/v1/none/such", "/v1/none", "/v23/1/messages", "/x/1/messages"])
async def test_what_is_no_version_of_the_graph_api_is_not_there(asking: Asking, path: str) -> None:
    """As any other address without anything."""
    answer = await asking.http.get(path)

    assert (answer.status_code, answer.json()["code"]) in ((404, "route_unknown"), (405, "method_unknown"))


async def test_a_call_and_a_send_are_one_road(install: Install, asking: Asking) -> None:
    """The same content, so that what staff found of it counts for both; the call's own words lie sealed."""
    await _state(asking)
    await _call(asking, {**OFFER, "biz_opaque_callback_data": "order of Anna"})
    own = {
        "channel": "whatsapp",
        "sender_id": str(asking.shop.sender_id),
        "to": BORISS,
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED),
    }
    await asking.post("/v1/sends", own, key="own")
    async with install.reading() as work:
        contents = await work.connection.fetch("SELECT DISTINCT content_id FROM send")
        stored = await work.connection.fetchval("SELECT string_agg(send::text, '') FROM send")

    assert [row["content_id"] for row in contents] == [asking.shop.errand.content_id]
    for word in (b"order of Anna", b"autumn_lamps", ANNA.encode()):
        assert word.hex() not in stored
        assert word.decode() not in stored
    assert isinstance(asking.shop.account_id, UUID)
