"""Bodies: whatever is sent, the answer is a 4xx that names the field and repeats nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from backoffice.kernel.errors import Invalid
from backoffice.plumbing.http.bodies import decode, explained, require_json
from tests.plumbing.http.notebook import NoteToTake
from tests.trying import DEAR

DECODER = msgspec.json.Decoder(NoteToTake)
PERSON = "anna@example.org"
GOOD = msgspec.json.encode(NoteToTake.EXAMPLE)

WRONG = {
    b"": (400, "body_missing", ""),
    b"  \n": (400, "body_missing", ""),
    b"{": (400, "body_not_json", ""),
    b'{"title": "x"} x': (400, "body_not_json", ""),
    b"\xef\xbb\xbf{}": (400, "body_not_json", ""),
    b"\xff\xfe{\x00}\x00": (400, "body_not_json", ""),
    b'{"title": NaN}': (400, "body_not_json", ""),
    b'{"title": "\x00"}': (400, "body_not_json", ""),
    b'{"title": "\\ud800"}': (400, "body_not_json", ""),
    b'{"title": "\\udc00x"}': (400, "body_not_json", ""),
    b'{"title": "\xff"}': (400, "body_not_utf8", ""),
    b'{"title": "\xed\xa0\x80"}': (400, "body_not_utf8", ""),
    b'{"title": "x", "extra": "a\\u0000b"}': (400, "text_with_nul", ""),
    b'{"title": "x", "extra": "a\\\\\\u0000b"}': (400, "text_with_nul", ""),
    b'{"title": "x", "extra": {"\\u0000": 1}}': (400, "text_with_nul", ""),
    b'{"title": "x", "on": "0001-01-01T00:00:00+23:00"}': (422, "moment_out_of_range", ""),
    b'{"title": "x", "on": "9999-12-31T23:59:59-23:00"}': (422, "moment_out_of_range", ""),
    b"null": (422, "field_type", ""),
    b"[]": (422, "field_type", ""),
    b"{}": (422, "field_missing", "title"),
    b'{"title": 1}': (422, "field_type", "title"),
    b'{"title": ""}': (422, "field_limit", "title"),
    b'{"title": "x", "titel": "x"}': (422, "field_unknown", "titel"),
    b'{"title": "x", "anna@example.org": 1}': (422, "field_unknown", "…"),
    b'{"title": "x", "color": "anna@example.org"}': (422, "field_value", "color"),
    b'{"title": "x", "lines": {}}': (422, "field_type", "lines"),
    b'{"title": "x", "lines": [{"text": "x"}, {}]}': (422, "field_missing", "lines[1].text"),
    b'{"title": "x", "lines": [{"text": "x", "a b": 1}]}': (422, "field_unknown", "lines[0].…"),
    b'{"title": "x", "lines": [{"text": "x", "weight": "1"}]}': (422, "field_type", "lines[0].weight"),
    b'{"title": "x", "lines": [{"text": "x", "weight": 1001}]}': (422, "field_limit", "lines[0].weight"),
    b'{"title": "x", "lines": [{"text": "x", "weight": %s}]}' % (b"9" * 30): (422, "field_limit", "lines[0].weight"),
    b'{"title": "x", "lines": [{"text": "x", "weight": %s}]}' % (b"9" * 6000): (422, "field_range", "lines[0].weight"),
    b'{"title": "x", "lines": [%s]}' % b",".join([b'{"text": "x"}'] * 11): (422, "field_limit", "lines"),
    b'{"title": "x", "share": 1e999}': (422, "field_range", "share"),
    b'{"title": "x", "price": "anna@example.org"}': (422, "field_format", "price"),
    b'{"title": "x", "by": "anna@example.org"}': (422, "field_format", "by"),
    b'{"title": "x", "on": "anna@example.org"}': (422, "field_format", "on"),
    b'{"title": "x", "on": "2026-11-20T08:30:00"}': (422, "field_without_zone", "on"),
    b'{"title": "x", "extra": %s}' % (b"[" * 100_000): (400, "body_too_deep", ""),
    b'{"title": "x", "extra": %s1%s}' % (b"[" * 5000, b"]" * 5000): (400, "body_too_deep", ""),
}


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
async def test_a_wrong_body_is_a_problem_that_names_the_field(http: httpx.AsyncClient, body: bytes) -> None:
    """And says nothing of what stood there."""
    answer = await http.post("/v1/notes/check", content=body, headers={"Content-Type": "application/json"})
    told = answer.json()
    status, code, field = WRONG[body]

    assert (answer.status_code, told["code"], told["status"]) == (status, code, status)
    assert [error["field"] for error in told.get("errors", [])] == ([field] if field else [])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert PERSON not in answer.text


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x"]
)
async def test_a_body_of_another_kind_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    """Nobody guesses what it may be."""
    answer = await http.post("/v1/notes/check", content=b'{"title": "x"}', headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_in_utf8_is_taken_however_it_is_called(kind: str) -> None:
    """Case and quotes do no harm."""
    require_json(kind)


async def test_a_good_body_is_read_to_the_letter(http: httpx.AsyncClient) -> None:
    """An escaped backslash before u0000 is no NUL, and the edges of time in a text are no moments."""
    note = {"title": "\\u0000 ə ş 👋", "extra": "0001-01-01", "lines": [{"text": "x", "weight": 1000}]}
    answer = await http.post("/v1/notes/check", json=note)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in note} == note


async def test_a_body_over_the_limit_is_not_read(http: httpx.AsyncClient) -> None:
    """One mebibyte is the most, told or not told beforehand."""
    large = b'{"title": "%s"}' % (b"x" * 1024 * 1024)
    headers = {"Content-Type": "application/json"}

    async def piecemeal() -> AsyncIterator[bytes]:
        yield large

    for content in (large, piecemeal()):
        answer = await http.post("/v1/notes/check", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_file_is_taken_whole_up_to_its_routes_limit(http: httpx.AsyncClient) -> None:
    """Piece by piece, with the hash of what came."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"row\n" * 25_000

    answer = await http.post("/v1/files", content=pieces())
    empty = await http.post("/v1/files", content=b"")
    large = await http.post("/v1/small-files", content=b"x" * 1001)

    assert answer.json() == {"size": 4_000_000, "is_whole": True}
    assert (empty.status_code, empty.json()["code"]) == (400, "body_missing")
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")


some_json = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(some.characters(codec="utf-8")),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(some.characters(codec="utf-8")), inner),
    max_leaves=8,
)
some_notes = some.fixed_dictionaries(
    {}, optional=dict.fromkeys(("title", "color", "lines", "price", "share", "on", "by", "extra", "x"), some_json)
)


@DEAR
@given(some.binary() | (some_json | some_notes).map(lambda value: json.dumps(value).encode()))
def test_every_body_is_a_note_or_invalid(body: bytes) -> None:
    """Nothing else comes out of it, and no surprise."""
    try:
        note = decode(body, DECODER)
    except Invalid as refused:
        assert refused.code  # noqa: PT017
    else:
        assert isinstance(note, NoteToTake)


@given(some.text())
def test_a_complaint_names_the_field_and_repeats_no_quotation(words: str) -> None:
    """Whatever somebody wrote there."""
    assert explained(f"Invalid enum value '{words}' - at `$.color`").data == {"field": "color"}


@given(some.integers(0, len(GOOD) - 1))
def test_a_body_cut_short_is_refused(length: int) -> None:
    """Wherever it is cut: half a note is none."""
    with pytest.raises(Invalid):
        decode(GOOD[:length], DECODER)
