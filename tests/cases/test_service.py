"""Cases: what a person must judge is opened once, due after 24 hours, and ended once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backoffice.cases import service as cases
from backoffice.cases.service import WITHIN, UnclearReply
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import destroy_subject
from tests.contacts.rooms import entries, register

ANNA, BORIS = "+37126000001", "+37126000002"
STAFF = "staff:0192a5c0-0000-7000-8000-000000000007"
HOUR = timedelta(hours=1)


async def _person(work: Work, address: str = ANNA) -> tuple[UUID, ContactRef]:
    account_id = await register(work)
    return account_id, await add_contact(work, account_id, Wanted("phone", address))


def _reply(account_id: UUID, who: ContactRef, at: datetime, text: str = "cancel my order") -> UnclearReply:
    return UnclearReply(
        account_id=account_id, contact_id=who.id, person=who.token, channel="whatsapp", text=text, at=at, language="en"
    )


async def test_an_unclear_reply_opens_a_case_that_is_due_after_a_day(work: Work) -> None:
    """From the moment the person wrote it, not from when we heard of it."""
    account_id, anna = await _person(work)

    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - HOUR))

    assert (case.state, case.opened_at, case.due_at) == ("open", work.at - HOUR, work.at - HOUR + WITHIN)
    assert await cases.get_case(work, case.id) == case
    assert await cases.list_open(work, account_id=account_id) == [case]


async def test_what_more_a_person_writes_joins_the_open_case(work: Work) -> None:
    """It never falls due later for it, and sooner where an older reply arrives late."""
    account_id, anna = await _person(work)
    first = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - 2 * HOUR, "hmm"))

    later = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "cancel"))
    older = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - 3 * HOUR, "no thanks"))

    assert {first.id, later.id, older.id} == {first.id}
    assert (later.due_at, older.due_at) == (first.due_at, first.due_at - HOUR)
    assert [one.text for one in await cases.read_said(work, older)] == ["no thanks", "hmm", "cancel"]


async def test_two_people_and_two_accounts_have_cases_of_their_own(work: Work) -> None:
    """The same number may be a contact of several accounts."""
    account_id, anna = await _person(work)
    boris = await add_contact(work, account_id, Wanted("phone", BORIS))
    other_id, again = await _person(work)
    replies = [_reply(account_id, anna, work.at), _reply(account_id, boris, work.at), _reply(other_id, again, work.at)]

    opened = {(await cases.open_unclear_reply(work, reply)).id for reply in replies}

    assert anna.token == again.token
    assert len(opened) == 3


async def test_a_reply_from_the_future_was_written_now(work: Work) -> None:
    """A provider's clock that runs fast gives nobody more time."""
    account_id, anna = await _person(work)

    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at + HOUR))

    assert case.due_at == work.at + WITHIN


async def test_what_was_written_is_sealed_and_goes_with_the_person(work: Work) -> None:
    """The database shows nothing of it; once the key is destroyed nobody reads it, and the case can still end."""
    account_id, anna = await _person(work)
    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "my cat is ill, call me later"))

    assert b"cat" not in (case.body or b"")
    await destroy_subject(work.connection, anna.id, work.at)

    assert await cases.read_said(work, case) == []
    again = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "my dog is ill too"))
    assert (again.id, again.body) == (case.id, None)
    assert (await cases.decide(work, case.id, "stop", by=STAFF)).state == "decided"


async def test_a_case_keeps_a_bounded_part_of_what_is_written(work: Work) -> None:
    """Giant replies, and any number of them, fill no table."""
    account_id, anna = await _person(work)
    for number in range(30):
        case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, f"{number} " + "x" * 10_000))

    said = await cases.read_said(work, case)

    assert [one.text.split()[0] for one in said] == [str(number) for number in range(10, 30)]
    assert {len(one.text) for one in said} == {4_096}


async def test_a_decision_is_recorded_once(work: Work) -> None:
    """The same again changes nothing; another is refused."""
    account_id, anna = await _person(work)
    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at))

    decided = await cases.decide(work, case.id, "no_stop", by=STAFF)

    assert (decided.state, decided.outcome, decided.decided_by) == ("decided", "no_stop", STAFF)
    assert await cases.decide(work, case.id, "no_stop", by="staff:8") == decided
    with pytest.raises(Refused, match="case_ended"):
        await cases.decide(work, case.id, "stop", by=STAFF)
    assert await cases.list_open(work) == []


async def test_an_unknown_case_or_outcome_is_refused(work: Work) -> None:
    """Before anything changes."""
    with pytest.raises(NotFound, match="case_unknown"):
        await cases.decide(work, work.new_id(), "stop", by=STAFF)
    with pytest.raises(Invalid, match="outcome_unknown"):
        await cases.decide(work, work.new_id(), "perhaps", by=STAFF)  # type: ignore[arg-type]


async def test_after_a_day_only_a_stop_can_be_found(work: Work) -> None:
    """Whoever reads it late may say what it counts as already, and nothing else."""
    account_id, anna = await _person(work)
    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - WITHIN))

    with pytest.raises(Refused, match="case_late"):
        await cases.decide(work, case.id, "no_stop", by=STAFF)
    assert (await cases.decide(work, case.id, "stop", by=STAFF)).outcome == "stop"


async def test_a_case_lapses_when_it_is_due_and_not_before(work: Work) -> None:
    """At the moment itself; once."""
    account_id, anna = await _person(work)
    boris = await add_contact(work, account_id, Wanted("phone", BORIS))
    late = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - WITHIN))
    early = await cases.open_unclear_reply(work, _reply(account_id, boris, work.at - WITHIN + timedelta(seconds=1)))

    assert [case.id for case in await cases.list_lapsed(work)] == [late.id]
    assert await cases.lapse(work, early.id) is None
    lapsed = await cases.lapse(work, late.id)

    assert lapsed is not None
    assert lapsed.state == "lapsed"
    assert await cases.lapse(work, late.id) is None
    assert await cases.list_lapsed(work) == []


async def test_a_clear_stop_leaves_nothing_to_judge(work: Work) -> None:
    """The case is closed; the next unclear reply opens another."""
    account_id, anna = await _person(work)
    case = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at))

    closed = await cases.close(work, account_id, anna.token)

    assert closed is not None
    assert (closed.id, closed.state) == (case.id, "closed")
    assert await cases.close(work, account_id, anna.token) is None
    assert (await cases.open_unclear_reply(work, _reply(account_id, anna, work.at))).id != case.id


async def test_the_ledger_is_told_ids_and_moments(work: Work) -> None:
    """Nothing that was written, and no address."""
    account_id, anna = await _person(work)
    opened = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "SECRET"))
    await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "SECRET"))
    await cases.decide(work, opened.id, "no_stop", by=STAFF)
    second = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at - WITHIN, "SECRET"))
    await cases.lapse(work, second.id)
    await cases.open_unclear_reply(work, _reply(account_id, anna, work.at, "SECRET"))
    await cases.close(work, account_id, anna.token)

    told = await entries(work, "cases:")

    kinds = sorted(one["kind"].removeprefix("cases:unclear_reply:") for one in told)
    assert kinds == ["closed", "decided", "joined", "lapsed", "opened", "opened", "opened"]
    assert {one["case"] for one in told} >= {str(opened.id), str(second.id)}
    assert not any(secret in str(told) for secret in ("SECRET", ANNA, anna.token.hex()))


async def test_the_most_urgent_cases_come_first(install: Install) -> None:
    """However late they were heard of."""
    async with install.unit_of_work() as work:
        account_id, anna = await _person(work)
        boris = await add_contact(work, account_id, Wanted("phone", BORIS))
        second = await cases.open_unclear_reply(work, _reply(account_id, anna, work.at))
        first = await cases.open_unclear_reply(work, _reply(account_id, boris, work.at - HOUR))

    async with install.reading() as work:
        assert [case.id for case in await cases.list_open(work)] == [first.id, second.id]
        assert [case.id for case in await cases.list_open(work, most=1)] == [first.id]
