"""The gate: what a verdict depends on, what may loosen it, and what never can."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backoffice.plumbing.policies import library
from backoffice.policy.decide import Decision, Gate, decide
from backoffice.policy.facts import Account, Listing, Message, Recipient, Suppression
from backoffice.policy.gaps import is_gap
from backoffice.policy.language import RULES
from backoffice.policy.library import Library
from backoffice.policy.program import STRICTNESS, Program
from backoffice.policy.rulebook import Rulebook
from tests.policy.strategies import NOW, RULEBOOKS, accounts, messages, recipients
from tests.trying import DEAR

AFRESH = {name: Rulebook(Library(library().files), name) for name in RULEBOOKS}
DAY = timedelta(days=1)
BOOKS = st.sampled_from(sorted(RULEBOOKS)).map(lambda name: RULEBOOKS[name])
STOPS = st.builds(
    Suppression, scope=st.sampled_from(["all", "marketing", "topic"]), topic=st.sampled_from(["", "autumn"])
)
ASK_FOR_CONSENT = {"no_consent", "no_transfer_consent", "unmarked_ad", "wireless_domain"}


def strictness(decision: Decision) -> int:
    """Return how strict a verdict is, allow 0."""
    return STRICTNESS.index(decision.verdict)


@DEAR
@given(BOOKS, accounts(gaps=True), messages(gaps=True), st.lists(recipients(gaps=True), min_size=1, max_size=4))
def test_a_verdict_depends_on_nothing_but_facts_rulebook_and_time(
    rulebook: Rulebook, account: Account, message: Message, people: list[Recipient]
) -> None:
    """Alone or in a batch, first or last, now or asked again, from the same or an equal rulebook: the same answer."""
    batch = decide(rulebook, account, message, people)
    backwards = decide(rulebook, account, message, people[::-1])[::-1]
    alone = [Gate(rulebook, account, message).decide(person) for person in people]
    afresh = decide(AFRESH[rulebook.operator], account, message, people[:1])

    assert batch == backwards == alone
    assert afresh == batch[:1]


@DEAR
@given(BOOKS, accounts(gaps=True), messages(gaps=True), recipients(gaps=True), STOPS)
def test_another_suppression_never_loosens(
    rulebook: Rulebook, account: Account, message: Message, person: Recipient, stop: Suppression
) -> None:
    """A person who says stop once more gets no more than before."""
    stops = () if is_gap(person.suppressions) else person.suppressions
    stopped = msgspec.structs.replace(person, suppressions=(*stops, stop))
    before, after = (Gate(rulebook, account, message).decide(one) for one in (person, stopped))

    if not is_gap(person.suppressions):
        assert strictness(after) >= strictness(before)


@DEAR
@given(BOOKS, accounts(gaps=True), messages(gaps=True), recipients(gaps=True), st.data())
def test_another_tightening_rule_never_loosens(
    rulebook: Rulebook, account: Account, message: Message, person: Recipient, data: st.DataObject
) -> None:
    """Leave any rule but an exception out: what is left is as strict or milder."""
    gate = Gate(rulebook, account, message)
    program, mask, missing = gate.answers(person)
    message = msgspec.structs.replace(message, purpose=gate.decide(person).purpose)
    tightening = [bound for bound in program.bounds if bound.mode != "allow"]
    left_out = data.draw(st.sampled_from(tightening))
    fewer = Program(bound for bound in program.bounds if bound is not left_out)

    whole = program.outcome(mask, missing)
    part = fewer.outcome(*fewer.bind(account, message)(person))
    assert STRICTNESS.index(part.verdict) <= STRICTNESS.index(whole.verdict)


@DEAR
@given(BOOKS, accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_an_exception_lifts_nothing_but_what_it_names(
    rulebook: Rulebook, account: Account, message: Message, person: Recipient
) -> None:
    """Nor a gap, nor a clause, nor anything where it could not answer itself."""
    gate = Gate(rulebook, account, message)
    program, mask, missing = gate.answers(person)
    message = msgspec.structs.replace(message, purpose=gate.decide(person).purpose)
    without = Program(bound for bound in program.bounds if bound.mode != "allow")
    lifted = program.outcome(mask, missing).lifted
    bare = without.outcome(*without.bind(account, message)(person))
    kept = program.outcome(mask, missing).findings

    assert {one.bound.key for one in bare.findings} == {one.bound.key for one in (*kept, *lifted)}
    by_source = {bound.source: bound for bound in program.bounds if bound.mode == "allow"}
    for one in lifted:
        assert not one.fact
        assert "/" not in one.bound.source
        assert all(one.bound.source in by_source[by].lifts for by in one.lifted_by)


@DEAR
@given(BOOKS, accounts(gaps=True), messages(gaps=True), recipients(gaps=True))
def test_grade_d_satisfies_no_rule_that_asks_for_consent(
    rulebook: Rulebook, account: Account, message: Message, person: Recipient
) -> None:
    """A bare flag is worth as much as nothing."""
    if is_gap(person.consents):
        return
    flags = tuple(msgspec.structs.replace(consent, grade="D") for consent in person.consents)
    bare, none = (msgspec.structs.replace(person, consents=consents) for consents in (flags, ()))

    found = [Gate(rulebook, account, message).decide(one) for one in (bare, none)]
    assert found[0] == found[1]


def test_every_rule_that_reads_consents_is_known_to_the_property_above() -> None:
    """A rule that asks for consent in a new way is seen here first."""
    reading = {rule.name for rule in RULES.values() if "recipient.consents" in rule.source}

    assert reading >= ASK_FOR_CONSENT
    assert all("consent.grade" in RULES[name].source for name in reading)


def test_an_act_that_has_not_happened_yet_lifts_nothing() -> None:
    """A purchase, an inquiry or an inbound message dated after the send is no ground for it."""
    message = Message(at=NOW, channel="whatsapp", purpose="marketing", form="free_form")
    later = NOW + DAY
    person = Recipient(
        number_class="mobile",
        listings=(Listing("us_dnc", NOW - 400 * DAY),),
        last_purchase_at=later,
        last_inquiry_at=later,
        last_inbound_at=later,
    )
    account = Account(lawful_basis="consent", portfolio_room_at=NOW + DAY)

    for source, code in (("US-NJ-01", "no_consent"), ("US-TC-11", "in_register"), ("PL-WA-02", "window_shut")):
        bounds = [one for one in RULEBOOKS["isend"].bounds if (one.source, one.rule.name) == (source, code)]
        assert [one.rule.answer(account, message, person, one.params) for one in bounds] == [True], source
