"""The web part as it is shipped: every POST says whether it happens once, and it serves and works in one loop."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import msgspec
import pytest

from backoffice import worker
from backoffice.main import create_app
from backoffice.plumbing.http.openapi import describe, example_of, operations
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from backoffice.worker import serve_all

CHANGES_NOTHING = {
    "/v1/contacts/imports/{import_id}/preview",
    "/v1/decisions/dry-run",
    "/v1/suppressions/imports/{stops_id}/preview",
}
"""POSTs that only look."""


def test_every_post_takes_a_key_and_has_an_example() -> None:
    """But those that change nothing, those that anybody may call, and files, which are described otherwise."""
    posts = [one for one in operations(create_app(settings=Settings(data=Path("never")))) if one.method == "POST"]
    keyless = [one.path for one in posts if not (one.is_once or one.is_public or one.path in CHANGES_NOTHING)]
    mute = [one.path for one in posts if one.body is not None and example_of(one.body) is None]

    assert keyless == []
    assert mute == []


def test_the_providers_doors_stand_alone() -> None:
    """So that no load of the API keeps a stop waiting: nothing else is served there but what explains problems."""
    doors = operations(create_app(settings=Settings(data=Path("never")), has_doors_alone=True))
    paths = {one.path for one in doors if not one.path.startswith("/v1/problems")}

    assert paths == {"/v1/providers/whatsapp/webhook", "/v1/providers/fake/webhook"}


def test_every_example_is_a_body() -> None:
    """It can be read as it stands."""
    for one in operations(create_app(settings=Settings(data=Path("never")))):
        if (example := example_of(one.body)) is not None:
            assert isinstance(msgspec.convert(example, one.body), one.body)


def test_the_whole_api_can_be_described() -> None:
    """With a summary for each operation, and no two of one name."""
    told = describe(create_app(settings=Settings(data=Path("never"))))
    all_of_them = [verb for verbs in told["paths"].values() for verb in verbs.values()]
    names = [verb["operationId"] for verb in all_of_them]

    assert sorted(names) == sorted(set(names))
    assert [verb["operationId"] for verb in all_of_them if not verb["summary"].endswith(".")] == []


async def test_an_unknown_key_is_refused_by_the_real_thing(install: Install) -> None:
    """Whose accounts it asks."""
    web = create_app(install)
    async with web.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://x") as http:
        answer = await http.get("/v1/none")
        ready = await http.get("/health/ready")

    assert answer.status_code == 404
    assert ready.json()["is_ready"]


async def test_one_loop_serves_and_works_until_told_to_stop(install: Install) -> None:
    """For a demonstration, or a small house."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    install.settings = msgspec.structs.replace(install.settings, port=port)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_all(install, stop))
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        while not serving.done():
            try:
                live = await http.get("/health/live")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.01)
    stop.set()
    await serving

    assert live.json() == {"is_live": True}


async def test_a_worker_that_ends_ends_the_serving(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken in that nobody would do; why it ended is told."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        install.settings = msgspec.structs.replace(install.settings, port=free.getsockname()[1])
    monkeypatch.setattr(worker, "run_worker", broken)
    with pytest.raises(ZeroDivisionError):
        await serve_all(install, asyncio.Event())


async def test_the_ledger_tells_how_far_it_is_behind(install: Install) -> None:
    """Its check and its figures are the shipped web part's own."""
    web = create_app(install)
    async with web.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://x") as http:
        ready = (await http.get("/health/ready")).json()
        told = (await http.get("/metrics")).text

    assert {"name": "ledger", "is_well": True} in [
        {name: one[name] for name in ("name", "is_well")} for one in ready["checks"]
    ]
    assert "backoffice_ledger_queue 0.0" in told
    assert "backoffice_ledger_lag_seconds 0.0" in told
    assert "backoffice_outbox 0.0" in told


def test_what_is_no_json_is_described_as_what_it_is() -> None:
    """A report in both its forms, a proof, a stream that may be at its end, a list with an example, a raw callback."""
    paths = describe(create_app(settings=Settings(data=Path("never"))))["paths"]
    gets = {path: verbs["get"]["responses"] for path, verbs in paths.items() if "get" in verbs}
    answers = {
        path: {status: set(one.get("content", {})) for status, one in told.items()} for path, told in gets.items()
    }
    posts = {path: verbs["post"] for path, verbs in paths.items() if "post" in verbs}
    bodies = {path: one["requestBody"]["content"] for path, one in posts.items() if "requestBody" in one}
    files = [content["text/csv"] for content in bodies.values() if "text/csv" in content]

    assert answers["/v1/campaigns/{campaign_id}/report"]["200"] == {"text/csv", "application/jsonl"}
    assert answers["/v1/campaigns/{campaign_id}/events"]["200"] == {"text/event-stream"}
    assert answers["/v1/campaigns/{campaign_id}/events"]["204"] == set()
    assert answers["/v1/decisions/{decision_id}/proof"]["200"] == {"text/plain"}
    assert len(files) == 5
    assert all(one["schema"]["minLength"] == 1 and one["examples"]["example"]["value"] for one in files)
    assert set(bodies["/v1/providers/fake/webhook"]) == {"*/*"}


def test_the_description_promises_nothing_that_is_not_kept() -> None:
    """A set may name one thing twice: it is read as one."""
    told = describe(create_app(settings=Settings(data=Path("never"))))

    assert b"uniqueItems" not in msgspec.json.encode(told)
