"""Judged: a decision as the database has it, made again of what is stored and held against what a story expects.

The case is proved as any worked case is, but for its facts, which are those on record, and its decision, which is the
recorded one: so a story shows what the product did, not what the rules would do.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from backoffice.consent.wordings import WORDINGS
from backoffice.plumbing.install import Work
from backoffice.policy.decide import Decision, Gate
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.library import Library
from backoffice.policy.program import Program
from backoffice.policy.proving import Proof, Prover
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.scenarios import Case
from backoffice.relay import store
from backoffice.relay.judging import without_credit
from backoffice.relay.replay import replay
from backoffice.relay.rulebooks import recall
from backoffice.relay.snapshot import decode_bases, decode_facts, decode_person, recipient_of


class Judged(msgspec.Struct, frozen=True):
    """A decision on record with the facts it was made of; `is_same` where these make it again to the byte."""

    book: Rulebook
    account: Account
    message: Message
    recipient: Recipient
    decision: Decision
    is_same: bool


async def judged(work: Work, account_id: UUID, decision_id: UUID) -> Judged:
    """Return a decision on record; raises what `relay.replay` raises."""
    again = await replay(work, account_id, decision_id)
    kept = await store.get_decision(work, decision_id)
    book = await recall(work, kept.rulebook)
    account, message = decode_facts(Account, kept.account), decode_facts(Message, kept.message)
    person = decode_person(kept.facts)
    wordings = await WORDINGS.recall(work, {consent.wording for consent in person.consents})
    base = decode_bases(kept.bases, book.times, message.at)[kept.base]
    return Judged(
        book=book,
        account=without_credit(account) if kept.is_out_of_credit else account,
        message=message,
        recipient=recipient_of(base, person, wordings),
        decision=again.decision,
        is_same=again.is_same and again.decision.verdict == kept.verdict,
    )


class Witness(Prover):
    """Proves cases of decisions on record, whatever facts the cases state themselves."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self._seen: Judged

    def facts(self, case: Case) -> tuple[Account, Message, Recipient]:  # noqa: ARG002  # the facts are on record
        """Return the facts of the decision."""
        return self._seen.account, self._seen.message, self._seen.recipient

    def decide(self, case: Case) -> tuple[Decision, Program, set[int]]:  # noqa: ARG002
        """Return the decision, the rules in scope, and the numbers of those that did not answer no."""
        seen = self._seen
        program, mask, missing = Gate(seen.book, seen.account, seen.message, is_single=True).answers(seen.recipient)
        hit = {number for number in range(len(program.predicates)) if mask >> number & 1}
        return seen.decision, program, hit | {number for number, _ in missing}

    def held(self, seen: Judged, case: Case, passes: tuple[str, ...]) -> Proof:
        """Hold a decision against what a case expects of it; of `passes` those count that did answer no here."""
        self._seen = seen
        held = [source for source in passes if source not in case.expect.passes and self._passes(case, source)]
        proof = self._one(_listing(case, (*case.expect.passes, *held)))
        if seen.is_same:
            return proof
        told = (*proof.failures, "what is stored does not make the decision again")
        return msgspec.structs.replace(proof, failures=told)

    def _passes(self, case: Case, source: str) -> bool:
        """Tell whether the rules of a source were in scope and answered no."""
        failures = self._one(_listing(case, (source,))).failures
        return not any(failure.startswith(f"{source} was not") for failure in failures)

    def _one(self, case: Case) -> Proof:
        (proof,) = self.prove([case])
        return proof


def _listing(case: Case, passes: tuple[str, ...]) -> Case:
    return msgspec.structs.replace(case, expect=msgspec.structs.replace(case.expect, passes=passes))
