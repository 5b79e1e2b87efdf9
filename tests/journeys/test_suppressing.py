"""Stops that another system received: stored once, whatever interrupts it, and seen by whoever is about to send."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections import Counter
from contextvars import Context
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.campaigns import service as campaigns
from backoffice.channels.recording import RecordingChannel
from backoffice.consent import spool
from backoffice.consent.evidence import InboundMessage
from backoffice.consent.service import Claim, record_consent, suppress_address
from backoffice.consent.stops import importing, states
from backoffice.consent.stops.reading import SLICE
from backoffice.consent.stops.stated import StatedStops
from backoffice.consent.stops.weighing import Counts, Result
from backoffice.contacts.addresses import person_token
from backoffice.contacts.aliases import add_aliases
from backoffice.delivery.courier import Courier
from backoffice.delivery.limits import Limits
from backoffice.journeys import suppressing
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.locks import stop_person
from backoffice.worker import JOBS, LOOPS
from tests.campaigns.making import do, line, number, run, to_file, to_named
from tests.cast import WORDS, Shop, hold_registers, know, open_shop
from tests.contacts.rooms import entries

if TYPE_CHECKING:
    from backoffice.kernel.clock import SteppingClock
    from backoffice.plumbing.install import Install

STATED = StatedStops(name="Old system", region="LV")


class Desk:
    """The shop's desk, at which lists of stops are handed in."""

    def __init__(self, install: Install, shop: Shop, folder: Path) -> None:
        self.install, self.shop, self.folder = install, shop, folder

    def write(self, *lines: str, header: str = "phone,date") -> Path:
        """Write a list."""
        path = self.folder / "stops.csv"
        path.write_text("\n".join((header, *lines, "")), encoding="utf-8")
        return path

    async def state(self, stated: StatedStops = STATED) -> UUID:
        """State a list."""
        async with self.install.unit_of_work() as work:
            return await importing.state_stops(work, self.shop.account_id, stated)

    async def hand_in(self, *lines: str, header: str = "phone,date", stated: StatedStops = STATED) -> Counts:
        """State a list and store it."""
        return await self.commit(await self.state(stated), self.write(*lines, header=header))

    async def commit(self, import_id: UUID, path: Path, told: Any = None) -> Counts:  # noqa: ANN401  # a callable
        """Store a list."""
        return await suppressing.commit(self.install, self.shop.account_id, import_id, path, told)

    async def preview(self, path: Path) -> importing.Preview:
        """Count a list."""
        return await suppressing.preview(self.install, self.shop.account_id, STATED, path)

    async def progress(self, import_id: UUID) -> importing.Progress:
        """Return how far an import is."""
        async with self.install.reading() as work:
            return await importing.progress(work, self.shop.account_id, import_id)

    async def results(self, import_id: UUID) -> list[Result]:
        """Return what became of each line."""
        parts = importing.list_results(self.install, self.shop.account_id, import_id)
        return [one async for part in parts for one in part]

    async def stops(self) -> list[tuple[Any, ...]]:
        """Return all stops on record."""
        async with self.install.reading() as work:
            rows = await work.connection.fetch(
                "SELECT token, scope, channel, at, reason FROM suppression ORDER BY 1, 4"
            )
        return [tuple(row) for row in rows]

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        async with self.install.reading() as work:
            counted: int = await work.connection.fetchval(f"SELECT count(*) FROM {table}")
        return counted


@pytest.fixture
async def desk(install: Install, tmp_path: Path) -> Desk:
    """The desk of a shop that may send."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        return Desk(install, await open_shop(work, credits_=5_000), tmp_path)


def figures(counts: Counts) -> tuple[int, ...]:
    """Return rows, new, known, no opt-out, unreadable."""
    return counts.rows, counts.new, counts.known, counts.not_opt_out, counts.unreadable


async def test_a_preview_counts_what_storing_it_does_and_leaves_nothing(desk: Desk) -> None:
    """Line by line; the second row of a person is known, wherever it stands."""
    rows = [f"{number(place)}," for place in range(SLICE + 5)]
    path = desk.write(*rows, number(1), "12,", f"{number(2)},nonsense")

    seen = await desk.preview(path)
    assert await desk.stops() == []
    import_id = await desk.state()
    done = await desk.commit(import_id, path)

    assert figures(seen.counts) == figures(done) == (SLICE + 8, SLICE + 5, 2, 0, 1)
    assert (done.stops, done.doubtful) == (seen.counts.stops, seen.counts.doubtful) == (SLICE + 5, 2)
    assert done.reasons == {"columns_count": 1, "number_invalid": 1, "date_invalid": 1}
    assert [(one.line, one.reason) for one in seen.faults] == [
        *((SLICE + 7, "columns_count"), (SLICE + 8, "number_invalid"), (SLICE + 9, "date_invalid")),
    ]
    results = await desk.results(import_id)
    assert [one.line for one in results] == list(range(2, SLICE + 10))
    assert Counter(one.outcome for one in results) == {"new": done.new, "known": 2, "unreadable": 1}
    assert (seen.form, seen.columns, seen.unknown) == ("csv", {"phone": "phone", "date": "date"}, ())


async def test_the_same_list_twice_adds_nothing(desk: Desk, clock: SteppingClock) -> None:
    """Also where no date is told: it is read for the same moment. One entry, for the one slice that added."""
    lines = (f"{number(1)},2026-05-01T10:00:00Z", f"{number(2)},", f"{number(3)},2026-11-20")
    first = await desk.hand_in(*lines)
    before = await desk.stops()
    clock.advance(timedelta(days=9))
    again = await desk.hand_in(*lines)

    assert (figures(first), figures(again)) == ((3, 3, 0, 0, 0), (3, 0, 3, 0, 0))
    assert await desk.stops() == before
    async with desk.install.reading() as work:
        told = await entries(work, "consent:suppression")
    assert [(one["kind"], one["stops"], one["from_line"], one["to_line"]) for one in told] == [
        ("consent:suppression:imported", 3, 1, 4)
    ]
    assert {stop[4] for stop in before} == {"import"}


async def test_another_list_without_dates_says_nothing_new_of_whom_it_stopped(desk: Desk, clock: SteppingClock) -> None:
    """A daily copy of a whole list adds its new people and no second stop; a newer date is a newer stop."""
    await desk.hand_in(f"{number(1)},", f"{number(2)},2026-05-01T10:00:00Z")
    clock.advance(timedelta(days=1))
    done = await desk.hand_in(f"{number(1)},", f"{number(2)},", f"{number(3)},", f"{number(2)},2026-06-01T10:00:00Z")

    assert (figures(done), done.stops) == ((4, 2, 2, 0, 0), 2)


async def test_a_stop_without_a_date_counts_again_after_the_persons_own_yes(desk: Desk, clock: SteppingClock) -> None:
    """Another list that still names them is later than their yes; the same list again is not."""
    await desk.hand_in(f"{number(1)},")
    clock.advance(timedelta(days=1))
    async with desk.install.unit_of_work() as work:
        anna = await know(work, desk.shop, number(1), has_consent=False)
        yes = InboundMessage(channel="whatsapp", address=number(1), at=work.at, words="Yes, send me offers")
        claim = Claim(words=WORDS, sender="Baltic Lamp", message=yes)
        (recorded,) = await record_consent(work, desk.shop.account_id, anna.id, claim)
        assert recorded.row.grade == "A"
    clock.advance(timedelta(days=1))

    assert figures(await desk.hand_in(f"{number(1)},")) == (1, 0, 1, 0, 0)
    assert figures(await desk.hand_in(f"{number(1)},", f"{number(2)},")) == (2, 2, 0, 0, 0)


async def test_an_import_that_was_killed_goes_on_where_it_stood(desk: Desk) -> None:
    """Each slice is there whole or not at all, and what comes out is what comes out of one go."""

    class KilledError(Exception):
        pass

    def kill(counts: Counts) -> None:
        assert counts.rows == SLICE
        raise KilledError

    path = desk.write(*(f"{number(place)}," for place in range(2 * SLICE + 300)))
    import_id = await desk.state()
    with pytest.raises(KilledError):
        await desk.commit(import_id, path, kill)
    halfway = await desk.progress(import_id)
    assert (halfway.state, halfway.done_line, len(await desk.stops())) == ("committing", SLICE + 1, SLICE)

    seen: list[int] = []
    done = await desk.commit(import_id, path, lambda counts: seen.append(counts.rows))

    assert (seen, figures(done)) == ([2 * SLICE, 2 * SLICE + 300], (2 * SLICE + 300, 2 * SLICE + 300, 0, 0, 0))
    assert await desk.commit(import_id, path) == done
    assert len(await desk.results(import_id)) == done.rows


async def test_a_slice_that_fails_leaves_nothing_of_itself(desk: Desk) -> None:
    """The database refuses its stops, and neither counts nor lines are there."""
    import_id, path = await desk.state(), desk.write(f"{number(1)},")
    async with desk.install.unit_of_work() as work:
        await work.connection.execute("ALTER TABLE suppression ADD CONSTRAINT none CHECK (topic = 'none') NOT VALID")
    try:
        with pytest.raises(Exception, match="none"):
            await desk.commit(import_id, path)
    finally:
        async with desk.install.unit_of_work() as work:
            await work.connection.execute("ALTER TABLE suppression DROP CONSTRAINT none")

    assert (await desk.progress(import_id)).counts.rows == 0
    assert (await desk.results(import_id), await desk.stops()) == ([], [])
    assert (await desk.commit(import_id, path)).new == 1


async def test_two_workers_at_one_list_store_each_slice_once(desk: Desk) -> None:
    """One of them is refused, or finds it done; nothing is there twice."""
    path, import_id = desk.write(*(f"{number(place)}," for place in range(SLICE + 50))), await desk.state()
    ended = await asyncio.gather(desk.commit(import_id, path), desk.commit(import_id, path), return_exceptions=True)

    assert {type(one) for one in ended} <= {Counts, Refused}
    assert (await desk.commit(import_id, path)).new == SLICE + 50
    assert len(await desk.stops()) == SLICE + 50


async def test_who_is_in_a_campaign_is_counted_and_gets_nothing_more(desk: Desk) -> None:
    """Five are queued; a list stops two of them, one twice, and a stranger: three leave, and none of the two."""
    install, shop = desk.install, desk.shop
    queued = await to_file(install, shop, [line(place) for place in range(5)])
    await do(install, campaigns.start, queued)
    assert (await run(install, queued)).state == "done"
    waiting = await to_named(install, shop, 2, name="=Winter")
    import_id = await desk.state()
    path = desk.write(f"{number(1)},", f"{number(2)},", f"{number(1)},", f"{number(999)},")
    seen = await desk.preview(path)
    done = await desk.commit(import_id, path)

    assert (done.in_campaigns, done.campaigns) == (2, {str(queued.id): 2, str(waiting.id): 1})
    assert (seen.counts.in_campaigns, seen.counts.campaigns) == (2, done.campaigns)
    assert [one.is_in_campaign for one in await desk.results(import_id)] == [True, True, True, False]
    assert await desk.count("suppression_meeting") == 0
    async with install.reading() as work:
        met = await suppressing.list_met(work, shop.account_id, done.campaigns)
        strange = await suppressing.list_met(work, UUID(int=7), done.campaigns)
    assert [(one.name, one.state, one.people) for one in met] == [("Autumn", "done", 2), ("=Winter", "ready", 1)]
    assert strange == []

    out = Courier(install, {"whatsapp": (channel := RecordingChannel())}, Limits(sender_rate=1_000, sender_burst=1_000))
    while await out.step():
        pass
    stopped = {number(1), number(2)}
    assert len(channel.taken) == 3
    assert not stopped & {parcel.to for parcel in channel.taken}
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT state, count(*) FROM send GROUP BY 1")
    assert {row[0]: row[1] for row in rows} == {"sent": 3, "denied": 2}


async def test_what_was_claimed_before_the_commit_does_not_leave_after_it(desk: Desk) -> None:
    """The second look comes after the import, so it sees the stop."""
    queued = await to_file(desk.install, desk.shop, [line(1)])
    await do(desk.install, campaigns.start, queued)
    await run(desk.install, queued)
    out = Courier(desk.install, {"whatsapp": (channel := RecordingChannel())}, Limits())
    claimed = await out._claim()
    await desk.hand_in(f"{number(1)},")

    assert (len(claimed), await out._look(claimed), channel.taken) == (1, [], [])


async def test_a_campaign_that_is_over_meets_nobody(desk: Desk) -> None:
    """Nobody of it waits any more, or its account has stopped it."""
    stopped = await to_named(desk.install, desk.shop, 2)
    await do(desk.install, campaigns.stop, stopped)

    assert (await desk.hand_in(f"{number(1)},")).in_campaigns == 0


async def test_a_stop_is_of_the_person_under_every_name(desk: Desk) -> None:
    """Who is known by number and by an id of WhatsApp's is stopped, met and counted under both, whichever is listed."""
    scoped = "LV.13491208655302741918"
    async with desk.install.unit_of_work() as work:
        tokens = [person_token(work.vault, number(1)), person_token(work.vault, scoped)]
        await add_aliases(work, desk.shop.account_id, tokens)
    waiting = await to_named(desk.install, desk.shop, 2)
    done = await desk.hand_in(scoped, header="address")

    assert (figures(done), done.stops, done.campaigns) == ((1, 1, 0, 0, 0), 2, {str(waiting.id): 1})
    assert {stop[0] for stop in await desk.stops()} == set(tokens)
    assert figures(await desk.hand_in(f"{number(1)},")) == (1, 0, 1, 0, 0)


async def test_a_name_that_becomes_known_while_locks_are_awaited_counts(desk: Desk) -> None:
    """The slice waits for the person's lock, finds another name of theirs, and begins anew."""
    tokens: list[bytes] = []
    import_id, path = await desk.state(), desk.write(f"{number(1)},")
    async with desk.install.unit_of_work() as work:
        tokens += [person_token(work.vault, number(1)), person_token(work.vault, "LV.13491208655302741918")]
        await stop_person(work.connection, tokens[0])
        storing = asyncio.create_task(desk.commit(import_id, path), context=Context())
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await work.connection.fetchval(waits):
            assert not storing.done()
        await add_aliases(work, desk.shop.account_id, tokens)

    assert ((await storing).stops, {stop[0] for stop in await desk.stops()}) == (2, set(tokens))


async def test_a_row_that_is_no_opt_out_lifts_nothing(desk: Desk) -> None:
    """Whatever it says, and however late."""
    await desk.hand_in(f"{number(1)},2026-05-01T10:00:00Z")
    header = "contact_id,sender_id,status,date_of_consent"
    done = await desk.hand_in(f"{number(1)},MG1,opt-in,2026-06-01T10:00:00Z", header=header)

    assert (figures(done), len(await desk.stops())) == ((1, 0, 0, 1, 0), 1)


async def test_a_stop_of_another_scope_or_channel_is_another_stop(desk: Desk) -> None:
    """What stands for marketing does not stand for everything."""
    await desk.hand_in(f"{number(1)},", stated=StatedStops(name="A", scope="marketing", channel="sms"))
    done = await desk.hand_in(f"{number(1)},")

    assert (done.new, sorted(stop[1:3] for stop in await desk.stops())) == (1, [("all", "all"), ("marketing", "sms")])


async def test_what_is_on_record_already_is_known(desk: Desk) -> None:
    """However it was said."""
    async with desk.install.unit_of_work() as work:
        await suppress_address(work, desk.shop.account_id, number(1))

    assert figures(await desk.hand_in(f"{number(1)},2026-05-01T10:00:00Z")) == (1, 0, 1, 0, 0)


async def test_a_file_that_cant_be_read_to_its_end_fails_and_can_be_handed_in_again(desk: Desk) -> None:
    """What was stored of it stays; another file is not this import's."""
    import_id, path = await desk.state(), desk.write(f"{number(1)},")
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(Invalid, match="encoding_invalid"):
        await desk.commit(import_id, path)
    assert (await desk.progress(import_id)).state == "stated"  # it was never begun
    assert (await desk.commit(import_id, desk.write(f"{number(1)},"))).new == 1
    other = await desk.state()
    async with desk.install.unit_of_work() as work:
        await importing.begin(work, desk.shop.account_id, other, b"another")
    with pytest.raises(Invalid, match="file_differs"):
        await desk.commit(other, desk.write(f"{number(2)},"))
    assert (await desk.progress(other)).fault == "file_differs"


async def test_a_strangers_import_is_as_good_as_none(desk: Desk) -> None:
    """Neither told nor stored."""
    import_id = await desk.state()
    async with desk.install.reading() as work:
        with pytest.raises(NotFound):
            await importing.progress(work, UUID(int=7), import_id)
    with pytest.raises(NotFound):
        await anext(importing.list_results(desk.install, UUID(int=7), import_id))


async def _keep(desk: Desk, path: Path) -> UUID:
    import_id = await desk.state()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").digest()
        file.seek(0)
        await suppressing.keep(desk.install, desk.shop.account_id, import_id, file, sha256)
    return import_id


async def test_a_kept_file_is_stored_by_the_job_and_let_go_of(desk: Desk) -> None:
    """Sealed until then: no number of it stands in the database; a second run changes nothing."""
    path = desk.write(*(f"{number(place)}," for place in range(100)))
    import_id = await _keep(desk, path)
    async with desk.install.reading() as work:
        kept = await work.connection.fetchval("SELECT body FROM import_part")
    assert number(7).encode() not in kept
    async with desk.install.unit_of_work() as work:
        sha256 = hashlib.sha256(path.read_bytes()).digest()
        await suppressing.enqueue(work, desk.shop.account_id, import_id, sha256)
    payload = {"account_id": str(desk.shop.account_id), "import_id": str(import_id)}
    for _ in range(2):
        await JOBS[suppressing.JOB](desk.install, payload)

    assert ((await desk.progress(import_id)).state, len(await desk.stops())) == ("committed", 100)
    assert await desk.count("import_part") == 0
    await suppressing.keep(desk.install, desk.shop.account_id, import_id, io.BytesIO(b"late"), b"late")
    assert await desk.count("import_part") == 0


async def test_what_nobody_stores_and_what_was_told_long_enough_is_let_go_of(desk: Desk, clock: SteppingClock) -> None:
    """Files after seven days, lines after thirty; counts stay."""
    await _keep(desk, desk.write(f"{number(1)},"))
    import_id = await desk.state()
    await desk.commit(import_id, desk.write(f"{number(2)},"))
    step = LOOPS["suppressions"].step
    clock.advance(spool.KEPT_FOR - timedelta(seconds=1))
    assert not await step(desk.install)
    assert (await desk.count("import_part"), await desk.count("suppression_lines")) == (1, 1)
    clock.advance(timedelta(seconds=2))
    await step(desk.install)
    assert (await desk.count("import_part"), await desk.count("suppression_lines")) == (0, 1)
    clock.advance(suppressing.LINES_KEPT_FOR)
    await step(desk.install)

    assert (await desk.count("suppression_lines"), (await desk.progress(import_id)).counts.new) == (0, 1)


async def test_what_an_import_that_failed_left_is_let_go_of_too(desk: Desk, clock: SteppingClock) -> None:
    """Nobody of it stays noted as met; what is still being stored is left alone."""
    failed, other = await desk.state(), await desk.state()
    async with desk.install.unit_of_work() as work:
        for import_id, state in ((failed, "failed"), (other, "committing")):
            await work.connection.execute("UPDATE suppression_import SET state = $2 WHERE id = $1", import_id, state)
            await work.connection.execute("INSERT INTO suppression_meeting VALUES ($1, $1, $1)", import_id)
            await work.connection.execute("INSERT INTO suppression_lines VALUES ($1, 0, '')", import_id)
    clock.advance(suppressing.LINES_KEPT_FOR + timedelta(seconds=1))
    await suppressing.purge(desk.install)

    async with desk.install.reading() as work:
        for table in ("suppression_meeting", "suppression_lines"):
            assert [row["import_id"] for row in await work.connection.fetch(f"SELECT import_id FROM {table}")] == [
                other
            ]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from(["", "2026-05-01T10:00:00Z", "2026-06-01", "nonsense", "no", "2027-01-01"]),
            st.sampled_from(["", "marketing", "all", "topic"]),
        ),
        max_size=30,
    )
)
async def test_any_list_twice_adds_nothing_the_second_time(desk: Desk, rows: list[tuple[int, str, str]]) -> None:
    """Rows add up, each stop is recorded once, and none lies after the import."""
    lines = [f"{number(place)},{said},{scope}" for place, said, scope in rows]
    first = await desk.hand_in(*lines, header="phone,date,scope")
    before = await desk.stops()
    again = await desk.hand_in(*lines, header="phone,date,scope")

    for done in (first, again):
        assert done.rows == done.new + done.known + done.not_opt_out + done.unreadable == len(rows)
    assert (again.new, again.stops, await desk.stops()) == (0, 0, before)
    assert all(stop[3] <= desk.install.clock() for stop in before)


def test_every_state_leads_to_an_end() -> None:
    """From each but the end something follows, and what was committed stays."""
    assert states.NEXT["committed"] == frozenset()
    assert all(then <= states.NEXT.keys() for then in states.NEXT.values())
    assert all(states.NEXT[state] for state in states.NEXT if state != "committed")
