"""Unclear replies: held at once, judged by somebody, and a stop after a day whatever happens to the program."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backoffice.cases import service as cases
from backoffice.cases.service import WITHIN, UnclearReply
from backoffice.consent.service import list_stops, suppress
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact
from backoffice.delivery import unclear
from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.locks import hold_persons
from backoffice.plumbing.vault.store import destroy_subject
from tests.contacts.rooms import entries, register

ANNA = "+37126000001"
STAFF = "staff:0192a5c0-0000-7000-8000-000000000007"
HOUR = timedelta(hours=1)


async def _person(work: Work, address: str = ANNA) -> tuple[UUID, ContactRef]:
    account_id = await register(work)
    return account_id, await add_contact(work, account_id, Wanted("phone", address))


def _reply(account_id: UUID, who: ContactRef, at: datetime) -> UnclearReply:
    return UnclearReply(
        account_id=account_id, contact_id=who.id, person=who.token, channel="whatsapp", text="cancel it", at=at
    )


async def _since(work: Work, contact_id: UUID) -> datetime | None:
    since: datetime | None = await work.connection.fetchval(
        "SELECT unclear_stop_at FROM contact WHERE id = $1", contact_id
    )
    return since


async def _changes(work: Work) -> list[tuple[UUID, bytes]]:
    return [tuple(row) for row in await work.connection.fetch("SELECT account_id, person FROM change")]


async def test_an_unclear_reply_holds_from_the_moment_it_was_written(work: Work) -> None:
    """And of several from the first."""
    account_id, anna = await _person(work)

    await unclear.hold(work, _reply(account_id, anna, work.at - HOUR))
    case = await unclear.hold(work, _reply(account_id, anna, work.at))

    assert await _since(work, anna.id) == case.opened_at == work.at - HOUR
    assert await list_stops(work, account_id, ANNA) == []


async def test_a_reply_that_was_no_stop_holds_no_more(work: Work) -> None:
    """What waited for it is judged anew, and nothing stands on record."""
    account_id, anna = await _person(work)
    case = await unclear.hold(work, _reply(account_id, anna, work.at))
    await work.connection.execute("DELETE FROM change")

    await unclear.decide(work, case.id, "no_stop", STAFF)

    assert await _since(work, anna.id) is None
    assert await list_stops(work, account_id, ANNA) == []
    assert await _changes(work) == [(account_id, anna.token)]


async def test_a_reply_that_was_a_stop_stops_from_when_it_was_written(work: Work) -> None:
    """As one that was clear at once."""
    account_id, anna = await _person(work)
    case = await unclear.hold(work, _reply(account_id, anna, work.at - HOUR))

    await unclear.decide(work, case.id, "stop", STAFF)

    (stop,) = await list_stops(work, account_id, ANNA)
    assert (stop.account_id, stop.scope, stop.channel) == (account_id, "all", "all")
    assert (stop.at, stop.reason) == (work.at - HOUR, "reply")
    assert await _since(work, anna.id) is None


async def test_a_decision_again_does_not_lift_what_was_written_since(work: Work) -> None:
    """Repeating it changes nothing, not even for the next unclear reply."""
    account_id, anna = await _person(work)
    case = await unclear.hold(work, _reply(account_id, anna, work.at - HOUR))
    await unclear.decide(work, case.id, "no_stop", STAFF)
    await unclear.hold(work, _reply(account_id, anna, work.at))

    await unclear.decide(work, case.id, "no_stop", STAFF)

    assert await _since(work, anna.id) == work.at


async def test_an_actor_there_is_not_decides_nothing(work: Work) -> None:
    """Nobody judges without a name in the ledger."""
    account_id, anna = await _person(work)
    case = await unclear.hold(work, _reply(account_id, anna, work.at))

    with pytest.raises(Invalid, match="actor_unknown"):
        await unclear.decide(work, case.id, "no_stop", "somebody")

    assert (await cases.get_case(work, case.id)).state == "open"


async def test_a_clear_stop_settles_what_was_unclear(work: Work) -> None:
    """Nothing is left to read, and nothing lapses later."""
    account_id, anna = await _person(work)
    case = await unclear.hold(work, _reply(account_id, anna, work.at - HOUR))

    await suppress(work, anna.token, account_id=account_id, reason="reply")
    await unclear.settle(work, account_id, anna.token)
    await unclear.settle(work, account_id, anna.token)

    assert (await cases.get_case(work, case.id)).state == "closed"
    assert await _since(work, anna.id) is None


async def test_what_nobody_reads_in_time_is_a_stop(install: Install, clock: SteppingClock) -> None:
    """From the moment of the reply, for this account, told in the ledger; once."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
        case = await unclear.hold(work, _reply(account_id, anna, work.at))

    assert await unclear.lapse(install) is False
    async with install.reading() as work:
        assert (await cases.get_case(work, case.id)).state == "open"
    clock.advance(WITHIN)
    assert await unclear.lapse(install) is False
    assert await unclear.lapse(install) is False

    async with install.reading() as work:
        (stop,) = await list_stops(work, account_id, ANNA)
        assert (stop.reason, stop.scope, stop.at) == ("unclear", "all", case.opened_at)
        assert await _since(work, anna.id) is None
        assert [one["kind"] for one in await entries(work, "cases:unclear_reply:lapsed")] == [
            "cases:unclear_reply:lapsed"
        ]
        assert len(await entries(work, "consent:suppression:added")) == 1


async def test_an_erased_person_is_stopped_too(install: Install, clock: SteppingClock) -> None:
    """Nobody can read what was written any more, so nobody can find that it was none."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
        await unclear.hold(work, _reply(account_id, anna, work.at))
        await destroy_subject(work.connection, anna.id, work.at)
    clock.advance(WITHIN)

    await unclear.lapse(install)

    async with install.reading() as work:
        assert [stop.reason for stop in await list_stops(work, account_id, ANNA)] == ["unclear"]


async def test_a_crash_between_case_and_stop_leaves_both_to_do(
    install: Install, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: neither a case that ended without its stop, nor a stop twice."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
        case = await unclear.hold(work, _reply(account_id, anna, work.at))
    clock.advance(WITHIN)

    async def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(unclear, "suppress", die)
        with pytest.raises(KeyboardInterrupt):
            await unclear.lapse(install)
    async with install.reading() as work:
        assert (await cases.get_case(work, case.id)).state == "open"
        assert await list_stops(work, account_id, ANNA) == []

    await unclear.lapse(install)

    async with install.reading() as work:
        assert len(await list_stops(work, account_id, ANNA)) == 1


async def test_many_workers_make_one_stop_of_each(install: Install, clock: SteppingClock) -> None:
    """Whoever comes second finds the case ended."""
    people = [f"+3712600{number:04}" for number in range(12)]
    async with install.unit_of_work() as work:
        account_id = await register(work)
        for address in people:
            who = await add_contact(work, account_id, Wanted("phone", address))
            await unclear.hold(work, _reply(account_id, who, work.at))
    clock.advance(WITHIN)

    await asyncio.gather(*(unclear.lapse(install) for _ in range(4)))

    async with install.reading() as work:
        stops = [len(await list_stops(work, account_id, address)) for address in people]
        assert stops == [1] * len(people)
        assert len(await entries(work, "cases:unclear_reply:lapsed")) == len(people)


async def test_whoever_is_about_to_send_is_waited_for(install: Install) -> None:
    """An unclear reply commits after what was on its way has committed, so nothing starts behind it."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
    outside = copy_context()  # a task of its own isn't in our unit of work

    async def write() -> None:
        async with install.unit_of_work() as work:
            await unclear.hold(work, _reply(account_id, anna, work.at))

    async with install.unit_of_work() as sending:
        await hold_persons(sending.connection, [anna.token])
        task = asyncio.create_task(write(), context=outside.copy())
        await _until_waiting(install)
        assert not task.done()
    await task

    async with install.reading() as work:
        assert await _since(work, anna.id) is not None


async def test_the_first_of_two_who_judge_at_once_counts(install: Install) -> None:
    """The other is told that it has ended."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
        case = await unclear.hold(work, _reply(account_id, anna, work.at))

    async def judge(outcome: str) -> str:
        try:
            async with install.unit_of_work() as work:
                await unclear.decide(work, case.id, outcome, STAFF)  # type: ignore[arg-type]
        except Refused as refused:
            return refused.code
        return outcome

    told = await asyncio.gather(judge("stop"), judge("no_stop"))

    async with install.reading() as work:
        stops = await list_stops(work, account_id, ANNA)
        ended = await cases.get_case(work, case.id)
    assert sorted(told) in (["case_ended", "stop"], ["case_ended", "no_stop"])
    assert ended.outcome in told
    assert len(stops) == (ended.outcome == "stop")


async def _until_waiting(install: Install) -> None:
    """Return once a transaction waits for a person's lock; fail when none ever does."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with install.reading() as work:
        for _ in range(20_000):
            if await work.connection.fetchval(query):
                return
    pytest.fail("nobody waits")
