"""Problems: every error has a code, a status, the caller's language and the request's id; nothing of anybody leaks."""

from __future__ import annotations

import json
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused, Unavailable
from backoffice.plumbing.http.problems import STATUSES, problem_of, status_of, wanted_language
from backoffice.plumbing.messages import MESSAGES
from backoffice.plumbing.translations import LANGUAGES, translator
from tests.plumbing.http.notebook import MIRDZA

LEAKS = ("anna", "Anna", "Berzina", "+371", "20000000", "Traceback", "notebook.py", "KeyError", "ValueError")

FAILS = {
    "invalid": (422, "email_invalid"),
    "not_found": (404, "clause_unknown"),
    "refused": (409, "standing_refused"),
    "unavailable": (503, "database_away"),
    "full": (503, "disk_full"),
    "own": (500, "fault"),
    "unforeseen": (500, "fault"),
    "many": (422, "request_invalid"),
    "never heard of": (500, "fault"),
}


@pytest.mark.parametrize("kind", FAILS)
async def test_whatever_fails_is_a_problem(http: httpx.AsyncClient, kind: str) -> None:
    """With the status of its kind, its id in the header and in the body, and no word of our insides."""
    answer = await http.get(f"/v1/faults/{kind}")
    told = answer.json()

    assert (answer.status_code, told["code"]) == FAILS[kind]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    assert UUID(answer.headers["X-Request-Id"]).version == 7
    assert [leak for leak in LEAKS if leak in answer.text] == []


async def test_a_fault_of_ours_is_found_again_in_the_log_lines(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the id that the caller has; with file and line, and without the values."""
    answer = await http.get("/v1/faults/unforeseen")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (fault,) = [line for line in lines if line["event"] == "fault"]

    assert fault["request"] == answer.headers["X-Request-Id"]
    assert (fault["error"], fault["after"]) == ("ValueError", ["KeyError"])
    assert any("http/notebook.py:" in frame for frame in fault["stack"])
    assert [leak for leak in LEAKS[:5] if leak in json.dumps(lines)] == []


async def test_a_server_that_is_away_says_when_to_come_again(http: httpx.AsyncClient) -> None:
    """Nothing was done, so the same request may come again."""
    for kind in ("unavailable", "full"):
        answer = await http.get(f"/v1/faults/{kind}")
        assert int(answer.headers["Retry-After"]) > 0


async def test_many_wrong_fields_are_all_named(http: httpx.AsyncClient) -> None:
    """Each with its own code."""
    told = (await http.get("/v1/faults/many")).json()

    assert [(error["field"], error["code"]) for error in told["errors"]] == [
        ("a", "field_missing"),
        ("b", "email_invalid"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/none", 404, "route_unknown"),
        ("GET", "/", 404, "route_unknown"),
        ("GET", "/v1/notes/not-a-uuid", 404, "route_unknown"),
        ("DELETE", "/v1/notes", 405, "method_unknown"),
        ("BREW", "/v1/notes", 405, "method_unknown"),
        ("GET", "/v1/notes?limit=x", 422, "field_type"),
        ("GET", "/v1/notes?limit=0", 422, "field_limit"),
        ("GET", "/v1/notes?limit=101", 422, "field_limit"),
        ("GET", "/v1/notes?limit=1.5", 422, "field_type"),
        ("GET", "/v1/notes?limit=" + "9" * 5000, 422, "field_range"),
        ("GET", "/v1/notes?limit=%ff", 422, "field_type"),
        ("GET", "/v1/notes?color=blue", 422, "field_value"),
        ("GET", "/v1/notes?colour=red", 422, "field_unknown"),
        ("GET", "/v1/notes?anna%40example.org=1&colour=red", 422, "request_invalid"),
        ("GET", "/v1/notes?limit=%00", 400, "text_with_nul"),
        ("GET", "/v1/words/a%00b", 400, "text_with_nul"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """Paths, methods and parameters alike; a misspelt filter doesn't show everything."""
    answer = await http.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [leak for leak in LEAKS if leak in answer.text] == []


async def test_a_method_that_is_not_there_names_those_that_are(http: httpx.AsyncClient) -> None:
    """As RFC 9110 wants it; OPTIONS is one that is not there."""
    for method in ("DELETE", "OPTIONS"):
        answer = await http.request(method, "/v1/notes")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic bWlyZHphOng="},
        {"Authorization": "Bearer nobody"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
)
async def test_nobody_asks_without_a_key(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """And is told so before the body is looked at."""
    answer = await http.post("/v1/notes", content=b"{", headers=headers)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] in ("key_missing", "key_unknown")


async def test_a_key_asks_for_its_account(http: httpx.AsyncClient) -> None:
    """Each time it is shown, looked up or remembered."""
    for _ in range(2):
        assert (await http.get("/v1/notes")).json()[0] == str(MIRDZA)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_problem_speaks_the_callers_language(http: httpx.AsyncClient, language: str) -> None:
    """And says which it is."""
    answer = await http.get("/v1/faults/invalid", headers={"Accept-Language": f"xx, {language};q=0.9, en;q=0.1"})

    assert answer.headers["Content-Language"] == language
    assert answer.json()["detail"] == translator(language)(MESSAGES["email_invalid"])
    assert answer.json()["errors"][0]["says"] == answer.json()["detail"]


@given(some.text())
def test_any_accept_language_is_answered(header: str) -> None:
    """With a language there is."""
    assert wanted_language(header) in LANGUAGES


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("lv", "lv"),
        ("de, ru;q=0.5, az;q=0.8", "az"),
        ("ru;q=0, lv;q=0.1", "lv"),
        ("RU-ru", "ru"),
    ],
)
def test_the_most_wanted_language_is_chosen(header: str, language: str) -> None:
    """By weight, and never one that weighs nothing."""
    assert wanted_language(header) == language


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("x"), 422),
        (NotFound("x"), 404),
        (Refused("x"), 409),
        (Unavailable("x"), 503),
        (BackofficeError("x"), 500),
    ],
)
def test_a_kind_of_error_has_a_status(error: BackofficeError, status: int) -> None:
    """Unless its code has one of its own."""
    assert status_of(error) == status
    assert [status_of(type(error)(code)) for code in STATUSES] == list(STATUSES.values())


@given(some.text(min_size=5).filter(lambda text: not text.isascii()))
def test_what_somebody_wrote_is_not_repeated(written: str) -> None:
    """Neither by value nor among a list's items."""
    error = Invalid("at_invalid", field="at", value=written, why=written, headers=[written], other=written)
    problem = problem_of(error, MIRDZA, LANGUAGES[0])

    assert written not in problem.detail
    assert written not in problem.errors[0].says
