"""Carrying: what whoever posts to webhooks is handed, in clear for the moment of posting, and what it reports back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from backoffice.audit.ledger import append
from backoffice.notices import queue, store
from backoffice.notices.queue import DueRow, End, Later
from backoffice.notices.service import ADDRESS, BODY, CHALLENGE, OLD_SECRET, SECRET, close
from backoffice.notices.states import Form
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault import Subject
from backoffice.plumbing.vault.store import load_subjects

LEASE = timedelta(seconds=60)  # how long what was claimed is its claimer's
TRIED_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)  # after the end
GONE = 410  # an address's own word that nobody is there any more (Standard Webhooks)
_PURGED_AT_ONCE = 1_000


class Due(NamedTuple):
    """A body to be posted to a webhook now, in clear."""

    id: UUID
    account_id: UUID
    webhook_id: UUID
    event_id: UUID
    event: str
    form: Form
    attempt: int
    since_at: datetime
    url: str
    secrets: tuple[str, ...]  # the one that holds, then the one before it while that signs along
    body: bytes  # empty where it can't be written out any more

    def __repr__(self) -> str:
        """Show the id alone: address, secrets and words belong in no log line."""
        return f"Due({self.id})"


class Challenge(NamedTuple):
    """An address that is to echo a challenge, in clear."""

    webhook_id: UUID
    account_id: UUID
    attempt: int
    made_at: datetime
    url: str
    word: str

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"Challenge({self.webhook_id})"


class Posted(NamedTuple):
    """How posting went: the HTTP status of an answer; `fault` why it was not taken, and how long to wait then."""

    due: Due
    status: int | None
    fault: str
    wait: timedelta

    @property
    def is_taken(self) -> bool:
        """Whether the webhook has it now."""
        return not self.fault


async def claim(work: Work, *, is_failing: bool, most: int, most_each: int) -> list[Due]:
    """Lease what is to be posted now, a few a webhook; to those that lately took nothing only where asked.

    What can't be opened any more, as its account's key is destroyed, is given up.
    """
    rows = await queue.claim(work, work.at + LEASE, is_failing=is_failing, most=most, most_each=most_each)
    subjects = await load_subjects(work.connection, work.vault, {row.account_id for row in rows})
    gone = [row for row in rows if subjects[row.account_id].is_destroyed]
    await queue.end(work, [End(row.id, row.attempts, "given_up", None, "subject_key_destroyed") for row in gone])
    return [_opened(work, subjects[row.account_id], row) for row in rows if not subjects[row.account_id].is_destroyed]


async def settle(work: Work, posted: Sequence[Posted]) -> None:
    """Record how posting went: delivered, to be posted again, or given up after seven days; a webhook gone is closed.

    Ledger: notices:webhook:closed.
    """
    await store.hold_webhooks(work, {one.due.webhook_id for one in posted})
    taken = [one for one in posted if one.is_taken]
    failed = [one for one in posted if not one.is_taken]
    over = [one for one in failed if work.at + one.wait >= one.due.since_at + TRIED_FOR]
    later = [one for one in failed if one not in over]
    ends = [End(one.due.id, one.due.attempt, "delivered", one.status) for one in taken]
    ends += [End(one.due.id, one.due.attempt, "given_up", one.status, one.fault) for one in over]
    await queue.end(work, ends)
    await queue.put_off(
        work, [Later(one.due.id, one.due.attempt, work.at + one.wait, one.status, one.fault) for one in later]
    )
    takers = {one.due.webhook_id for one in taken}
    for webhook_id, why in sorted({one.due.webhook_id: one.fault for one in failed if one.due.body}.items()):
        if webhook_id not in takers:
            await queue.note_failing(work, webhook_id, why)
    for webhook_id in sorted(takers):
        await queue.note_taking(work, webhook_id, work.at + LEASE)
    fault = "webhook_gone"
    for account_id, webhook_id in sorted({(one.due.account_id, one.due.webhook_id) for one in failed if _is_gone(one)}):
        await close(work, account_id, webhook_id, by="webhook", fault=fault)


async def claim_challenges(work: Work, most: int) -> list[Challenge]:
    """Lease the addresses that are to echo a challenge now; one whose account's key is destroyed is closed."""
    rows = await store.claim_challenges(work, work.at + LEASE, most)
    subjects = await load_subjects(work.connection, work.vault, {row.account_id for row in rows})
    claimed = []
    for row in rows:
        subject = subjects[row.account_id]
        if subject.is_destroyed or row.challenge is None:
            await close(work, row.account_id, row.id, by="program", fault="subject_key_destroyed")
            continue
        url = subject.open(ADDRESS, row.id, row.address).decode()
        word = subject.open(CHALLENGE, row.id, row.challenge).decode()
        claimed.append(Challenge(row.id, row.account_id, row.attempts, row.made_at, url, word))
    return claimed


async def settle_challenge(work: Work, asked: Challenge, fault: str, wait: timedelta) -> None:
    """Open a webhook whose address has echoed; ask it again later, or close it after seven days, where it hasn't.

    Ledger: notices:webhook:opened, notices:webhook:closed.
    """
    if not fault:
        if await store.open_webhook(work, asked.webhook_id):
            await append(work, "notices:webhook:opened", asked.account_id, webhook=asked.webhook_id)
    elif work.at + wait < asked.made_at + TRIED_FOR:
        await store.put_off_challenge(work, asked.webhook_id, work.at + wait, fault)
    else:
        await close(work, asked.account_id, asked.webhook_id, by="webhook", fault=fault)


async def purge(install: Install) -> bool:
    """Erase what ended thirty days ago; tell whether there may be more."""
    async with install.unit_of_work() as work:
        return await queue.purge(work, work.at - KEPT_FOR, _PURGED_AT_ONCE) == _PURGED_AT_ONCE


def _opened(work: Work, subject: Subject, row: DueRow) -> Due:
    secrets = [subject.open(SECRET, row.webhook_id, row.secret).decode()]
    if row.old_secret is not None and row.old_until is not None and work.at < row.old_until:
        secrets.append(subject.open(OLD_SECRET, row.webhook_id, row.old_secret).decode())
    return Due(
        id=row.id,
        account_id=row.account_id,
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        event=row.event,
        form=row.form,
        attempt=row.attempts,
        since_at=row.since_at,
        url=subject.open(ADDRESS, row.webhook_id, row.address).decode(),
        secrets=tuple(secrets),
        body=subject.open(BODY, row.id, row.body),
    )


def _is_gone(one: Posted) -> bool:
    return one.due.form == "standard" and one.status == GONE
