"""The queries of campaigns.

Locks are taken in one order: an account's turn, its credit lots, the campaign, and nothing after the campaign but what
this transaction adds. What clears a stopped campaign takes sends before lots, as every stop does, and its row last.
Whoever pauses or stops holds the campaign against couriers before all these (`relay.outbox`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backoffice.campaigns.shapes import (
    NewRow,
    RecipientRow,
    SendCounts,
    SendRow,
    StoredCampaign,
    StoredPreview,
    Turn,
)
from backoffice.kernel.errors import NotFound
from backoffice.kernel.ids import first_id
from backoffice.plumbing.install import Work
from backoffice.relay.states import STOPPABLE

SLICE = 1_000  # recipients a transaction
MAY_LEAVE = STOPPABLE | {"sending", "unknown"}  # states of a send that may yet leave, or come back unsent
LISTED = 10_000  # people of a list that are put on a campaign at once
_TURNS = 20  # campaigns that a worker looks at before it rests
_AHEAD = timedelta(hours=1)  # how far the clocks of two workers may differ
_SPACE = 0x6361_6D70  # a space of advisory locks of its own
_LAST = UUID(int=(1 << 128) - 1)

_COLUMNS = ", ".join(StoredCampaign._fields)
_PREVIEW = ", ".join(StoredPreview._fields)
_ADD_ROWS = """
INSERT INTO campaign_row (campaign_id, number, contact_id, payload)
SELECT $1, * FROM unnest($2::int[], $3::uuid[], $4::bytea[]) ON CONFLICT DO NOTHING
"""
_ADD_LISTED = f"""
WITH found AS (
    SELECT contact.id FROM list_member JOIN contact ON contact.id = list_member.contact_id
    WHERE list_member.list_id = $2 AND account_id = $3 AND kind = $4 AND contact_id > $5
    ORDER BY contact_id LIMIT {LISTED}
), added AS (
    INSERT INTO campaign_row (campaign_id, number, contact_id)
    SELECT $1, $6 + row_number() OVER (ORDER BY id), id FROM found
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM added)
"""
_LIST_ROWS = f"""
SELECT row.number, row.contact_id, row.payload, contact.id IS NOT NULL, vault_key.wrapped, vault_key.version
FROM (
    SELECT number, contact_id, payload FROM campaign_row
    WHERE campaign_id = $1 AND number > $2 ORDER BY number LIMIT {SLICE}
) AS row
LEFT JOIN contact ON contact.id = row.contact_id AND contact.account_id = $3
LEFT JOIN vault_key ON vault_key.subject_id = row.contact_id
ORDER BY row.number
"""
_TURNS_NOW = f"""
SELECT id, account_id, state FROM (
    SELECT id, account_id, state, turn, max(turn) OVER (PARTITION BY account_id) AS last FROM campaign
    WHERE (state = 'running' OR clear_at IS NOT NULL) AND (state = 'running' OR clear_at <= $1)
) AS waiting ORDER BY state = 'running', last, turn LIMIT {_TURNS}
"""
_STOPPABLE = f"""
SELECT id FROM send WHERE account_id = $1 AND id > $2 AND id < $3 AND campaign_id = $4 AND state = ANY($5::text[])
ORDER BY id LIMIT {SLICE}
"""
_COUNT_SENDS = """
SELECT state, count(*), count(coalesce(delivered_at, read_at)), count(read_at)
FROM send LEFT JOIN delivery ON send_id = send.id
WHERE send.account_id = $1 AND send.id >= $2 AND send.id < $3 AND campaign_id = $4 GROUP BY state
"""
_LIST_SENDS = f"""
SELECT one.id, row.number, one.contact_id, one.state, one.verdict, one.decision_id, one.due_at,
    delivery.delivered_at, delivery.read_at, delivery.failed_at, delivery.reason
FROM (
    SELECT id, campaign_id, contact_id, state, verdict, decision_id, due_at FROM send
    WHERE account_id = $1 AND id > $2 AND id < $3 AND campaign_id = $4 AND ($5 = '' OR verdict = $5)
    ORDER BY id LIMIT {SLICE}
) AS one
JOIN campaign_row AS row ON row.campaign_id = one.campaign_id AND row.contact_id = one.contact_id
LEFT JOIN delivery ON delivery.send_id = one.id
ORDER BY one.id
"""


async def add_campaign(work: Work, campaign_id: UUID, account_id: UUID, **values: Any) -> StoredCampaign:  # noqa: ANN401  # columns
    """Add a campaign with these columns; what is not named begins at nothing."""
    named = {"id": campaign_id, "account_id": account_id, "made_at": work.at, **values}
    places = ", ".join(f"${place}" for place in range(1, len(named) + 1))
    query = f"INSERT INTO campaign ({', '.join(named)}) VALUES ({places}) RETURNING {_COLUMNS}"
    return StoredCampaign(*await work.connection.fetchrow(query, *named.values()))


async def get_campaign(work: Work, account_id: UUID, campaign_id: UUID, *, hold: bool = False) -> StoredCampaign:
    """Return an account's campaign, held to the end of the transaction where asked; raises NotFound."""
    campaign = await find_campaign(work, campaign_id, hold=hold)
    if campaign is None or campaign.account_id != account_id:
        raise NotFound("campaign_unknown", campaign=str(campaign_id))
    return campaign


async def find_campaign(work: Work, campaign_id: UUID, *, hold: bool = False) -> StoredCampaign | None:
    """Return a campaign of whatever account, or None."""
    query = f"SELECT {_COLUMNS} FROM campaign WHERE id = $1 {'FOR UPDATE' if hold else ''}"
    row = await work.connection.fetchrow(query, campaign_id)
    return StoredCampaign(*row) if row else None


async def list_campaigns(
    work: Work, account_id: UUID, *, before: UUID | None, state: str, count: int
) -> list[StoredCampaign]:
    """Return an account's campaigns, youngest first, before one of them, of one state where it is given."""
    rows = await work.connection.fetch(
        f"SELECT {_COLUMNS} FROM campaign WHERE account_id = $1 AND id < $2 AND ($3 = '' OR state = $3)"
        " ORDER BY id DESC LIMIT $4",
        *(account_id, before or _LAST, state, count),
    )
    return [StoredCampaign(*row) for row in rows]


async def change_campaign(work: Work, campaign_id: UUID, **values: Any) -> StoredCampaign:  # noqa: ANN401  # columns
    """Put these values in place of what a campaign has, and return it as it is now."""
    changes = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 2))
    query = f"UPDATE campaign SET {changes}, version = version + 1 WHERE id = $1 RETURNING {_COLUMNS}"
    return StoredCampaign(*await work.connection.fetchrow(query, campaign_id, *values.values()))


async def count_rows(work: Work, campaign_id: UUID, added: int, unfit: int = 0) -> None:
    """Count recipients who were added, and rows that were left out."""
    await work.connection.execute(
        "UPDATE campaign SET rows = rows + $2, unfit = unfit + $3, version = version + 1 WHERE id = $1",
        *(campaign_id, added, unfit),
    )


async def add_rows(work: Work, campaign_id: UUID, rows: Sequence[NewRow]) -> int:
    """Add recipients but those who are there already; return how many."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    done = await work.connection.execute(_ADD_ROWS, campaign_id, *columns)
    return int(done.split()[-1])


async def add_listed(work: Work, campaign: StoredCampaign, kind: str) -> tuple[int, int]:
    """Add the next people of the campaign's list with an address of a kind; return how many were found and added."""
    row = await work.connection.fetchrow(
        "SELECT contact_id, number FROM campaign_row WHERE campaign_id = $1 ORDER BY number DESC LIMIT 1", campaign.id
    )
    contact_id, number = row or (UUID(int=0), 0)
    done = await work.connection.fetchrow(
        _ADD_LISTED, campaign.id, campaign.list_id, campaign.account_id, kind, contact_id, number
    )
    return done[0], done[1]


async def last_number(work: Work, campaign_id: UUID) -> int:
    """Return the number of the last row of a campaign, 0 where it has none."""
    query = "SELECT coalesce(max(number), 0) FROM campaign_row WHERE campaign_id = $1"
    number: int = await work.connection.fetchval(query, campaign_id)
    return number


async def list_rows(work: Work, campaign: StoredCampaign, after: int) -> list[RecipientRow]:
    """Return the next recipients of a campaign behind a row, a slice at most, each with its person's key."""
    rows = await work.connection.fetch(_LIST_ROWS, campaign.id, after, campaign.account_id)
    return [RecipientRow(*row) for row in rows]


async def is_imported(work: Work, account_id: UUID, list_id: UUID) -> bool | None:
    """Whether an account's list has been imported to its end; None where it has no such list."""
    found: bool | None = await work.connection.fetchval(
        "SELECT imported_at IS NOT NULL FROM contact_list WHERE id = $1 AND account_id = $2", list_id, account_id
    )
    return found


async def has_said(work: Work, campaign: StoredCampaign) -> bool:
    """Whether another campaign of the account that was started said the same."""
    found: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM campaign WHERE account_id = $1 AND words = $2 AND id <> $3"
        " AND started_at IS NOT NULL)",
        *(campaign.account_id, campaign.words, campaign.id),
    )
    return found


async def last_started(work: Work, campaign: StoredCampaign) -> datetime | None:
    """Return when another campaign of the account was last started."""
    at: datetime | None = await work.connection.fetchval(
        "SELECT max(started_at) FROM campaign WHERE account_id = $1 AND id <> $2", campaign.account_id, campaign.id
    )
    return at


async def take_turn(work: Work, account_id: UUID, *, waits: bool) -> bool:
    """Hold an account's turn to the end of the transaction; return whether it is ours, where nobody waits for it."""
    key = int.from_bytes(account_id.bytes[-4:], "big", signed=True)
    if waits:
        await work.connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _SPACE, key)
        return True
    is_ours: bool = await work.connection.fetchval("SELECT pg_try_advisory_xact_lock($1, $2)", _SPACE, key)
    return is_ours


async def end_turn(work: Work, campaign_id: UUID, faults: int) -> None:
    """Let every other campaign have its turn first; note how many slices of this one have failed by now."""
    await work.connection.execute(
        "UPDATE campaign SET turn = nextval('campaign_turn'), faults = $2 WHERE id = $1", campaign_id, faults
    )


async def list_turns(work: Work) -> list[Turn]:
    """Return what is to be done: stopped campaigns to be cleared, then running ones, each account in its turn."""
    return [Turn(*row) for row in await work.connection.fetch(_TURNS_NOW, work.at)]


async def list_stoppable(work: Work, campaign: StoredCampaign) -> list[UUID]:
    """Return the next sends of a campaign that have not left, behind those that were looked at."""
    since, until = _span(campaign)
    after = max(campaign.cleared_to or since, since)
    rows = await work.connection.fetch(_STOPPABLE, campaign.account_id, after, until, campaign.id, sorted(STOPPABLE))
    return [row["id"] for row in rows]


async def has_sends(work: Work, campaign: StoredCampaign, states: Collection[str]) -> bool:
    """Whether a send of a campaign is in one of these states."""
    found: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM send WHERE account_id = $1 AND id > $2 AND id < $3 AND campaign_id = $4"
        " AND state = ANY($5::text[]))",
        *(campaign.account_id, *_span(campaign), campaign.id, sorted(states)),
    )
    return found


async def count_sends(work: Work, campaign: StoredCampaign) -> SendCounts:
    """Count a campaign's sends by their state, those that were read, and those that were delivered: read ones too."""
    if campaign.started_at is None:
        return SendCounts({}, 0, 0)
    rows = await work.connection.fetch(_COUNT_SENDS, campaign.account_id, *_span(campaign), campaign.id)
    return SendCounts({row[0]: row[1] for row in rows}, sum(row[2] for row in rows), sum(row[3] for row in rows))


async def list_sends(work: Work, campaign: StoredCampaign, after: UUID | None, verdict: str) -> list[SendRow]:
    """Return the next sends of a campaign behind one of them, of one verdict where it is given."""
    if campaign.started_at is None:
        return []
    since, until = _span(campaign)
    rows = await work.connection.fetch(_LIST_SENDS, campaign.account_id, after or since, until, campaign.id, verdict)
    return [SendRow(*row) for row in rows]


def _span(campaign: StoredCampaign) -> tuple[UUID, UUID]:
    """Return the ids between which a campaign's sends lie: an account's sends lie in the order of their birth."""
    since = campaign.started_at or campaign.made_at
    until = first_id(campaign.ended_at + _AHEAD) if campaign.ended_at else _LAST
    return first_id(since - _AHEAD), until


async def put_preview(work: Work, preview: StoredPreview) -> None:
    """Put a preview in place of the one that its campaign had, or of how far it was."""
    places = ", ".join(f"${place}" for place in range(1, len(StoredPreview._fields) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in StoredPreview._fields[1:])
    await work.connection.execute(
        f"INSERT INTO campaign_preview ({_PREVIEW}) VALUES ({places})"
        f" ON CONFLICT (campaign_id) DO UPDATE SET {changes}",
        *preview,
    )


async def find_preview(work: Work, campaign_id: UUID, *, hold: bool = False) -> StoredPreview | None:
    """Return the newest preview of a campaign, held to the end of the transaction where asked, or None."""
    query = f"SELECT {_PREVIEW} FROM campaign_preview WHERE campaign_id = $1 {'FOR UPDATE' if hold else ''}"
    row = await work.connection.fetchrow(query, campaign_id)
    return StoredPreview(*row) if row else None


async def add_part(work: Work, campaign_id: UUID, place: int, body: bytes) -> None:
    """Keep a sealed piece of what was handed in."""
    await work.connection.execute("INSERT INTO campaign_part VALUES ($1, $2, $3)", campaign_id, place, body)


async def find_part(work: Work, campaign_id: UUID, place: int) -> bytes | None:
    """Return a sealed piece, None behind the last."""
    query = "SELECT body FROM campaign_part WHERE campaign_id = $1 AND place = $2"
    body: bytes | None = await work.connection.fetchval(query, campaign_id, place)
    return body


async def drop_parts(work: Work, campaign_id: UUID) -> None:
    """Let go of what was handed in."""
    await work.connection.execute("DELETE FROM campaign_part WHERE campaign_id = $1", campaign_id)
