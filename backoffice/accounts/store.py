"""The queries of accounts: who they are, what they accepted, their keys and statements; numbers have their own."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work
from backoffice.policy.vocabulary import Standing

_ACCOUNT = (
    "id, operator, edition, name, establishment, standing, standing_ground, standing_at, standing_until,"
    " restricted_channels, restriction_ground, declared_use, registered_at, made_at"
)
_FACTS = """
SELECT account.operator, account.edition, account.establishment, account.standing, account.standing_ground,
    account.restricted_channels, account.declared_use, account.registered_at IS NOT NULL AS is_registered,
    sender.id AS sender_id, sender.provider_type AS sender_provider_type,
    sender.is_registered AS sender_is_registered, sender.is_linked AS sender_is_linked,
    sender.is_banned AS sender_is_banned, sender.is_spoofed AS sender_is_spoofed,
    sender.can_receive AS sender_can_receive, sender.is_halted AS sender_is_halted, sender.portfolio_room_at,
    ARRAY(SELECT kind FROM document_acceptance AS accepted
        WHERE accepted.account_id = account.id AND accepted.edition = account.edition) AS documents_accepted,
    ARRAY(SELECT fact FROM account_statement AS stated WHERE stated.account_id = account.id ORDER BY fact) AS facts,
    ARRAY(SELECT value FROM account_statement AS stated WHERE stated.account_id = account.id ORDER BY fact) AS values
FROM account LEFT JOIN sender ON sender.id = $2 AND sender.account_id = account.id AND sender.channel = $3
WHERE account.id = $1"""


class AccountRow(NamedTuple):
    """An account as stored; its name is sealed."""

    id: UUID
    operator: str
    edition: str
    name: bytes
    establishment: str
    standing: Standing
    standing_ground: str
    standing_at: datetime
    standing_until: datetime | None
    restricted_channels: list[str]
    restriction_ground: str
    declared_use: str
    registered_at: datetime | None
    made_at: datetime


class Acceptance(NamedTuple):
    """A document as it was accepted."""

    kind: str
    edition: str
    language: str
    sha256: bytes
    accepted_at: datetime


async def add_account(work: Work, account: AccountRow) -> None:
    """Add an account."""
    places = ", ".join(f"${place}" for place in range(1, len(account) + 1))
    await work.connection.execute(f"INSERT INTO account ({_ACCOUNT}) VALUES ({places})", *account)


async def find_account(work: Work, account_id: UUID) -> AccountRow | None:
    """Return an account, or None."""
    row = await work.connection.fetchrow(f"SELECT {_ACCOUNT} FROM account WHERE id = $1", account_id)
    return AccountRow(*row) if row else None


async def get_account(work: Work, account_id: UUID) -> AccountRow:
    """Return an account; raises NotFound."""
    return _there(await find_account(work, account_id), account_id)


async def hold_account(work: Work, account_id: UUID) -> AccountRow:
    """Return an account that nobody else changes before the transaction ends; raises NotFound."""
    query = f"SELECT {_ACCOUNT} FROM account WHERE id = $1 FOR UPDATE"
    row = await work.connection.fetchrow(query, account_id)
    return _there(AccountRow(*row) if row else None, account_id)


def _there(account: AccountRow | None, account_id: UUID) -> AccountRow:
    if account is None:
        raise NotFound("account_unknown", account=str(account_id))
    return account


async def put_standing(work: Work, account_id: UUID, to: Standing, ground: str, until: datetime | None) -> None:
    """Put an account into a standing from now on."""
    await work.connection.execute(
        "UPDATE account SET standing = $2, standing_ground = $3, standing_at = $4, standing_until = $5 WHERE id = $1",
        *(account_id, to, ground, work.at, until),
    )


async def put_registered(work: Work, account_id: UUID) -> None:
    """Note that an account's registration is complete."""
    await work.connection.execute("UPDATE account SET registered_at = $2 WHERE id = $1", account_id, work.at)


async def put_restriction(work: Work, account_id: UUID, channels: list[str], ground: str) -> None:
    """Close these channels to an account, and open all others."""
    await work.connection.execute(
        "UPDATE account SET restricted_channels = $2, restriction_ground = $3 WHERE id = $1",
        *(account_id, channels, ground),
    )


async def put_statement(work: Work, account_id: UUID, fact: str, value: bytes, stated_by: str) -> bool:
    """Put a stated fact in place of what was stated before; whether anything is another now."""
    changed = await work.connection.fetchval(
        "INSERT INTO account_statement AS old (account_id, fact, value, stated_at, stated_by)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, fact) DO UPDATE"
        " SET value = excluded.value, stated_at = excluded.stated_at, stated_by = excluded.stated_by"
        " WHERE (old.value, old.stated_by) <> (excluded.value, excluded.stated_by) RETURNING true",
        *(account_id, fact, value, work.at, stated_by),
    )
    return bool(changed)


async def add_acceptance(work: Work, account_id: UUID, acceptance: Acceptance) -> bool:
    """Add an acceptance, unless the account accepted this edition before; whether it was added."""
    added = await work.connection.fetchval(
        "INSERT INTO document_acceptance (account_id, kind, edition, language, sha256, accepted_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, kind, edition) DO NOTHING RETURNING true",
        *(account_id, *acceptance),
    )
    return bool(added)


async def list_acceptances(work: Work, account_id: UUID) -> list[Acceptance]:
    """Return what an account accepted, oldest first."""
    rows = await work.connection.fetch(
        "SELECT kind, edition, language, sha256, accepted_at FROM document_acceptance WHERE account_id = $1"
        " ORDER BY accepted_at, kind, edition",
        account_id,
    )
    return [Acceptance(*row) for row in rows]


async def add_key(work: Work, key_hash: bytes, account_id: UUID) -> None:
    """Add a key by its hash."""
    await work.connection.execute(
        "INSERT INTO api_key (hash, account_id, made_at) VALUES ($1, $2, $3)", key_hash, account_id, work.at
    )


async def find_caller(work: Work, key_hash: bytes) -> UUID | None:
    """Return whose key this is, or None where there is none or it was revoked."""
    caller: UUID | None = await work.connection.fetchval(
        "SELECT account_id FROM api_key WHERE hash = $1 AND revoked_at IS NULL", key_hash
    )
    return caller


async def revoke_keys(work: Work, account_id: UUID, key_hash: bytes | None = None) -> list[bytes]:
    """Revoke a key of an account, or all of them; return the hashes of those that worked until now, sorted."""
    rows = await work.connection.fetch(
        "UPDATE api_key SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL"
        " AND ($3::bytea IS NULL OR hash = $3) RETURNING hash",
        *(account_id, work.at, key_hash),
    )
    return sorted(row["hash"] for row in rows)


async def find_facts(work: Work, account_id: UUID, sender_id: UUID | None, channel: str) -> asyncpg.Record | None:
    """Return the facts of an account, and of a number it sends from on this channel, in one statement."""
    return await work.connection.fetchrow(_FACTS, account_id, sender_id, channel)
