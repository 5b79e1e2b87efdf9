"""Rotation: a new master key takes over, batch by batch, while everybody goes on sealing, opening and adding.

First the new key is in the file, then the database says that it is in use, then all that older keys wrapped is wrapped
anew. A run that was killed is taken up by the next one where it stood; two runs at once share the work. What was
sealed stays as it is: only the keys' wrapping changes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from backoffice.kernel.errors import Refused
from backoffice.plumbing.vault import store
from backoffice.plumbing.vault.opening import check_masters
from backoffice.plumbing.vault.sealing import Vault, unwrap_index_key, wrap_index_key

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

BATCH = 1000  # subjects' keys a transaction

_FIRST = UUID(int=0)


class Unit(Protocol):
    """A transaction and its moment."""

    @property
    def connection(self) -> Connection:
        """The connection that is in the transaction."""

    @property
    def at(self) -> datetime:
        """The moment at which the work was begun."""


class Rotating(Protocol):
    """An install, as far as a rotation needs it."""

    vault: Vault

    def unit_of_work(self) -> AbstractAsyncContextManager[Unit]:
        """Open a transaction that commits when the block ends well."""


Progress = Callable[[int, int], None]
"""Told after each batch: how many subjects' keys are done, and how many there were to do."""


async def rotate(install: Rotating, batch: int = BATCH, progress: Progress = lambda _done, _total: None) -> int:
    """Put a new master key in use and wrap all keys by it; return its version.

    A rotation that was broken off is finished instead, and no key is added; nor is one where the file has a newer key
    already, because the keys are handed out by other means. Raises `file_unwritable` where the file can't take a key.
    """
    version = await _begin(install)
    done, total = 0, await _count(install, version)
    while not await _finish(install, version):
        after = _FIRST
        while moved := await _rewrap(install, version, after, most=batch, must_wait=False):
            after, done = moved[-1], done + len(moved)
            progress(done, max(done, total))
        done += len(await _rewrap(install, version, _FIRST, most=1, must_wait=True))
    return version


async def remove_master(install: Rotating, version: int) -> None:
    """Take an old master key out of the file: copies of the database from its time can never be opened again.

    Raises Refused(`master_key_in_use`) for one that wraps anything, or that a rotation hasn't finished with. A file
    belongs to one database: nobody asks another one.
    """
    async with install.unit_of_work() as work:
        await store.lock_set_up(work.connection)
        marks = await store.list_marks(work.connection)
        if version >= int(marks[store.FINISHED]) or await store.is_in_use(work.connection, version):
            raise Refused("master_key_in_use", version=version)
        install.vault.ring.remove(version)


async def _begin(install: Rotating) -> int:
    """Say in the database which master key is in use from now on, and wrap the index keys by it."""
    ring = install.vault.ring
    async with install.unit_of_work() as work:
        await store.lock_set_up(work.connection)
        marks = await store.list_marks(work.connection)
        check_masters(ring, marks)
        newest = int(marks[store.NEWEST])
        if marks[store.FINISHED] == marks[store.NEWEST]:
            newest = ring.newest() if ring.newest() > newest else ring.add()
            await store.put_mark(work.connection, f"{store.MASTER}{newest}", ring[newest].check, work.at)
            await store.put_mark(work.connection, store.NEWEST, str(newest), work.at)
        for secret in await store.list_secrets(work.connection):
            key = unwrap_index_key(ring, secret)
            await store.put_rewrapped_secret(work.connection, wrap_index_key(ring, newest, secret.name, key))
    install.vault.turn_to(newest)
    return newest


async def _count(install: Rotating, version: int) -> int:
    async with install.unit_of_work() as work:
        return await store.count_to_rewrap(work.connection, version)


async def _rewrap(install: Rotating, version: int, after: UUID, *, most: int, must_wait: bool) -> list[UUID]:
    """Wrap the next keys anew and return whose they are.

    Only one key is ever waited for, with nothing else held, so that a rotation can't be part of a deadlock.
    """
    async with install.unit_of_work() as work:
        keys = await store.take_to_rewrap(work.connection, version, after, most=most, must_wait=must_wait)
        if keys:
            await store.put_rewrapped(work.connection, [install.vault.rewrap(key, version) for key in keys])
    return [key.subject_id for key in keys]


async def _finish(install: Rotating, version: int) -> bool:
    """Whether nothing is left that another key wraps, once all who were adding keys have ended; then say so."""
    async with install.unit_of_work() as work:
        await store.lock_wrapping(work.connection)
        if await store.count_to_rewrap(work.connection, version):
            return False
        await store.put_mark(work.connection, store.FINISHED, str(version), work.at)
        return True
