"""Naming: what the provider calls messages of ours, for accounts that are told in the provider's form.

With its queries. Their programs know a message by an id of ours. What they answer to, or react to, is named to the
provider by its own id, and what a person answers to is named to them by ours. The provider's ids may spell a number, so
they are sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from backoffice.delivery.wamid import send_of, wamid_of
from backoffice.notices.store import Listener
from backoffice.plumbing.vault import Place
from backoffice.plumbing.vault.store import load_subjects

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

NAME = Place("provider_message", "provider_name")
KEPT_FOR = timedelta(days=90)
_PURGED_AT_ONCE = 1_000

_ADD = """
INSERT INTO provider_message (send_id, account_id, token, provider_name, at)
SELECT *, $5 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) ON CONFLICT DO NOTHING"""
_LIST = "SELECT send_id, account_id, provider_name FROM provider_message WHERE send_id = ANY($1::uuid[])"
_PURGE = """
DELETE FROM provider_message WHERE send_id = ANY (ARRAY(
    SELECT send_id FROM provider_message WHERE at < $1 ORDER BY at LIMIT $2))"""
_FIND = "SELECT token, send_id FROM provider_message WHERE account_id = $1 AND token = ANY($2::bytea[])"


class Named(NamedTuple):
    """A send and what the provider calls it."""

    send_id: UUID
    account_id: UUID
    provider_id: str


def token_of(work: Work, provider_id: str) -> bytes:
    """Return by what a provider's id of a message is found again."""
    return work.vault.digest(b"message:" + provider_id.encode("utf-8", "surrogatepass"))


async def note(work: Work, named: Iterable[Named], listeners: Iterable[Listener]) -> None:
    """Keep what the provider calls these sends, where their accounts are told in its form; the first name stays."""
    accounts = {one.account_id for one in listeners if one.form == "cloud_api"}
    told = {one.send_id: one for one in named if one.provider_id and one.account_id in accounts}
    if not told:
        return
    subjects = await load_subjects(work.connection, work.vault, accounts)
    rows = [
        (
            *(one.send_id, one.account_id, token_of(work, one.provider_id)),
            subjects[one.account_id].seal(NAME, one.send_id, one.provider_id.encode("utf-8", "surrogatepass")),
        )
        for _, one in sorted(told.items())
        if not subjects[one.account_id].is_destroyed
    ]
    if rows:
        await work.connection.execute(_ADD, *map(list, zip(*rows, strict=True)), work.at)


async def provider_names(work: Work, account_id: UUID, send_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what the provider calls sends of an account, as far as it is known."""
    rows = await work.connection.fetch(_LIST, sorted(set(send_ids)))
    own = [row for row in rows if row["account_id"] == account_id]
    subjects = await load_subjects(work.connection, work.vault, [account_id]) if own else {}
    return {
        row["send_id"]: subjects[account_id].open(NAME, row["send_id"], row["provider_name"]).decode() for row in own
    }


async def own_names(work: Work, account_id: UUID, provider_ids: Iterable[str]) -> dict[str, str]:
    """Return what an account's programs call messages that the provider calls so; others are left out."""
    tokens = {token_of(work, one): one for one in provider_ids}
    rows = await work.connection.fetch(_FIND, account_id, sorted(tokens)) if tokens else []
    return {tokens[row["token"]]: wamid_of(row["send_id"]) for row in rows}


def named_in(message: Mapping[str, Any]) -> set[UUID]:
    """Return the sends that a message answers to, or reacts to, by an id of ours.

    >>> named_in({"context": {"message_id": wamid_of(UUID(int=1))}})
    {UUID('00000000-0000-0000-0000-000000000001')}
    """
    places = (message.get("context") or {}, message.get("reaction") or {})
    return {found for place in places if (found := send_of(place.get("message_id", "")))}


def renamed(message: Mapping[str, Any], names: Mapping[UUID, str]) -> dict[str, Any]:
    """Return a message with the provider's ids in place of ours; without what it answers to where that has none yet."""
    told = dict(message)
    for part in ("context", "reaction"):
        found = send_of(told[part]["message_id"]) if part in told else None
        if found and found in names:
            told[part] = {**told[part], "message_id": names[found]}
        elif found and part == "context":
            del told[part]
    return told


async def purge(install: Install) -> bool:
    """Forget what the provider calls messages that are old; tell whether there may be more."""
    async with install.unit_of_work() as work:
        done = await work.connection.execute(_PURGE, work.at - KEPT_FOR, _PURGED_AT_ONCE)
    return int(done.split()[1]) == _PURGED_AT_ONCE
