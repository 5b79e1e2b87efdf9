"""The queries of contacts: addresses by their tokens, shared bodies by their hashes, registers.

Whoever writes many rows at once writes them in the order of their tokens, so that two who do never wait for each
other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault.tokens import Kind

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

KeptTable = Literal["whereabouts", "wording"]
"""Tables of bodies that many rows share."""

_KEPT = 0x6B65_7074  # a space of advisory locks of its own
_LOCKS: dict[KeptTable, int] = {"whereabouts": 1, "wording": 2}

_CONTACT = (
    "id, account_id, kind, token, address, commitment, salt, whereabouts_id, list_id, person_type, born_on,"
    " has_parental_consent, last_inbound_at, last_purchase_at, last_inquiry_at, restriction, provider_error,"
    " provider_error_at"
)
_FIND = """
SELECT asked.place, contact.id, contact.commitment, contact.whereabouts_id, contact.list_id, contact.person_type,
    contact.born_on, contact.last_inbound_at, contact.last_purchase_at
FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS asked (account_id, token, place)
JOIN contact ON contact.account_id = asked.account_id AND contact.token = asked.token
WHERE asked.place BETWEEN 1 AND 1000000  -- keeps the planner from reading all contacts
ORDER BY asked.place
"""
_ADD = """
INSERT INTO contact (id, account_id, kind, token, address, commitment, salt, whereabouts_id, list_id, person_type,
    born_on, last_inbound_at, last_purchase_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::int[],
    $9::uuid[], $10::text[], $11::bytea[], $12::timestamptz[], $13::timestamptz[])
ON CONFLICT (account_id, token) DO NOTHING RETURNING id
"""
_CHANGE = """
UPDATE contact SET whereabouts_id = new.whereabouts_id, list_id = new.list_id, person_type = new.person_type,
    born_on = new.born_on, last_inbound_at = new.last_inbound_at, last_purchase_at = new.last_purchase_at
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::bytea[], $6::timestamptz[], $7::timestamptz[])
    AS new (id, whereabouts_id, list_id, person_type, born_on, last_inbound_at, last_purchase_at)
WHERE contact.id = new.id
"""
_RELOCATE = """
WITH held AS (
    SELECT id FROM contact WHERE id = ANY ($1::uuid[]) ORDER BY account_id, token FOR UPDATE
)
UPDATE contact SET whereabouts_id = new.after
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS new (id, before, after) JOIN held USING (id)
WHERE contact.id = new.id AND contact.whereabouts_id = new.before
"""
_FIRST = UUID(int=0)


class Facts(NamedTuple):
    """What of a contact a list or a send may say; `born_on` is sealed."""

    whereabouts_id: int
    list_id: UUID | None
    person_type: str
    born_on: bytes | None
    last_inbound_at: datetime | None
    last_purchase_at: datetime | None


class Found(NamedTuple):
    """A contact that is there already."""

    id: UUID
    commitment: bytes
    facts: Facts


class NewContact(NamedTuple):
    """A contact to be added."""

    id: UUID
    account_id: UUID
    kind: str
    token: bytes
    address: bytes
    commitment: bytes
    salt: bytes
    facts: Facts


class ContactRow(NamedTuple):
    """A contact as stored: address, salt and day of birth are sealed."""

    id: UUID
    account_id: UUID
    kind: Kind
    token: bytes
    address: bytes
    commitment: bytes
    salt: bytes
    whereabouts_id: int
    list_id: UUID | None
    person_type: str
    born_on: bytes | None
    has_parental_consent: bool
    last_inbound_at: datetime | None
    last_purchase_at: datetime | None
    last_inquiry_at: datetime | None
    restriction: str
    provider_error: int
    provider_error_at: datetime | None


async def find_contacts(
    connection: Connection, asked: Sequence[tuple[UUID, bytes]], *, hold: bool = False
) -> dict[tuple[UUID, bytes], Found]:
    """Return the contacts of these accounts and tokens, by account and token, held to the end where asked.

    Those that aren't there are left out.
    """
    query = _FIND + ("FOR UPDATE OF contact" if hold else "")
    rows = await connection.fetch(query, *map(list, zip(*asked, strict=True)))
    return {asked[row[0] - 1]: Found(row[1], row[2], Facts(*row[3:])) for row in rows}


async def add_contacts(connection: Connection, contacts: Sequence[NewContact]) -> set[UUID]:
    """Add contacts; return the ids of those that were added, for somebody may have been quicker."""
    rows = [(*contact[:-1], *contact.facts) for contact in contacts]
    added = await connection.fetch(_ADD, *map(list, zip(*rows, strict=True)))
    return {row[0] for row in added}


async def change_contacts(connection: Connection, changes: Sequence[tuple[UUID, Facts]]) -> None:
    """Put what is said of these contacts now in place of what was."""
    rows = [(contact_id, *facts) for contact_id, facts in changes]
    await connection.execute(_CHANGE, *map(list, zip(*rows, strict=True)))


async def get_contact(work: Work, account_id: UUID, contact_id: UUID) -> ContactRow:
    """Return an account's contact; raises NotFound."""
    query = f"SELECT {_CONTACT} FROM contact WHERE id = $1 AND account_id = $2"
    row = await work.connection.fetchrow(query, contact_id, account_id)
    if row is None:
        raise NotFound("contact_unknown", contact=str(contact_id))
    return ContactRow(*row)


async def find_known(connection: Connection, account_id: UUID, tokens: Sequence[bytes]) -> set[bytes]:
    """Return which of these tokens are contacts of the account already."""
    query = "SELECT token FROM contact WHERE account_id = $1 AND token = ANY($2::bytea[])"
    return {row[0] for row in await connection.fetch(query, account_id, tokens)}


async def find_relocation(work: Work, tables: str) -> tuple[UUID, datetime | None]:
    """Return how far contacts are located by these tables, the last of them and the end; others wait to go on."""
    await work.connection.execute("INSERT INTO relocation VALUES ($1, $2) ON CONFLICT DO NOTHING", tables, _FIRST)
    query = "SELECT contact_id, ended_at FROM relocation WHERE tables = $1 FOR UPDATE"
    contact_id, ended_at = await work.connection.fetchrow(query, tables)
    return contact_id, ended_at


async def put_relocation(work: Work, tables: str, contact_id: UUID, ended_at: datetime | None) -> None:
    """Note up to which contact all are located by these tables."""
    await work.connection.execute(
        "UPDATE relocation SET contact_id = $2, ended_at = $3 WHERE tables = $1", tables, contact_id, ended_at
    )


async def list_located(work: Work, after: UUID, count: int) -> list[tuple[UUID, int]]:
    """Return the next contacts behind one, of any account, each with the number of its whereabouts."""
    query = "SELECT id, whereabouts_id FROM contact WHERE id > $1 ORDER BY id LIMIT $2"
    return [tuple(row) for row in await work.connection.fetch(query, after, count)]


async def list_sealed(work: Work, contact_ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
    """Return of these contacts what `persons.Sealed` names; those that aren't there are left out."""
    rows = await work.connection.fetch(
        "SELECT contact.id, kind, address, wrapped, version"
        " FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, place) JOIN contact ON contact.id = asked.id"
        " LEFT JOIN vault_key ON subject_id = contact.id"
        " WHERE place BETWEEN 1 AND 1000000  -- keeps the planner from reading all contacts",
        contact_ids,
    )
    return [tuple(row) for row in rows]


async def change_whereabouts(work: Work, changes: Sequence[tuple[UUID, int, int]]) -> None:
    """Put whereabouts in place of those that contacts had, unless somebody changed them meanwhile."""
    await work.connection.execute(_RELOCATE, *map(list, zip(*changes, strict=True)))


async def unlist(work: Work, contact_ids: Sequence[UUID]) -> None:
    """Take contacts out of all lists."""
    await work.connection.execute("DELETE FROM list_member WHERE contact_id = ANY($1::uuid[])", contact_ids)
    await work.connection.execute(
        "UPDATE contact SET list_id = NULL WHERE id = ANY($1::uuid[]) AND list_id IS NOT NULL", contact_ids
    )


async def find_kept(connection: Connection, table: KeptTable, names: Sequence[bytes]) -> dict[bytes, int]:
    """Return the numbers of bodies that are kept, by their hashes."""
    rows = await connection.fetch(f"SELECT hash, id FROM {table} WHERE hash = ANY($1::bytea[])", names)
    return dict(map(tuple, rows))


async def add_kept(connection: Connection, table: KeptTable, bodies: Mapping[bytes, bytes]) -> dict[bytes, int]:
    """Keep bodies, numbered in their order; return the numbers by hash, also of those that others kept first."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _KEPT, _LOCKS[table])
    await connection.execute(
        f"INSERT INTO {table} (hash, body) SELECT hash, body FROM unnest($1::bytea[], $2::bytea[])"
        " WITH ORDINALITY AS new (hash, body, place) ORDER BY place ON CONFLICT (hash) DO NOTHING",
        *(list(bodies), list(bodies.values())),
    )
    return await find_kept(connection, table, list(bodies))


async def get_kept(connection: Connection, table: KeptTable, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return bodies by their numbers; those that aren't there are left out."""
    rows = await connection.fetch(f"SELECT id, body FROM {table} WHERE id = ANY($1::int[])", numbers)
    return dict(map(tuple, rows))


async def get_list_facts(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return what was stated of everybody on these lists; those that aren't there are left out."""
    rows = await connection.fetch("SELECT id, facts FROM contact_list WHERE id = ANY($1::uuid[])", ids)
    return dict(map(tuple, rows))


async def list_registers(work: Work) -> list[tuple[str, datetime]]:
    """Return the registers that are held, with the days of their data."""
    return [tuple(row) for row in await work.connection.fetch("SELECT name, as_of FROM register_list ORDER BY name")]


async def find_listed(work: Work, register: str, tokens: Sequence[bytes]) -> dict[bytes, datetime]:
    """Return since when these tokens stand in a register; those that don't are left out."""
    rows = await work.connection.fetch(
        "SELECT token, since FROM listing WHERE register = $1 AND token = ANY($2::bytea[])", register, tokens
    )
    return dict(map(tuple, rows))
