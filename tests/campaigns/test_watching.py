"""Watching and reporting: how far a campaign is, and every send of it, told to its account and nobody else."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.campaigns import service, store
from backoffice.campaigns.advancing import advance
from backoffice.campaigns.report import COLUMNS, Form, Report, _cell
from backoffice.campaigns.telling import progress_of
from backoffice.campaigns.watching import look as watch_once
from backoffice.campaigns.watching import watch
from backoffice.kernel.errors import NotFound
from backoffice.relay.lines import FORMULA
from tests.campaigns.making import csv_of, do, hand_in, line, look, run, to_file, to_named

if TYPE_CHECKING:
    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.plumbing.install import Install
    from tests.cast import Shop


async def _report(install: Install, campaign: StoredCampaign, form: Form = "csv", verdict: str = "") -> str:
    report = Report(install, await look(install, campaign), "en", verdict)
    return b"".join([piece async for piece in report.lines(form)]).decode()


async def test_watching_tells_each_slice_and_ends_with_the_campaign(install: Install, shop: Shop) -> None:
    """At once, after each slice, and last when everybody was decided about."""
    campaign = await to_named(install, shop, 2_100)
    await do(install, service.start, campaign)
    told = []
    async for progress in watch(install, shop.account_id, campaign.id, every=0):
        told.append(progress)
        await advance(install, campaign.id)

    assert [one.decided for one in told] == [0, 1_000, 2_000, 2_100]
    assert [one.state for one in told] == ["running", "running", "running", "done"]
    assert told[-1].sends == {"denied": 2_100}
    assert [one.version for one in told] == sorted({one.version for one in told})


async def test_whoever_comes_back_is_told_what_is_new_only(install: Install, shop: Shop) -> None:
    """With the last event they saw nothing is told again; with an older one, how far it is now."""
    campaign = await to_named(install, shop, 1)
    before = (await look(install, campaign)).version
    await do(install, service.start, campaign)
    ended = await run(install, campaign)

    assert [one async for one in watch(install, shop.account_id, campaign.id, seen=ended.version, every=0)] == []
    (one,) = [one async for one in watch(install, shop.account_id, campaign.id, seen=before, every=0)]
    assert (one.state, one.decided) == ("done", 1)


async def test_a_stopped_campaign_is_watched_until_it_is_clear(install: Install, shop: Shop) -> None:
    """Its last event comes when nothing of it can leave any more."""
    from backoffice.campaigns.advancing import clear  # noqa: PLC0415

    campaign = await to_file(install, shop, [line(place) for place in range(1_100)])
    await do(install, service.start, campaign)
    await advance(install, campaign.id)
    await do(install, service.stop, campaign)
    told = []
    async for progress in watch(install, shop.account_id, campaign.id, every=0):
        told.append((progress.is_clearing, progress.sends))
        await clear(install, campaign.id)

    assert told[0] == (True, {"queued": 1_000})
    assert told[-1] == (False, {"stopped": 1_000})


async def test_another_account_sees_nothing_of_it(install: Install, shop: Shop) -> None:
    """Its id leads nowhere."""
    from tests.cast import open_shop  # noqa: PLC0415

    campaign = await to_named(install, shop, 1)
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")

    with pytest.raises(NotFound):
        await watch_once(install, other.account_id, campaign.id)
    async with install.reading() as work:
        assert await store.list_campaigns(work, other.account_id, before=None, state="", count=10) == []


async def test_how_far_a_file_is_read_is_told(install: Install, shop: Shop) -> None:
    """Waiting for its job, then read: what was rejected and why."""
    from backoffice.campaigns.loops import fill  # noqa: PLC0415

    campaign = await hand_in(install, shop, csv_of([line(1), "nobody,LV,,,,Boriss,Sun"]))
    async with install.reading() as work:
        waiting = (await progress_of(work, campaign)).reading
    await fill(install, {"campaign": str(campaign.id)})
    async with install.reading() as work:
        read = (await progress_of(work, await look(install, campaign))).reading

    assert waiting
    assert read
    assert (waiting.state, waiting.line) == ("stated", 0)
    assert (read.state, read.rows, read.rejected, read.rejections) == ("committed", 2, 1, {"number_invalid": 1})


async def test_what_became_of_the_messages_is_counted(install: Install, shop: Shop) -> None:
    """Delivered and read, by what providers have told; who read it has it, though nobody said that it was delivered."""
    campaign = await to_file(install, shop, [line(place) for place in range(3)])
    await do(install, service.start, campaign)
    ended = await run(install, campaign)
    async with install.unit_of_work() as work:
        sends = [row["id"] for row in await work.connection.fetch("SELECT id FROM send ORDER BY id")]
        for send_id, is_read in zip(sends[:2], (True, False), strict=True):
            await work.connection.execute(
                "INSERT INTO delivery (send_id, account_id, attempt, is_doubled, code, reason, delivered_at, read_at,"
                " looks) VALUES ($1, $2, 1, false, 0, '', $3, $4, 0)",
                *(send_id, shop.account_id, None if is_read else work.at, work.at if is_read else None),
            )

    async with install.reading() as work:
        told = await progress_of(work, ended)
    assert (told.sends, told.delivered, told.was_read) == ({"queued": 3}, 2, 1)


async def test_the_report_holds_every_send_with_its_reasons(install: Install, shop: Shop) -> None:
    """A line a send, by the line of the file; those denied say why, each reason with its source."""
    campaign = await to_file(install, shop, [line(place, has_agreed=place < 3) for place in range(5)])
    await do(install, service.start, campaign)
    await run(install, campaign)

    rows = list(csv.DictReader(io.StringIO(await _report(install, campaign), newline="")))

    assert tuple(rows[0]) == COLUMNS
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6"]
    assert [row["verdict"] for row in rows] == ["allow"] * 3 + ["deny"] * 2
    assert all("GDPR Art. 7(1)" in row["reasons"] for row in rows[3:])
    assert not any(row["reasons"] for row in rows[:3])


async def test_a_report_as_json_tells_the_same_and_can_keep_to_one_verdict(install: Install, shop: Shop) -> None:
    """One object a line; only those denied where only they are asked for."""
    campaign = await to_file(install, shop, [line(place, has_agreed=place < 1) for place in range(3)])
    await do(install, service.start, campaign)
    await run(install, campaign)

    lines: list[dict[str, Any]] = [
        msgspec.json.decode(one) for one in (await _report(install, campaign, "jsonl", "deny")).splitlines()
    ]

    assert [(one["line"], one["verdict"]) for one in lines] == [(3, "deny"), (4, "deny")]
    assert all(one["reasons"] for one in lines)
    assert all({"code", "citation", "says"} <= set(reason) for one in lines for reason in one["reasons"])


async def test_a_report_outlives_the_program_that_decided(install: Install, shop: Shop) -> None:
    """The rulebook answers under another name since: codes and sources still stand in the report."""
    campaign = await to_named(install, shop, 1)
    await do(install, service.start, campaign)
    await run(install, campaign)
    before = msgspec.json.decode(await _report(install, campaign, "jsonl"))["reasons"]
    async with install.unit_of_work() as work:
        (row,) = await work.connection.fetch("SELECT hash, body FROM outcome")
        older = row["body"].replace(b'"rulebook":"', b'"rulebook":"0')
        name = msgspec.json.decode(older)["rulebook"]
        await work.connection.execute("UPDATE outcome SET body = $1", older)
        await work.connection.execute("UPDATE rulebook SET name = $1", name)

    after = msgspec.json.decode(await _report(install, campaign, "jsonl"))["reasons"]

    assert [one["code"] for one in after] == [one["code"] for one in before]
    assert [one["source"] for one in after] == [one["source"] for one in before]
    assert "GDPR" not in await _report(install, campaign)


async def test_a_report_goes_on_behind_a_thousand(install: Install, shop: Shop) -> None:
    """Each of 2,100 stands in it once; before its start it has nobody."""
    campaign = await to_named(install, shop, 2_100)
    assert (await _report(install, campaign)).splitlines() == [",".join(COLUMNS)]
    await do(install, service.start, campaign)
    await run(install, campaign)

    rows = list(csv.DictReader(io.StringIO(await _report(install, campaign), newline="")))

    assert sorted(int(row["line"]) for row in rows) == list(range(1, 2_101))


@given(st.text())
def test_whatever_a_cell_holds_no_spreadsheet_reads_it_as_a_formula(text: str) -> None:
    """It begins with a quotation mark where it would begin as a formula does, and is as it was elsewhere."""
    cell = _cell({"failure": text}, "failure")

    assert not cell.startswith(FORMULA)
    assert cell in {text, f"'{text}"}


async def test_no_cell_of_a_report_is_a_formula(install: Install, shop: Shop) -> None:
    """What a provider calls its failure may begin like one; a spreadsheet reads it as text."""
    campaign = await to_file(install, shop, [line(1)])
    await do(install, service.start, campaign)
    await run(install, campaign)
    async with install.unit_of_work() as work:
        await work.connection.execute(
            "INSERT INTO delivery (send_id, account_id, attempt, is_doubled, code, reason, looks)"
            " SELECT id, account_id, 1, false, 0, '=HYPERLINK(1)', 0 FROM send"
        )

    (row,) = csv.DictReader(io.StringIO(await _report(install, campaign), newline=""))

    assert row["failure"] == "'=HYPERLINK(1)"
