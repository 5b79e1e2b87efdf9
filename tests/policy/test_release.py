"""Release moments: no hold ends inside another, nor later than it must, across every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backoffice.plumbing.policies import library, read_scenario_files
from backoffice.policy.decide import Gate
from backoffice.policy.facts import Account, Message, Recipient, Register
from backoffice.policy.proving import Prover
from backoffice.policy.release import HORIZON
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.scenarios import read_scenarios

CASES = {case.id: case for case in read_scenarios(read_scenario_files())}
PROVER = Prover(library())
RULEBOOKS = [Rulebook(library(), operator) for operator in library().operators]
NUMBERS = (
    *("+13055550143", "+18505550143", "+14155550143", "+12155550143", "+16015550143", "+14015550143", "+18015550143"),
    *("+12055550143", "+15045550143", "+19155550143", "+16055550143", "+19065550143", "+18085550143", "+19075550143"),
    *("+18005550143", "+37126000001", "+34612345678", "+994501234567", "+447400123456", "+5511961234567"),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
SENT = st.lists(st.integers(0, 1439), max_size=5)


def send(number: str, at: datetime, sent: list[int]) -> tuple[Account, Message, Recipient]:
    """Make a compliant marketing SMS to a number at a moment, with earlier sends so many minutes ago."""
    case = msgspec.structs.replace(CASES["base-us-fl-sms"], number=number, at=at)
    where = library().numbering.locate(number)
    account, message, recipient = PROVER.facts(msgspec.structs.replace(case, zone=where.zones[0][1]))
    earlier = tuple(sorted(at - timedelta(minutes=minutes) for minutes in sent))
    fresh = tuple(Register(one.name, at) for one in account.registers)
    account = msgspec.structs.replace(account, registers=fresh, paid_until=datetime(2040, 1, 1, tzinfo=UTC))
    return account, message, msgspec.structs.replace(recipient, recent_sends=earlier, recent_on_topic=earlier)


def verdict_at(rulebook: Rulebook, facts: tuple[Account, Message, Recipient], at: datetime) -> str:
    """Judge the same send at another moment, with its clocks made anew."""
    account, message, recipient = facts
    pairs = tuple((time.place, time.zone) for time in recipient.local_times)
    later = msgspec.structs.replace(recipient, local_times=rulebook.times.at(pairs, at))
    return Gate(rulebook, account, msgspec.structs.replace(message, at=at)).decide(later).verdict


@given(st.sampled_from(RULEBOOKS), st.sampled_from(NUMBERS), MOMENTS, SENT, st.floats(0, 1, exclude_max=True))
def test_a_hold_ends_at_the_first_open_moment(
    rulebook: Rulebook, number: str, at: datetime, sent: list[int], part: float
) -> None:
    """The moment it names is open, and no moment before it is."""
    facts = send(number, at, sent)
    decision = Gate(rulebook, facts[0], facts[1]).decide(facts[2])

    if decision.next_allowed_at is not None:
        assert decision.verdict == "hold"
        assert verdict_at(rulebook, facts, decision.next_allowed_at) in {"allow", "warn"}
        earlier = min(at + (decision.next_allowed_at - at) * part, decision.next_allowed_at - timedelta.resolution)
        assert verdict_at(rulebook, facts, earlier) == "hold"
    if decision.no_common_window:
        assert verdict_at(rulebook, facts, at + HORIZON * part) == "hold"


def test_every_number_is_held_at_night() -> None:
    """The property above is not about nothing."""
    night = datetime(2026, 11, 17, 23, 30, tzinfo=UTC), datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    for number in NUMBERS:
        sends = [send(number, at, []) for at in night]
        held = [Gate(RULEBOOKS[0], *facts[:2]).decide(facts[2]).verdict for facts in sends]
        assert "hold" in held, number
