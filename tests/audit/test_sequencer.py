"""The sequencer: one order, one root for each size, nothing lost, and nothing signed that contradicts what was."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextvars import Context
from uuid import UUID

import pytest

from backoffice.audit import store
from backoffice.audit.keys import key_file
from backoffice.audit.ledger import NOBODY, append
from backoffice.audit.merkle import root
from backoffice.audit.notes import Checkpoint, Signer, sign_note
from backoffice.audit.sequencer import MOST, read_signed, seal_now, sequencing, signed_file, step
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from tests.audit.attacks import Rows, dump, restore
from tests.audit.keeping import assert_whole, checkpoints_of, fill, leaves_of, sequence
from tests.audit.made import count, dice


async def test_an_empty_ledger_is_signed_too(install: Install) -> None:
    """A first checkpoint states that there is nothing yet."""
    assert await sequence(install) == Checkpoint(install.settings.origin, 0, root([]))


@pytest.mark.parametrize("most", [1, 7, 256, MOST])
async def test_entries_get_places_in_the_order_of_their_ids(install: Install, most: int) -> None:
    """Whatever the batches: no gap, no entry twice, and the root is that of the entries."""
    entries = 30 if most == 1 else 600
    ids = await fill(install, entries, dice(most))

    checkpoint = await sequence(install, most=most)

    async with install.reading() as work:
        placed = await store.list_placed(work.connection, 0, entries + 1)
        assert (await store.count_queue(work.connection))[0] == 0
    assert [each.entry_id for each in placed] == sorted(ids)
    assert checkpoint.root == root(await leaves_of(install))


async def test_it_goes_on_from_the_right_edge(install: Install) -> None:
    """Started anew between batches of all sizes, over the borders of tiles."""
    random = dice(3)
    for entries in (1, 254, 1, 1, 255, 700, 66):
        await fill(install, entries, random)
        await sequence(install)

    assert await assert_whole(install) == 1278
    assert [each.size for each in await checkpoints_of(install)] == [1, 255, 256, 257, 512, 1212, 1278]


async def test_what_commits_late_is_not_passed_over(install: Install) -> None:
    """An entry older than those that have their places comes in later, behind them."""
    async with install.unit_of_work() as early:
        late = await append(early, "audit:test:made", NOBODY)
        await asyncio.create_task(_meanwhile(install), context=Context())

    await sequence(install)

    async with install.reading() as work:
        assert (await store.find_proved(work.connection, late))[0] == 10
    assert await assert_whole(install) == 11


async def _meanwhile(install: Install) -> None:
    await fill(install, 10, dice(1))
    await sequence(install)


async def test_only_one_is_the_sequencer(install: Install) -> None:
    """The other stands by until the first has gone."""
    async with sequencing(install) as first:
        assert first
        async with sequencing(install) as second:
            assert second is None
    async with sequencing(install) as third:
        assert third


async def test_two_started_together_never_make_two_roots_of_one_size(install: Install) -> None:
    """Over and over, with entries coming in: each size has one root, and the entries stand once."""
    rounds = count(15, 1_000)
    random = dice(5)
    for _ in range(rounds):
        await fill(install, random.randrange(1, 4), random)
        await asyncio.gather(_once(install), _once(install))

    await sequence(install)
    checkpoints = await checkpoints_of(install)
    assert len({each.size for each in checkpoints}) == len(checkpoints)
    assert len(checkpoints) > rounds // 2
    assert await assert_whole(install) == checkpoints[-1].size


async def _once(install: Install) -> None:
    async with sequencing(install) as sequencer:
        if sequencer:
            await sequencer.take()
            await sequencer.seal()


async def test_it_seals_now_when_asked(install: Install) -> None:
    """What is committed is in the checkpoint, whoever makes it."""
    await fill(install, 300, dice(1))
    assert (await seal_now(install)).size == 300

    await fill(install, 300, dice(2))
    async with sequencing(install) as other:
        assert other
        asked = asyncio.create_task(seal_now(install))
        while await other.take(50) or not asked.done():
            await other.seal()
            await asyncio.wait([asked], timeout=0.02)
    assert asked.result().size == 600
    assert await assert_whole(install) == 600


async def test_a_step_works_until_nothing_waits(install: Install) -> None:
    """The worker does it again and again; while another is the sequencer it does nothing."""
    await fill(install, 2 * MOST + 3, dice(1), (MOST,))
    async with sequencing(install):
        assert not await step(install)
        assert await checkpoints_of(install) == []

    assert not await step(install)
    assert [each.size for each in await checkpoints_of(install)] == [2 * MOST + 3]


async def test_what_was_signed_is_not_signed_again(install: Install) -> None:
    """Without news there is no new checkpoint."""
    await fill(install, 3, dice(1))
    assert await sequence(install) == await sequence(install)
    assert len(await checkpoints_of(install)) == 1


async def test_a_checkpoint_that_was_signed_and_not_kept_is_kept_at_the_next_start(install: Install) -> None:
    """Killed between signing and keeping: the same state is kept, as it was signed."""
    await fill(install, 3, dice(1))
    await sequence(install)
    signed = read_signed(install.settings)
    async with install.reading() as work:
        await work.connection.execute("DELETE FROM ledger_checkpoint")

    await sequence(install)

    async with install.reading() as work:
        assert await store.find_checkpoint(work.connection) == signed


async def _dumped(install: Install) -> Rows:
    async with install.unit_of_work() as work:
        return await dump(work)


async def _restore(install: Install, rows: Rows) -> None:
    async with install.unit_of_work() as work:
        await restore(work, rows)


async def test_it_refuses_to_sign_after_an_old_backup_was_restored(install: Install) -> None:
    """Each time: what was signed outside the database is more than the database knows."""
    for number in range(count(3, 50)):
        backup = await _dumped(install)
        await fill(install, 1 + number, dice(number))
        await sequence(install)
        ahead = await _dumped(install)
        await _restore(install, backup)
        with pytest.raises(Unavailable, match="ledger_behind_signed"):
            await sequence(install)
        await fill(install, 400, dice(number + 1))
        with pytest.raises(Unavailable, match="ledger_behind_signed"):
            await sequence(install)
        await _restore(install, ahead)
    await sequence(install)


async def test_it_refuses_to_sign_a_ledger_that_grew_differently(install: Install) -> None:
    """A copy of the database that was sequenced elsewhere, however far, is another history."""
    await fill(install, 300, dice(1))
    await sequence(install)
    signed = read_signed(install.settings)
    assert signed
    await _restore(install, {})
    signed_file(install.settings).unlink()
    await fill(install, 700, dice(2))
    await sequence(install)
    signed_file(install.settings).write_bytes(signed)

    with pytest.raises(Unavailable, match="ledger_rewritten"):
        await sequence(install)


async def test_it_refuses_a_database_whose_checkpoints_do_not_fit_its_tiles(install: Install) -> None:
    """Also where the file beside it is lost."""
    await fill(install, 300, dice(1))
    await sequence(install)
    signed_file(install.settings).unlink()
    async with install.reading() as work:
        await work.connection.execute("UPDATE ledger_edge SET hashes = sha256(hashes) || substr(hashes, 33)")

    with pytest.raises(Unavailable, match="ledger_rewritten"):
        await sequence(install)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM ledger_tile",
        "DELETE FROM ledger_edge",
        "DELETE FROM ledger_edge WHERE level = 1",
        "DELETE FROM ledger_place WHERE place = 299",
        "UPDATE ledger_edge SET hashes = substr(hashes, 33) WHERE level = 0",
        "UPDATE ledger_edge SET hashes = hashes || hashes WHERE level = 1",
        "UPDATE ledger_tile SET number = 1",
    ],
)
async def test_it_refuses_a_damaged_edge(install: Install, damage: str) -> None:
    """Before it builds on it."""
    await fill(install, 300, dice(1))
    await sequence(install)
    async with install.reading() as work:
        await work.connection.execute(damage)

    with pytest.raises(Unavailable, match="ledger_damaged"):
        await sequence(install)


@pytest.mark.parametrize("signed", [b"", b"no note\n", sign_note(b"x\n1\nx\n", [Signer("x", bytes(32))])])
async def test_it_refuses_a_file_that_it_can_not_read(install: Install, signed: bytes) -> None:
    """Nobody knows what was signed: a person has to look."""
    await sequence(install)
    signed_file(install.settings).write_bytes(signed)

    with pytest.raises(Unavailable, match="ledger_key_other"):
        await sequence(install)


async def test_it_refuses_to_go_on_under_another_key(install: Install) -> None:
    """A new machine without the ledger's key must not start to sign with one of its own."""
    await sequence(install)
    kept = key_file(install.settings).read_bytes()
    try:
        key_file(install.settings).unlink()
        signed_file(install.settings).unlink()
        with pytest.raises(Unavailable, match="ledger_key_other"):
            await sequence(install)
    finally:
        key_file(install.settings).write_bytes(kept)


async def test_it_survives_kill_9_at_any_moment(settings: Settings, install: Install) -> None:
    """Writers go on, sequencers are killed: nothing is lost, doubled or signed twice differently."""
    random = dice(9)
    made: list[UUID] = []
    for _ in range(count(3, 60)):
        killed = _start(settings)
        async with asyncio.timeout(60):
            assert killed.stdout
            await asyncio.to_thread(killed.stdout.readline)
            for _ in range(random.randrange(1, 8)):
                made += await fill(install, random.choice([1, 40, 900]), random)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
        await assert_whole(install)

    await seal_now(install)
    async with install.reading() as work:
        placed = await store.list_placed(work.connection, 0, 1 << 40)
    assert sorted(each.entry_id for each in placed) == sorted(made)
    assert await assert_whole(install) == len(made)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    environ = os.environ | {"DATABASE_URL": settings.database_url, "BACKOFFICE_DATA": str(settings.data)}
    return subprocess.Popen([sys.executable, "-m", "tests.audit.running"], env=environ, stdout=subprocess.PIPE)
