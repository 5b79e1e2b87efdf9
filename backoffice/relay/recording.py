"""Recording: a judged batch becomes rows and ledger entries, all in the transaction that judged it.

A denial is recorded exactly as an allowance. Each decision is an entry of the ledger that commits to the rulebook, the
facts and the outcome by their hashes, and to the person by a salted commitment.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from backoffice.audit import ledger
from backoffice.kernel.canonical import canonical_json
from backoffice.plumbing import bulk
from backoffice.plumbing.bulk import Rows, Statement, Target, ids_for, quick
from backoffice.plumbing.install import Work
from backoffice.plumbing.loops import ring
from backoffice.plumbing.metrics import count_sends
from backoffice.policy.decide import Decision
from backoffice.policy.program import Verdict
from backoffice.relay import store
from backoffice.relay.judging import Batch, Judged, Record, person_bytes
from backoffice.relay.outbox import LOOP, SINGLE
from backoffice.relay.rulebooks import keep
from backoffice.relay.shapes import DECISION, JUDGEMENT, OUTBOX, SEND, Change, StoredSend
from backoffice.relay.states import LEAVING, State, first_state

MOST = 1_000  # recipients a transaction: it holds the account's credit lots

Kind = Literal["relay:send:decided", "relay:send:released", "relay:send:looked_at_again"]


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What the sends of a batch have in common."""

    account_id: UUID
    sender_id: UUID
    content_id: UUID
    content_sha256: bytes
    channel: str
    purpose: str
    topic: str
    campaign_id: UUID | None = None
    due_at: datetime | None = None  # when the account wants it sent; None at once


class Addressee(NamedTuple):
    """Whom one send goes to; `payload` is what only this person's message says, sealed."""

    contact_id: UUID
    token: bytes
    commitment: bytes
    send_id: UUID
    payload: bytes | None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One send as it was recorded."""

    send_id: UUID
    decision_id: UUID
    state: State
    decision: Decision
    lot_id: UUID | None


async def record_new(
    work: Work,
    errand: Errand,
    batch: Batch,
    judged: Sequence[Judged],
    addressees: Sequence[Addressee],
    lots: Sequence[UUID],
    *also: Statement,
) -> list[Recorded]:
    """Record the first decisions of new sends; `lots` are the credit lots of the paid ones, in order.

    `also` are statements that are written with them: debits.
    """
    errand, decision_ids = _quick(errand), ids_for(work.at, len(judged))
    paid = iter(lots)
    recorded = [
        Recorded(
            send_id=addressee.send_id,
            decision_id=decision_id,
            state=first_state(one.decision.verdict, is_scheduled=errand.due_at is not None),
            decision=one.decision,
            lot_id=next(paid) if one.is_paid else None,
        )
        for addressee, decision_id, one in zip(addressees, decision_ids, judged, strict=True)
    ]
    commitments = [addressee.commitment for addressee in addressees]
    decisions = await _decisions(work, errand, batch, judged, recorded, commitments, "relay:send:decided")
    sends = [_send_row(errand, one, addressee) for one, addressee in zip(recorded, addressees, strict=True)]
    verdicts = Counter(one.decision.verdict for one in recorded)
    work.after_commit(lambda: _count(errand.channel, verdicts))
    queued = _outbox(work, errand, recorded)
    await bulk.write(work.connection, [*decisions, (SEND, sends), (OUTBOX, queued)], *also)
    if queued:
        work.after_commit(lambda: ring(work.install, LOOP))
    return recorded


def _count(channel: str, verdicts: Counter[Verdict]) -> None:
    for verdict, count in verdicts.items():
        count_sends(channel, verdict, count)


async def record_again(
    work: Work,
    errand: Errand,
    batch: Batch,
    judged: Sequence[Judged],
    sends: Sequence[tuple[StoredSend, bytes]],
    states: Sequence[State],
    lots: Sequence[UUID | None],
    kind: Kind,
) -> list[Recorded]:
    """Record new decisions of sends that exist, each with its person's commitment, and bring them into these states.

    Raises RuntimeError when one of them is no longer where it was.
    """
    errand, decision_ids = _quick(errand), ids_for(work.at, len(judged))
    recorded = [
        Recorded(send_id=send.id, decision_id=decision_id, state=state, decision=one.decision, lot_id=lot)
        for (send, _), decision_id, one, state, lot in zip(sends, decision_ids, judged, states, lots, strict=True)
    ]
    commitments = [commitment for _, commitment in sends]
    decisions = await _decisions(work, errand, batch, judged, recorded, commitments, kind)
    leaving = [one for (send, _), one in zip(sends, recorded, strict=True) if send.state not in LEAVING]
    changes = [
        Change(
            id=send.id,
            was=send.state,
            state=one.state,
            verdict=one.decision.verdict,
            decision_id=one.decision_id,
            due_at=one.decision.next_allowed_at if one.state == "held" else None,
            lot_id=one.lot_id,
        )
        for (send, _), one in zip(sends, recorded, strict=True)
    ]
    parts = [*decisions, (OUTBOX, _outbox(work, errand, leaving))]
    if await bulk.write(work.connection, parts, store.changing(changes)) != len(changes):
        raise RuntimeError("a send is no longer where it was")
    return recorded


async def _decisions(
    work: Work,
    errand: Errand,
    batch: Batch,
    judged: Sequence[Judged],
    recorded: Sequence[Recorded],
    commitments: Sequence[bytes],
    kind: Kind,
) -> list[tuple[Target, Rows]]:
    """Make the rows of judgement, decisions and ledger entries; outcomes and rulebook are kept at once."""
    await keep(work, batch.book)
    record, judgement_id = Record(batch), quick(work.new_id())
    entry = _Entry(work, errand, record, kind)
    rows, entries, queue = [], [], []
    for one, done, commitment in zip(judged, recorded, commitments, strict=True):
        facts, outcome, decision = person_bytes(one.member), record.outcome(one.decision), one.decision
        rows.append(
            (
                done.decision_id,
                done.send_id,
                errand.account_id,
                judgement_id,
                outcome,
                decision.verdict,
                decision.next_allowed_at,
                decision.no_common_window,
                one.is_out_of_credit,
                one.member.base,
                facts,
            )
        )
        body = entry.body(done, one.member.base, facts, outcome, commitment)
        entries.append((done.decision_id, errand.account_id, body))
        queue.append((done.decision_id, errand.account_id, hashlib.sha256(b"\0" + body).digest()))
    await _keep_outcomes(work, record.bodies)
    judgement = (
        judgement_id,
        errand.account_id,
        work.at,
        batch.book.name,
        record.account,
        record.message,
        record.bases,
    )
    return [
        (JUDGEMENT, [judgement]),
        (DECISION, rows),
        (ledger.ENTRY, entries),
        (ledger.QUEUE, queue),
    ]


def _quick(errand: Errand) -> Errand:
    """Return the errand with its ids in the form that is sent fastest: they go into every row."""
    names = ("account_id", "sender_id", "content_id", "campaign_id")
    ids = {name: quick(known) for name in names if (known := getattr(errand, name)) is not None}
    return msgspec.structs.replace(errand, **ids)


class _Entry:
    """Writes the ledger entries of a batch: canonical JSON whose shared parts are written once."""

    def __init__(self, work: Work, errand: Errand, record: Record, kind: Kind) -> None:
        at = canonical_json(work.at).decode()
        self._head = f'{{"account":"{errand.account_id}","at":{at},"content":"{errand.content_sha256.hex()}","facts":"'
        self._middle = f'","judgement":"{record.hash.hex()}","kind":"{kind}","next_allowed_at":'

    def body(self, done: Recorded, base: int, facts: bytes, outcome: bytes, commitment: bytes) -> bytes:
        """Return one entry: ids, hashes and a commitment, nothing of a person."""
        opens = done.decision.next_allowed_at
        return (
            f"{self._head}{hashlib.sha256(base.to_bytes(2, 'big') + facts).hexdigest()}"
            f'","id":"{done.decision_id}{self._middle}{canonical_json(opens).decode() if opens else "null"}'
            f',"outcome":"{outcome.hex()}","person":"{commitment.hex()}","send":"{done.send_id}","v":1'
            f',"verdict":"{done.decision.verdict}"}}'
        ).encode()


def _send_row(errand: Errand, one: Recorded, addressee: Addressee) -> tuple[Any, ...]:
    return (
        one.send_id,
        errand.account_id,
        addressee.contact_id,
        addressee.token,
        errand.campaign_id,
        errand.sender_id,
        errand.content_id,
        errand.channel,
        errand.purpose,
        errand.topic,
        one.state,
        one.decision.verdict,
        one.decision_id,
        _due_at(errand, one),
        one.lot_id,
        addressee.payload,
    )


def _due_at(errand: Errand, one: Recorded) -> datetime | None:
    if one.state == "scheduled":
        return errand.due_at
    return one.decision.next_allowed_at if one.state == "held" else None


def _outbox(work: Work, errand: Errand, recorded: Sequence[Recorded]) -> list[tuple[Any, ...]]:
    campaign_id = errand.campaign_id or SINGLE
    return [
        (one.send_id, errand.account_id, errand.sender_id, campaign_id, errand.channel, 0, work.at)
        for one in recorded
        if one.state == "queued"
    ]


async def _keep_outcomes(work: Work, bodies: dict[bytes, bytes]) -> None:
    """Keep what hasn't been kept; an outcome is trusted to be kept only once its transaction has committed."""
    known = work.install.known
    unknown = {hash_: body for hash_, body in bodies.items() if ("outcome", hash_) not in known}
    if unknown:
        await store.add_outcomes(work, unknown)
        work.after_commit(lambda: known.update(("outcome", hash_) for hash_ in unknown))
