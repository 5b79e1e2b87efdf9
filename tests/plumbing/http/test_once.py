"""Once, over the wire: the key is wanted, a repeated POST gets the same bytes, and one that runs is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from backoffice.plumbing.http import Once
from backoffice.plumbing.http.openapi import operations
from backoffice.plumbing.install import Install
from tests.plumbing.http.notebook import AS_TOFIG, GATES, Gates, closed_notebook

NOTE = {"title": "Buy ink"}


def key(name: str) -> dict[str, str]:
    """Return the header of a key."""
    return {"Idempotency-Key": name}


@pytest.fixture
def gates() -> Iterator[Gates]:
    """Gates that hold the verb of a slow note."""
    gates = Gates()
    gates.open.clear()
    GATES.append(gates)
    yield gates
    GATES.remove(gates)


async def test_twenty_of_the_same_are_one(http: httpx.AsyncClient) -> None:
    """With one answer to the byte, and one status; the order of fields and spaces do not matter."""
    bodies = [b'{"title": "Buy ink", "color": "red"}', b'{"color":"red","title":"Buy ink"}', b'{"title":"Buy ink"}']
    headers = key("k") | {"Content-Type": "application/json"}
    answers = await asyncio.gather(
        *(http.post("/v1/notes", content=bodies[number % 3], headers=headers) for number in range(20))
    )

    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert len((await http.get("/v1/notes")).json()) == 3


@pytest.mark.parametrize(
    "header", [{}, key(""), key("x" * 256), {"Idempotency-Key": b"\xff"}, {"Idempotency-Key": b"a\tb"}]
)
async def test_a_post_that_changes_something_wants_a_key(http: httpx.AsyncClient, header: dict[str, str]) -> None:
    """Of a sane length, in visible ASCII."""
    answer = await http.post("/v1/notes", json=NOTE, headers=header)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_reused_key_is_refused_and_changes_nothing(http: httpx.AsyncClient) -> None:
    """For another body; another account's key is another key."""
    await http.post("/v1/notes", json=NOTE, headers=key("k"))
    reused = await http.post("/v1/notes", json=NOTE | {"color": "green"}, headers=key("k"))
    theirs = await http.post("/v1/notes", json=NOTE | {"color": "green"}, headers=key("k") | AS_TOFIG)

    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert theirs.status_code == 201


async def test_a_refusal_is_not_remembered(http: httpx.AsyncClient) -> None:
    """Nothing was done, so whoever mends the reason may use the key again."""
    for _ in range(2):
        refused = await http.post("/v1/notes", json={"title": "refused"}, headers=key("k"))
        assert (refused.status_code, refused.json()["code"]) == (409, "standing_refused")

    assert (await http.post("/v1/notes", json=NOTE, headers=key("k"))).status_code == 201
    assert len((await http.get("/v1/notes")).json()) == 3


async def test_one_that_still_runs_is_waited_for(http: httpx.AsyncClient, gates: Gates) -> None:
    """Both get its answer."""
    asked = [asyncio.create_task(http.post("/v1/notes", json={"title": "slow"}, headers=key("k"))) for _ in range(2)]
    await gates.entered.acquire()
    gates.open.set()
    first, second = await asyncio.gather(*asked)

    assert first.content == second.content
    assert (first.status_code, second.status_code) == (201, 201)
    assert gates.entered.locked()


async def test_one_that_runs_too_long_is_told(
    http: httpx.AsyncClient, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 409, and when to come again."""
    first = asyncio.create_task(http.post("/v1/notes", json={"title": "slow"}, headers=key("k")))
    await gates.entered.acquire()
    monkeypatch.setattr(Once, "patience", 0.05)  # of whoever asks from now on
    running = await http.post("/v1/notes", json={"title": "slow"}, headers=key("k"))
    gates.open.set()

    assert (running.status_code, running.json()["code"]) == (409, "idempotency_key_running")
    assert int(running.headers["Retry-After"]) > 0
    assert (await first).status_code == 201


async def test_a_database_that_goes_away_in_between_is_503_and_comes_back(
    http: httpx.AsyncClient, gates: Gates, install: Install
) -> None:
    """Nothing was done; the next request finds it there again, and the same key works."""
    lost = asyncio.create_task(http.post("/v1/notes", json={"title": "slow"}, headers=key("k")))
    await gates.entered.acquire()
    async with install.reading() as work:
        await work.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    gates.open.set()
    answer = await lost

    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert len((await http.get("/v1/notes")).json()) == 2
    assert (await http.post("/v1/notes", json={"title": "slow"}, headers=key("k"))).status_code == 201


def test_every_post_says_whether_it_changes_something() -> None:
    """One that takes no key is one of those known to change nothing."""
    keyless = {one.path for one in operations(closed_notebook()) if one.method == "POST" and not one.is_once}

    assert keyless == {"/v1/notes/check", "/v1/files", "/v1/small-files"}
