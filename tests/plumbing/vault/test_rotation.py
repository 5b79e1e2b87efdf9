"""Rotation: a new master key takes over while everybody works on, and nothing that was sealed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from pathlib import Path

import pytest

from backoffice.kernel.errors import BackofficeError, Invalid, Refused, Unavailable
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Install
from backoffice.plumbing.vault import Vault, store
from backoffice.plumbing.vault.keys import Ring, make_master
from backoffice.plumbing.vault.rotation import remove_master, rotate
from tests.plumbing.vault.people import Readers, another_process, marks, populate, unreadable, versions

PHONE = "+37126000001"


async def test_all_keys_are_wrapped_by_the_new_one(install: Install) -> None:
    """Also those added afterwards and the index keys; what was sealed opens as before, and tokens stay."""
    before = install.vault.version
    sealed = await populate(install, 250)
    token = install.vault.token("phone", PHONE)
    told: list[tuple[int, int]] = []

    version = await rotate(install, 100, lambda done, total: told.append((done, total)))

    sealed |= await populate(install, 1)
    assert (version, await versions(install)) == (before + 1, {version: 251})
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert (await marks(install))[store.FINISHED] == str(version)
    vault = await another_process(install)
    assert (vault.version, vault.token("phone", PHONE), await unreadable(install, vault, sealed)) == (version, token, 0)


async def test_a_destroyed_key_stays_destroyed(install: Install) -> None:
    """There is nothing to wrap anew."""
    anna, *_ = await populate(install, 3)
    async with install.unit_of_work() as work:
        await store.destroy_subject(work.connection, anna, work.at)

    await rotate(install)

    async with install.reading() as work:
        assert (await store.load_subjects(work.connection, work.vault, [anna]))[anna].is_destroyed


async def test_a_key_that_was_handed_out_beforehand_is_used(install: Install) -> None:
    """Where the file is filled by other means, a rotation adds none."""
    handed_out = install.vault.ring.add()

    assert await rotate(install) == handed_out
    assert install.vault.ring.newest() == handed_out


async def test_a_machine_without_the_key_in_use_rotates_nothing(install: Install, tmp_path: Path) -> None:
    """It would draw a second key of the same version."""
    make_master(tmp_path / "stale")
    known = install.vault
    await rotate(install)
    install.vault = Vault(Ring(tmp_path / "stale"), known.version, {})
    stale = (tmp_path / "stale").read_text()

    with pytest.raises(Unavailable, match=r"master_key_(missing|wrong)"):
        await rotate(install)
    assert (tmp_path / "stale").read_text() == stale


async def test_a_file_that_takes_no_key_leaves_all_as_it_was(install: Install, tmp_path: Path) -> None:
    """Nothing is in use that isn't kept."""
    before = await marks(install)
    ring = install.vault.ring
    install.vault.ring = Ring(ring.path)
    install.vault.ring.path = tmp_path / "nowhere" / "master"

    with pytest.raises((Invalid, Unavailable)):
        await rotate(install)
    assert await marks(install) == before


async def test_everybody_works_on_during_a_rotation(install: Install) -> None:
    """Readers, adders and erasers that knew only the old key: no value is unreadable, nobody waits for ever."""
    sealed = await populate(install, 600)
    doomed = list(await populate(install, 105))
    readers = Readers(install, sealed, {}, asyncio.Event())
    work = [asyncio.create_task(readers.read()) for _ in range(2)]
    work += [asyncio.create_task(readers.add()), asyncio.create_task(readers.destroy(doomed[::-2] + doomed[::2]))]

    version = await rotate(install, 20)

    readers.done.set()
    counts = await asyncio.gather(*work)
    assert min(counts) > 0
    assert await unreadable(install, await another_process(install), sealed | readers.added) == 0
    async with install.reading() as reading:
        assert await store.count_to_rewrap(reading.connection, version) == 0


async def waits(install: Install, task: asyncio.Task[int]) -> bool:
    """Return whether the task has come to wait for a lock that somebody in this database holds."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with install.reading() as work:
        while not task.done():
            if await work.connection.fetchval(query):
                return True
    return False


async def apart(attempt: Coroutine[None, None, None]) -> None:
    """Do something in no transaction of the test's."""
    await asyncio.create_task(attempt, context=Context())


async def test_a_rotation_waits_for_who_is_still_adding(install: Install) -> None:
    """A key that was wrapped by the old one, and commits late, is not left behind; until then the old one stays."""
    old = install.vault.version
    async with install.unit_of_work() as work:
        (late,) = new_ids(work.at, 1)
        await store.add_subjects(work.connection, _apart(install), [late])
        rotation = asyncio.create_task(rotate(install), context=Context())
        assert await waits(install, rotation)
        assert await work.connection.fetchval("SELECT version FROM vault_key WHERE subject_id = $1", late) == old
        with pytest.raises(Refused, match="master_key_in_use"):
            await apart(remove_master(install, old))

    version = await rotation

    assert await versions(install) == {version: 1}


async def test_a_rotation_waits_with_nothing_in_its_hands(install: Install) -> None:
    """Who destroys many keys in one transaction, whatever their order, never meets it in a deadlock."""
    *others, last = sorted(await populate(install, 50))
    async with install.unit_of_work() as work:
        await store.destroy_subject(work.connection, last, work.at)
        rotation = asyncio.create_task(rotate(install), context=Context())
        assert await waits(install, rotation)
        for each in others:
            await store.destroy_subject(work.connection, each, work.at)

    version = await rotation

    assert (await marks(install))[store.FINISHED] == str(version)


def _apart(install: Install) -> Vault:
    return Vault(Ring(install.vault.ring.path), install.vault.version, {})


async def test_two_rotations_at_once_are_one(install: Install) -> None:
    """They share the work and come to one version."""
    before = install.vault.version
    sealed = await populate(install, 500)

    done = await asyncio.gather(rotate(install, 20), rotate(install, 30))

    assert set(await versions(install)) == {max(done)}
    assert {before + 1} <= set(done) <= {before + 1, before + 2}
    assert await unreadable(install, await another_process(install), sealed) == 0


async def test_an_old_key_leaves_the_file_when_nothing_needs_it(install: Install) -> None:
    """Not before, and never the newest."""
    old = install.vault.version
    sealed = await populate(install, 10)
    with pytest.raises(Refused, match="master_key_in_use"):
        await remove_master(install, old)

    new = await rotate(install)
    await remove_master(install, old)

    assert old not in Ring(install.vault.ring.path)
    assert await unreadable(install, await another_process(install), sealed) == 0
    with pytest.raises(Refused, match="master_key_in_use") as refused:
        await remove_master(install, new)
    assert refused.value.data == {"version": new}


async def test_a_copy_from_before_is_lost_with_its_key(install: Install) -> None:
    """Taking an old key out ends every copy of the database that was made in its time (GDPR 17)."""
    old = install.vault.version
    (anna,) = await populate(install, 1)
    async with install.reading() as work:
        copy = await work.connection.fetchval("SELECT wrapped FROM vault_key WHERE subject_id = $1", anna)
    await rotate(install)
    await remove_master(install, old)

    with pytest.raises(BackofficeError, match="master_key_missing"):
        (await another_process(install)).subject(anna, copy, old)
