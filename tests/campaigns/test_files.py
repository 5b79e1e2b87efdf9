"""Files: a campaign's own list is imported like any other; its other columns are what each person's message says."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from backoffice.campaigns import files, service, store
from backoffice.campaigns.filling import PART, PAYLOAD, part_id, subject_of
from backoffice.campaigns.loops import fill
from backoffice.contacts.lists import open_list
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.vault.store import load_subjects
from tests.campaigns.making import (
    STATED,
    csv_of,
    do,
    hand_in,
    line,
    look,
    named,
    people_of,
    run,
    spooled,
    to_file,
    wanted,
)
from tests.cast import open_shop

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.plumbing.install import Install
    from tests.cast import Shop


async def _said(install: Install, campaign: StoredCampaign) -> dict[int, dict[str, str]]:
    """Return the parameters of a campaign's rows, by their lines."""
    async with install.reading() as work:
        rows = await store.list_rows(work, campaign, 0)
        subjects = await load_subjects(work.connection, work.vault, [row.contact_id for row in rows])
        opened = {
            row.number: subjects[row.contact_id].open(PAYLOAD, campaign.id, row.payload) for row in rows if row.payload
        }
    return {line_: msgspec.json.decode(own)["parameters"] for line_, own in opened.items()}


async def test_names_and_unknown_columns_become_parameters_under_their_headers(install: Install, shop: Shop) -> None:
    """Address, country, consent and stop are the import's; nothing else of the row is lost, and none of it is clear."""
    campaign = await to_file(install, shop, [line(1), line(2, lamp="Sun & moon")])

    assert await _said(install, campaign) == {
        2: {"first_name": "Anna 1", "lamp": "Lamp 1"},
        3: {"first_name": "Anna 2", "lamp": "Sun & moon"},
    }
    async with install.reading() as work:
        kept = await work.connection.fetch("SELECT payload FROM campaign_row")
        assert await work.connection.fetchval("SELECT count(*) FROM campaign_part") == 0
    assert not any(b"Anna" in row["payload"] for row in kept)


async def test_each_person_of_a_file_is_on_it_once_and_what_cant_be_read_is_counted(
    install: Install, shop: Shop
) -> None:
    """The first line of a person stands; a row without a number is rejected, one with a parameter too long left out."""
    lines = [line(1), line(1, lamp="again"), line(2, lamp="x" * 1025), "nobody,LV,,,,Boriss,Lamp 3", line(4)]

    campaign = await to_file(install, shop, lines)

    assert (campaign.state, campaign.rows, campaign.unfit) == ("ready", 2, 1)
    assert {line_: own["lamp"] for line_, own in (await _said(install, campaign)).items()} == {2: "Lamp 1", 6: "Lamp 4"}


async def test_a_stop_in_the_file_stops_its_person(install: Install, shop: Shop) -> None:
    """They are on the campaign, and denied: nobody is trimmed in silence."""
    campaign = await to_file(install, shop, [line(1), line(2, opted_out_at="2026-05-11T09:00:00Z")])

    await do(install, service.start, campaign)
    ended = await run(install, campaign)

    assert (ended.allowed, ended.denied) == (1, 1)


async def test_a_file_that_cant_be_read_is_refused_and_another_may_follow(install: Install, shop: Shop) -> None:
    """The campaign waits for a file as before; nothing of the first is kept."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, file=STATED))
    bad: dict[bytes, str] = {
        b"name,lamp\nAnna,Sun\n": "column_missing",
        b"\xff\xfephone": "encoding_invalid",
        b"PK\x03\x04": "file_is_no_list",
        b"phone,lamp,lamp\n+37126000001,a,b\n": "parameter_twice",
        b"phone," + b",".join(b"p%d" % place for place in range(51)) + b"\n": "parameters_too_many",
    }
    for body, code in bad.items():
        with spooled(io.BytesIO(body)) as file, pytest.raises(Invalid) as refused:
            await files.check(install, shop.account_id, made.id, file)
        assert refused.value.code == code
    assert (await look(install, made)).state == "draft"

    with spooled(csv_of([line(1)])) as file:
        await files.check(install, shop.account_id, made.id, file)
        async with install.unit_of_work() as work:
            await files.take(work, shop.account_id, made.id, file)
    await fill(install, {"campaign": str(made.id)})

    assert (await look(install, made)).state == "ready"


async def test_only_a_campaign_that_waits_for_a_file_takes_one(install: Install, shop: Shop) -> None:
    """Not one whose people were named, not one that has its file, and not another account's."""
    taken = await hand_in(install, shop, csv_of([line(1)]))
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
        without = await service.create(work, shop.account_id, wanted(shop, recipients=named(1)))
    with spooled(csv_of([line(2)])) as file:
        for campaign in (taken, without):
            with pytest.raises(Refused):
                async with install.unit_of_work() as work:
                    await files.take(work, shop.account_id, campaign.id, file)
        with pytest.raises(NotFound):
            await files.check(install, other.account_id, taken.id, file)


async def test_an_import_that_is_taken_up_again_puts_nobody_on_it_twice(install: Install, shop: Shop) -> None:
    """Died after some rows were stored: the rest follow, each person once, in the order of the file."""
    made = await hand_in(install, shop, csv_of([line(place) for place in range(5)]))
    await fill(install, {"campaign": str(made.id)})
    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM campaign_row WHERE number > 4")
        await work.connection.execute("UPDATE campaign SET state = 'importing', rows = 3")
        subject = await subject_of(work, made)
        sealed = subject.seal(PART, part_id(made.id, 0), csv_of([line(one) for one in range(5)]).getvalue())
        await store.add_part(work, made.id, 0, sealed)

    await fill(install, {"campaign": str(made.id)})

    async with install.reading() as work:
        assert len(set(await people_of(work, made))) == 5
    assert ((await look(install, made)).state, (await look(install, made)).rows) == ("ready", 5)


async def test_a_campaign_that_is_stopped_while_its_file_is_read_stays_stopped(install: Install, shop: Shop) -> None:
    """The job finds it stopped, and its file gone."""
    made = await hand_in(install, shop, csv_of([line(1)]))

    stopped = await do(install, service.stop, made)
    await fill(install, {"campaign": str(made.id)})

    assert (await look(install, made)) == stopped
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM campaign_part") == 0


def test_reading_ten_times_the_rows_takes_no_more_memory(tmp_path: Path) -> None:
    """One slice is in memory, however long the file is."""

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        path.write_bytes(csv_of(line(place % 2_000) for place in range(count)).getvalue())  # numbers are read once
        at = datetime(2026, 11, 20, tzinfo=UTC)
        contacts = open_list(path, channel="whatsapp", region=None, at=at)
        rows = 0
        tracemalloc.start()
        try:
            rows = sum(len(part.lines) for part in files.slices(contacts))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert rows == count

    peak(2_000)
    assert peak(20_000) < 1.1 * peak(2_000)


async def test_what_an_import_found_is_told(install: Install, shop: Shop) -> None:
    """The list that came of it is the account's, with its consents."""
    campaign = await to_file(install, shop, [line(1), line(2, has_agreed=False)])

    async with install.reading() as work:
        consents = await work.connection.fetch("SELECT grade, list_id FROM consent")
        names: Any = await work.connection.fetchval("SELECT count(*) FROM contact_list WHERE imported_at IS NOT NULL")
    assert ([row["grade"] for row in consents], names, campaign.rows) == (["B"], 1, 2)
