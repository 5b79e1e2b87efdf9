"""The locks of a person under all their names: taken by the database, as our own code takes those of one name."""

from __future__ import annotations

import asyncio
import hashlib
from contextvars import copy_context
from typing import TYPE_CHECKING

from backoffice.contacts.aliases import add_aliases, hold_names, hold_names_of_each
from backoffice.plumbing.locks import hold_persons_at_once, person_key
from tests.contacts.rooms import register

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

FIRST, SECOND, THIRD, FOURTH = (bytes([number]) * 32 for number in (0x11, 0xEE, 0x22, 0xFF))
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_PATIENCE = 20  # seconds until a test is told that it waits for ever


async def test_a_lock_has_one_number_here_and_in_the_database(work: Work) -> None:
    """Whoever shares a person's lock and whoever holds it alone mean the same one."""
    edges = [bytes(32), b"\xff" * 32, b"\x80" + bytes(31), b"\x7f" + b"\xff" * 31]
    tokens = [*edges, *(hashlib.sha256(bytes([one])).digest() for one in range(200))]

    rows = await work.connection.fetch("SELECT person_key(token) FROM unnest($1::bytea[]) AS token", tokens)

    assert [row[0] for row in rows] == [person_key(token) for token in tokens]


async def test_a_name_learnt_while_we_wait_is_held_too(install: Install) -> None:
    """Who learns it holds the person; when they are done, we have both names, and nobody else has the new one."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
    outside = copy_context()  # a task of its own isn't in our unit of work

    async def try_both() -> set[bytes]:
        async with install.unit_of_work() as work:
            return await hold_persons_at_once(work.connection, [FIRST, SECOND])

    async def hold() -> tuple[list[bytes], set[bytes]]:
        async with install.unit_of_work() as work:
            names = await hold_names(work, account_id, [FIRST])
            return names, await asyncio.create_task(try_both(), context=outside.copy())

    async with install.unit_of_work() as learning, asyncio.timeout(_PATIENCE):
        await hold_names(learning, account_id, [FIRST])
        waiting = asyncio.create_task(hold(), context=outside.copy())
        while not await learning.connection.fetchval(_WAITING):
            assert not waiting.done()
        await add_aliases(learning, account_id, [FIRST, SECOND])

    assert await waiting == ([FIRST, SECOND], {FIRST, SECOND})


async def test_several_persons_are_held_in_one_go(work: Work) -> None:
    """Each with the names that its own account knows."""
    ours, theirs = await register(work), await register(work)
    await add_aliases(work, ours, [FIRST, SECOND])
    await add_aliases(work, theirs, [THIRD, FOURTH])

    names = await hold_names_of_each(work, [(ours, [SECOND]), (theirs, [FIRST]), (theirs, [FOURTH, FIRST]), (ours, [])])

    assert names == [[FIRST, SECOND], [FIRST], [FIRST, THIRD, FOURTH], []]
    assert await hold_names_of_each(work, []) == []
