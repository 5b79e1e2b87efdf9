"""What providers tell raises a status and never lowers it, in any order, however often."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.delivery import store
from backoffice.delivery.states import ORDER
from backoffice.delivery.statuses import Told, adds, status_of, summed, tell
from backoffice.relay import outbox
from tests.delivery.conftest import ACCOUNT, OTHER_ACCOUNT, Made, make, states

if TYPE_CHECKING:
    from backoffice.delivery.states import Status
    from backoffice.plumbing.install import Work

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
ONE = UUID(int=1)


def told(status: Status, send_id: UUID = ONE, *, after: float = 0, code: int = 0, provider_id: str = "p1") -> Told:
    """Return a status that is told, since some seconds after the start."""
    at = AT + timedelta(seconds=after)
    return Told(send_id=send_id, status=status, at=at, code=code, provider_id=provider_id)


def whose(*ids: UUID) -> dict[UUID, store.Whose]:
    """Return the first account's sends."""
    own = {
        "account_id": ACCOUNT,
        "contact_id": ONE,
        "person": b"",
        "sender_id": ONE,
        "content_id": ONE,
        "channel": "sms",
    }
    return {send_id: store.Whose(id=send_id, **own) for send_id in ids}  # type: ignore[arg-type]


reports = st.lists(
    st.builds(
        Told,
        send_id=st.sampled_from([ONE, UUID(int=2)]),
        status=st.sampled_from(ORDER),
        at=st.integers(0, 5).map(lambda number: AT + timedelta(seconds=number)),
        code=st.sampled_from([0, 131026, 131050]),
        provider_id=st.sampled_from([None, "p1", "p2"]),
    ),
    min_size=1,
    max_size=8,
)


@given(reports, st.randoms())
def test_the_order_in_which_things_are_told_says_nothing(said: list[Told], random: object) -> None:
    """Shuffled and doubled, reports make the same row."""
    shuffled = [*said, *said]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    ours = whose(ONE, UUID(int=2))

    assert summed(said, ours) == summed(shuffled, ours)


@given(reports)
def test_what_is_known_is_never_news(said: list[Told]) -> None:
    """Told again, nothing is written; and a row knows the highest status it was told."""
    for send_id, row in summed(said, whose(ONE, UUID(int=2))).items():
        own = [one for one in said if one.send_id == send_id]
        assert not adds(row, row)
        assert adds(row, None)
        assert ORDER.index(status_of(row)) == max(ORDER.index(one.status) for one in own)


async def _told(work: Work, *said: Told) -> tuple[str, store.StoredDelivery]:
    for one in said:
        await tell(work, [one])
    ((send_id, row),) = (await store.list_deliveries(work, {one.send_id for one in said})).items()
    return (await states(work, [send_id]))[0], row


@pytest.mark.parametrize("order", list(permutations(["accepted", "sent", "delivered", "read"])))
async def test_in_every_order_a_message_ends_read(work: Work, order: tuple[Status, ...]) -> None:
    """Each told by itself, with the moments of all."""
    (send_id,) = await make(work, Made(state="sending"))
    state, row = await _told(work, *(told(status, send_id, after=ORDER.index(status)) for status in order))

    assert (state, status_of(row), await outbox.count(work)) == ("sent", "read", 0)
    assert (row.accepted_at, row.read_at) == (AT, AT + timedelta(seconds=4))


@pytest.mark.parametrize("state", ["sending", "unknown", "sent"])
async def test_a_message_that_could_not_be_brought_has_failed(work: Work, state: str) -> None:
    """With the provider's code."""
    (send_id,) = await make(work, Made(state=state))

    found, row = await _told(work, told("accepted", send_id), told("failed", send_id, code=131026))
    assert (found, row.code) == ("failed", 131026)


async def test_what_was_delivered_does_not_fail_afterwards(work: Work) -> None:
    """Providers say so now and then."""
    (send_id,) = await make(work, Made(state="unknown"))
    state, row = await _told(work, told("delivered", send_id), told("failed", send_id, after=9, code=131026))

    assert (state, status_of(row)) == ("sent", "delivered")


async def test_a_status_is_proof_that_an_unknown_send_has_left(work: Work) -> None:
    """Its search ends."""
    (send_id,) = await make(work, Made(state="unknown"))
    lost = store.StoredDelivery(
        send_id=send_id, account_id=ACCOUNT, unknown_at=work.at, absence_counts_at=work.at, look_at=work.at
    )
    await store.begin_search(work, [lost])
    assert await store.count_unknown(work) == 1

    state, row = await _told(work, told("sent", send_id))
    assert (state, row.look_at, await store.count_unknown(work)) == ("sent", None, 0)


@pytest.mark.parametrize(("status", "then"), [("delivered", "stopped"), ("failed", "held")])
async def test_what_was_held_and_has_left_after_all_never_leaves_again(work: Work, status: Status, then: str) -> None:
    """Its provider had called it absent, so it was queued again, and held; what it could not bring may still go."""
    (send_id,) = await make(work, Made(state="held"))

    assert (await _told(work, told(status, send_id)))[0] == then
    bodies = await work.connection.fetch(
        "SELECT body FROM ledger_entry WHERE position('relay:send:stopped' IN convert_from(body, 'UTF8')) > 0"
    )
    stopped = [json.loads(row["body"]) for row in bodies]
    assert [(one["send"], one["by"]) for one in stopped] == [(str(send_id), "provider")] * (then == "stopped")


async def test_two_messages_under_one_id_are_seen(work: Work) -> None:
    """In one breath or one after the other; it can only be told that it happened."""
    one, two, three = await make(work, *[Made(state="sending")] * 3)
    await tell(work, [told("accepted", one), told("accepted", one, provider_id="p2")])
    for provider_id in ("p1", "p2"):
        await tell(work, [told("accepted", two, provider_id=provider_id), told("sent", three)])

    found = await store.list_deliveries(work, [one, two, three])
    assert [found[send_id].is_doubled for send_id in (one, two, three)] == [True, True, False]


async def test_ids_that_are_not_ours_are_passed_over(work: Work) -> None:
    """Whoever knows the secret may still be wrong."""
    await tell(work, [told("read", UUID(int=404))])

    assert await store.list_deliveries(work, [UUID(int=404)]) == {}


async def test_what_is_new_is_entered_once(work: Work) -> None:
    """One entry an account, of ids, statuses and codes; told again, none."""
    one, two, theirs = await make(work, *[Made(state="sending")] * 2, Made(state="sending", account_id=OTHER_ACCOUNT))
    said = [told("sent", one), told("failed", two, code=131026), told("sent", theirs)]
    await tell(work, said)
    await tell(work, said[::-1])

    rows = await work.connection.fetch("SELECT account_id, body FROM ledger_entry ORDER BY account_id")
    assert [row["account_id"] for row in rows] == [ACCOUNT, OTHER_ACCOUNT]
    entry = json.loads(rows[0]["body"])
    assert sorted(entry["sends"]) == sorted([[str(one), "sent", 0, ""], [str(two), "failed", 131026, ""]])
    assert entry["kind"] == "delivery:sends:told"


async def test_thousands_of_statuses_fit_into_entries(work: Work) -> None:
    """None is longer than the ledger takes."""
    ids = await make(work, *[Made(state="sending")] * 1000)
    await tell(work, [told("sent", send_id) for send_id in ids])

    assert await work.connection.fetchval("SELECT count(*) FROM ledger_entry") == 4
    assert set(await states(work, ids)) == {"sent"}
