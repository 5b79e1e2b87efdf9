"""Whatever comes in: no body, path or header makes the sandbox fall, and none but a whole message is accepted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.channels.sandbox import control, graph
from backoffice.channels.sandbox.replies import CODES, Problem
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Setup
from tests.channels.sandbox.conftest import BALTIC_TOURS, CODE, NOTICE, OFFER, PHONE, SECRET, TEXT, TOKEN, WABA, Desk
from tests.channels.sandbox.test_sending import INTERACTIVE, KINDS, body, interactive
from tests.channels.sandbox.test_templates import CARDS, FULL, FULL_PARTS, card, filled
from tests.trying import DEAR

SEEDS: list[Any] = [
    TEXT,
    *(body(kind) for kind in KINDS),
    *(interactive(kind) for kind in INTERACTIVE),
    filled("full", *FULL_PARTS, language="en_US"),
    filled("cards", {"type": "carousel", "cards": [card(0), card(1)]}),
    {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.a"},
    {"messaging_product": "whatsapp", "block_users": [{"user": "37126000001"}]},
    FULL,
    CARDS,
]
"""Right bodies, which are then changed at some place."""

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["text", "image", "button", "wamid.a", "+37126000001", "https://a", "{{1}}", "0", "a" * 5000])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

GRAPH = [
    ("POST", f"/v25.0/{PHONE}/messages"),
    ("POST", f"/v25.0/{PHONE}/marketing_messages"),
    ("POST", f"/v25.0/{PHONE}/block_users"),
    ("DELETE", f"/v25.0/{PHONE}/block_users"),
    ("POST", f"/v25.0/{PHONE}/media"),
    ("POST", f"/v25.0/{WABA}/message_templates"),
]
CONTROL = [
    *(("POST", f"/sandbox/{door}") for door in ("inbound", "preferences")),
    *(("PUT", f"/sandbox/{door}") for door in ("persons", f"numbers/{PHONE}", "templates", "faults", "clock")),
]


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the way to every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(found for key, one in inner for found in places(one, (*way, key)))]


@st.composite
def changed(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:  # noqa: ANN401
    """Draw a right body of which some values are other ones, gone, or under another name."""
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        ways = [way for way in places(value) if way]
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        holder = value
        for key in way:
            holder = holder[key]
        match draw(st.sampled_from(["other", "gone", "renamed"])):
            case "gone":
                del holder[last]
            case "renamed" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = holder.pop(last)
            case _:
                holder[last] = draw(VALUES)
    return value


RAWS = st.binary(max_size=200) | VALUES.map(msgspec.json.encode) | changed().map(msgspec.json.encode)


def desk() -> Desk:
    """Return a sandbox that keeps nothing."""
    numbers, templates = (BALTIC_TOURS,), (OFFER, NOTICE, CODE)
    return Desk(Setup(path=":memory:", token=TOKEN, secret=SECRET, numbers=numbers, templates=templates))


@pytest.fixture(scope="module")
def shared() -> Desk:
    """One sandbox for many bodies."""
    return desk()


@DEAR
@given(st.sampled_from(GRAPH), RAWS)
def test_no_body_makes_the_graph_api_fall(shared: Desk, door: tuple[str, str], raw: bytes) -> None:
    """It is taken, or refused by a code of the table with details; never a 500."""
    shared.wait(seconds=300)
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "multipart/form-data; boundary=a"}
    reply = graph.answer(shared.state, Request(*door, headers, raw))
    told = msgspec.json.decode(reply.body)

    assert reply.status in {200, 400, 404, 429}
    assert (reply.status == 200) != ("error" in told)
    if "error" in told:
        assert told["error"]["code"] in CODES
    shared.told()


@DEAR
@given(st.sampled_from(CONTROL), RAWS)
def test_no_body_makes_the_sandboxs_own_doors_fall(shared: Desk, door: tuple[str, str], raw: bytes) -> None:
    """Nor what follows of it."""
    reply = control.answer(shared.state, Request(*door, {}, raw))

    assert reply.status in {200, 400, 404}
    msgspec.json.decode(reply.body)


@DEAR
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    st.text(max_size=30).map(lambda path: f"/v25.0/{path}")
    | st.text(max_size=30).map(lambda verb: f"/v25.0/{PHONE}/{verb}")
    | st.text(max_size=30).map(lambda query: f"/v25.0/{PHONE}/block_users?limit={query}&after={query}")
    | st.text(max_size=30).map(lambda query: f"/v25.0/{WABA}/message_templates?limit={query}&name={query}")
    | st.text(max_size=30).map(lambda fields: f"/v25.0/{PHONE}?fields={fields}")
    | st.text(max_size=30).map(lambda query: f"/whatsapp_business/attachments/{query}"),
    st.text(max_size=20),
)
def test_no_path_makes_the_graph_api_fall(shared: Desk, method: str, path: str, bearer: str) -> None:
    """Nor any bearer."""
    for token in (TOKEN, bearer):
        request = Request(method, path, {"authorization": f"Bearer {token}"})
        try:
            is_graph = graph.is_graph(request)
        except ValueError:  # not even an address: the server closes the line
            return
        if is_graph:
            assert graph.answer(shared.state, request).status in {200, 400, 401}


@DEAR
@given(changed())
def test_what_is_accepted_is_kept_as_it_came(value: Any) -> None:  # noqa: ANN401
    """And nothing that is refused."""
    own = desk()
    raw = msgspec.json.encode(value)
    answer = own.send(raw)
    kept = own.control("GET", "accepted").body
    own.state.memory.close()

    is_taken = answer.status == 200 and "messages" in answer.body
    assert [msgspec.json.encode(one["body"]) for one in kept] == (
        [msgspec.json.encode(msgspec.json.decode(raw))] if is_taken else []
    )


def test_a_problem_answers_for_itself() -> None:
    """Any code, with its details."""
    reply = Problem(131008, "The parameter to is required.").reply
    error = msgspec.json.decode(reply.body)["error"]

    assert (reply.status, error["code"], error["type"]) == (400, 131008, "OAuthException")
    assert error["message"] == "(#131008) Required parameter is missing"
    assert error["error_data"] == {"messaging_product": "whatsapp", "details": "The parameter to is required."}
