"""Log lines: JSON, one a line, and whatever is put into one, nobody's number or address comes out."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from backoffice.kernel.errors import Invalid
from backoffice.plumbing import telling
from backoffice.plumbing.telling import MASK, NEVER, Library, fault_of, masked

ID = UUID("019a3cb9-6000-7000-8000-000000000000")

numbers = some.integers(10**7, 10**15).map(str)
signs = some.sampled_from(["", " ", "-", ".", " (", ") ", "/", "\u00a0"])
spread = some.lists(some.tuples(some.sampled_from("0123456789"), signs), min_size=7, max_size=15).map(
    lambda parts: "".join(digit + sign for digit, sign in parts)
)
addresses = some.tuples(some.from_regex(r"[a-z0-9._%+-]{1,20}", fullmatch=True), some.just("@example.org")).map("".join)

words = some.text("abc ,:;'\"<>[]=", max_size=10)
nested = some.recursive(
    numbers | addresses,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(numbers | addresses, inner, max_size=3),
)
moments = some.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one line that was told."""
    (told,) = capsys.readouterr().err.splitlines()
    found: dict[str, Any] = json.loads(told)
    return found


def digits(text: str) -> int:
    """Return how many digits a text has."""
    return sum(sign in "0123456789" for sign in text)


@given(words, some.one_of(numbers, spread, addresses), words)
def test_a_number_or_an_address_is_masked_wherever_it_stands(before: str, secret: str, after: str) -> None:
    """With signs inside and words around; only a day looks like a day."""
    assume(not re.search(r"\d{4}-\d\d-\d\d", secret))
    told = masked(before + secret + after)

    assert secret not in told
    assert digits(told) < 7
    assert "@" not in told


@given(nested)
def test_nothing_is_hidden_deep_enough(value: object) -> None:
    """In lists, in names and values of maps."""
    told = json.dumps(masked(value), ensure_ascii=False)

    assert "@" not in told
    assert digits(told) == 0


@given(some.uuids(), moments, some.floats(allow_nan=False), some.integers(0, 9_999_999))
def test_ids_moments_and_measures_stay(id_: UUID, at: datetime, seconds: float, count: int) -> None:
    """A line would be of no use without them."""
    assert masked(f"{id_} at {at.isoformat()}") == f"{id_} at {at.isoformat()}"
    assert masked([id_, at, seconds, count, True, None]) == [str(id_), str(at), seconds, count, True, None]


@given(some.integers(10**7, 10**18))
def test_a_long_whole_number_may_be_a_phone_number(number: int) -> None:
    """Unless its field says it is a size."""
    assert masked(number) == MASK
    assert masked(-number) == MASK


def test_a_line_is_json_with_a_moment_and_a_level(capsys: pytest.CaptureFixture[str]) -> None:
    """And the fields it was given."""
    telling.info("request", request=ID, status=202, bytes=500_000_000, seconds=0.25)
    told = line(capsys)

    assert {name: told[name] for name in told if name != "at"} == {
        "level": "info",
        "event": "request",
        "request": str(ID),
        "status": 202,
        "bytes": 500_000_000,
        "seconds": 0.25,
    }
    assert datetime.fromisoformat(told["at"]).tzinfo == UTC


def test_fields_that_name_a_person_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever wrote the line."""
    telling.warn("careless", **dict.fromkeys(NEVER, "Anna"), status=1)

    assert set(line(capsys)) == {"at", "level", "event", "status"}


def test_bytes_and_objects_are_told_by_their_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """Never by what they hold."""
    telling.info("odd", raw=b"Anna", thing=Invalid("x", value="Anna"))
    told = line(capsys)

    assert (told["raw"], told["thing"]) == ("bytes", "Invalid")


def test_an_error_is_told_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Its kind, what led to it, and where; the values in its words and in the frames stay out."""

    def deep(secret: str) -> None:
        try:
            _ = dict[str, str]()[secret]
        except KeyError as earlier:
            raise ValueError(f"Anna {secret}") from earlier

    with pytest.raises(ExceptionGroup) as caught:
        try:
            deep("+37120000000")
        except ValueError as error:
            raise ExceptionGroup("Anna", [error, Invalid("email_invalid", value="Anna")]) from None
    telling.fault("fault", caught.value)
    told = line(capsys)

    assert told["error"] == "ExceptionGroup"
    assert told["after"] == ["ValueError", "Invalid", "KeyError"]
    assert any("test_telling.py" in frame and frame.endswith("in deep") for frame in told["stack"])
    assert "Anna" not in json.dumps(told)
    assert fault_of(Invalid("email_invalid", value="Anna"))["code"] == "email_invalid"


def test_errors_that_lead_to_each_other_are_told_once() -> None:
    """A circle ends."""
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one

    assert fault_of(one)["after"] == ["KeyError"]


@pytest.mark.parametrize(
    ("level", "told"), [(logging.DEBUG, "info"), (logging.WARNING, "warning"), (logging.CRITICAL, "error")]
)
def test_what_a_library_tells_is_told_without_its_values(
    capsys: pytest.CaptureFixture[str], level: int, told: str
) -> None:
    """The words it always says, not what it fills in."""
    try:
        int("Anna")
    except ValueError:
        record = logging.LogRecord("asyncpg", level, __file__, 1, "got %s for 37120000000", ("Anna",), sys.exc_info())
    Library().emit(record)
    found = line(capsys)

    assert (found["level"], found["library"], found["says"], found["error"]) == (
        told,
        "asyncpg",
        "got %s for …",
        "ValueError",
    )
    assert "Anna" not in json.dumps(found)
