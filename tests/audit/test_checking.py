"""Checking a ledger: whatever its database's superuser does to it is found, and nothing else is."""

from __future__ import annotations

import asyncio
import os
import tracemalloc

import pytest

from backoffice.audit import store
from backoffice.audit.checking import Findings, verify_ledger
from backoffice.audit.keys import open_keys
from backoffice.audit.ledger import NOBODY, append
from backoffice.audit.notes import Signer, sign_note
from backoffice.audit.sequencer import read_signed, signed_file
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.install import Install
from tests.audit.attacks import ATTACKS, Attack, carry_out, dump, restore
from tests.audit.keeping import fill, sequence
from tests.audit.made import count, dice


async def check(install: Install, *kept: bytes) -> Findings:
    """Check the whole ledger."""
    async with install.reading() as work:
        return await verify_ledger(work, kept)


async def grown(install: Install, entries: int, steps: int) -> list[bytes]:
    """Make a ledger in steps; return the note that each step signed."""
    notes = []
    for step in range(steps):
        await fill(install, entries // steps, dice(step))
        await sequence(install)
        notes.append(read_signed(install.settings) or b"")
    return notes


async def test_a_ledger_as_it_was_made_is_good(install: Install) -> None:
    """At every size, with entries that still wait, and with checkpoints kept elsewhere."""
    random = dice(4)
    notes: list[bytes] = []
    for entries in [0] + [random.choice([1, 3, 90, 257]) for _ in range(count(15, 200))]:
        await fill(install, entries, random)
        findings = await check(install, *notes)
        assert findings.faults == ()
        size = (await sequence(install)).size
        notes.append(read_signed(install.settings) or b"")
        findings = await check(install, *notes)
        assert (findings.size, findings.faults, findings.is_good) == (size, (), True)
        assert findings.checkpoints >= len(notes)


@pytest.mark.parametrize("is_thorough", [False, True], ids=["careless", "thorough"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_attack_on_what_was_signed_is_found(install: Install, attack: Attack, *, is_thorough: bool) -> None:
    """With nothing but a checkpoint that was kept elsewhere: no file of this machine, no later checkpoint."""
    random = dice(7)
    kept = (await grown(install, 600, 3))[1]
    signed_file(install.settings).unlink()
    async with install.unit_of_work() as work:
        rows, ledger = await dump(work), await store.list_placed(work.connection, 0, 600)
    for _ in range(count(3, 200)):
        async with install.unit_of_work() as work:
            await carry_out(work, attack(work, ledger, random.randrange(400)), is_thorough=is_thorough)
        assert not (await check(install, kept)).is_good
        async with install.unit_of_work() as work:
            await restore(work, rows)
    assert (await check(install, kept)).is_good


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_attack_on_what_came_later_is_found_by_the_file(install: Install, attack: Attack) -> None:
    """What was signed last is kept on the machine, outside the database."""
    random = dice(8)
    kept = (await grown(install, 600, 3))[0]
    async with install.unit_of_work() as work:
        rows, ledger = await dump(work), await store.list_placed(work.connection, 0, 600)
    for _ in range(count(3, 50)):
        async with install.unit_of_work() as work:
            await carry_out(work, attack(work, ledger, random.randrange(200, 600)), is_thorough=True)
        assert not (await check(install, kept)).is_good
        async with install.unit_of_work() as work:
            await restore(work, rows)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("UPDATE ledger_entry SET body = body || ' ' WHERE id = {id}", "entry_changed"),
        ("DELETE FROM ledger_entry WHERE id = {id}", "entry_missing"),
        ("DELETE FROM ledger_place WHERE entry_id = {id}", "place_empty"),
        ("UPDATE ledger_entry SET account_id = gen_random_uuid() WHERE id = {id}", "entry_misnamed"),
        ("UPDATE ledger_place SET account_id = gen_random_uuid() WHERE entry_id = {id}", "entry_misnamed"),
        (
            "UPDATE ledger_tile SET hashes = substr(hashes, 33) || substr(hashes, 1, 32) WHERE number = 1",
            "entry_changed",
        ),
        ("DELETE FROM ledger_tile WHERE number = 1", "tile_count"),
        ("UPDATE ledger_edge SET hashes = sha256('') || substr(hashes, 33) WHERE level = 1", "edge_changed"),
        ("DELETE FROM ledger_edge WHERE level = 0", "edge_changed"),
        ("UPDATE ledger_checkpoint SET root = sha256('') WHERE size = 400", "checkpoint_contradicted"),
        ("UPDATE ledger_checkpoint SET size = 599 WHERE size = 600", "checkpoint_contradicted"),
        ("UPDATE ledger_checkpoint SET size = 601 WHERE size = 600", "ledger_truncated"),
        ("UPDATE ledger_checkpoint SET note = replace(note, '600', '601')", "checkpoint_unsigned"),
        (
            "UPDATE ledger_checkpoint c SET note = o.note FROM ledger_checkpoint o WHERE o.size = 200",
            "checkpoint_unsigned",
        ),
        ("INSERT INTO ledger_queue SELECT id, account_id, sha256('\\x00' || body) FROM ledger_entry", "queue_changed"),
        ("INSERT INTO ledger_queue SELECT id, account_id, sha256(body) FROM ledger_entry", "queue_changed"),
        ("INSERT INTO ledger_queue VALUES (gen_random_uuid(), gen_random_uuid(), sha256(''))", "queue_changed"),
        ("INSERT INTO ledger_entry SELECT overlay({id}::text placing '0' from 36)::uuid, {id}, ''", "entry_unplaced"),
    ],
)
async def test_each_damage_is_called_by_its_name(install: Install, damage: str, code: str) -> None:
    """So that whoever reads the findings knows where to look."""
    await grown(install, 600, 3)
    async with install.unit_of_work() as work:
        entry_id = await work.connection.fetchval(
            "SELECT entry_id FROM ledger_place WHERE entry_id::text NOT LIKE '%0' ORDER BY place LIMIT 1 OFFSET 300"
        )
        await work.connection.execute(damage.format(id=f"'{entry_id}'::uuid"))

    findings = await check(install)

    assert code in {fault.code for fault in findings.faults}
    assert not findings.is_good


@pytest.mark.skipif(not os.environ.get("CI"), reason="fills a second level of tiles with 65,600 entries: in CI only")
async def test_a_tile_above_the_leaves_is_compared(install: Install) -> None:
    """Also where every entry and every leaf is as it was."""
    await fill(install, 65_600, dice(1), (8200,))
    await sequence(install)
    assert (await check(install)).is_good
    async with install.unit_of_work() as work:
        await work.connection.execute(
            "UPDATE ledger_tile SET hashes = substr(hashes, 33) || sha256('') WHERE level = 1"
        )

    assert [fault.code for fault in (await check(install)).faults] == ["tile_changed"]


async def test_many_faults_are_counted(install: Install) -> None:
    """A hundred are told one by one."""
    await grown(install, 600, 1)
    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM ledger_entry")

    findings = await check(install)

    assert (len(findings.faults), findings.faults_in_all) == (100, 600)


async def test_a_file_that_can_not_be_read_is_a_fault(install: Install) -> None:
    """What was signed last on this machine is part of what is checked."""
    await grown(install, 3, 1)
    signed_file(install.settings).write_bytes(b"")

    assert [fault.code for fault in (await check(install)).faults] == ["signed_unreadable"]


async def test_anothers_checkpoint_is_no_evidence(install: Install) -> None:
    """What is handed in as kept elsewhere must be signed by the ledger's own key."""
    (note,) = await grown(install, 3, 1)
    body = note.partition(b"\n\n")[0] + b"\n"

    with pytest.raises(Invalid, match="note_unsigned"):
        await check(install, sign_note(body, [Signer(install.settings.origin, bytes(32))]))


async def test_an_entry_that_waits_is_no_fault(install: Install) -> None:
    """It has its place within a second."""
    async with install.unit_of_work() as work:
        await append(work, "audit:test:made", NOBODY)

    assert (await check(install)).is_good


async def test_a_ledger_that_grows_meanwhile_is_good(install: Install) -> None:
    """Checked again and again while entries come in, get their places and are signed."""
    sizes: list[int] = []

    async def grow() -> None:
        for number in range(count(15, 100)):
            await fill(install, 60, dice(number))
            await sequence(install)

    growing = asyncio.create_task(grow())
    while not growing.done():
        findings = await check(install)
        assert findings.faults == ()
        sizes.append(findings.size)
    await growing
    assert len(set(sizes)) > 3


async def test_memory_stays_the_same(install: Install) -> None:
    """A ledger twice as long is checked in the same room."""
    await fill(install, 4_096, dice(1), (1024,))
    await sequence(install)
    small = await _peak(install)
    await fill(install, 4_096, dice(2), (1024,))
    await sequence(install)

    assert await _peak(install) < small * 1.2


async def _peak(install: Install) -> int:
    await check(install)
    tracemalloc.start()
    try:
        assert (await check(install)).is_good
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_it_checks_with_the_keys_it_is_told(install: Install) -> None:
    """An auditor brings the key, and doesn't take the machine's."""
    await grown(install, 3, 1)
    async with install.reading() as work:
        assert (await verify_ledger(work, keys=open_keys(install.settings).public)).is_good
        with pytest.raises(Invalid, match="note_unsigned"):
            await verify_ledger(work, [read_signed(install.settings) or b""], keys=[Signer("x", bytes(32)).key])
