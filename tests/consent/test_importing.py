"""Imports: a list is committed slice by slice, twice changes nothing, and no list lifts a stop."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backoffice.audit.merkle import leaf_hash, root
from backoffice.consent import importing, spool
from backoffice.consent.reading import SLICE, Counts, Reading, Source, StoppedError
from backoffice.consent.recording import Recorded
from backoffice.consent.service import list_stops, record_consent, stop_entry, suppress_address, withdraw
from backoffice.consent.stated import Stated
from backoffice.consent.store import ConsentRow, StopRow
from backoffice.consent.wordings import WORDINGS
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.facts import ListFacts, list_facts
from backoffice.contacts.kept import name_of
from backoffice.contacts.service import add_contact, get_contact, unlist
from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.install import Install
from backoffice.plumbing.vault.store import destroy_subject
from tests.consent.test_service import CLAIM
from tests.contacts.rooms import digest, entries, register

WORDS = "Baltic Lamp may send me offers on WhatsApp."
EVIDENCE: dict[str, Any] = {"sender": "Baltic Lamp", "is_attested": True}
STATED = Stated(name="Shop", evidence=EVIDENCE, facts=ListFacts(is_own_customer=True, list_source="own shop"))
HEADER = "phone,country,consent_at,consent_text,opted_out_at,birth_date,person_type"


def row(number: int, *, consent: str = "2026-03-01T10:00:00Z", stop: str = "", country: str = "LV") -> str:
    """Return a line of a list."""
    return f"+3712600{number:04d},{country},{consent},{WORDS if consent else ''},{stop},,"


def people(count: int) -> list[str]:
    """Return lines of a list, each tenth with a stop, each seventh without a consent."""
    return [
        row(
            number,
            consent="" if number % 7 == 0 else "2026-03-01T10:00:00Z",
            stop="2026-05-01T10:00:00Z" if number % 10 == 0 else "",
        )
        for number in range(count)
    ]


class Shop:
    """An account that hands in lists."""

    def __init__(self, install: Install, account_id: UUID, folder: Path) -> None:
        self.install, self.account_id, self.folder = install, account_id, folder

    def write(self, *lines: str) -> Path:
        """Write a list."""
        path = self.folder / "list.csv"
        path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
        return path

    async def state(self, stated: Stated = STATED) -> UUID:
        """State a list."""
        async with self.install.unit_of_work() as work:
            return await importing.state_list(work, self.account_id, stated)

    async def preview(self, path: Path, stated: Stated = STATED) -> tuple[UUID, importing.Preview]:
        """State a list and have it previewed."""
        import_id = await self.state(stated)
        return import_id, await importing.preview(self.install, self.account_id, import_id, path)

    async def hand_in(self, *lines: str, stated: Stated = STATED) -> Counts:
        """Preview and commit a list."""
        path = self.write(*lines)
        import_id, _ = await self.preview(path, stated)
        return await self.commit(import_id, path)

    async def commit(self, import_id: UUID, path: Path, told: Callable[[Counts], None] | None = None) -> Counts:
        """Commit a list that was previewed."""
        return await importing.commit(self.install, self.account_id, import_id, path, told)

    async def digest(self) -> dict[str, str]:
        """Return a hash of all that an import may change."""
        async with self.install.reading() as work:
            return await digest(work.connection)

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        async with self.install.reading() as work:
            counted: int = await work.connection.fetchval(f"SELECT count(*) FROM {table}")
        return counted

    async def progress(self, import_id: UUID) -> importing.Progress:
        """Return how far an import is."""
        async with self.install.reading() as work:
            return await importing.progress(work, self.account_id, import_id)


@pytest.fixture
async def shop(install: Install, tmp_path: Path) -> Shop:
    """A lamp shop in Riga."""
    async with install.unit_of_work() as work:
        return Shop(install, await register(work), tmp_path)


async def test_a_preview_counts_and_stores_nothing_of_the_list(shop: Shop) -> None:
    """But the hash of the file: rows, rejected ones, merged ones, grades, who is new, who said stop."""
    async with shop.install.unit_of_work() as work:
        await add_contact(work, shop.account_id, Wanted("phone", "+37126000001"))
    before = await shop.digest()
    path = shop.write(row(1), row(2), row(2, stop="yes"), row(3, consent=""), "12,LV,,,,,", "13,LV,,,x,,")

    import_id, seen = await shop.preview(path)

    counts = seen.counts
    assert (counts.rows, counts.recipients, counts.merged, counts.rejected) == (4, 3, 1, 2)
    assert (counts.opt_outs, counts.rejected_with_opt_out) == (1, 1)
    assert counts.grades == {"C": 2, "none": 1}
    assert (seen.new, seen.known) == (2, 1)
    assert [(one.line, one.field, one.reason) for one in seen.rejected] == [
        (6, "phone", "number_invalid"),
        (7, "phone", "number_invalid"),
    ]
    assert await shop.digest() == before
    assert (await shop.progress(import_id)).state == "previewed"


async def test_a_commit_stores_what_the_preview_counted(shop: Shop) -> None:
    """Contacts with keys of their own, their list's facts, consents with their evidence, stops by token."""
    path = shop.write(*people(30), "+37126000001,LV,,,,2012-05-01,")
    import_id, seen = await shop.preview(path)

    done = await shop.commit(import_id, path)

    assert (done.rows, done.merged, done.added, done.changed) == (31, 1, seen.new, 0)
    assert (done.consents, done.stops) == (30 - 5, 3)
    now = await shop.progress(import_id)
    assert (now.state, now.done_line, now.counts) == ("committed", 32, done)
    async with shop.install.reading() as work:
        assert now.list_id
        assert (await list_facts(work, [now.list_id]))[now.list_id] == STATED.facts
        lists = await work.connection.fetch("SELECT DISTINCT list_id FROM contact")
        assert [one["list_id"] for one in lists] == [now.list_id]
        contact_id = await work.connection.fetchval("SELECT id FROM contact WHERE born_on IS NOT NULL")
        contact = await get_contact(work, shop.account_id, contact_id)
    assert (contact.address, str(contact.born_on)) == ("+37126000001", "2012-05-01")
    assert await shop.count("vault_key") == 30 + 1  # and the account's


async def test_the_same_file_twice_changes_nothing(shop: Shop, clock: SteppingClock) -> None:
    """Not a row of any table, not an entry: also where the list says stop without a date."""
    lines = [*people(25), row(31, stop="yes"), "+37126000032,LV,,,2026-11-19,2010-01-01,"]
    await shop.hand_in(*lines)
    before = await shop.digest()
    clock.advance(timedelta(days=9))

    again = await shop.hand_in(*lines)

    assert (again.added, again.changed, again.consents, again.stops) == (0, 0, 0, 0)
    assert await shop.digest() == before


async def test_the_same_file_with_more_evidence_adds_only_what_that_proves(shop: Shop) -> None:
    """Contacts and stops stay; the consents reach another grade."""
    await shop.hand_in(row(1), row(2, stop="2026-05-01T10:00:00Z"), stated=Stated(name="Shop"))

    again = await shop.hand_in(row(1), row(2, stop="2026-05-01T10:00:00Z"))

    assert (again.added, again.consents, again.stops) == (0, 2, 0)
    async with shop.install.reading() as work:
        grades = await work.connection.fetch("SELECT grade, count(*) FROM consent GROUP BY 1 ORDER BY 1")
    assert [tuple(one) for one in grades] == [("C", 2), ("D", 2)]


async def test_who_stands_in_a_list_is_told_and_entered_also_where_nothing_else_is_new(shop: Shop) -> None:
    """An older list that is committed after a newer one brings its members, and leaves the newer one's facts."""
    path = shop.write(row(1), row(2), row(1))
    older, _ = await shop.preview(path)
    async with shop.install.unit_of_work() as work:
        sha256 = hashlib.sha256(path.read_bytes()).digest()
        await importing.begin_commit(work, shop.account_id, older, sha256)
    newer = await shop.hand_in(row(1), row(2), row(3), stated=msgspec.structs.replace(STATED, facts=ListFacts()))
    path = shop.write(row(1), row(2), row(1))

    done = await shop.commit(older, path)

    assert (newer.listed, done.listed, done.added, done.changed, done.consents) == (3, 2, 0, 0, 0)
    list_id = (await shop.progress(older)).list_id
    async with shop.install.reading() as work:
        assert sorted(told["listed"] for told in await entries(work, "contacts:list")) == [2, 3]
        standing = await work.connection.fetch("SELECT DISTINCT list_id FROM contact")
        assert [one["list_id"] for one in standing] not in ([], [list_id])
    assert (await shop.hand_in(row(1), row(2), row(1))).listed == 0


async def test_whoever_is_erased_stands_in_no_list(shop: Shop) -> None:
    """Nor does anything that lists stated count for them; the others stay."""
    await shop.hand_in(row(1), row(2))
    await shop.hand_in(row(1), row(2), row(3))
    async with shop.install.unit_of_work() as work:
        gone = await add_contact(work, shop.account_id, Wanted("phone", "+37126000001"))
        await unlist(work, [gone.id])

    async with shop.install.reading() as work:
        members = await work.connection.fetch("SELECT list_id FROM list_member WHERE contact_id = $1", gone.id)
        newest = await work.connection.fetchval("SELECT list_id FROM contact WHERE id = $1", gone.id)
    assert (members, newest, await shop.count("list_member")) == ([], None, 3)


class _KilledError(Exception):
    """Stands for the end of the process."""


async def test_an_import_that_was_killed_goes_on_where_it_stood(shop: Shop) -> None:
    """Each slice is there whole or not at all, and what comes out is what comes out of one go."""
    lines = people(SLICE * 2 + 300)
    path = shop.write(*lines)
    import_id, _ = await shop.preview(path)

    def kill(counts: Counts) -> None:
        assert counts.rows == SLICE
        raise _KilledError

    with pytest.raises(_KilledError):
        await shop.commit(import_id, path, kill)
    halfway = await shop.progress(import_id)
    assert (halfway.state, halfway.done_line, await shop.count("contact")) == ("committing", SLICE + 1, SLICE)

    seen: list[int] = []
    done = await shop.commit(import_id, path, lambda counts: seen.append(counts.rows))

    assert seen == [SLICE * 2, SLICE * 2 + 300]
    assert (done.added, done.stops) == (len(lines), len(lines) // 10)
    assert (await shop.commit(import_id, path)) == done
    before = await shop.digest()
    await shop.hand_in(*lines)
    assert await shop.digest() == before


async def test_a_slice_that_fails_leaves_nothing_of_itself(shop: Shop) -> None:
    """The database refuses its last row, and its first is not there either."""
    path = shop.write(*people(20))
    import_id, _ = await shop.preview(path)
    async with shop.install.unit_of_work() as work:
        await work.connection.execute("ALTER TABLE suppression ADD CONSTRAINT none CHECK (topic = 'none') NOT VALID")
    try:
        with pytest.raises(Exception, match="none"):
            await shop.commit(import_id, path)
    finally:
        async with shop.install.unit_of_work() as work:
            await work.connection.execute("ALTER TABLE suppression DROP CONSTRAINT none")

    assert (await shop.count("contact"), await shop.count("consent"), await shop.count("vault_key")) == (0, 0, 1)
    assert (await shop.commit(import_id, path)).added == 20


async def test_two_processes_at_one_import_store_each_slice_once(shop: Shop) -> None:
    """One of them goes on, the other is told that it is elsewhere."""
    path = shop.write(*people(SLICE + 50))
    import_id, _ = await shop.preview(path)

    told = await asyncio.gather(*(shop.commit(import_id, path) for _ in range(2)), return_exceptions=True)

    done = [one for one in told if isinstance(one, Counts)]
    refused = [one for one in told if isinstance(one, Refused)]
    assert len(done) + len(refused) == 2
    assert done
    assert (await shop.progress(import_id)).counts.added == SLICE + 50
    assert await shop.count("contact") == SLICE + 50


async def test_no_import_lifts_a_stop_or_revives_what_was_withdrawn(shop: Shop) -> None:
    """A newer consent of any grade in a list leaves the stop on record, and an older one comes back withdrawn."""
    await shop.hand_in(row(1))
    async with shop.install.unit_of_work() as work:
        await suppress_address(
            work, shop.account_id, "+37126000001", reason="reply", at=datetime(2026, 4, 1, tzinfo=UTC)
        )
        ref = await add_contact(work, shop.account_id, Wanted("phone", "+37126000001"))
        (given,) = await record_consent(work, shop.account_id, ref.id, CLAIM)
        await withdraw(work, shop.account_id, given.row.id)

    await shop.hand_in(row(1, consent="2026-06-01T10:00:00Z"), row(2))

    async with shop.install.reading() as work:
        assert len(await list_stops(work, shop.account_id, "+37126000001")) == 1
        standing = await work.connection.fetch(
            "SELECT contact_id FROM consent WHERE withdrawn_at IS NULL AND contact_id = $1", ref.id
        )
    assert standing == []
    assert await shop.count("consent") == 4


async def test_who_was_erased_is_not_revived_by_a_list_and_holds_up_nobody_else(shop: Shop) -> None:
    """Where the row is left and its key is gone, nothing is sealed for it; the others of the list are stored."""
    await shop.hand_in(row(1))
    async with shop.install.unit_of_work() as work:
        contact_id = await work.connection.fetchval("SELECT id FROM contact")
        await destroy_subject(work.connection, contact_id, work.at)

    done = await shop.hand_in(
        row(1, consent="2026-06-01T10:00:00Z").replace(",,", ",,1990-01-01,").removesuffix(","), row(2)
    )

    assert (done.added, done.consents) == (1, 1)


async def test_a_stop_in_any_row_stops_its_address_also_where_the_row_is_rejected(shop: Shop) -> None:
    """No opt-out is lost through a typo elsewhere in its row, contact or not."""
    rejected = f"+37126000009,LV,soon,{WORDS},2026-05-01T10:00:00Z,,"

    done = await shop.hand_in(row(1), row(2), row(1, stop="yes"), rejected)

    assert (done.rejected, done.added, done.stops) == (1, 2, 2)
    async with shop.install.reading() as work:
        for number in (1, 9):
            assert len(await list_stops(work, shop.account_id, f"+3712600000{number}")) == 1


async def test_one_address_that_has_no_token_costs_its_row_and_no_other(shop: Shop) -> None:
    """A firm's short number is rejected, and a date that stands for none is no consent; the list goes on."""
    path = shop.write(row(1), "+989601,IR,,,,,", row(2, consent="1970-01-01T00:00:00Z"), row(3, stop="1970-01-01"))

    import_id, seen = await shop.preview(path)
    done = await shop.commit(import_id, path)

    assert [(one.line, one.field, one.reason) for one in seen.rejected] == [
        (3, "phone", "number_short"),
        (4, "consent_at", "date_too_early"),
        (5, "opted_out_at", "date_too_early"),
    ]
    assert (done.rows, done.rejected, done.added, done.consents, done.stops) == (1, 3, 1, 1, 1)
    async with shop.install.reading() as work:
        assert len(await list_stops(work, shop.account_id, "+37126000003")) == 1


async def test_each_slice_is_one_entry_whose_root_commits_to_all_it_added(shop: Shop) -> None:
    """Whoever has the rows can make the root again; the entry itself names nobody."""
    await shop.hand_in(*people(12))

    async with shop.install.reading() as work:
        (told,) = await entries(work, "contacts:list")
        contacts = await work.connection.fetch("SELECT id, commitment FROM contact")
        consents = [ConsentRow(*one) for one in await work.connection.fetch("SELECT * FROM consent")]
        wordings = await WORDINGS.recall(work, {one.wording_id for one in consents})
        stops = [StopRow(*one) for one in await work.connection.fetch("SELECT * FROM suppression")]
    person = {one["id"]: one["commitment"] for one in contacts}
    leaves = [
        *({"contact": contact_id, "person": commitment.hex()} for contact_id, commitment in person.items()),
        *(Recorded(one, person[one.contact_id], name_of(wordings[one.wording_id])).entry() for one in consents),
        *(stop_entry(one) for one in stops),
    ]
    hashed = [leaf_hash(msgspec.json.encode(leaf, order="sorted")) for leaf in leaves]
    assert told["root"] == root(hashed).hex()
    assert (told["added"], told["consents"], told["stops"]) == (12, 10, 2)
    assert (told["from_line"], told["to_line"]) == (1, 13)
    assert not re.search(r"2600|Baltic|Shop", str(told))


async def test_another_file_than_the_previewed_one_is_refused(shop: Shop) -> None:
    """What was looked at is what is stored."""
    import_id, _ = await shop.preview(shop.write(row(1)))

    with pytest.raises(Invalid) as refused:
        await shop.commit(import_id, shop.write(row(1), row(2)))

    assert refused.value.code == "file_differs"
    assert await shop.count("contact") == 0
    assert (await shop.commit(import_id, shop.write(row(1)))).added == 1


async def test_an_import_without_a_preview_or_of_another_account_is_refused(shop: Shop) -> None:
    """The order of things is the account's protection, and nobody sees another's."""
    path = shop.write(row(1))
    import_id = await shop.state()
    with pytest.raises(Refused):
        await shop.commit(import_id, path)
    async with shop.install.unit_of_work() as work:
        other = await register(work, name="Other Lamp")

    with pytest.raises(NotFound):
        await importing.preview(shop.install, other, import_id, path)


async def test_a_file_that_cannot_be_read_is_told_and_may_be_handed_in_again(shop: Shop) -> None:
    """A preview that fails changes nothing."""
    path = shop.write(row(1))
    path.write_bytes(b"name,surname\nAnna,Ozola\n")
    import_id = await shop.state()

    with pytest.raises(Invalid) as refused:
        await importing.preview(shop.install, shop.account_id, import_id, path)

    assert refused.value.code == "column_missing"
    assert (await shop.progress(import_id)).state == "stated"
    await importing.preview(shop.install, shop.account_id, import_id, shop.write(row(1)))


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        (Stated(name=" "), "name"),
        (Stated(name="x", encoding="latin-9"), "encoding"),
        (Stated(name="x", region="Latvia"), "country"),
        (Stated(name="x", evidence={"sender": 5}), "list.sender"),
    ],
)
async def test_what_cannot_be_stated_is_refused_with_its_field(shop: Shop, stated: Stated, field: str) -> None:
    """Before a file is asked for."""
    with pytest.raises(Invalid) as refused:
        await shop.state(stated)

    assert refused.value.data["field"] == field


async def test_a_kept_file_is_sealed_imported_by_the_job_and_let_go_of(shop: Shop) -> None:
    """In pieces that hold nothing in clear; a second run of the job does nothing."""
    path = shop.write(*people(40))
    import_id, _ = await shop.preview(path)
    sha256 = hashlib.sha256(path.read_bytes()).digest()
    with path.open("rb") as file:
        await spool.keep(shop.install, shop.account_id, import_id, file, sha256)
    async with shop.install.unit_of_work() as work:
        pieces = await work.connection.fetch("SELECT body FROM import_part")
        await importing.begin_commit(work, shop.account_id, import_id, sha256)
    payload = {"account_id": str(shop.account_id), "import_id": str(import_id)}

    await spool.run(shop.install, payload)
    await spool.run(shop.install, payload)

    assert pieces
    assert all(b"2600" not in piece["body"] for piece in pieces)
    assert (await shop.progress(import_id)).counts.added == 40
    assert await shop.count("import_part") == 0


async def test_an_import_that_is_called_off_ends_at_its_next_row_and_goes_on_later(shop: Shop) -> None:
    """Nobody waits for a list to be read to its end when the program is told to stop."""
    import_id, _ = await shop.preview(path := shop.write(*people(SLICE + 100)))
    stored = asyncio.Event()
    task = asyncio.create_task(shop.commit(import_id, path, lambda _counts: stored.set()))
    await stored.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await shop.progress(import_id)).state == "committing"
    assert (await shop.commit(import_id, path)).added == SLICE + 100


def test_a_reading_that_was_stopped_reads_no_further(tmp_path: Path) -> None:
    """The thread is let go of between two rows."""
    path = tmp_path / "list.csv"
    path.write_text(f"{HEADER}\n{row(1)}\n", encoding="utf-8")
    reading = Reading(Source(path, STATED, UUID(int=1), "LV", None, datetime(2026, 11, 20, tzinfo=UTC)))  # type: ignore[arg-type]
    reading.stop()

    with pytest.raises(StoppedError):
        reading.begin()


async def test_the_loop_goes_on_while_a_list_is_read(shop: Shop) -> None:
    """Reading is done in a thread, so that others are served meanwhile."""
    import_id, _ = await shop.preview(path := shop.write(*people(300)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not importing_task.done():
            turns += 1
            await asyncio.sleep(0)

    importing_task = asyncio.create_task(shop.commit(import_id, path))
    await others()

    assert importing_task.result().added == 300
    assert turns > 10
