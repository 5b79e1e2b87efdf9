"""Equal values have equal bytes, and what has no one form has none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.canonical import canonical_json, content_hash
from backoffice.kernel.errors import Invalid

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


class Verdict(Enum):
    """A word as policy stores it."""

    DENY = "deny"


class Fact(msgspec.Struct, frozen=True):
    """A struct as facts are made of."""

    b: int
    a: frozenset[str]


@given(value=plain)
def test_plain_json_values_survive_a_round_trip(value: object) -> None:
    """Reading the bytes as JSON gives the value back."""
    assert json.loads(canonical_json(value)) == value


@given(value=st.dictionaries(texts, st.integers(), min_size=2))
def test_the_order_of_keys_never_shows(value: dict[str, int]) -> None:
    """A mapping built in another order has the same bytes and hash."""
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)
    assert content_hash(turned) == content_hash(value)


def test_keys_are_sorted_and_text_is_utf_8() -> None:
    """The form has sorted keys, no spaces, and letters as themselves."""
    assert canonical_json({"z": "ā", "a": ["ş", 1]}) == '{"a":["ş",1],"z":"ā"}'.encode()


def test_a_moment_is_written_in_utc_with_z() -> None:
    """The same moment in two zones has the same bytes; a date stays a date."""
    riga = datetime(2026, 10, 23, 18, tzinfo=timezone(timedelta(hours=3)))
    assert canonical_json([riga]) == canonical_json([riga.astimezone(UTC)]) == b'["2026-10-23T15:00:00Z"]'
    assert canonical_json(riga.replace(microsecond=5)) == b'"2026-10-23T15:00:00.000005Z"'
    assert canonical_json(date(2026, 10, 23)) == b'"2026-10-23"'


@pytest.mark.parametrize(("text", "form"), [("1.50", "1.5"), ("100", "100"), ("1E+2", "100"), ("-0.0", "0")])
def test_equal_decimals_have_equal_bytes(text: str, form: str) -> None:
    """A decimal is a string without exponent or trailing zeros."""
    assert canonical_json(Decimal(text)) == f'"{form}"'.encode()


def test_structs_sets_enums_and_ids_have_a_form() -> None:
    """Facts and parameters are hashed as they are: a set sorted, an enum by its value."""
    assert canonical_json(Fact(b=1, a=frozenset({"x", "c"}))) == b'{"a":["c","x"],"b":1}'
    assert canonical_json(frozenset({"b", 2, None})) == b'["b",2,null]'
    assert canonical_json((Verdict.DENY, UUID(int=0))) == b'["deny","00000000-0000-0000-0000-000000000000"]'


@pytest.mark.parametrize("value", [1.0, float("nan"), b"x", object(), Decimal("NaN"), {"a": [1.5]}, timedelta(1)])
def test_a_float_or_a_stranger_has_no_form(value: object) -> None:
    """A value whose bytes could differ between machines is refused, however deep it lies."""
    with pytest.raises(Invalid, match="canonical_type"):
        canonical_json(value)


def test_a_key_that_is_no_text_and_a_broken_text_are_refused() -> None:
    """Keys are text; half a surrogate pair has no UTF-8; a naive moment is no moment."""
    with pytest.raises(Invalid, match="canonical_key"):
        canonical_json({1: "a"})
    with pytest.raises(Invalid, match="canonical_text"):
        canonical_json("\ud800")
    with pytest.raises(Invalid, match="instant_without_zone"):
        canonical_json(datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test


def test_a_hash_is_of_bytes_as_they_are_or_of_the_form() -> None:
    """Bytes are hashed byte for byte, a value in its canonical form."""
    assert content_hash({"a": 1}) == content_hash(b'{"a":1}')
    assert content_hash(b'{"a": 1}') != content_hash({"a": 1})
