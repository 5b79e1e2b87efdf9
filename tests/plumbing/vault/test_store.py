"""Subjects' keys in the database: added in bulk, loaded in one query, destroyed for good."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from backoffice.kernel.errors import BackofficeError, NotFound
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place, Vault, store
from backoffice.plumbing.vault.keys import Ring

ADDRESS = Place("contact", "address")


async def test_what_was_sealed_opens_after_the_keys_were_loaded(work: Work) -> None:
    """A thousand subjects, each with its own key."""
    ids = new_ids(work.at, 1000)
    added = await store.add_subjects(work.connection, work.vault, ids)
    sealed = {each: added[each].seal(ADDRESS, each, each.bytes) for each in ids}

    loaded = await store.load_subjects(work.connection, work.vault, ids)

    assert [loaded[each].open(ADDRESS, each, sealed[each]) for each in ids] == [each.bytes for each in ids]
    assert {loaded[each].id for each in ids} == set(ids)


async def test_no_key_is_stored_in_clear(work: Work) -> None:
    """What is stored is 60 bytes of another key's work, and never twice the same."""
    ids = new_ids(work.at, 100)
    await store.add_subjects(work.connection, work.vault, ids)
    rows = await work.connection.fetch("SELECT wrapped, version FROM vault_key")

    assert {(len(row["wrapped"]), row["version"]) for row in rows} == {(60, work.vault.version)}
    assert len({row["wrapped"] for row in rows}) == 100


async def test_keys_swapped_in_the_database_open_nothing(work: Work) -> None:
    """Who can write to the table can't give one subject's data to another."""
    one, other = new_ids(work.at, 2)
    await store.add_subjects(work.connection, work.vault, [one, other])
    await work.connection.execute(
        "UPDATE vault_key SET wrapped = other.wrapped FROM vault_key other"
        " WHERE other.subject_id <> vault_key.subject_id"
    )

    with pytest.raises(BackofficeError, match="key_unreadable"):
        await store.load_subjects(work.connection, work.vault, [one])


async def test_a_subject_never_gets_a_second_key(work: Work) -> None:
    """What the first one sealed would be lost."""
    ids = new_ids(work.at, 1)
    await store.add_subjects(work.connection, work.vault, ids)

    with pytest.raises(asyncpg.UniqueViolationError):
        await store.add_subjects(work.connection, work.vault, ids)


async def test_a_destroyed_key_is_gone_for_good(work: Work) -> None:
    """Nothing of it is stored; the others aren't touched, and the moment of its end stays."""
    one, other = new_ids(work.at, 2)
    added = await store.add_subjects(work.connection, work.vault, [one, other])
    sealed = {each: added[each].seal(ADDRESS, each, b"x") for each in added}

    await store.destroy_subject(work.connection, one, work.at)
    await store.destroy_subject(work.connection, one, work.at + timedelta(days=1))

    loaded = await store.load_subjects(work.connection, work.vault, [one, other])
    assert loaded[other].open(ADDRESS, other, sealed[other]) == b"x"
    with pytest.raises(BackofficeError, match="subject_key_destroyed"):
        loaded[one].open(ADDRESS, one, sealed[one])
    row = await work.connection.fetchrow("SELECT wrapped, destroyed_at FROM vault_key WHERE subject_id = $1", one)
    assert tuple(row) == (None, work.at)


async def test_a_token_outlives_its_subject(work: Work) -> None:
    """A stop is found by the number alone, after the person's key is gone."""
    token = work.vault.token("phone", "+37126000001")
    (anna,) = new_ids(work.at, 1)
    await store.add_subjects(work.connection, work.vault, [anna])
    await store.destroy_subject(work.connection, anna, work.at)

    assert work.vault.token("phone", "+37126000001") == token


async def test_who_never_had_a_key_is_unknown(work: Work) -> None:
    """One missing subject is named; nobody stands in for it."""
    (anna,) = new_ids(work.at, 1)
    nobody = UUID(int=9)
    await store.add_subjects(work.connection, work.vault, [anna])

    with pytest.raises(NotFound, match="subject_unknown") as refused:
        await store.load_subjects(work.connection, work.vault, [anna, nobody])
    assert refused.value.data == {"subject": str(nobody)}
    with pytest.raises(NotFound, match="subject_unknown"):
        await store.destroy_subject(work.connection, nobody, work.at)


async def test_no_ids_are_no_subjects(work: Work) -> None:
    """An empty batch asks for nothing."""
    assert await store.add_subjects(work.connection, work.vault, []) == {}
    assert await store.load_subjects(work.connection, work.vault, []) == {}


async def test_a_process_that_slept_through_a_rotation_wraps_by_the_key_in_use(work: Work) -> None:
    """The database says which it is, and the file is read again for it."""
    asleep = Vault(Ring(work.vault.ring.path), work.vault.version, {})
    newer = work.vault.ring.add()
    await store.put_mark(work.connection, store.NEWEST, str(newer), work.at)
    (anna,) = new_ids(work.at, 1)

    await store.add_subjects(work.connection, asleep, [anna])

    assert await work.connection.fetchval("SELECT version FROM vault_key WHERE subject_id = $1", anna) == newer
