"""Aliases: the names under which an account knows one person; nobody is to be reached by another name after a stop.

A person's number and the id that a provider gives them for one business come together in what they write, and an old
number with a new one when the provider tells that it changed. With their queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_ALL = "SELECT place, token FROM names_of($1::int[], $2::uuid[], $3::bytea[])"
_HOLD = "SELECT place, token FROM hold_names($1::int[], $2::uuid[], $3::bytea[])"
_OTHERS = """
WITH RECURSIVE known AS (
    SELECT token AS one, token FROM unnest($2::bytea[]) AS asked (token)
    UNION SELECT known.one, other FROM alias JOIN known USING (token) WHERE account_id = $1
) SELECT one, token FROM known WHERE token <> one ORDER BY one, token
"""
_ADD = """
INSERT INTO alias SELECT $1, one, other, $3 FROM unnest($2::bytea[]) AS one CROSS JOIN unnest($2::bytea[]) AS other
WHERE one <> other ORDER BY one, other ON CONFLICT DO NOTHING RETURNING true
"""


async def list_aliases(work: Work, account_id: UUID, tokens: Iterable[bytes]) -> list[bytes]:
    """Return these tokens and all others of the same person, sorted."""
    return (await _names(work, _ALL, [(account_id, list(tokens))]))[0]


async def hold_names(work: Work, account_id: UUID, tokens: Iterable[bytes]) -> list[bytes]:
    """Hold the locks of a person alone, under all names, also those learnt while we waited; return the tokens, sorted.

    Whoever learns of a name holds these locks too, so that none is missed.
    """
    return (await hold_names_of_each(work, [(account_id, list(tokens))]))[0]


async def hold_names_of_each(work: Work, persons: Sequence[tuple[UUID, Sequence[bytes]]]) -> list[list[bytes]]:
    """Hold the locks of several persons as `hold_names` does, each an account's; return the tokens of each, in order.

    All in one order, so that two who hold some of the same persons never wait for each other.
    """
    return await _names(work, _HOLD, persons)


async def _names(work: Work, query: str, persons: Sequence[tuple[UUID, Sequence[bytes]]]) -> list[list[bytes]]:
    asked = [(place, account_id, token) for place, (account_id, tokens) in enumerate(persons) for token in tokens]
    names: list[list[bytes]] = [[] for _ in persons]
    if asked:
        for place, token in await work.connection.fetch(query, *map(list, zip(*asked, strict=True))):
            names[place].append(token)
    return names


async def find_others(work: Work, account_id: UUID, tokens: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return the other tokens of each of these persons; who is known by one name is left out."""
    found: dict[bytes, list[bytes]] = {}
    for row in await work.connection.fetch(_OTHERS, account_id, list(tokens)):
        found.setdefault(row["one"], []).append(row["token"])
    return found


async def add_aliases(work: Work, account_id: UUID, tokens: Iterable[bytes]) -> list[bytes]:
    """Put on record that these tokens are one person's; return all of that person's where that was news, else none.

    Whoever learns of an alias carries the stops under one name over to the others.
    """
    told = sorted(set(tokens))
    if len(told) < 2 or not await work.connection.fetch(_ADD, account_id, told, work.at):
        return []
    return await list_aliases(work, account_id, told)
