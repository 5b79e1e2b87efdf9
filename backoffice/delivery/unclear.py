"""Unclear replies: what may be a stop holds everything, until somebody has read it or 24 hours have made it a stop.

The case is the room of cases'; here is what it means for the person: the moment since which they are held, and the
stop that comes of it. Each verb holds the person's lock alone before it looks, as every stop does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.accounts.checks import actor
from backoffice.cases import service as cases
from backoffice.cases.service import UnclearReply
from backoffice.cases.states import Outcome
from backoffice.cases.store import CaseRow
from backoffice.consent.service import suppress
from backoffice.consent.standing import Reason
from backoffice.contacts.aliases import hold_names, list_aliases
from backoffice.contacts.persons import find
from backoffice.contacts.service import record_unclear_stop
from backoffice.plumbing.changes import note_change

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

LOOP = "unclear"
"""The loop that makes stops of what nobody has read in time."""

_MOST = 100  # cases looked at in one step


async def hold(work: Work, reply: UnclearReply) -> CaseRow:
    """Hold whatever goes to a person who wrote what may be a stop, and open a case for somebody to read it."""
    await hold_names(work, reply.account_id, [reply.person])
    case = await cases.open_unclear_reply(work, reply)
    await record_unclear_stop(work, reply.contact_id, case.opened_at)
    return case


async def settle(work: Work, account_id: UUID, person: bytes) -> None:
    """End what waits to be read of a person who has said stop to everything: nothing is left to judge.

    The caller has recorded that stop in the same transaction.
    """
    await hold_names(work, account_id, [person])
    await cases.close(work, account_id, person)
    await _release(work, account_id, person)


async def decide(work: Work, case_id: UUID, outcome: Outcome, by: str) -> CaseRow:
    """Judge an unclear reply: a stop from the moment it was written, or none, and what waited is judged anew.

    Raises what `cases.service.decide` raises, and Invalid for an actor there isn't.
    """
    by = actor(by)
    before = await cases.get_case(work, case_id)
    await hold_names(work, before.account_id, [before.person])
    before = await cases.get_case(work, case_id)
    case = await cases.decide(work, case_id, outcome, by=by)
    if before.state == "open":
        await _follow(work, case, "reply" if outcome == "stop" else None)
    return case


async def lapse(install: Install) -> bool:
    """Make stops of the unclear replies that nobody has judged in time; return whether there may be more.

    Each in a transaction of its own, with its stop and its ledger entries: after a crash it is done or still to do.
    """
    async with install.reading() as work:
        due = await cases.list_lapsed(work, _MOST)
    for one in due:
        async with install.unit_of_work() as work:
            await hold_names(work, one.account_id, [one.person])
            case = await cases.lapse(work, one.id)
            if case:
                await _follow(work, case, "unclear")
    return len(due) == _MOST


async def _follow(work: Work, case: CaseRow, reason: Reason | None) -> None:
    """Do what comes of a case that has ended: a stop where there is a reason for one; nothing is held any more."""
    if reason:
        await suppress(work, case.person, account_id=case.account_id, reason=reason, at=case.opened_at)
    await _release(work, case.account_id, case.person)
    await note_change(work, case.account_id, case.person)


async def _release(work: Work, account_id: UUID, person: bytes) -> None:
    """Hold nothing any more that is meant for a person, under whichever name."""
    tokens = await list_aliases(work, account_id, [person])
    for contact in (await find(work, [(account_id, token) for token in tokens])).values():
        await record_unclear_stop(work, contact.id, None)
