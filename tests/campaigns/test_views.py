"""Campaigns over the wire: created, handed a file, previewed, started, watched, paused, stopped and reported."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from backoffice.accounts import service as accounts
from backoffice.campaigns.advancing import run_campaigns
from backoffice.campaigns.asking import CampaignToCreate
from backoffice.campaigns.loops import JOBS, LOOPS, fill
from backoffice.campaigns.views import ROUTES
from backoffice.plumbing import jobs
from backoffice.plumbing.http import make_web
from backoffice.worker import run_worker
from tests.campaigns.making import STATED, csv_of, line, number
from tests.cast import DECLARED, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from backoffice.plumbing.install import Install
    from tests.cast import Shop


@asynccontextmanager
async def _asking(install: Install, account_id: UUID) -> AsyncIterator[httpx.AsyncClient]:
    async with install.unit_of_work() as work:
        secret = await accounts.issue_key(work, account_id)
    web = make_web(lambda: nullcontext(install), ROUTES, accounts.find_caller)
    transport = httpx.ASGITransport(app=web)
    headers = {"Authorization": f"Bearer {secret}"}
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield http


@pytest.fixture
async def http(install: Install, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """The shop's programs."""
    async with _asking(install, shop.account_id) as asked:
        yield asked


def _campaign(shop: Shop, **changed: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    body = {
        **CampaignToCreate.EXAMPLE,
        "sender_id": str(shop.sender_id),
        "declared": msgspec.to_builtins(DECLARED),
        **changed,
    }
    return {name: value for name, value in body.items() if value is not None}


async def _post(http: httpx.AsyncClient, path: str, key: str, body: Any = None) -> httpx.Response:  # noqa: ANN401
    return await http.post(f"/v1/campaigns{path}", json=body, headers={"Idempotency-Key": key})


async def _listed(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get("/v1/campaigns")).json()["campaigns"]
    return found


async def _made(http: httpx.AsyncClient, shop: Shop, **changed: Any) -> str:  # noqa: ANN401
    answer = await _post(http, "", "made", _campaign(shop, **changed))
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def test_a_campaign_from_its_file_to_its_report(install: Install, shop: Shop, http: httpx.AsyncClient) -> None:
    """Created, handed its file, previewed, started, watched to its end, and every send of it told."""
    stated = {"facts": msgspec.to_builtins(STATED.facts), "evidence": STATED.evidence}
    made = await _made(http, shop, recipients=None, file=stated)
    assert (await http.get(f"/v1/campaigns/{made}")).json()["state"] == "draft"
    file = csv_of([line(1), line(2), line(3, has_agreed=False)]).getvalue()
    headers = {"Idempotency-Key": "file", "Content-Type": "text/csv"}
    taken = await http.post(f"/v1/campaigns/{made}/file", content=file, headers=headers)
    assert (taken.status_code, taken.json()["state"]) == (202, "importing")
    again = await http.post(f"/v1/campaigns/{made}/file", content=file, headers=headers)
    assert again.content == taken.content
    await fill(install, {"campaign": made})

    found = (await _post(http, f"/{made}/preview", "preview")).json()
    assert found["verdicts"] == {"allow": 2, "deny": 1}
    assert found == {**(await http.get(f"/v1/campaigns/{made}/preview")).json(), "asked_at": found["asked_at"]}
    started = await _post(http, f"/{made}/start", "start")
    assert (started.status_code, started.json()["state"]) == (200, "running")
    while await run_campaigns(install):
        pass

    told = (await http.get(f"/v1/campaigns/{made}")).json()
    assert (told["state"], told["name"], told["allowed"], told["denied"]) == ("done", "Autumn lamps", 2, 1)
    assert told["reading"]["rejected"] == 0
    report = await http.get(f"/v1/campaigns/{made}/report", params={"verdict": "deny", "form": "jsonl"})
    assert [msgspec.json.decode(one)["line"] for one in report.text.splitlines()] == [4]
    spreadsheet = await http.get(f"/v1/campaigns/{made}/report")
    assert spreadsheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(spreadsheet.text.splitlines()) == 4


async def test_watching_over_the_wire_ends_with_the_campaign(
    install: Install, shop: Shop, http: httpx.AsyncClient
) -> None:
    """Server-sent events with ids; who has seen the last is told that there is no more."""
    made = await _made(http, shop)
    await _post(http, f"/{made}/start", "start")
    while await run_campaigns(install):
        pass

    events = await http.get(f"/v1/campaigns/{made}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    (event,) = events.text.strip().split("\n\n")
    told = dict(part.split(": ", 1) for part in event.splitlines())
    assert (told["event"], msgspec.json.decode(told["data"])["state"]) == ("progress", "done")
    seen = await http.get(f"/v1/campaigns/{made}/events", headers={"Last-Event-ID": told["id"]})
    assert (seen.status_code, seen.content) == (204, b"")
    older = await http.get(f"/v1/campaigns/{made}/events", headers={"Last-Event-ID": "1"})
    assert older.text == events.text
    wrong = await http.get(f"/v1/campaigns/{made}/events", headers={"Last-Event-ID": "1; DROP"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "event_unknown")


async def test_the_same_request_has_its_effect_once(install: Install, shop: Shop, http: httpx.AsyncClient) -> None:
    """The same key and body make one campaign; another body with the key is refused; without a key nothing is done."""
    answers = await asyncio.gather(*(_post(http, "", "one", _campaign(shop)) for _ in range(3)))
    other = await _post(http, "", "one", _campaign(shop, name="Other"))
    without = await http.post("/v1/campaigns", json=_campaign(shop))

    assert len({answer.content for answer in answers}) == 1
    assert (other.status_code, without.status_code) == (422, 400)
    assert len(await _listed(http)) == 1
    async with install.reading() as work:
        bodies = await work.connection.fetch("SELECT answer FROM request WHERE answer IS NOT NULL")
    assert bodies
    assert not any(b"Autumn" in row["answer"] or b"2600" in row["answer"] for row in bodies)


async def test_pausing_resuming_and_stopping(shop: Shop, http: httpx.AsyncClient) -> None:
    """Each turn tells how far it is; one that can't be is refused with the state it is in."""
    made = await _made(http, shop)

    states = [
        (await _post(http, f"/{made}/{verb}", verb)).json()["state"] for verb in ("start", "pause", "resume", "stop")
    ]
    late = await _post(http, f"/{made}/pause", "late")

    assert states == ["running", "paused", "running", "stopped"]
    assert (late.status_code, late.json()["code"]) == (409, "campaign_is_elsewhere")


async def test_campaigns_are_listed_youngest_first_page_by_page(shop: Shop, http: httpx.AsyncClient) -> None:
    """Two a page, and only those of one state where it is asked for."""
    made = [
        (await _post(http, "", f"key {place}", _campaign(shop, name=f"Lamps {place}"))).json()["id"]
        for place in range(3)
    ]
    await _post(http, f"/{made[0]}/stop", "stop")

    first = (await http.get("/v1/campaigns", params={"limit": 2})).json()
    second = (await http.get("/v1/campaigns", params={"limit": 2, "cursor": first["next"]})).json()
    stopped = (await http.get("/v1/campaigns", params={"state": "stopped"})).json()

    pages = [[one["id"] for one in page["campaigns"]] for page in (first, second)]
    assert [[len(page) for page in pages], second["next"]] == [[2, 1], None]
    assert sorted(pages[0] + pages[1]) == sorted(made)
    assert [one["id"] for one in stopped["campaigns"]] == [made[0]]


async def test_another_account_finds_no_campaign(install: Install, shop: Shop, http: httpx.AsyncClient) -> None:
    """Whatever it asks of one that isn't its own, it isn't there."""
    made = await _made(http, shop)
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
    async with _asking(install, other.account_id) as theirs:
        answers = [
            *[await theirs.get(f"/v1/campaigns/{made}{part}") for part in ("", "/events", "/report", "/preview")],
            *[await _post(theirs, f"/{made}/{verb}", verb) for verb in ("start", "pause", "resume", "stop", "preview")],
            await theirs.post(f"/v1/campaigns/{made}/file", content=b"phone\n", headers={"Idempotency-Key": "file"}),
        ]
        assert [answer.status_code for answer in answers] == [404] * 10
        assert await _listed(theirs) == []


async def test_what_is_wrong_is_told_by_its_field(shop: Shop, http: httpx.AsyncClient) -> None:
    """An address that is none, a field nobody knows, a source too many; nothing is made of any."""
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"recipients": [{"to": number(1)}, {"to": "12"}]}, "recipients[1].to"),
        ({"recipients": [{"to": number(1), "nickname": "A"}]}, "recipients[0].nickname"),
        ({"list_id": str(shop.account_id)}, "recipients"),
        ({"topic": "a topic"}, "topic"),
        ({"file": {"evidence": {"words": 1}}}, "file.evidence.words"),
    ]
    for changed, field in wrong:
        answer = await _post(http, "", f"key {field}", _campaign(shop, **changed))
        assert answer.status_code == 422, answer.text
        assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await _listed(http) == []


async def test_a_worker_does_what_requests_leave_behind(
    install: Install, shop: Shop, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eleven hundred named at once are put on it, previewed and decided about by a worker's jobs and loop alone."""
    monkeypatch.setattr(jobs, "POLL", timedelta(milliseconds=20))
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(install, stop, loops=LOOPS, jobs=JOBS))
    made = await _made(http, shop, recipients=[{"to": number(place)} for place in range(1_100)])
    await _is(http, made, "ready")
    await _post(http, f"/{made}/preview", "preview")
    while (found := (await http.get(f"/v1/campaigns/{made}/preview")).json())["ended_at"] is None:
        pass
    await _post(http, f"/{made}/start", "start")
    await _is(http, made, "done")
    stop.set()
    await working

    assert (found["judged"], found["verdicts"]) == (1_100, {"deny": 1_100})
    assert (await http.get(f"/v1/campaigns/{made}")).json()["denied"] == 1_100


async def _is(http: httpx.AsyncClient, made: str, state: str) -> None:
    async with asyncio.timeout(60):
        while (await http.get(f"/v1/campaigns/{made}")).json()["state"] != state:
            pass
