"""The real rulebook: all law in force and one operator's Terms, for a person in Florida and one in Latvia."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from backoffice.plumbing.policies import library, read_scenario_files
from backoffice.policy.compile import Judge
from backoffice.policy.decide import Gate
from backoffice.policy.facts import Recipient
from backoffice.policy.proving import Prover
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.scenarios import Case, read_scenarios

# Marketing, all facts given. WhatsApp delivers no marketing to American numbers, so Florida is reached by SMS.
CASES = ("base-us-fl-sms", "base-lv-whatsapp")
PEOPLE = 1_000


class Real(NamedTuple):
    """One batch: how a recipient of it is judged, and by how many rules."""

    case: str
    rules: int
    for_recipient: int
    judge: Judge
    gate: Gate
    recipients: list[Recipient]


def strictest() -> tuple[str, int]:
    """Return the operator whose Terms have most rules on the gate, and how many those are."""
    counted = {
        operator: sum(bound.is_acting and not bound.is_asleep for bound in library().clauses(operator))
        for operator in library().operators
    }
    operator = max(counted, key=lambda name: counted[name])
    return operator, counted[operator]


def batches(operator: str) -> list[Real]:
    """Make the batches; raises AssertionError where one is not allowed, for it would measure something else."""
    cases = {case.id: case for case in read_scenarios(read_scenario_files())}
    return [_batch(operator, cases[name]) for name in CASES]


def _batch(operator: str, case: Case) -> Real:
    account, message, recipient = Prover(library()).facts(case)
    gate = Gate(Rulebook(library(), operator), account, message)
    program, *answers = gate.answers(recipient)
    assert answers == [0, ()], gate.decide(recipient)
    people = [msgspec.structs.replace(recipient) for _ in range(PEOPLE)]
    inner = sum("recipient" in rule.scope for rule, _ in program.predicates)
    return Real(case.id, len(program.predicates), inner, program.bind(account, message), gate, people)
