"""The plain protocol: what it promises to misreport, it misreports, and it counts right all along."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.channels import wire
from backoffice.channels.sandbox import posting
from backoffice.channels.sandbox.memory import accepted, waiting
from backoffice.channels.sandbox.plain import Plain
from backoffice.channels.sandbox.posting import Post
from backoffice.channels.sandbox.setup import Faults, Setup
from backoffice.channels.sandbox.state import State
from tests.channels.conftest import AIJA, BALTIC_TOURS
from tests.channels.sandbox.conftest import AT
from tests.trying import DEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backoffice.channels.sandbox.replies import Reply

LATER = AT + timedelta(hours=1)


class Mind(NamedTuple):
    """A mind that speaks the plain protocol, in a time that stands."""

    state: State
    plain: Plain

    def take(self, order: wire.Order) -> Reply:
        """Hand a message in."""
        return self.plain.take(order)

    def due(self, most: int = 100) -> list[Post]:
        """Return the callbacks that are due an hour later."""
        return posting.due(self.state, LATER, most)


def mind(path: str, faults: Faults) -> Mind:
    """Return a mind with these faults."""
    state = State(Setup(path=path, faults=faults), lambda: AT)
    return Mind(state, Plain(state))


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Callable[[Faults], Mind]]:
    """Makes the provider's mind with the faults asked for."""
    made: list[Mind] = []

    def make(faults: Faults) -> Mind:
        made.append(mind(str(tmp_path / "kept"), faults))
        return made[-1]

    yield make
    for one in made:
        one.state.memory.close()


def events(due: list[Post]) -> list[wire.Event]:
    """Return the events of callbacks, in their order."""
    return [event for post in due for event in msgspec.json.decode(post.raw, type=wire.Post).statuses]


def order(number: int) -> wire.Order:
    """Return an order with this number."""
    return wire.Order(reference=UUID(int=number), channel="whatsapp", sender=BALTIC_TOURS, to=AIJA)


def told(due: list[Post]) -> list[tuple[int, str]]:
    """Return which messages the callbacks speak of, and what they say."""
    return [(event.reference.int, event.status) for event in events(due)]


def test_statuses_come_in_any_order_and_some_twice(faulty: Callable[[Faults], Mind]) -> None:
    """All of them come in the end."""
    mind = faulty(Faults(late=30, repeats=0.5))
    for number in range(50):
        mind.take(order(number))
    heard: list[tuple[int, str]] = []
    while due := mind.due(most=7):
        heard += told(due)
        for one in due:
            posting.posted(mind.state, one.events, AT)

    counted = Counter(heard)
    assert set(counted) == {(number, status) for number in range(50) for status in ("sent", "delivered", "read")}
    assert 20 < sum(count == 2 for count in counted.values()) < 130
    assert max(counted.values()) == 2
    assert any(heard.index((number, "read")) < heard.index((number, "sent")) for number in range(50))


def test_a_callback_that_was_not_taken_comes_again(faulty: Callable[[Faults], Mind]) -> None:
    """Until it is taken."""
    mind = faulty(Faults())
    mind.take(order(1))
    (due,) = mind.due()
    posting.put_off(mind.state, due.events, LATER)

    assert mind.due() == []
    (again,) = posting.due(mind.state, LATER + timedelta(seconds=1))
    assert sorted(told([again])) == sorted(told([due]))


def test_a_message_may_fail_after_it_was_accepted(faulty: Callable[[Faults], Mind]) -> None:
    """With the code it was told to fail with."""
    mind = faulty(Faults(fails={AIJA: 131050}))
    reply = mind.take(order(1))
    (event,) = events(mind.due())

    assert (reply.status, event.status, event.code) == (200, "failed", 131050)


def test_a_silent_provider_reports_nothing(faulty: Callable[[Faults], Mind]) -> None:
    """It still takes messages."""
    mind = faulty(Faults(is_silent=True))
    mind.take(order(1))

    assert (mind.due(), mind.plain.find(UUID(int=1)).status) == ([], 200)


@DEAR
@given(st.floats(0, 1), st.integers(0, 1000))
def test_a_share_is_a_share(share: float, seed: int) -> None:
    """Of 200 messages about that share is dropped, the same ones in every run."""
    drawn = [_dropped(share, seed) for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert abs(sum(drawn[0]) / 200 - share) < 0.2


def _dropped(share: float, seed: int) -> list[bool]:
    own = mind(":memory:", Faults(drops=share, seed=seed, is_silent=True))
    dropped = [own.take(order(number)).status is None for number in range(200)]
    own.state.memory.close()
    return dropped


def test_what_was_accepted_is_counted_from_its_file(faulty: Callable[[Faults], Mind], tmp_path: Path) -> None:
    """Also by another process, after it was killed."""
    mind = faulty(Faults(drops=0.5))
    for number in (1, 2, 1):
        mind.take(order(number))

    assert accepted(tmp_path / "kept") == {UUID(int=1): [AT, AT], UUID(int=2): [AT]}
    assert waiting(tmp_path / "kept") == 9
