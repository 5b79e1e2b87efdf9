"""The rights and their clocks: by when and how a person is answered, and how periods are counted."""

from __future__ import annotations

from datetime import date
from typing import Literal

from backoffice.policy.primitives.terms import Audience, Declared, Medium, Term, Unit
from backoffice.policy.questions import answers

Right = Literal[
    "any",
    "access",
    "source",
    "rectification",
    "erasure",
    "portability",
    "restriction",
    "prohibition",
    "protection",
]
Part = Literal[
    "confirmation",
    "copy",
    "purposes",
    "categories",
    "recipients",
    "storage_period",
    "rights",
    "complaint_right",
    "source",
    "automated_decisions",
    "transfer_safeguards",
    "reason",
    "authority",
    "court_remedy",
    "owner",
    "legal_basis",
    "protection_level",
    "how_handled",
    "date",
    "nature",
    "manner",
    "response_date",
    "response_nature",
    "denial_basis",
]


@answers("due_by")
class PeriodRule(Declared, frozen=True, kw_only=True):
    """How a period of a unit is counted: from when, and whether a day off moves its end; all end at 24:00 local.

    The legal date and the safe date are both kept: the safe one leaves earlier where readings differ.
    """

    unit: tuple[Unit, ...]
    counts_event: bool | None = None
    zone_of: Literal["controller"] | None = None
    missing_date: Literal["last_day_of_month"] | None = None
    rolls: Literal["forward", "none"] | None = None
    skips: tuple[Literal["saturday", "sunday", "public_holiday", "federal_holiday"], ...] = ()
    safe_skips: tuple[Literal["saturday", "sunday"], ...] = ()
    safe_rolls: Literal["backward"] | None = None
    safe_counts_event: bool | None = None
    least_working_days: int | None = None
    from_length: Term | None = None


@answers("due_by")
class AnswerTerm(Declared, frozen=True, kw_only=True):
    """By when a request of a person is answered, by how much that can be prolonged, and who is told in between.

    `extension` counts from the receipt, together with `within`; the clock waits for nothing unless `may_pause`.
    `policy_within` is our own, shorter promise where the law says only without undue delay.
    """

    right: Right
    step: Literal["answer", "confirm", "refuse", "forward", "tell_recipients"]
    within: Term | None = None
    policy_within: Term | None = None
    extension: Term | None = None
    extension_told_within: Term | None = None
    extension_needs: tuple[Literal["complexity", "number", "third_party", "notice", "notice_with_reasons"], ...] = ()
    total: Term | None = None
    may_pause: bool | None = None
    stops_sends_at_once: bool | None = None
    tells_recipients: bool | None = None


@answers("must_answer")
class AnswerContent(Declared, frozen=True, kw_only=True):
    """What an answer, a refusal or a notice to a person must hold, in which format."""

    to: Literal["access", "portability", "refusal", "collection", "receipt", "record"]
    parts: tuple[Part, ...]
    formats: tuple[Literal["json", "csv", "electronic"], ...] = ()
    data: tuple[Literal["provided", "observed"], ...] = ()
    redacts_others: bool | None = None
    to_other_controller_if_feasible: bool | None = None


@answers("must_answer")
class AnswerFee(Declared, frozen=True, kw_only=True):
    """What an answer costs, how often or how many copies are free, and who may decide otherwise."""

    fee: int | None = None
    free_per_year: int | None = None
    free_copies: int | None = None
    refused_if: tuple[Literal["manifestly_unfounded", "excessive"], ...] = ()
    decided_by: Literal["legal"] | None = None


@answers("must_answer")
class IdentityCheck(Declared, frozen=True, kw_only=True):
    """When more proof of identity may be asked for, whether the clock waits, and what is never asked."""

    only_on: Literal["reasonable_doubt"]
    law_lets_clock_wait: bool
    clock_waits: bool
    never_asks: tuple[Literal["full_id_copy"], ...]


@answers("must_answer")
class Appeal(Declared, frozen=True, kw_only=True):
    """By when an appeal against a refusal is answered (days), and where no appeal route is given."""

    within_days: tuple[int, int]
    none_in: tuple[str, ...]


@answers("must_answer")
class RequestChannel(Declared, frozen=True, kw_only=True):
    """Which rights a person has, and how a request must come in to count."""

    rights: tuple[Right, ...]
    by: tuple[Literal["paper_with_identity_document", "enhanced_electronic_signature"], ...]


@answers("must_answer")
class StopDesign(Declared, frozen=True, kw_only=True):
    """How a stop page or link is built, so that stopping costs nothing and happens by nobody's accident."""

    fee: int | None = None
    login: bool | None = None
    most_pages: int | None = None
    asks: tuple[Literal["email", "preferences"], ...] = ()
    method: Literal["post"] | None = None
    cookies: bool | None = None
    redirects: bool | None = None
    token: Literal["opaque"] | None = None


@answers("may_refund")
class WithdrawalRight(Declared, frozen=True, kw_only=True):
    """Within which time a consumer, or any buyer, may leave a distance contract, and by when money is back."""

    within: Term
    who: Audience
    if_uninformed_longer_by: Term | None = None
    refund_within: Term | None = None
    penalty: int | None = None
    overrides_non_refundable: bool | None = None


@answers("may_refund")
class EarlyStart(Declared, frozen=True, kw_only=True):
    """What must be on record before a paid service starts inside the withdrawal period, and what is owed then.

    Both acts are separate, not ticked in advance, and carry their time (Dir. 2011/83/EU Art. 7(3), 8(8), 14, 16).
    """

    needs: tuple[Literal["express_request", "acknowledgement"], ...]
    owed_if_valid: Literal["pro_rata"]
    owed_percent_if_missing: int
    right_ends_at: Literal["full_performance"]


@answers("offers")
class WithdrawalFunction(Declared, frozen=True, kw_only=True):
    """The two-step withdrawal function of an online consumer contract (Dir. 2011/83/EU Art. 11a)."""

    stays: Literal["whole_withdrawal_period"]
    label: str
    confirm_step: bool
    fields: tuple[Literal["name", "contract", "contact"], ...]
    acknowledges_by: Medium
    acknowledges: tuple[Literal["content", "date", "time"], ...]


@answers("due_by")
class Switching(Declared, frozen=True, kw_only=True):
    """The clocks of an account that takes its data to another provider (Reg. (EU) 2023/2854 Art. 23-31)."""

    notice_most: Term
    transition_most: Term
    infeasible_told_within: Term
    infeasible_most: Term
    account_may_extend_times: int
    retrieval_least: Term
    then: Literal["full_erasure"]
    free_from: date
    not_for: tuple[Literal["custom_built", "test_version"], ...]
    fee_until_then: Literal["cost"]
