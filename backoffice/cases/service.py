"""What can be done with cases: open one, read it, and end it by judging it, by leaving it too long, or as settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

import msgspec

from backoffice.audit.ledger import append
from backoffice.cases import store
from backoffice.cases.states import Outcome, State, may_follow
from backoffice.cases.store import CaseRow
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects

BODY = Place("case_file", "body")
UNCLEAR_REPLY = "unclear_reply"
WITHIN = timedelta(hours=24)
"""How long a person has to judge an unclear reply, from the moment it was written (GL-STOP-02)."""

_LONGEST = 4_096  # characters that are kept of one reply: more fit into no message of WhatsApp's
_MOST = 20  # replies that a case keeps: the last
_STEP = 100


class Reply(msgspec.Struct, frozen=True):
    """One reply that a case holds: what was written, and when."""

    at: datetime
    text: str


class UnclearReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that may be a stop: whose it is, and what was written over which channel, in which language it seems."""

    account_id: UUID
    contact_id: UUID
    person: bytes
    channel: str
    text: str
    at: datetime
    language: str = ""


async def open_unclear_reply(work: Work, reply: UnclearReply) -> CaseRow:
    """Open a case for a reply that may be a stop, or add the reply to the one that is open; return the case.

    It is due 24 hours after the first of its replies was written. The caller holds the person's lock alone.
    """
    subject = (await load_subjects(work.connection, work.vault, [reply.contact_id]))[reply.contact_id]
    at = min(reply.at, work.at)
    said = Reply(at, reply.text[:_LONGEST])
    case = await store.find_open(work, reply.account_id, reply.person, UNCLEAR_REPLY)
    if case:
        opened_at = min(case.opened_at, at)
        replies = sorted([*_replies(subject, case), said], key=lambda one: one.at)
        body = _sealed(subject, case.id, replies)
        case = case._replace(body=body, opened_at=opened_at, due_at=min(case.due_at, opened_at + WITHIN))
        await store.put_joined(work, case)
        await _tell(work, case, "joined", due_at=case.due_at.isoformat(), said_at=at.isoformat())
        return case
    case_id = work.new_id()
    case = CaseRow(
        id=case_id,
        kind=UNCLEAR_REPLY,
        account_id=reply.account_id,
        contact_id=reply.contact_id,
        person=reply.person,
        body=_sealed(subject, case_id, [said]),
        language=reply.language,
        channel=reply.channel,
        opened_at=at,
        due_at=at + WITHIN,
    )
    await store.add_case(work, case)
    await _tell(work, case, "opened", due_at=case.due_at.isoformat(), said_at=at.isoformat())
    return case


async def get_case(work: Work, case_id: UUID) -> CaseRow:
    """Return a case; raises NotFound."""
    return await store.get_case(work, case_id)


async def read_said(work: Work, case: CaseRow) -> list[Reply]:
    """Return what was written, oldest first; nothing once the person was erased."""
    subject = (await load_subjects(work.connection, work.vault, [case.contact_id]))[case.contact_id]
    return _replies(subject, case)


async def list_open(work: Work, *, account_id: UUID | None = None, most: int = _STEP) -> list[CaseRow]:
    """Return what waits for somebody to judge it, of an account or of all, the most urgent first."""
    return await store.list_open(work, most, account_id)


async def list_lapsed(work: Work, count: int = _STEP) -> list[CaseRow]:
    """Return open cases for which it is too late by now, the longest late first."""
    return await store.list_lapsed(work, work.at, count)


async def decide(work: Work, case_id: UUID, outcome: Outcome, *, by: str) -> CaseRow:
    """Record what somebody judged; return the case. Doing so again changes nothing.

    Raises NotFound; Invalid for an outcome there isn't; Refused: `case_ended` for one that ended otherwise, `case_late`
    for no stop where nobody said so in time.
    """
    if outcome not in get_args(Outcome):
        raise Invalid("outcome_unknown", field="outcome", known=list(get_args(Outcome)))
    case = await store.get_case(work, case_id, hold=True)
    if (case.state, case.outcome) == ("decided", outcome):
        return case
    if outcome == "no_stop" and case.state == "open" and case.due_at <= work.at:
        raise Refused("case_late", case=str(case_id))
    ended = await _end(work, case._replace(outcome=outcome, decided_by=by), "decided")
    await _tell(work, ended, "decided", outcome=outcome, by=by)
    return ended


async def lapse(work: Work, case_id: UUID) -> CaseRow | None:
    """End a case that nobody judged in time; return it, or None where it has ended or isn't due."""
    case = await store.get_case(work, case_id, hold=True)
    if case.state != "open" or work.at < case.due_at:
        return None
    ended = await _end(work, case, "lapsed")
    await _tell(work, ended, "lapsed")
    return ended


async def close(work: Work, account_id: UUID, person: bytes) -> CaseRow | None:
    """End the open case of a person who has said stop clearly since; return it, or None where there was none.

    The caller holds the person's lock alone.
    """
    case = await store.find_open(work, account_id, person, UNCLEAR_REPLY)
    if case is None:
        return None
    ended = await _end(work, case, "closed")
    await _tell(work, ended, "closed")
    return ended


async def _end(work: Work, case: CaseRow, state: State) -> CaseRow:
    if not may_follow(case.state, state):
        raise Refused("case_ended", case=str(case.id), state=case.state)
    ended = case._replace(state=state, decided_at=work.at)
    await store.put_end(work, ended)
    return ended


async def _tell(work: Work, case: CaseRow, action: str, **more: str) -> None:
    kind = f"cases:{case.kind}:{action}"
    await append(work, kind, case.account_id, case=case.id, contact=case.contact_id, **more)


def _replies(subject: Subject, case: CaseRow) -> list[Reply]:
    if case.body is None or subject.is_destroyed:
        return []
    return msgspec.msgpack.decode(subject.open(BODY, case.id, case.body), type=list[Reply])


def _sealed(subject: Subject, case_id: UUID, replies: list[Reply]) -> bytes | None:
    if subject.is_destroyed:
        return None
    return subject.seal(BODY, case_id, msgspec.msgpack.encode(replies[-_MOST:]))
