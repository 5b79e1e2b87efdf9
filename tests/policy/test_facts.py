"""The facts page and the three records say the same."""

from __future__ import annotations

import re

import pytest

from backoffice.policy import facts
from backoffice.policy.gaps import GapError, gap, is_gap

RECORDS = {"account": facts.Account, "message": facts.Message, "recipient": facts.Recipient}
ROW = re.compile(r"^(\w+)\.(\w+) +\| (.+) \| (hold|strict|deny|refused)\b.* \| (\w+(?:\.\w+)?) \| (.+)$", re.MULTILINE)


def test_the_page_names_every_fact_and_no_other() -> None:
    """Both directions are equal, in the same order."""
    page = [(record, field) for record, field, *_ in ROW.findall(facts.__doc__ or "")]

    assert page == [(name, field) for name, record in RECORDS.items() for field in record.__struct_fields__]


def test_a_fact_that_holds_is_a_gap_by_default_and_no_other_is() -> None:
    """What the page calls a hold is a gap until somebody states it."""
    for name, field, _, meaning, *_ in ROW.findall(facts.__doc__ or ""):
        record = RECORDS[name]
        defaults = dict(zip(reversed(record.__struct_fields__), reversed(record.__struct_defaults__), strict=False))
        assert is_gap(defaults.get(field, "")) is (meaning == "hold"), f"{name}.{field}"


@pytest.mark.parametrize(
    "use",
    [bool, len, list, hash, lambda g: g == 1, lambda g: g != 1, lambda g: g > 1, lambda g: g - 1, lambda g: 1 + g],
)
def test_a_gap_raises_whatever_is_done_with_it(use: object) -> None:
    """No rule can answer from a fact nobody stated."""
    with pytest.raises(GapError, match=r"account\.standing"):
        use(gap("account.standing"))  # type: ignore[operator]


def test_a_gap_can_be_looked_for_in_no_collection() -> None:
    """`in` asks for equality or a hash, and a gap has neither."""
    for collection in (("a",), frozenset({"a"})):
        with pytest.raises(GapError):
            _ = gap("message.form") in collection
