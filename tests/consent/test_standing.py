"""Which consents and stops stand for one send, of all that are on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.consent.standing import OnRecord, Stop, standing_consents, standing_stops
from backoffice.consent.wordings import Wording
from backoffice.policy.facts import FOREVER, Suppression

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDINGS = {
    1: Wording(frozenset({"marketing"}), frozenset({"whatsapp"})),
    2: Wording(frozenset({"marketing", "service"}), frozenset({"whatsapp", "sms"}), is_written=True),
    3: Wording(frozenset({"service"}), frozenset({"sms"})),
}
STOP = Stop(is_everywhere=False, scope="all", channel="all", topic="", at=NOON, reason="reply")
CONSENTS = st.builds(
    OnRecord,
    wording=st.sampled_from(sorted(WORDINGS)),
    grade=st.sampled_from("ABCD"),
    given_at=st.integers(-3, 3).map(lambda hours: NOON + hours * HOUR),
    valid_until=st.sampled_from((FOREVER, NOON + 9 * HOUR)),
    is_listed=st.booleans(),
)
STOPS = st.builds(
    Stop,
    is_everywhere=st.booleans(),
    scope=st.sampled_from(("all", "marketing", "topic")),
    channel=st.sampled_from(("all", "sms")),
    topic=st.sampled_from(("", "lamps")),
    at=st.integers(-3, 3).map(lambda hours: NOON + hours * HOUR),
    reason=st.sampled_from(("list", "import", "account", "reply", "staff", "complaint")),
)


def yes(grade: str = "A", after: int = 1, *, wording: int = 1, is_listed: bool = False) -> OnRecord:
    """Return a consent given some hours after noon."""
    return OnRecord(wording, grade, NOON + after * HOUR, FOREVER, is_listed)  # type: ignore[arg-type]


def stops(stop: Stop, *consents: OnRecord, channel: str = "whatsapp", purpose: str = "marketing") -> int:
    """Return how many stops stand."""
    return len(standing_stops([stop], consents, WORDINGS, channel, purpose))


@pytest.mark.parametrize(
    ("consent", "stands"),
    [
        (yes("A"), False),
        (yes("B"), True),
        (yes("C"), True),
        (yes("A", 0), True),  # of two acts at one moment the stop is the later one
        (yes("A", -1), True),
        (yes("A", wording=3), True),  # speaks of something else
        (yes("A", is_listed=True), True),  # an account's word against what the person told us
    ],
)
def test_only_a_later_act_of_the_person_over_the_channel_lifts_a_stop(consent: OnRecord, *, stands: bool) -> None:
    """Grade A, later, for this very send, and received by ourselves."""
    assert stops(STOP, consent) == stands


@pytest.mark.parametrize(
    ("stop", "stands"),
    [
        (STOP._replace(reason="list"), False),
        (STOP._replace(reason="import"), True),
        (STOP._replace(reason="account"), True),
        (STOP._replace(reason="staff"), True),
        (STOP._replace(is_everywhere=True, reason="list"), True),
    ],
)
def test_what_an_account_hands_in_lifts_only_what_its_lists_had_told(stop: Stop, *, stands: bool) -> None:
    """A message id in a list speaks against an opt-out in a list, and against no other."""
    assert stops(stop, yes(is_listed=True)) == stands


def test_a_stop_of_everybody_or_by_staff_is_lifted_by_no_consent() -> None:
    """One account's yes is nobody else's, and staff had their reason."""
    assert stops(STOP._replace(is_everywhere=True), yes())
    assert stops(STOP._replace(reason="staff"), yes())


@given(found=st.lists(CONSENTS, max_size=6), said=st.lists(STOPS, max_size=6), more=CONSENTS)
def test_no_consent_but_grade_a_changes_what_stops_stand(
    found: list[OnRecord], said: list[Stop], more: OnRecord
) -> None:
    """What is imported or recorded of lower grades leaves every stop where it stood."""
    before = standing_stops(said, found, WORDINGS, "whatsapp", "marketing")

    after = standing_stops(said, [*found, more._replace(grade="B")], WORDINGS, "whatsapp", "marketing")

    assert after == before
    assert list(after) == sorted(after, key=lambda one: one.at)


@given(found=st.lists(CONSENTS, max_size=8), channel=st.sampled_from(("whatsapp", "sms")))
def test_the_newest_of_each_grade_stands_in_the_order_of_grades(found: list[OnRecord], channel: str) -> None:
    """One a grade; what speaks of another send is a bare flag; nothing newer of the grade was left out."""
    standing = standing_consents(found, WORDINGS, channel, "marketing")

    graded = [one if WORDINGS[one.wording].covers(channel, "marketing") else one._replace(grade="D") for one in found]
    assert [one.grade for one in standing] == sorted({one.grade for one in graded})
    for one in standing:
        assert one in graded
        assert one.given_at == max(other.given_at for other in graded if other.grade == one.grade)


def test_a_stop_stands_as_it_was_said() -> None:
    """Scope, channel, topic and moment are the rule's to weigh."""
    stop = STOP._replace(scope="topic", channel="sms", topic="lamps")

    assert standing_stops([stop], [], WORDINGS, "whatsapp", "marketing") == (
        Suppression(scope="topic", channel="sms", at=NOON, topic="lamps"),
    )
