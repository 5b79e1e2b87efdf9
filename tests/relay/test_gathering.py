"""Gathering a batch's people: all that is on record of each, in order, and nothing of anybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backoffice.consent.service import record_consent, suppress, suppress_address, withdraw
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact, find_or_add, record_register
from backoffice.kernel.ids import first_id, new_ids
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.relay.gathering import gather, statement
from backoffice.relay.states import NEXT, State
from tests.consent.test_service import CLAIM, SUMMER
from tests.contacts.rooms import register

ANNA, BORISS = "+37126000001", "+37126000002"
NOBODY = UUID(int=7)


async def _person(work: Work, account_id: UUID, address: str = ANNA) -> ContactRef:
    return await add_contact(work, account_id, Wanted("phone", address))


async def _send(work: Work, account_id: UUID, person: ContactRef, at: datetime, **changed: Any) -> UUID:  # noqa: ANN401
    """Put a send on record as the gate stores it."""
    send_id = changed.get("id") or new_ids(at, 1)[0]
    columns = {
        "id": send_id,
        "account_id": account_id,
        "contact_id": person.id,
        "person": person.token,
        "sender_id": NOBODY,
        "content_id": NOBODY,
        "channel": "whatsapp",
        "purpose": "marketing",
        "topic": "lamps",
        "state": "sent",
        "verdict": "allow",
        "decision_id": send_id,
        **changed,
    }
    values = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await work.connection.execute(f"INSERT INTO send ({', '.join(columns)}) VALUES ({values})", *columns.values())
    return send_id


async def test_all_that_is_on_record_of_a_person_comes_with_them(work: Work) -> None:
    """Consents, stops, recent sends, listings, and the key that opens the rest."""
    account_id = await register(work)
    anna = await _person(work, account_id)
    await record_consent(work, account_id, anna.id, CLAIM)
    await suppress_address(work, account_id, ANNA, scope="topic", topic="sofas", at=SUMMER)
    await suppress(work, anna.token, reason="portal", at=SUMMER)
    sent = await _send(work, account_id, anna, work.at - timedelta(hours=1))
    await record_register(work, "us_dnc", work.at, [(anna.token, SUMMER)])

    (row,) = await gather(work, [anna.id])

    assert row
    assert (row.contact_id, row.account_id, row.token, row.commitment) == (
        anna.id,
        account_id,
        anna.token,
        anna.commitment,
    )
    assert [(one.grade, one.given_at, one.is_listed) for one in row.consents] == [("B", SUMMER, False)]
    assert {(stop.is_everywhere, stop.scope, stop.topic, stop.reason, stop.at) for stop in row.stops} == {
        (False, "topic", "sofas", "account", SUMMER),
        (True, "all", "", "portal", SUMMER),
    }
    assert [(one.id, one.topic) for one in row.recents] == [(sent, "lamps")]
    assert work.at - row.recents[0].at < timedelta(hours=1, seconds=1)
    assert [(one.register, one.since) for one in row.listings] == [("us_dnc", SUMMER)]
    assert not work.vault.subject(row.contact_id, row.wrapped, row.key_version or 0).is_destroyed


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picked=st.lists(st.integers(-1, 4), max_size=12))
async def test_people_come_in_the_order_in_which_they_were_asked_for(work: Work, picked: list[int]) -> None:
    """Also twice, also with somebody in between who isn't there."""
    account_id = await register(work)
    refs = await find_or_add(work, account_id, [Wanted("phone", f"+3712600000{number}") for number in range(5)])
    asked = [refs[number].id if number >= 0 else NOBODY for number in picked]

    found = await gather(work, asked)

    assert [row.contact_id if row else NOBODY for row in found] == asked


async def test_a_person_with_many_consents_is_one_row_with_all_of_them(work: Work) -> None:
    """Stops and sends are told once, however many consents there are; withdrawn ones are not told."""
    account_id = await register(work)
    anna, boriss = await _person(work, account_id), await _person(work, account_id, BORISS)
    for day in range(5):
        await record_consent(work, account_id, anna.id, replace(CLAIM, given_at=SUMMER + timedelta(days=day)))
    (gone,) = await record_consent(work, account_id, boriss.id, CLAIM)
    await withdraw(work, account_id, gone.row.id)
    await suppress_address(work, account_id, ANNA)
    for hour in (1, 2):
        await _send(work, account_id, anna, work.at - timedelta(hours=hour))

    rows = await gather(work, [anna.id, boriss.id])

    assert [(len(row.consents), len(row.stops), len(row.recents)) for row in rows if row] == [(5, 1, 2), (0, 0, 0)]


async def test_stops_and_sends_of_another_account_are_not_told(work: Work) -> None:
    """Each account's traffic is its own; what holds for everybody is marked so."""
    one, other = await register(work), await register(work, name="Other Lamp")
    mine, theirs = await _person(work, one), await _person(work, other)
    await suppress_address(work, other, ANNA)
    await _send(work, other, theirs, work.at - timedelta(hours=1))

    (row,) = await gather(work, [mine.id])

    assert row
    assert (row.stops, row.recents) == ((), ())


@pytest.mark.parametrize("state", sorted(NEXT))
async def test_sends_that_left_or_are_about_to_count_as_recent(work: Work, state: State) -> None:
    """What was denied, stopped, failed or waits has reached nobody."""
    account_id = await register(work)
    anna = await _person(work, account_id)
    await _send(work, account_id, anna, work.at - timedelta(hours=1), state=state)

    (row,) = await gather(work, [anna.id])

    assert row
    assert len(row.recents) == (state in {"queued", "sending", "unknown", "sent"})


@pytest.mark.parametrize(("ago", "is_recent"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)])
async def test_a_day_is_twenty_four_hours_to_the_moment(work: Work, ago: timedelta, *, is_recent: bool) -> None:
    """The cap's window is closed at its older end."""
    account_id = await register(work)
    anna = await _person(work, account_id)
    await _send(work, account_id, anna, work.at - ago, id=first_id(work.at - ago))

    (row,) = await gather(work, [anna.id])

    assert row
    assert bool(row.recents) == is_recent


@pytest.mark.parametrize("day", [30, 31, 32])
async def test_a_day_that_spans_two_months_counts_all_its_sends(work: Work, day: int) -> None:
    """The end of November is yesterday on the first of December."""
    account_id = await register(work)
    anna = await _person(work, account_id)
    work.at = datetime(2026, 11, 1, 0, 30, tzinfo=UTC) + timedelta(days=day - 1)
    for hours in (25, 23, 0):
        await _send(work, account_id, anna, work.at - timedelta(hours=hours))

    (row,) = await gather(work, [anna.id])

    assert row
    assert sorted(work.at - one.at for one in row.recents) == [timedelta(0), timedelta(hours=23)]


async def test_a_voided_stop_and_a_destroyed_key_are_told_as_what_they_are(work: Work) -> None:
    """A mistaken stop stops nobody; a destroyed key opens nothing."""
    account_id = await register(work)
    anna = await _person(work, account_id)
    stop = await suppress_address(work, account_id, ANNA)
    await work.connection.execute("UPDATE suppression SET voided_at = $2 WHERE id = $1", stop, work.at)
    await destroy_subject(work.connection, anna.id, work.at)

    (row,) = await gather(work, [anna.id])

    assert row
    assert (row.stops, row.wrapped) == ((), None)


async def test_no_table_is_read_whole_for_a_batch(install: Install) -> None:
    """With thousands of people on record, and none of the planner's methods switched off, indexes do all of it."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
        wanted = [Wanted("phone", f"+3712600{number:04d}") for number in range(3000)]
        refs = await find_or_add(work, account_id, wanted)
        rows = [(ref.id, account_id, ref.id, 1, "C", SUMMER, SUMMER) for ref in refs]
        columns = ["id", "account_id", "contact_id", "wording_id", "grade", "given_at", "recorded_at"]
        await work.connection.copy_records_to_table("consent", records=rows, columns=columns)
    async with install.reading() as work:
        await work.connection.execute("ANALYZE contact, consent, vault_key, suppression, send")
        ids = [ref.id for ref in refs[:1000]]
        begins = work.at - timedelta(days=1)
        bounds, since = (first_id(begins), first_id(work.at)), (first_id(begins), begins)
        for mode in ("force_generic_plan", "force_custom_plan"):
            await work.connection.execute(f"SET plan_cache_mode = {mode}")
            told = await work.connection.fetch(f"EXPLAIN {statement(*bounds)}", ids, *bounds, *since)
            plan = "\n".join(line[0] for line in told)
            whole = [table for table in ("contact", "consent", "vault_key") if f"Seq Scan on {table}" in plan]
            assert whole == [], plan
        await work.connection.execute("RESET plan_cache_mode")
