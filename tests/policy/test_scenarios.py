"""The worked cases: all come out, bases leave nothing unsaid, and a case that pins too little is refused."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from backoffice.kernel.errors import Invalid
from backoffice.plumbing.policies import library, read_scenario_files
from backoffice.policy.coverage import Shown, check
from backoffice.policy.gaps import is_gap
from backoffice.policy.proving import Proof, Prover
from backoffice.policy.scenarios import PINS, read_scenarios

FILES = read_scenario_files()
CASES = read_scenarios(FILES)
BASES = [case for case in CASES if not case.base]
GOOD = """
[[case]]
id = "one"
from = "lv-whatsapp"
at = 2025-09-02T10:00:00Z
zone = "Europe/Riga"
number = "+37126000001"
purpose = "marketing"
channel = "whatsapp"
provider_type = "official"
grade = "C"
expect = { verdict = "allow" }
"""


@pytest.fixture(scope="module")
def proofs() -> list[Proof]:
    """Run every case once."""
    return list(Prover(library()).prove(CASES))


def test_every_case_comes_out(proofs: list[Proof]) -> None:
    """What lawyers wrote is what the rules do."""
    assert {proof.case.id: proof.failures for proof in proofs if proof.failures} == {}
    assert len(proofs) >= 220


def test_every_gate_clause_and_row_is_proved(proofs: list[Proof]) -> None:
    """All 38 hard and 7 soft gate clauses, and the 110 rows in force that speak of sends."""
    told = check(library(), Shown.by(proofs))
    operators, law = told["operators"].values(), told["law"].values()

    assert told["errors"] == []
    assert sum(counts["gate_hard_enforced"] for counts in operators) == sum(counts["gate_hard"] for counts in operators)
    assert sum(counts["gate_hard"] for counts in operators) == 38
    assert sum(counts["rows"] for counts in law) == 201
    assert sum(counts["enforced"] for counts in law) == 110


def test_without_a_case_nothing_counts_as_proved(proofs: list[Proof]) -> None:
    """Coverage is earned: the same cases, failing, prove nothing."""
    failed = [msgspec.structs.replace(proof, failures=("wrong",)) for proof in proofs]

    told = check(library(), Shown.by(failed))
    assert sum(counts["hard_enforced"] for counts in told["operators"].values()) == 0
    assert sum(counts["enforced"] for counts in told["law"].values()) == 0


@pytest.mark.parametrize("base", BASES, ids=[base.id for base in BASES])
def test_a_base_states_every_fact(base: object) -> None:
    """A case changes one thing: nothing else may be unknown."""
    for record in Prover(library()).facts(base):  # type: ignore[arg-type]
        unsaid = [name for name in record.__struct_fields__ if is_gap(getattr(record, name))]
        assert unsaid == [], type(record).__name__


@pytest.mark.parametrize("pin", PINS)
def test_a_case_that_pins_too_little_is_refused(pin: str) -> None:
    """No case passes by an assumption."""
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{pin} ="))

    with pytest.raises(Invalid, match="scenario_pin_missing") as refused:
        read_scenarios({**FILES, "mine.toml": text})
    assert (refused.value.data["file"], refused.value.data["line"], refused.value.data["field"]) == (
        "mine.toml",
        2,
        pin,
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (('from = "lv-whatsapp"', 'from = "nobody"'), "base_unknown"),
        (('id = "one"', 'id = "base-lv-whatsapp"'), "case_twice"),
        (('grade = "C"', 'grade = "C"\nmisspelt = 1'), "policy_invalid"),
        (("2025-09-02T10:00:00Z", '"today"'), "policy_invalid"),
    ],
)
def test_a_wrong_case_is_refused(change: tuple[str, str], code: str) -> None:
    """A misspelt key, a twin, an unknown base or a moment that is none."""
    with pytest.raises(Invalid, match=code):
        read_scenarios({**FILES, "mine.toml": GOOD.replace(*change)})


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (('"allow" }', '"deny" }'), "verdict"),
        (('"allow" }', '"allow", passes = ["US-FL-01"] }'), "not in scope"),
        (('grade = "C"', 'grade = "none"'), "verdict"),
        (('"allow" }', '"allow", next_allowed_at = 2025-09-02T10:00:00Z }'), "next_allowed_at"),
        (('"allow" }', '"allow", lifted = ["EU-EPR-01"] }'), "lifted"),
    ],
)
def test_a_case_that_expects_the_wrong_thing_fails(change: tuple[str, str], failure: str) -> None:
    """The runner can fail."""
    cases = read_scenarios({**FILES, "mine.toml": GOOD.replace(*change)})
    (proof,) = Prover(library()).prove([case for case in cases if case.id == "one"])

    assert any(failure in said for said in proof.failures)


def test_every_scenario_and_trap_of_sends_has_its_cases() -> None:
    """The sending scenarios of the clauses and the traps of the law are there by number."""
    heads = Counter(case.id.partition("-")[0].lower() for case in CASES)

    for number in ("s03", "s05", "s07", "s08", "s09", "s11", "s17", "s18", "s20", "s21", "s22", "s36", "s39"):
        assert heads[number], number
    for trap in ("t7", "t8", "t10", "t13", "t14", "t18", "t21"):
        assert heads[trap], trap


def test_the_operators_own_place_binds_whatever_a_case_states() -> None:
    """Who sends through an operator in Azerbaijan is bound by its law there (GDPR 3(1) reads the same way)."""
    cases = read_scenarios({**FILES, "mine.toml": GOOD.replace('grade = "C"', 'grade = "C"\noperator = "isend"')})
    (case,) = [case for case in cases if case.id == "one"]
    account, _, _ = Prover(library()).facts(msgspec.structs.replace(case, account={**case.account, "places": ["LV"]}))

    assert account.places == {"LV", "EU", "AZ"}


def test_a_rule_out_of_scope_is_not_counted_as_passed(proofs: list[Proof]) -> None:
    """A passing case for Michigan proves nothing of the hours in Massachusetts (US-XX-01 has a rule for each)."""
    michigan = [proof for proof in proofs if ("US-XX-01", 0) in proof.passed]

    assert michigan
    assert all(("US-XX-01", 1) not in proof.passed for proof in michigan)
