"""Notices and disputes: who is told, over which channel, and the steps and terms of a complaint."""

from __future__ import annotations

from typing import Literal

from backoffice.policy.primitives.terms import Audience, Declared, Event, Medium, Term
from backoffice.policy.questions import answers


@answers("must_notify")
class NoticeChannel(Declared, frozen=True, kw_only=True):
    """Over which channels notices may go, about what, and where writing is asked for."""

    media: tuple[Medium, ...]
    topics: tuple[Literal["usage", "any_notice"], ...]
    writing_asked_in: tuple[str, ...] = ()


@answers("must_notify")
class NoticeContent(Declared, frozen=True, kw_only=True):
    """What a notice must never ask for; a template that does isn't sent."""

    never_asks: tuple[Literal["personal_data"], ...]


@answers("must_notify")
class NoticeAddress(Declared, frozen=True, kw_only=True):
    """Where notices to each side go."""

    account: Literal["given_at_registration"]
    operator: str


@answers("must_notify")
class StatementOfReasons(Declared, frozen=True, kw_only=True):
    """What a suspended or restricted person is told, and by when (Reg. (EU) 2022/2065 Art. 17(3))."""

    fields: tuple[Literal["what", "scope", "until", "facts", "automated", "ground", "contest"], ...]
    at_latest: Literal["with_the_measure"]


@answers("must_notify")
class TermsClarity(Declared, frozen=True, kw_only=True):
    """What the Terms must say of their own restrictions (Reg. (EU) 2022/2065 Art. 14)."""

    fields: tuple[Literal["restriction_kinds", "procedures", "tools", "human_review"], ...]


@answers("must_notify")
class BreachNotice(Declared, frozen=True, kw_only=True):
    """Who is told of a breach, how fast and from when; `from_people` is the count of persons from which it applies.

    `within` absent: without undue delay. Hours run through weekends and never roll.
    """

    tells: Audience
    within: Term | None = None
    policy_within: Term | None = None
    from_people: int | None = None
    if_risk: Literal["not_unlikely", "high"] | None = None
    not_if: tuple[Literal["unintelligible", "risk_removed"], ...] = ()
    public_instead_if: Literal["disproportionate_effort"] | None = None
    late_needs_reasons: bool | None = None
    registers_all: bool | None = None
    content: tuple[Literal["nature", "contact", "consequences", "measures"], ...] = ()


@answers("must_notify")
class Authority(Declared, frozen=True, kw_only=True):
    """The authority that supervises personal data in a place, as notices and refusals name it."""

    name: str
    also: tuple[str, ...] = ()
    address: str | None = None


@answers("is_recorded")
class ESignature(Declared, frozen=True, kw_only=True):
    """The level of electronic signature that notices carry, and which acts it covers (eIDAS 25(1))."""

    level: Literal["simple"]
    covers: tuple[Literal["notices", "acts_in_service"], ...]
    keeps: tuple[Literal["hash", "time"], ...]


@answers("is_recorded")
class MessageCount(Declared, frozen=True, kw_only=True):
    """From how many messages of one sender to one person in a period a complaint must be examined; they are counted."""

    messages: int
    within: Term


@answers("claim_steps")
class ClaimTerm(Declared, frozen=True, kw_only=True):
    """Whether a complaint must come before a court, and by when it is answered."""

    is_mandatory: bool
    within: Term


@answers("claim_steps")
class DeemedPerformance(Declared, frozen=True, kw_only=True):
    """When the service counts as properly performed.

    Two readings may stand side by side in one document: both are kept, neither is chosen.
    """

    after: Term | None = None
    unless: Literal["written_claim"] | None = None
    at: tuple[Event, ...] = ()


@answers("claim_steps")
class LogPresumption(Declared, frozen=True, kw_only=True):
    """Whose record counts in a dispute, until what is shown, and what follows then."""

    stands_unless: Literal["technical_fault_proven"]
    needs: Literal["investigation"]
    then: Literal["credit_back"]


@answers("claim_steps")
class DisputeSteps(Declared, frozen=True, kw_only=True):
    """What must be tried before a court; no duration is stated."""

    steps: tuple[Literal["negotiation"], ...]
    before: Literal["litigation", "court"]
    within: Term | None = None


@answers("claim_steps")
class ForceMajeure(Declared, frozen=True, kw_only=True):
    """What an unavoidable event excuses, what is no such event, who is told, and when either side may leave."""

    never_counts: tuple[Literal["counterparty_breach", "goods_unavailable", "no_funds"], ...] = ()
    proof: tuple[Literal["chamber_of_commerce", "authority"], ...] = ()
    deadlines_move_by: Literal["event_duration"] | None = None
    notice_within: Term | None = None
    may_end_after: Term | None = None
    may_end_by: tuple[Literal["account", "operator"], ...] = ()
    form: Literal["writing"] | None = None


@answers("claim_steps")
class Damages(Declared, frozen=True, kw_only=True):
    """What a claim for damages must bring."""

    needs: tuple[Literal["documents"], ...]
    owed_by: Literal["operator"]


@answers("claim_steps")
class IpClaim(Declared, frozen=True, kw_only=True):
    """What the operator owes an account that is sued over rights in the service itself."""

    operator_owes: tuple[Literal["settle_dispute", "compensate_losses"], ...]


@answers("claim_steps")
class Contact(Declared, frozen=True, kw_only=True):
    """Where an account user turns, and for what."""

    topics: tuple[Literal["help", "dispute"], ...]
    to: Literal["operator"]
