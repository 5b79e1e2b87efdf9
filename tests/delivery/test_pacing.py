"""Pacing, breakers, backoff: never faster than agreed, never hammering what is away, the same in every process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backoffice.delivery.backoff import share, wait_before
from backoffice.delivery.breaker import Breaker, Breakers
from backoffice.delivery.limits import Limits
from backoffice.delivery.pacing import after, room, waits
from backoffice.relay.outbox import SINGLE, Claimed

ACCOUNT = UUID(int=0xA)
AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SENDER, OTHER = UUID(int=1), UUID(int=2)
LIMITS = Limits(sender_rate=10, sender_burst=20, pair_every=timedelta(seconds=6), faults_to_open=3)


def seconds(number: float) -> timedelta:
    """Return a length of time."""
    return timedelta(seconds=number)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 50)), max_size=60))
def test_a_sender_never_goes_beyond_its_rate(tries: list[tuple[float, int]]) -> None:
    """In any stretch of time at most the burst and the rate's share of that stretch leave."""
    full_at, at, left = AT, AT, []
    for pause, wanted in tries:
        at += seconds(pause)
        taken = min(wanted, room(full_at, at, LIMITS))
        full_at = after(full_at, taken, at, LIMITS)
        left.append((at, taken))

    for place, (begin, _) in enumerate(left):
        for end, _ in left[place:]:
            counted = sum(count for when, count in left if begin <= when <= end)
            assert counted <= LIMITS.sender_burst + LIMITS.sender_rate * (end - begin).total_seconds() + 1e-6


def test_a_sender_that_rested_has_its_burst_again_and_no_more() -> None:
    """However long it rested."""
    full_at = after(AT, 20, AT, LIMITS)

    assert [room(full_at, AT + seconds(rested), LIMITS) for rested in (0, 0.5, 86_400)] == [0, 5, 20]


def claimed(number: int, sender_id: UUID, person: bytes) -> Claimed:
    """Return a send that a courier has."""
    return Claimed(UUID(int=number), ACCOUNT, sender_id, SINGLE, "whatsapp", person, 0)


def test_one_person_gets_one_message_in_six_seconds_from_one_sender() -> None:
    """The next one is told how long to wait; other persons and senders aren't, nor who got one long ago."""
    turns = {(SENDER, b"aija"): AT - seconds(2), (SENDER, b"celia"): AT - seconds(6)}
    batch = [
        *(claimed(1, SENDER, b"aija"), claimed(2, OTHER, b"aija"), claimed(3, SENDER, b"bella")),
        *(claimed(4, SENDER, b"bella"), claimed(5, SENDER, b"celia")),
    ]

    assert waits(batch, turns, AT, LIMITS) == {UUID(int=1): seconds(4), UUID(int=4): seconds(6)}


def test_failures_in_a_row_open_a_breaker_and_one_message_tries() -> None:
    """Rests grow while the tries fail, and a success forgets them all."""
    breaker = Breaker(LIMITS)
    for _ in range(2):
        breaker.failed(AT)
    breaker.went_well()
    for _ in range(3):
        assert breaker.room(AT) is None
        breaker.failed(AT)

    assert (breaker.room(AT + seconds(14)), breaker.room(AT + seconds(15))) == (0, 1)
    breaker.failed(AT + seconds(15))
    assert (breaker.room(AT + seconds(44)), breaker.room(AT + seconds(45))) == (0, 1)
    breaker.went_well()
    assert (breaker.room(AT), breaker.rests_until) == (None, None)


def test_the_rest_of_a_failing_batch_does_not_make_a_rest_longer() -> None:
    """Thirty messages were in flight when it opened: that is one failure, not thirty tries."""
    breaker = Breaker(LIMITS)
    for _ in range(30):
        breaker.failed(AT)

    assert breaker.rests_until == AT + LIMITS.rest


def test_no_rest_is_longer_than_the_longest() -> None:
    """However often it fails."""
    breaker, at = Breaker(LIMITS), AT
    for _ in range(40):
        breaker.rest(at)
        at = breaker.rests_until or at

    assert breaker.rests_until
    breaker.rest(at)
    assert breaker.rests_until - at == LIMITS.longest_rest


def test_a_sender_rests_alone_and_a_channel_with_all_its_senders() -> None:
    """The least room counts."""
    breakers = Breakers(LIMITS)
    breakers.of(SENDER).rest(AT)

    assert breakers.room("whatsapp", SENDER, at=AT) == 0
    assert breakers.room("whatsapp", OTHER, at=AT) is None
    assert breakers.room("whatsapp", SENDER, at=AT + LIMITS.rest) == 1


@given(st.integers(0, 100), st.binary(min_size=1, max_size=16))
def test_waits_double_up_to_the_longest_and_half_of_each_is_drawn(attempt: int, seed: bytes) -> None:
    """The same in every process, never longer than the longest, never less than half the full wait."""
    limits = Limits()
    full = min(limits.first_wait.total_seconds() * 2.0 ** max(attempt - 1, 0), limits.longest_wait.total_seconds())
    wait = wait_before(attempt, seed, limits)

    assert full / 2 - 1e-6 <= wait.total_seconds() <= full
    assert wait == wait_before(attempt, seed, limits)


@given(st.integers(0, 100))
def test_what_the_provider_asks_for_is_the_least(attempt: int) -> None:
    """A day asked for is a day."""
    day = timedelta(days=1)

    assert wait_before(attempt, b"send", Limits(), least=day) == day
    assert wait_before(attempt, b"send", Limits(), least=seconds(0.1)) == wait_before(attempt, b"send", Limits())


def test_sends_refused_together_do_not_come_back_together() -> None:
    """A thousand of them spread over half the wait."""
    shares = sorted(share(number.to_bytes(4, "big"), 1) for number in range(1000))

    assert all(abs(drawn - place / 1000) < 0.08 for place, drawn in enumerate(shares))
