"""Looking up in the database what became of stops: when they were committed, and what left in spite of them.

The server keeps the moment of every commit (`track_commit_timestamp`). It takes it when it begins to commit, before it
waits for the disk; a person's lock is let go afterwards. So of a stop and a second look at the same person the one
that was first has the earlier moment, and the moment of a stop alone is a little too early: the webhook's answer, which
follows the commit, bounds it from the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install

_COMMITTED = """
SELECT contact.id, min(pg_xact_commit_timestamp(suppression.xmin)) AS at FROM contact
JOIN suppression ON suppression.token = contact.token AND suppression.account_id = contact.account_id
WHERE reason = 'reply' AND contact.id = ANY($1::uuid[]) GROUP BY contact.id
"""
_LOOKED = """
SELECT send.contact_id, send.id = contact.confirmation_id AS confirms, decision.verdict,
    pg_xact_commit_timestamp(decision.xmin) AS at
FROM contact JOIN send ON send.contact_id = contact.id JOIN decision ON decision.send_id = send.id
JOIN ledger_entry ON ledger_entry.id = decision.id
WHERE contact.id = ANY($1::uuid[])
    AND convert_from(ledger_entry.body, 'UTF8')::jsonb->>'kind' = 'relay:send:looked_at_again'
"""
_PERMITS = ("allow", "warn")


class Looked(NamedTuple):
    """A second look at a send to somebody who said stop."""

    contact_id: UUID
    confirms: bool
    verdict: str
    at: datetime


class Findings(NamedTuple):
    """What became of stops."""

    committed: dict[UUID, datetime]
    looked: list[Looked]

    def after(self) -> list[Looked]:
        """Return what was permitted once a stop was committed."""
        return [one for one in self.looked if one.verdict in _PERMITS and one.at >= self.committed[one.contact_id]]


async def look_up(install: Install, people: Sequence[UUID]) -> Findings:
    """Ask for the stops of these people and all second looks at what was meant for them."""
    async with install.database.transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = on; SET LOCAL statement_timeout = 0")
        committed = await connection.fetch(_COMMITTED, list(people))
        looked = await connection.fetch(_LOOKED, list(people), timeout=600)
    return Findings({row[0]: row[1] for row in committed}, [Looked(row[0], bool(row[1]), *row[2:]) for row in looked])
