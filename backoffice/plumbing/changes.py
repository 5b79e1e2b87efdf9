"""Changes: what may let something pass that waits, left behind in the transaction that changed it.

Rooms below the gate note whom a change concerns, and know nothing of what waits; the gate's room takes it up. A change
is there when its transaction commits and stays until it was acted on, so neither a crash nor a rollback can part them.

Whoever acts on changes waits first for the transactions that ran when it read them: one of these may have looked
before the change, and commit what it made of that only afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.plumbing.install import Work
from backoffice.plumbing.loops import ring

LOOP = "reconsider"
"""The loop that acts on changes."""

_ADD = "INSERT INTO change (id, account_id, person, at) VALUES ($1, $2, $3, $4)"
# Every transaction holds its own number's lock, whether it has written yet or not. A vacuum is nobody's, and no gate
# runs in a dump or at a prompt, which may take hours.
_RUNNING = """
SELECT virtualtransaction FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
WHERE locktype = 'virtualxid' AND datname = current_database() AND usesysid IS NOT NULL
    AND pid <> pg_backend_pid() AND coalesce(application_name, '') NOT IN ('pg_dump', 'psql')"""


class Change(NamedTuple):
    """Whom something that changed concerns: an account and a person; None says all of them."""

    id: UUID
    account_id: UUID | None
    person: bytes | None


async def note_change(
    work: Work, account_id: UUID | None, person: bytes | None = None, *, from_at: datetime | None = None
) -> None:
    """Note that something changed of an account, or of one person (a token) as its contact; from a moment on, or now.

    No account says that it concerns all of them.
    """
    await work.connection.execute(_ADD, work.new_id(), account_id, person, from_at or work.at)
    work.after_commit(lambda: ring(work.install, LOOP))


async def list_changes(work: Work, most: int) -> list[Change]:
    """Return changes that are to be acted on by now, oldest first."""
    rows = await work.connection.fetch(
        "SELECT id, account_id, person FROM change WHERE at <= $1 ORDER BY at, id LIMIT $2", work.at, most
    )
    return [Change(*row) for row in rows]


async def list_running(work: Work) -> set[str]:
    """Return the transactions that run now in this database, but for this one's, by their names."""
    return {row[0] for row in await work.connection.fetch(_RUNNING)}


async def take_changes(work: Work, ids: Iterable[UUID]) -> bool:
    """Take changes away that are acted on in this transaction; tell whether any was left: others act on them too."""
    done = await work.connection.execute("DELETE FROM change WHERE id = ANY($1::uuid[])", sorted(ids))
    return int(done.split()[1]) > 0
