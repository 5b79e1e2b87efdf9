"""Due dates of rows and clauses: the declared term counts, and a wrong number in a policy file fails its cases."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.kernel.jurisdiction import zone
from backoffice.plumbing.policies import library, policies_folder, read_policies, read_scenario_files
from backoffice.policy.dates import DateProof, due_of, prove_dates
from backoffice.policy.explain import explain
from backoffice.policy.library import Library
from backoffice.policy.scenarios import read_scenarios

FILES = read_scenario_files()
POLICIES = read_policies(policies_folder())
PROOFS = list(prove_dates(library(), FILES))
RIGA, BAKU = zone("Europe/Riga"), zone("Asia/Baku")
CASE = """
[[due]]
id = "one"
title = "A month"
source = "EU-DSR-01"
received = 2026-08-31
zone = "Europe/Riga"
calendar = "lv"
expect = { legal_on = 2026-09-30, safe_on = 2026-09-30 }
"""


def proved(text: str) -> DateProof:
    """Run one case of one file."""
    (proof,) = prove_dates(library(), {"mine.toml": text})
    return proof


def failing(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> set[str]:
    """Change every policy file and return the date cases that fail then."""
    changed = Library({file: re.sub(pattern, replacement, text) for file, text in POLICIES.items()})
    return {proof.case.id for proof in prove_dates(changed, FILES) if proof.failures}


def test_every_date_comes_out() -> None:
    """What lawyers wrote is what the declared terms give."""
    assert {proof.case.id: proof.failures for proof in PROOFS if proof.failures} == {}
    assert len(PROOFS) >= 43


def test_every_trap_of_dates_has_its_source() -> None:
    """Months, holidays, hours, four laws, outer limits, withdrawal, e-qaimə and an operator's claims are there."""
    rights = {"EU-DSR-01", "EU-DSR-02", "EU-BRE-01", "US-CA-01", "US-CA-02", "US-CA-03"}
    abroad = {"AZ-PD-05", "AZ-PD-06", "AZ-PD-13", "AZ-TAX-02", "US-TC-07", "US-CS-04", "US-FL-04"}
    contracts = {"EU-CRD-01", "LV-CON-01", "incrm/8.2", "incrm/6.4#3", "incrm/6.4#4"}

    assert {proof.case.source for proof in PROOFS} >= rights | abroad | contracts


def test_any_other_number_in_the_policy_files_fails_every_date() -> None:
    """The period is the declared one: one more of each unit, and no case comes out."""
    assert failing(r"\bn = (\d+)", lambda found: f"n = {int(found[1]) + 1}") == {proof.case.id for proof in PROOFS}


def test_what_a_legal_order_says_of_days_off_counts() -> None:
    """Without the EU's rule that an end rolls, the dates that rolled fail, and those of other orders stand."""
    failed = failing('rolls = "forward"', 'rolls = "none"')

    assert {"due-riga-good-friday", "due-withdrawal-christmas", "due-extension-of-20-november"} <= failed
    assert {case for case in failed if case.startswith(("due-california", "due-stop", "due-incrm"))} == set()


def test_a_row_not_in_force_gives_no_date() -> None:
    """California's fifteen business days begin with 2026; a proposal gives no date at all."""
    for source, day in (("US-CA-03", date(2025, 12, 31)), ("EU-BRE-04", date(2026, 11, 20))):
        with pytest.raises(Invalid, match="due_term_unclear"):
            due_of(library(), source, day, zone("America/Los_Angeles"), term="within")


def test_the_day_of_an_event_is_the_local_one() -> None:
    """20:30 UTC is the next day in Baku, and the term of the day counts from there."""
    made = due_of(library(), "AZ-PD-06", datetime(2026, 11, 19, 20, 30, tzinfo=UTC), BAKU)

    assert (made.received_on, made.legal_on) == (date(2026, 11, 20), date(2026, 11, 27))


def test_the_sources_own_holidays_count_before_those_of_who_asks() -> None:
    """A row that names its calendar leaves no place open."""
    own = due_of(library(), "AZ-PD-06", date(2026, 11, 6), BAKU)

    assert due_of(library(), "AZ-PD-06", date(2026, 11, 6), BAKU, calendar="lv") == own


def test_a_longer_right_counts_from_the_end_of_the_first() -> None:
    """Twelve months more begin where the fourteen days end, after Christmas (Dir. 2011/83 Art. 10)."""
    made = due_of(library(), "EU-CRD-01", date(2026, 12, 10), RIGA, calendar="lv", term="if_uninformed_longer_by")

    assert (made.received_on, made.legal_on) == (date(2026, 12, 10), date(2027, 12, 28))


@pytest.mark.parametrize(
    ("change", "code", "line", "field"),
    [
        (('"EU-DSR-01"', '"EU-DSR-99"'), "row_unknown", 5, "source"),
        (('"EU-DSR-01"', '"incrm/99"'), "clause_unknown", 5, "source"),
        (('"EU-DSR-01"', '"nobody/1"'), "operator_unknown", 5, "source"),
        (('"EU-DSR-01"', '"EU-BRE-04"'), "due_term_unclear", 2, "term"),
        (('"EU-DSR-01"', '"EU-DSR-02"'), "due_term_unclear", 2, "term"),
        (('"EU-DSR-01"', '"EU-DSR-01"\nterm = "extension"'), "due_term_unclear", 6, "term"),
        (('"EU-DSR-01"', '"EU-BRE-01"'), "moment_needed", 6, "received"),
        (("2026-08-31", "2026-08-31T10:00:00"), "instant_without_zone", 6, "received"),
        (("2026-08-31", "2036-08-31"), "calendar_year_missing", 6, "received"),
        (("2026-08-31", '"today"'), "policy_invalid", 2, "due[0]"),
        (("received = 2026-08-31", ""), "policy_invalid", 2, "due[0]"),
        (('"Europe/Riga"', '"Europe/Rigga"'), "zone_unknown", 7, "zone"),
        (('calendar = "lv"', ""), "period_calendar_missing", 2, "calendar"),
        (('"lv"', '"xx"'), "calendar_unknown", 8, "calendar"),
        (("safe_on", "save_on"), "policy_invalid", 9, "due[0].expect.save_on"),
    ],
)
def test_a_wrong_case_is_refused_with_file_line_and_field(
    change: tuple[str, str], code: str, line: int, field: str
) -> None:
    """A lawyer who mistypes is told where."""
    with pytest.raises(Invalid) as refused:
        proved(CASE.replace(*change))

    told = refused.value.data
    assert (refused.value.code, told["file"], told["line"], told["field"]) == (code, "mine.toml", line, field)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (("legal_on = 2026-09-30", "legal_on = 2026-10-01"), "legal_on 2026-09-30, expected 2026-10-01"),
        (("safe_on = 2026-09-30", "safe_on = 2026-09-29"), "safe_on 2026-09-30, expected 2026-09-29"),
        ((" }", ", legal_due = 2026-09-30T22:00:00Z }"), "legal_due 2026-09-30 21:00:00+00:00, expected"),
        ((" }", ', says = "a Sunday" }'), "says: a Sunday is missing in: Received 31 Aug 2026; one month ends"),
    ],
)
def test_a_case_that_expects_the_wrong_thing_fails(change: tuple[str, str], failure: str) -> None:
    """The runner can fail, and says what came out."""
    (said,) = proved(CASE.replace(*change)).failures

    assert said.startswith(failure)


def test_ids_are_unique_among_sends_and_dates() -> None:
    """A failure names one case only."""
    for twin in ("due-e-qaime", "base-lv-whatsapp"):
        with pytest.raises(BackofficeError, match="case_twice"):
            read_scenarios({**FILES, "mine.toml": CASE.replace('"one"', f'"{twin}"')})


def test_an_explanation_lists_the_dates_that_prove_a_source() -> None:
    """A lawyer who asks for a row sees its dates."""
    told = explain(library(), "AZ-TAX-02", (), PROOFS)

    assert told["scenarios"] == [{"case": "due-e-qaime", "shows": "proves the date"}]
