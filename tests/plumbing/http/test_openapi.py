"""The API's description: complete, true to what is read, and shown by a page that asks nobody else."""

from __future__ import annotations

import re
from typing import Any

import httpx
import msgspec
import pytest

from backoffice.plumbing.http import Web
from backoffice.plumbing.http.openapi import describe, example_of, operations
from backoffice.plumbing.http.pages import PAGES
from tests.plumbing.http.notebook import ROUTES, closed_notebook


@pytest.fixture(scope="module")
def closed() -> Web:
    """The notebook's web part, never opened."""
    return closed_notebook()


@pytest.fixture(scope="module")
def described(closed: Web) -> dict[str, Any]:
    """The description of the notebook's API."""
    return describe(closed)


def test_every_route_of_the_api_is_described(closed: Web, described: dict[str, Any]) -> None:
    """With a summary in the trade's words, and only those."""
    verbs = [(path, verb) for path, verbs in described["paths"].items() for verb in verbs]

    assert len(verbs) == len(ROUTES) + sum(handler.include_in_schema is not False for handler in PAGES)
    assert {one.path for one in operations(closed)} == set(described["paths"])
    assert all(verb["summary"].endswith(".") for verbs in described["paths"].values() for verb in verbs.values())


def test_a_post_is_described_as_it_is_read(described: dict[str, Any]) -> None:
    """Its limits, its key, its example, its answer, and what may go wrong."""
    told = described["paths"]["/v1/notes"]["post"]
    schemas = described["components"]["schemas"]
    content = told["requestBody"]["content"]["application/json"]

    assert content["schema"] == {"$ref": "#/components/schemas/NoteToTake"}
    assert content["examples"]["example"]["value"]["title"] == "Buy ink"
    assert schemas["NoteToTake"]["additionalProperties"] is False
    assert schemas["NoteToTake"]["properties"]["title"] == {"type": "string", "minLength": 1, "maxLength": 100}
    assert schemas["Line"]["properties"]["weight"]["maximum"] == 1000
    assert [(one["name"], one["required"]) for one in told["parameters"]] == [("Idempotency-Key", True)]
    assert told["responses"]["201"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Note"}
    assert told["responses"]["4XX"] == {"$ref": "#/components/responses/Problem"}
    assert told["description"] == "It is taken once."
    assert "security" not in told


def test_parameters_are_described_with_their_limits(described: dict[str, Any]) -> None:
    """As the framework reads them."""
    told = {one["name"]: one for one in described["paths"]["/v1/notes"]["get"]["parameters"]}

    assert told["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
    assert told["color"]["schema"] == {"anyOf": [{"enum": ["green", "red"]}, {"type": "null"}]}
    assert described["paths"]["/v1/notes/{note_id}"]["get"]["parameters"] == [
        {"name": "note_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    ]


def test_what_is_public_says_so(described: dict[str, Any]) -> None:
    """All the rest wants a key."""
    assert described["paths"]["/v1/words/{word}"]["get"]["security"] == []
    assert described["security"] == [{"key": []}]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    """No schema is named that isn't there."""
    references = set(re.findall(r'"\$ref":"([^"]+)"', msgspec.json.encode(described).decode()))
    assert {"#/components/schemas/Note", "#/components/schemas/NoteToTake"} <= references
    for reference in references:
        place, (root, *names) = described, reference.split("/")
        assert root == "#"
        for name in names:
            place = place[name]


async def test_the_examples_run(web: Web, http: httpx.AsyncClient) -> None:
    """Each is taken as it stands."""
    posted = 0
    for one in operations(web):
        if (example := example_of(one.body)) is not None:
            answer = await http.post(one.path, json=example, headers={"Idempotency-Key": "example"})
            posted += 1
            assert answer.status_code == one.handler.status_code, answer.text

    assert posted == 2


async def test_the_description_is_public_json(http: httpx.AsyncClient) -> None:
    """The same each time."""
    first = await http.get("/v1/openapi.json", headers={"Authorization": ""})

    assert first.json()["openapi"] == "3.1.0"
    assert first.content == (await http.get("/v1/openapi.json")).content


async def test_the_page_asks_nobody_else(http: httpx.AsyncClient) -> None:
    """Two small files of our own, and a policy that lets nothing else in."""
    page, script = await http.get("/v1/docs"), await http.get("/v1/docs/page.js")
    told = page.text + script.text

    assert (page.status_code, script.status_code) == (200, 200)
    assert len(told.encode()) < 100_000
    assert re.findall(r"https?://", told) == []
    assert set(re.findall(r'(?:src|href)="([^"#]+)', told)) == {"/v1/openapi.json", "/v1/docs/page.js"}
    assert "innerHTML" not in script.text
    assert page.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'sha256-"
    )


async def test_a_problem_explains_itself_where_its_type_points(http: httpx.AsyncClient) -> None:
    """In the reader's language."""
    problem = (await http.get("/v1/faults/invalid")).json()
    told = await http.get(problem["type"], headers={"Accept-Language": "lv"})
    known = (await http.get("/v1/problems")).json()

    assert told.json()["code"] == "email_invalid"
    assert told.json()["says"] != problem["detail"]
    assert "email_invalid" in [one["code"] for one in known]
    assert (await http.get("/v1/problems/none")).status_code == 404
