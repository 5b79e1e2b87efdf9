"""Error codes of the Cloud API: each has its meaning, and what nobody has read the meaning of is not tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backoffice.channels.codes import LEAST_WAIT, MEANINGS, OF_CHANNEL, OF_PERSON, kind_of

if TYPE_CHECKING:
    from backoffice.channels.port import Kind

EXPECTED: dict[tuple[int, ...], Kind] = {
    (0, 3, 10, 190, *range(200, 300)): "halt_sender",
    (4, 80007): "retry",
    (130429,): "retry",
    (131056,): "retry",
    (131048,): "halt_sender",
    (131049,): "retry",
    (131050,): "suppress",
    (131047,): "never",
    (131026,): "never",
    (130472,): "never",
    (130497, 131031, 368): "halt_sender",
    (131042,): "halt_sender",
    (131064,): "halt_sender",
    (131062, 131063, 131037, 131045, 137000): "never",
    (132000, 132001, 132005, 132007, 132008, 132012): "never",
    (132015, 132016): "halt_template",
    (131000, 131016, 2, 1, 133004): "retry",
    (131008, 131009, 131021, 131030, 131051, 131052, 131053, 100): "never",
}
"""The codes as Meta's reference groups them, each with what is done."""


@pytest.mark.parametrize(("codes", "kind"), EXPECTED.items())
def test_each_code_means_something(codes: tuple[int, ...], kind: Kind) -> None:
    """Retried, held, suppressed, halted, or given up."""
    assert {kind_of(code) for code in codes} == {kind}


def test_no_other_code_has_a_meaning() -> None:
    """A new one is given up, until somebody has read what it means."""
    assert set(MEANINGS) == {code for codes in EXPECTED for code in codes}
    assert kind_of(131_999) == "never"


def test_what_speaks_of_the_person_is_kept_for_the_next_send() -> None:
    """The rules of PL-WA-05 and PL-WA-11 read it."""
    assert {131026, 131049, 131050, 131056, 130472, 130497} == OF_PERSON


def test_what_speaks_of_the_provider_rests_all_of_it() -> None:
    """Its calls are limited together, or it is away."""
    assert {4, 80007, 2, 131016, 133004} == OF_CHANNEL


def test_waits_that_the_answer_does_not_tell() -> None:
    """A day for what was withheld (PL-WA-05), six seconds for a pair."""
    assert {131049: timedelta(hours=24), 131056: timedelta(seconds=6)} == LEAST_WAIT
