"""The gate's queries: what is written of a batch, and how sends and decisions are found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backoffice.kernel.errors import NotFound
from backoffice.kernel.ids import first_id
from backoffice.plumbing.bulk import Statement
from backoffice.plumbing.install import Work
from backoffice.relay.shapes import Change, StoredContent, StoredDecision, StoredRulebook, StoredSend
from backoffice.relay.states import COUNTED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def add_rulebook(work: Work, name: str, operator: str, edition: str, hash_: bytes, policies: bytes) -> None:
    """Keep a rulebook and its policies; what is kept already stays as it is."""
    await work.connection.execute("INSERT INTO policies VALUES ($1, $2) ON CONFLICT DO NOTHING", hash_, policies)
    await work.connection.execute(
        "INSERT INTO rulebook VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        *(name, operator, edition, hash_, work.at),
    )


async def get_rulebook(work: Work, name: str) -> StoredRulebook:
    """Return a rulebook that was kept; raises NotFound."""
    row = await work.connection.fetchrow(
        "SELECT operator, edition, body, rulebook.made_at FROM rulebook JOIN policies ON hash = policies"
        " WHERE name = $1",
        name,
    )
    if row is None:
        raise NotFound("rulebook_unknown", rulebook=name)
    return StoredRulebook(*row)


async def add_outcomes(work: Work, bodies: dict[bytes, bytes]) -> None:
    """Keep outcomes by their hash, in sorted order so that two batches never wait for each other."""
    await work.connection.execute(
        "INSERT INTO outcome SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING",
        sorted(bodies),
        [bodies[hash_] for hash_ in sorted(bodies)],
    )


async def add_content(work: Work, content: StoredContent) -> None:
    """Keep what a message says."""
    await work.connection.execute(
        "INSERT INTO content VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        *(content.id, content.account_id, content.sha256, content.facts, content.body, work.at),
    )


async def get_contents(work: Work, ids: Sequence[UUID]) -> dict[UUID, StoredContent]:
    """Return contents by their ids; raises NotFound when one is missing."""
    rows = await work.connection.fetch(
        "SELECT id, account_id, sha256, facts, body FROM content WHERE id = ANY($1::uuid[])", list(set(ids))
    )
    found = {row["id"]: StoredContent(*row) for row in rows}
    if missing := set(ids) - set(found):
        raise NotFound("content_unknown", content=str(min(missing)))
    return found


async def change_facts(work: Work, content_id: UUID, facts: bytes) -> None:
    """Replace what is declared of a message."""
    await work.connection.execute("UPDATE content SET facts = $2 WHERE id = $1", content_id, facts)


_SEND = ", ".join(StoredSend.__struct_fields__)
_CHANGE = """
UPDATE send SET state = u.state, verdict = u.verdict, decision_id = u.decision_id, due_at = u.due_at, lot_id = u.lot_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::uuid[])
    AS u (id, was, state, verdict, decision_id, due_at, lot_id)
WHERE send.id = u.id AND send.state = u.was"""


async def find_send(work: Work, account_id: UUID, send_id: UUID) -> StoredSend | None:
    """Return an account's send, or None where it has no such send."""
    row = await work.connection.fetchrow(
        f"SELECT {_SEND} FROM send WHERE id = $1 AND account_id = $2",
        *(send_id, account_id),
    )
    return _send(row) if row else None


async def list_sends(
    work: Work, account_id: UUID, *, before: UUID | None, state: str, campaign_id: UUID | None, count: int
) -> list[StoredSend]:
    """Return an account's sends, youngest first, before one of them, of one state or campaign where these are given."""
    rows = await work.connection.fetch(
        f"SELECT {_SEND} FROM send WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2)"
        " AND ($3 = '' OR state = $3) AND ($4::uuid IS NULL OR campaign_id = $4) ORDER BY id DESC LIMIT $5",
        *(account_id, before, state, campaign_id, count),
    )
    return [_send(row) for row in rows]


async def lock_sends(work: Work, ids: Sequence[UUID], states: Sequence[str], *, waits: bool = True) -> list[StoredSend]:
    """Lock those of these sends that are in one of these states, in sorted order; skip what others hold, or wait."""
    rows = await work.connection.fetch(
        f"SELECT {_SEND} FROM send WHERE id = ANY($1::uuid[]) AND state = ANY($2::text[]) ORDER BY id"
        f" FOR UPDATE {'' if waits else 'SKIP LOCKED'}",
        *(list(ids), list(states)),
    )
    return [_send(row) for row in rows]


async def list_due(work: Work, count: int) -> list[tuple[UUID, UUID, str]]:
    """Return sends whose moment has come, longest due first: id, account, channel."""
    rows = await work.connection.fetch(
        "SELECT id, account_id, channel FROM send WHERE state IN ('held', 'scheduled') AND due_at <= $1"
        " ORDER BY due_at LIMIT $2",
        *(work.at, count),
    )
    return [tuple(row) for row in rows]


async def note_late(work: Work, sends: Sequence[StoredSend]) -> None:
    """Note sends that are queued or leave now, in sorted order."""
    rows = sorted((one.id, one.account_id, one.person, one.topic) for one in sends)
    await work.connection.execute(
        "INSERT INTO late_send SELECT *, $5 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])"
        " ON CONFLICT (send_id) DO UPDATE SET at = excluded.at",
        *map(list, zip(*rows, strict=True)),
        work.at,
    )


async def forget_late(work: Work, ids: Sequence[UUID]) -> None:
    """Take the notes of these sends away."""
    await work.connection.execute("DELETE FROM late_send WHERE send_id = ANY($1::uuid[])", sorted(ids))


async def purge_late(work: Work, before: datetime, count: int) -> int:
    """Take notes away that are older than a moment; return how many."""
    done = await work.connection.execute(
        "DELETE FROM late_send WHERE ctid = ANY (ARRAY(SELECT ctid FROM late_send WHERE at < $1 ORDER BY at LIMIT $2))",
        *(before, count),
    )
    return int(done.split()[1])


async def count_sends(work: Work, account_id: UUID, since: datetime) -> int:
    """Return how many messages of an account have left or are about to since a moment."""
    count: int = await work.connection.fetchval(
        "SELECT count(*) FROM send WHERE account_id = $1 AND id >= $2 AND state = ANY($3::text[])",
        *(account_id, first_id(max(since, _EPOCH)), sorted(COUNTED)),
    )
    return count


async def bring_forward(work: Work, ids: Sequence[UUID], at: datetime | None = None) -> None:
    """Have waiting sends judged anew now, or at a moment."""
    await work.connection.execute(
        "UPDATE send SET due_at = $2 WHERE id = ANY($1::uuid[]) AND state IN ('held', 'scheduled')",
        *(list(ids), at or work.at),
    )


async def bring_forward_old(work: Work, before: UUID, count: int) -> int:
    """Have sends that wait for an event and were last judged before a decision judged anew now; return how many."""
    done = await work.connection.execute(
        "UPDATE send SET due_at = $2 WHERE id IN (SELECT id FROM send WHERE state = 'held' AND due_at IS NULL"
        " AND decision_id < $1 LIMIT $3 FOR UPDATE SKIP LOCKED)",
        *(before, work.at, count),
    )
    return int(done.split()[1])


async def bring_forward_held(work: Work, account_id: UUID, person: bytes | None) -> int:
    """Have an account's sends that wait for an event judged anew now, or those to one person; return how many."""
    only = "" if person is None else " AND person = $3"
    done = await work.connection.execute(
        "UPDATE send SET due_at = $2 WHERE id IN (SELECT id FROM send WHERE account_id = $1 AND state = 'held'"
        f" AND due_at IS NULL{only} ORDER BY id FOR UPDATE)",
        *(account_id, work.at, *([] if person is None else [person])),
    )
    return int(done.split()[1])


async def list_accounts_waiting(work: Work) -> list[UUID]:
    """Return the accounts that have sends which wait for an event."""
    rows = await work.connection.fetch("SELECT DISTINCT account_id FROM send WHERE state = 'held' AND due_at IS NULL")
    return [row["account_id"] for row in rows]


def changing(changes: Sequence[Change]) -> Statement:
    """Return the statement that brings sends into their new states, those that are where they were."""
    columns = [[getattr(change, name) for change in changes] for name in Change.__struct_fields__]
    return Statement(_CHANGE, columns)


async def put_stopped(work: Work, ids: Sequence[UUID]) -> None:
    """Note that these sends, which the caller holds, were stopped: they wait for nothing and hold no credit."""
    await work.connection.execute(
        "UPDATE send SET state = 'stopped', due_at = NULL, lot_id = NULL WHERE id = ANY($1::uuid[])", list(ids)
    )


async def get_decision(work: Work, decision_id: UUID) -> StoredDecision:
    """Return a decision with all it was made from; raises NotFound."""
    row = await work.connection.fetchrow(
        "SELECT d.id, d.send_id, d.account_id, d.verdict, d.next_allowed_at, d.no_common_window, d.is_out_of_credit,"
        " d.base, d.facts, j.at, j.rulebook, j.account, j.message, j.bases, d.outcome, o.body"
        " FROM decision d JOIN judgement j ON j.id = d.judgement_id JOIN outcome o ON o.hash = d.outcome"
        " WHERE d.id = $1",
        decision_id,
    )
    if row is None:
        raise NotFound("decision_unknown", decision=str(decision_id))
    return StoredDecision(**dict(row))


async def get_outcomes(work: Work, ids: Sequence[UUID]) -> dict[UUID, tuple[bytes, datetime | None, bool]]:
    """Return what decisions found, when they open, and whether no window is common to all places."""
    rows = await work.connection.fetch(
        "SELECT d.id, body, next_allowed_at, no_common_window FROM decision d JOIN outcome ON hash = outcome"
        " WHERE d.id = ANY($1::uuid[])",
        list(ids),
    )
    return {row["id"]: (row["body"], row["next_allowed_at"], row["no_common_window"]) for row in rows}


def _send(row: Any) -> StoredSend:  # noqa: ANN401  # asyncpg's record
    return StoredSend(**dict(row))
