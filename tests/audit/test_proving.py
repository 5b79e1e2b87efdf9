"""Proofs out of the database, verified by whoever gets them: the product's reader and the one that stands alone."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from backoffice.audit import store, verify
from backoffice.audit.anchors import anchor_day, list_anchored
from backoffice.audit.checking import verify_ledger
from backoffice.audit.heads import compute_heads, make_heads
from backoffice.audit.keys import open_keys
from backoffice.audit.ledger import NOBODY, append
from backoffice.audit.merkle import root
from backoffice.audit.notes import COSIGNATURE, Signer, open_checkpoint
from backoffice.audit.proofs import check_proof, read_proof
from backoffice.audit.proving import newest_checkpoint, prove_entry, prove_growth
from backoffice.audit.sequencer import read_signed
from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import Invalid, NotFound, Unavailable
from backoffice.plumbing.install import Install
from tests.audit.keeping import ACCOUNTS, KIND, fill, leaves_of, sequence
from tests.audit.made import dice
from tests.conftest import START

DAY = START.date()
NEXT_DAY = timedelta(hours=16)  # from 8:30 to half past midnight


async def test_every_entry_of_a_ledger_is_proved(install: Install) -> None:
    """Offline, with the ledger's public key and nothing else, from any size on."""
    random, ids = dice(1), []
    for entries in (1, 255, 1, 300):
        ids += await fill(install, entries, random)
        await sequence(install)
    keys = open_keys(install.settings).public
    court = [verify.read_key(key.vkey, verify.LOG) for key in keys]

    async with install.reading() as work:
        for entry_id in [*ids[:3], *random.sample(ids, 30), ids[-1]]:
            file = await prove_entry(work, entry_id)
            assert check_proof(file, None, keys).checkpoint.size == 557
            assert str(entry_id) in verify.check_proof(file, None, court, [])


async def test_a_ledger_is_shown_to_have_only_grown(install: Install) -> None:
    """From each size at which it was signed, to each later one."""
    notes = []
    for entries in (0, 1, 256, 300):
        await fill(install, entries, dice(entries))
        await sequence(install)
        notes.append(read_signed(install.settings) or b"")
    court = [verify.read_key(key.vkey, verify.LOG) for key in open_keys(install.settings).public]

    async with install.reading() as work:
        for old, new in [(0, 0), (0, 1), (1, 2), (1, 3), (2, 3), (3, 3)]:
            sizes = [int(notes[each].split(b"\n")[1]) for each in (old, new)]
            proof = await prove_growth(work, *sizes)
            assert "nothing in the first" in verify.check_consistency(notes[old], notes[new], proof, court, [])
        assert await newest_checkpoint(work) == notes[-1]


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (2, 1), (1, 4)])
async def test_sizes_that_the_ledger_never_had_are_refused(install: Install, old: int, new: int) -> None:
    """Nobody can say what the ledger will begin with."""
    await fill(install, 3, dice(1))
    await sequence(install)

    async with install.reading() as work:
        with pytest.raises(Invalid, match="ledger_size_invalid"):
            await prove_growth(work, old, new)


async def test_an_entry_that_waits_is_not_proved_yet(install: Install) -> None:
    """Until it has its place, and that is signed."""
    async with install.unit_of_work() as work:
        entry_id = await append(work, KIND, NOBODY)

    async with install.reading() as work:
        with pytest.raises(Unavailable, match="ledger_not_sealed"):
            await newest_checkpoint(work)
        with pytest.raises(Unavailable, match="ledger_not_sealed"):
            await prove_entry(work, entry_id)
        with pytest.raises(NotFound, match="ledger_entry_unknown"):
            await prove_entry(work, UUID(int=1))


async def test_a_proof_can_be_asked_for_with_a_witness(install: Install) -> None:
    """The newest checkpoint that the witness has cosigned is taken, not the newest of all."""
    witness = Signer("witness.example", bytes(32), COSIGNATURE)
    (entry_id,) = await fill(install, 1, dice(1))
    checkpoint = await sequence(install)
    async with install.reading() as work:
        with pytest.raises(Unavailable, match="ledger_not_sealed"):
            await prove_entry(work, entry_id, [witness.key])
        note = await newest_checkpoint(work)
        cosigned = note + witness.sign(checkpoint.body, START).encode()
        assert await store.put_note(work.connection, 1, note, cosigned)
        assert not await store.put_note(work.connection, 1, note, note)
    await fill(install, 1, dice(2))
    await sequence(install)

    async with install.reading() as work:
        file = await prove_entry(work, entry_id, [witness.key])
        assert read_proof(file).checkpoint == cosigned
        assert check_proof(file, None, open_keys(install.settings).public, [witness.key]).checkpoint.size == 1
        assert (await verify_ledger(work)).is_good


async def test_a_days_head_is_over_all_entries_of_an_account(install: Install, clock: SteppingClock) -> None:
    """In place order; entries of the days before and after are not in it, wherever they stand."""
    await _of_day(install, -1, 20)
    await _of_day(install, 0, 300)
    await _of_day(install, -1, 5)
    await _of_day(install, 0, 400)
    clock.advance(NEXT_DAY)
    await fill(install, 20, dice(3))
    await sequence(install)
    leaves = await leaves_of(install)

    async with install.unit_of_work() as work:
        assert await make_heads(work, DAY) == len(ACCOUNTS)
        assert await make_heads(work, DAY) == 0
        heads = await compute_heads(work, DAY)
        placed = await store.list_places(work.connection, 0, 1 << 40)

    assert sum(head.entries for head in heads) == 700
    for head in heads:
        own = [leaves[place] for place, _, account in placed[20:320] + placed[325:725] if account == head.account_id]
        assert (head.entries, head.root) == (len(own), root(own))


async def _of_day(install: Install, days: int, entries: int) -> None:
    """Write and place entries that were born so many days after today."""
    now = install.clock
    install.clock = SteppingClock(START + timedelta(days=days), timedelta(microseconds=1))
    await fill(install, entries, dice(entries))
    await sequence(install)
    install.clock = now


async def test_heads_are_entries_themselves(install: Install, clock: SteppingClock) -> None:
    """Proved like any other, with the account that they are of."""
    await fill(install, 30, dice(1))
    await sequence(install)
    clock.advance(NEXT_DAY)
    async with install.unit_of_work() as work:
        await make_heads(work, DAY)
        rows = await work.connection.fetch("SELECT account_id, entries, root, entry_id FROM ledger_head")
    await sequence(install)

    async with install.reading() as work:
        assert {row["account_id"] for row in rows} == set(ACCOUNTS)
        for row in rows:
            entry = read_proof(await prove_entry(work, row["entry_id"])).extra or b""
            assert f'"count":{row["entries"]},"day":"2026-11-20"'.encode() in entry
            assert f'"of":"{row["account_id"]}","root":"{row["root"].hex()}"'.encode() in entry
        assert await compute_heads(work, DAY + timedelta(days=1)) == []


async def test_an_entry_that_came_late_gives_its_account_another_head(install: Install, clock: SteppingClock) -> None:
    """The head that was made before stays in the ledger; the later one counts."""
    await fill(install, 30, dice(1))
    await sequence(install)
    clock.advance(NEXT_DAY)
    async with install.unit_of_work() as work:
        await make_heads(work, DAY)
    await _of_day(install, 0, 1)

    async with install.unit_of_work() as work:
        assert await make_heads(work, DAY) == 1
        assert sum(head.entries for head in (await store.list_heads(work.connection, DAY)).values()) == 31


async def test_a_day_that_is_not_over_has_no_heads(install: Install, clock: SteppingClock) -> None:
    """Nor one of which entries still wait for their places."""
    await fill(install, 3, dice(1))
    async with install.unit_of_work() as work:
        with pytest.raises(Unavailable, match="ledger_day_open"):
            await make_heads(work, DAY)
    clock.advance(NEXT_DAY)
    async with install.unit_of_work() as work:
        with pytest.raises(Unavailable, match="ledger_day_open"):
            await make_heads(work, DAY)
    await sequence(install)
    async with install.unit_of_work() as work:
        assert await make_heads(work, DAY) == 3
        assert await make_heads(work, date(2026, 11, 1)) == 0


async def test_a_checkpoint_leaves_the_house_each_day(install: Install, clock: SteppingClock, tmp_path: Path) -> None:
    """Once a day; the ledger says so, and is checked against it later."""
    folder = tmp_path / "anchors"
    origin = install.settings.origin
    for _ in range(3):
        await fill(install, 5, dice(1))
        await sequence(install)
        async with install.unit_of_work() as work:
            path = await anchor_day(work, folder)
            assert path
            assert path.name == f"{clock():%Y-%m-%d}.checkpoint"
            assert await anchor_day(work, folder) is None
        clock.advance(timedelta(days=1))

    notes = list_anchored(folder, origin)
    keys = open_keys(install.settings).public
    assert [open_checkpoint(note, keys).checkpoint.size for note in notes] == [5, 11, 17]
    assert path
    assert (path.parent / "keys").read_text() == "".join(f"{key.vkey}\n" for key in keys)
    async with install.reading() as work:
        assert (await verify_ledger(work, notes)).is_good
        told = await work.connection.fetchval(
            "SELECT count(*) FROM ledger_entry WHERE body LIKE '%audit:checkpoint:anchored%'"
        )
    assert told == 3


async def test_an_anchor_that_can_not_be_written_is_not_told(install: Install, tmp_path: Path) -> None:
    """The folder is a file: nothing is said in the ledger."""
    await sequence(install)
    (tmp_path / "file").write_text("")
    with pytest.raises(Invalid, match="file_unwritable"):
        async with install.unit_of_work() as work:
            await anchor_day(work, tmp_path / "file" / "folder")

    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM ledger_entry") == 0
