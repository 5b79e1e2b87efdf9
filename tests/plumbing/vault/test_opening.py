"""Opening: a database's vault opens with the keys that were made for it, and with no others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from backoffice.kernel.errors import BackofficeError, Unavailable
from backoffice.plumbing.database import Connection
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault import Vault, open_vault, store
from backoffice.plumbing.vault.keys import Ring, key_file, make_master
from backoffice.plumbing.vault.sealing import wrap_index_key

PHONE = "+37126000001"


@pytest.fixture
async def new(work: Work) -> Work:
    """A database in which no vault was ever opened, until the test has ended."""
    await forget(work.connection)
    return work


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a data folder of this test's own, empty."""
    return replace(settings, data=tmp_path)


async def forget(connection: Connection) -> None:
    """Take the vault's marks and index keys away."""
    await connection.execute("DELETE FROM vault_secret; DELETE FROM mark WHERE name ~ '^(master|token):'")


async def opened(work: Work, settings: Settings) -> Vault:
    """Open the vault as an install does when it starts."""
    return await open_vault(work.connection, settings, work.install.clock)


async def test_a_first_start_makes_every_key(new: Work, here: Settings) -> None:
    """A master key in the file, an index key a kind in the database, and marks to know them by."""
    vault = await opened(new, here)

    marks = await store.list_marks(new.connection)
    tokens = {f"token:{kind}" for kind in ("phone", "email", "app", "scoped_id", "digest")}
    assert set(marks) == {"master:1", "master:newest", "master:finished", *tokens}
    assert (marks["master:1"], marks["master:newest"]) == (Ring(key_file(here))[1].check, "1")
    assert vault.token("phone", PHONE) != vault.token("email", f"{PHONE}@example.com")
    assert [(secret.name, len(secret.wrapped)) for secret in await store.list_secrets(new.connection)] == [
        ("app", 60),
        ("digest", 60),
        ("email", 60),
        ("phone", 60),
        ("scoped_id", 60),
    ]


async def test_a_second_start_finds_the_same_keys(new: Work, here: Settings) -> None:
    """Tokens stay the same, so that a stop of yesterday is found today."""
    first, second = await opened(new, here), await opened(new, here)

    assert first.token("phone", PHONE) == second.token("phone", PHONE)


async def test_index_keys_are_drawn_anew_for_each_database(new: Work, here: Settings) -> None:
    """They come from no other key: one master key, two databases, two tokens."""
    first = await opened(new, here)
    await forget(new.connection)
    second = await opened(new, here)

    assert first.token("phone", PHONE) != second.token("phone", PHONE)


async def test_live_without_a_key_refuses_and_makes_none(new: Work, here: Settings) -> None:
    """A live install is told its key; with one in place it starts."""
    live = replace(here, mode="live")

    with pytest.raises(Unavailable, match="master_key_missing") as refused:
        await opened(new, live)
    assert refused.value.data == {"file": str(key_file(here)), "version": 1}
    assert list(here.data.iterdir()) == []
    assert await store.list_marks(new.connection) == {}

    make_master(key_file(live))
    assert (await opened(new, live)).version == 1


async def test_a_lost_key_is_never_made_anew(new: Work, here: Settings) -> None:
    """Not even in the sandbox: a new one would open nothing that is stored."""
    await opened(new, here)
    key_file(here).unlink()

    with pytest.raises(Unavailable, match="master_key_missing"):
        await opened(new, here)
    assert not key_file(here).exists()


async def test_another_databases_key_is_refused(new: Work, here: Settings) -> None:
    """At start, and not at the first person who can't be read."""
    await opened(new, here)
    make_master(key_file(here))

    with pytest.raises(Unavailable, match="master_key_wrong") as refused:
        await opened(new, here)
    assert refused.value.data == {"file": str(key_file(here)), "version": 1}


async def test_a_newer_key_in_the_file_waits_for_its_rotation(new: Work, here: Settings) -> None:
    """Keys are handed out to every machine before the first one uses them."""
    await opened(new, here)
    Ring(key_file(here)).add()

    assert (await opened(new, here)).version == 1
    assert "master:2" not in await store.list_marks(new.connection)


async def test_the_newest_of_several_first_keys_is_used(new: Work, here: Settings) -> None:
    """Older ones may stand in the file, and may leave it."""
    make_master(key_file(here))
    Ring(key_file(here)).add()

    assert (await opened(new, here)).version == 2
    Ring(key_file(here)).remove(1)
    assert (await opened(new, here)).version == 2


async def test_a_key_that_may_be_needed_is_missed(new: Work, here: Settings) -> None:
    """While a rotation isn't finished, both its keys are needed; afterwards the newer one."""
    await opened(new, here)
    ring = Ring(key_file(here))
    ring.add()
    for name, value in (("master:2", ring[2].check), (store.NEWEST, "2")):
        await store.put_mark(new.connection, name, value, new.at)
    ring.remove(1)

    with pytest.raises(Unavailable, match="master_key_missing") as refused:
        await opened(new, here)
    assert refused.value.data["version"] == 1


async def test_a_lost_index_key_is_never_made_anew(new: Work, here: Settings) -> None:
    """With a new one no suppression would be found: that is a matter for people."""
    await opened(new, here)
    await new.connection.execute("DELETE FROM vault_secret WHERE name = 'phone'")

    with pytest.raises(Unavailable, match="index_key_missing") as refused:
        await opened(new, here)
    assert refused.value.data == {"kind": "phone"}


async def test_another_index_key_is_refused(new: Work, here: Settings) -> None:
    """Though well wrapped, it isn't the one that made the stored tokens."""
    vault = await opened(new, here)
    await store.put_rewrapped_secret(new.connection, wrap_index_key(vault.ring, 1, "phone", bytes(32)))

    with pytest.raises(Unavailable, match="index_key_wrong"):
        await opened(new, here)


async def test_index_keys_of_two_kinds_cannot_change_places(new: Work, here: Settings) -> None:
    """Each is bound to its name."""
    await opened(new, here)
    await new.connection.execute(
        "UPDATE vault_secret SET wrapped = other.wrapped FROM vault_secret other"
        " WHERE vault_secret.name = 'phone' AND other.name = 'email'"
    )

    with pytest.raises(BackofficeError, match="key_unreadable"):
        await opened(new, here)


async def test_lost_marks_are_told(new: Work, here: Settings) -> None:
    """Without them no key can be known for the right one."""
    await opened(new, here)
    await new.connection.execute("DELETE FROM mark")

    with pytest.raises(Unavailable, match="vault_marks_missing"):
        await opened(new, here)


async def test_a_kind_of_key_that_a_new_version_needs_is_added(new: Work, here: Settings) -> None:
    """A database of an older version gets it at the next start; what it had stays."""
    token = (await opened(new, here)).token("phone", PHONE)
    await new.connection.execute(
        "DELETE FROM vault_secret WHERE name = 'digest'; DELETE FROM mark WHERE name = 'token:digest'"
    )

    vault = await opened(new, here)

    assert vault.token("phone", PHONE) == token
    assert vault.digest(b"x") == (await opened(new, here)).digest(b"x")


@pytest.fixture
async def never_opened(install: Install) -> AsyncIterator[Install]:
    """An install whose database has no vault, committed; it gets a new one afterwards."""
    async with install.unit_of_work() as work:
        await forget(work.connection)
    yield install
    async with install.unit_of_work() as work:
        await forget(work.connection)
        await opened(work, install.settings)


async def test_first_starts_at_once_make_one_set_of_keys(never_opened: Install, here: Settings) -> None:
    """Web and worker start together; who comes second uses what the first has made."""

    async def start() -> Vault:
        async with never_opened.unit_of_work() as work:
            return await opened(work, here)

    vaults = await asyncio.gather(*(start() for _ in range(6)))

    assert len({vault.token("phone", PHONE) for vault in vaults}) == 1
    assert {vault.ring[1].check for vault in vaults} == {Ring(key_file(here))[1].check}


async def test_nothing_of_a_first_start_that_failed_is_left(new: Work, here: Settings) -> None:
    """The next start goes on from the key in the file."""
    savepoint = new.connection.transaction()
    await savepoint.start()
    await opened(new, here)
    check = Ring(key_file(here))[1].check
    await savepoint.rollback()
    assert await store.list_marks(new.connection) == {}

    assert (await opened(new, here)).ring[1].check == check


async def test_no_index_key_is_stored_twice(new: Work, here: Settings) -> None:
    """The database itself refuses to replace one."""
    vault = await opened(new, here)

    with pytest.raises(asyncpg.UniqueViolationError):
        await store.add_secret(new.connection, wrap_index_key(vault.ring, 1, "phone", bytes(32)))
