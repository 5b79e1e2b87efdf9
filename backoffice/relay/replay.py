"""Replay: a stored decision, made again of what is stored, must find the same, byte for byte.

It needs nothing of a person: facts hold grades, moments and codes, so it works years later and after erasure.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from backoffice.consent.wordings import WORDINGS
from backoffice.plumbing.install import Work
from backoffice.policy.decide import Decision, Gate
from backoffice.policy.facts import Account, Message
from backoffice.relay.judging import outcome_body, without_credit
from backoffice.relay.rulebooks import recall
from backoffice.relay.shapes import StoredDecision
from backoffice.relay.snapshot import decode_bases, decode_facts, decode_person, recipient_of
from backoffice.relay.telling import own_decision


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision beside what is stored of it."""

    decision: Decision
    found: bytes
    stored: bytes
    next_allowed_at: datetime | None

    @property
    def is_same(self) -> bool:
        """Whether it found the same, to the byte, and opens at the same moment."""
        return self.found == self.stored and self.decision.next_allowed_at == self.next_allowed_at


async def replay(work: Work, account_id: UUID, decision_id: UUID) -> Replayed:
    """Make a decision again by its own rulebook and facts.

    Raises NotFound for another account's, Refused (`rulebook_needs_its_release`) where the program has changed since,
    and ValueError where what is stored doesn't belong to its own hash.
    """
    kept = await own_decision(work, account_id, decision_id)
    if hashlib.sha256(kept.body).digest() != kept.outcome:
        raise ValueError(f"the outcome of {decision_id} is not what its hash says")
    decision = await _again(work, kept)
    return Replayed(
        decision=decision, found=outcome_body(decision), stored=kept.body, next_allowed_at=kept.next_allowed_at
    )


async def _again(work: Work, kept: StoredDecision) -> Decision:
    book = await recall(work, kept.rulebook)
    account, message = decode_facts(Account, kept.account), decode_facts(Message, kept.message)
    person = decode_person(kept.facts)
    wordings = await WORDINGS.recall(work, {consent.wording for consent in person.consents})
    base = decode_bases(kept.bases, book.times, message.at)[kept.base]
    gate = Gate(book, without_credit(account) if kept.is_out_of_credit else account, message)
    return gate.decide(recipient_of(base, person, wordings))
