"""The frame: every request has an id, a log line and a count, and no line has anything of a person."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from backoffice.plumbing import metrics
from backoffice.plumbing.http import Web
from backoffice.plumbing.install import Install
from tests.plumbing.http.notebook import AS_MIRDZA, MIRDZA, asking

PERSON = "anna.berzina@example.org"
PHONE = "37120000000"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log lines so far."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_a_request_is_one_line_with_the_routes_template(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """And neither its path nor anything that was sent or answered."""
    answer = await http.post(
        f"/v1/notes/check?x={PHONE}",
        json={"title": PERSON},
        headers={"X-Forwarded-For": PHONE, "User-Agent": PERSON, "Referer": PERSON},
    )
    answer = await http.get(f"/v1/notes/{MIRDZA}", headers={"Cookie": PERSON})
    first, second = lines(capsys)

    assert first["status"] == 422
    assert (second["event"], second["method"], second["route"]) == ("request", "GET", "/v1/notes/{note_id}")
    assert (second["status"], second["request"]) == (200, answer.headers["X-Request-Id"])
    assert second["account"] == str(MIRDZA)
    assert 0 < second["seconds"] < 60
    assert PERSON not in json.dumps([first, second])
    assert PHONE not in json.dumps([first, second])


@pytest.mark.parametrize(("path", "route"), [(f"/v1/words/{PHONE}", "/v1/words/{word}"), (f"/{PHONE}", "unmatched")])
async def test_a_path_with_a_number_in_it_is_not_told(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], path: str, route: str
) -> None:
    """Found or not."""
    await http.get(path)
    (line,) = lines(capsys)

    assert line["route"] == route
    assert PHONE not in json.dumps(line)


async def test_machines_that_ask_all_day_fill_no_lines(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """As long as all is well."""
    for path in ("/health/live", "/metrics"):
        assert (await http.get(path)).status_code == 200

    assert lines(capsys) == []


async def test_an_answer_that_broke_off_is_told_and_cut(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads it notices that it has no end; why is in the lines."""
    await http.get("/v1/broken")
    told = lines(capsys)

    assert {line["event"] for line in told} == {"fault", "request"}
    assert "ValueError" in told[0]["after"]
    assert any("in pieces" in frame for frame in told[0]["stack"])
    assert PERSON not in json.dumps(told)
    assert "example.org" not in json.dumps(told)


async def test_every_answer_has_headers_that_keep_browsers_honest(http: httpx.AsyncClient) -> None:
    """Problems and pages alike."""
    for path in ("/v1/notes", "/v1/none", "/v1/docs", "/v1/faults/unforeseen"):
        answer = await http.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_requests_are_counted_by_route_and_status(http: httpx.AsyncClient) -> None:
    """With the template as label, so that no path makes a series of its own."""
    for number in range(3):
        await http.get(f"/v1/words/{PHONE}{number}")
    await http.request("BREW", "/v1/notes")
    told = (await http.get("/metrics")).text

    assert 'backoffice_requests_total{method="GET",route="/v1/words/{word}",status="200"}' in told
    assert 'backoffice_requests_total{method="other",route="unmatched",status="405"}' in told
    assert "backoffice_request_seconds_bucket" in told
    assert PHONE not in told


async def test_a_room_adds_a_gauge_that_is_read_when_asked(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a query of its own; one that fails harms no other figure."""
    monkeypatch.setattr(metrics, "GAUGES", {})
    metrics.add_gauge("answer", "What it is.", lambda work: work.connection.fetchval("SELECT 42"))
    metrics.count_sends("pigeon", "deny", 3)
    assert "backoffice_answer 42.0" in (await http.get("/metrics")).text

    metrics.add_gauge("wrong", "Never.", lambda work: work.connection.fetchval("SELECT nothing"))
    told = (await http.get("/metrics")).text

    assert "backoffice_answer 42.0" in told
    assert "backoffice_wrong" not in told
    assert 'backoffice_sends_total{channel="pigeon",verdict="deny"} 3.0' in told


async def test_health_names_each_check(http: httpx.AsyncClient, install: Install) -> None:
    """And is not well as soon as one of them is not."""
    assert (await http.get("/health/live")).json() == {"is_live": True}
    well = await http.get("/health/ready")
    assert (well.status_code, well.json()["is_ready"]) == (200, True)
    assert [one["name"] for one in well.json()["checks"]][:4] == ["database", "vault", "migrations", "partitions"]

    async with install.unit_of_work() as work:
        row = await work.connection.fetchrow("DELETE FROM migration WHERE name = '0001' RETURNING *")
    ill = await http.get("/health/ready")
    async with install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO migration VALUES ($1, $2, $3, $4)", *row)

    assert (ill.status_code, ill.json()["is_ready"]) == (503, False)
    assert [one["code"] for one in ill.json()["checks"] if not one["is_well"]] == ["migrations_due"]


async def test_without_a_database_all_but_life_is_unwell(web: Web, install: Install) -> None:
    """Readiness says so, and the process still answers."""
    async with asking(web, **AS_MIRDZA) as http:
        await install.database.close()
        ready = await http.get("/health/ready")
        live = await http.get("/health/live")
        notes = await http.get("/v1/notes")
        await install.database.connect()
        assert (await http.get("/v1/notes")).status_code == 200

    assert (ready.status_code, live.status_code, notes.status_code) == (503, 200, 503)
    assert {one["code"] for one in ready.json()["checks"]} == {"database_away"}
