"""Judging a batch: one account, one message, many recipients, and credits that may not last for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from backoffice.consent.wordings import Wording
from backoffice.kernel.canonical import canonical_json
from backoffice.policy.decide import Decision, Gate
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.program import Finding
from backoffice.policy.rulebook import Rulebook
from backoffice.relay.snapshot import Person, encode_bases, encode_facts, encode_person, recipient_of

PERMITTING = ("allow", "warn")


class Member(msgspec.Struct, frozen=True):
    """One recipient of a batch: which of the batch's bases it has, and what is its own."""

    base: int
    person: Person


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged together; `bases` and `members` make the recipients, in order."""

    book: Rulebook
    account: Account
    message: Message
    bases: list[Recipient]
    members: Sequence[Member]
    wordings: Mapping[int, Wording]


class Judged(msgspec.Struct, frozen=True):
    """What was decided of one member; `is_paid` where a credit of the batch goes with it."""

    member: Member
    decision: Decision
    is_paid: bool
    is_out_of_credit: bool

    @property
    def is_permitted(self) -> bool:
        """Whether the message may go now."""
        return self.decision.verdict in PERMITTING


def judge(batch: Batch) -> list[Judged]:
    """Judge every member in order; each permitted one takes a credit while the account has any.

    The fact `account.credits` speaks of the whole batch, so whoever comes after the last credit is judged with none.
    """
    account, is_single = batch.account, len(batch.members) == 1
    left = account.credits
    gate = Gate(batch.book, account, batch.message, is_single=is_single)
    broke = gate
    judged = []
    for member in batch.members:
        recipient = recipient_of(batch.bases[member.base], member.person, batch.wordings)
        decision, is_out = gate.decide(recipient), False
        if left == 0 and account.credits > 0 and decision.verdict in PERMITTING:
            if broke is gate:
                broke = Gate(batch.book, without_credit(account), batch.message)
            decision, is_out = broke.decide(recipient), True
        is_paid = left > 0 and decision.verdict in PERMITTING
        left -= is_paid
        judged.append(Judged(member, decision, is_paid, is_out))
    return judged


def without_credit(account: Account) -> Account:
    """Return the account's facts once its last credit is spent."""
    return msgspec.structs.replace(account, credits=0)


class Record:
    """The stored forms of what a batch shares, each made once."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._outcomes: dict[tuple[object, ...], bytes] = {}
        self.bodies: dict[bytes, bytes] = {}  # outcomes by their hash

    @cached_property
    def account(self) -> bytes:
        """The account's facts."""
        return encode_facts(self.batch.account)

    @cached_property
    def message(self) -> bytes:
        """The message's facts."""
        return encode_facts(self.batch.message)

    @cached_property
    def bases(self) -> bytes:
        """What recipients share."""
        return encode_bases(self.batch.bases)

    @cached_property
    def hash(self) -> bytes:
        """The SHA-256 that commits to rulebook and shared facts."""
        parts = (self.batch.book.name.encode(), self.account, self.message, self.bases)
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()

    def outcome(self, decision: Decision) -> bytes:
        """Return the hash of a decision's outcome; its body is kept in `bodies`."""
        key = (id(decision.findings), id(decision.lifted), id(decision.classified), decision.purpose)
        hashed = self._outcomes.get(key)
        if hashed is None:
            body = outcome_body(decision)
            hashed = self._outcomes[key] = hashlib.sha256(body).digest()
            self.bodies[hashed] = body
        return hashed


def outcome_body(decision: Decision) -> bytes:
    """Return what a decision found, in its canonical form: the bytes that a replay must give again."""
    return canonical_json(
        {
            "verdict": decision.verdict,
            "purpose": decision.purpose,
            "findings": _told(decision.findings),
            "lifted": _told(decision.lifted),
            "classified": _told(decision.classified),
            "rulebook": decision.rulebook,
        }
    )


def _told(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "code": finding.bound.rule.name,
            "source": finding.bound.source,
            "position": finding.bound.position,
            "verdict": finding.verdict,
            "fact": finding.fact,
            "lifted_by": list(finding.lifted_by),
        }
        for finding in findings
    ]


def person_bytes(member: Member) -> bytes:
    """Return the member's own facts as stored."""
    return encode_person(member.person)
