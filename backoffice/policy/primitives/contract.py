"""The contract: which edition binds, how it is accepted, how it changes, ends and passes on."""

from __future__ import annotations

from datetime import date
from typing import Literal

from backoffice.policy.primitives.terms import Declared, Event, Medium, Term
from backoffice.policy.questions import answers

Document = Literal["terms", "tariff", "privacy_policy", "further_policies", "integration_terms"]
Use = Literal["access", "sends"]


@answers("must_accept")
class TermsVersion(Declared, frozen=True, kw_only=True):
    """The name of an edition, and its date where the document bears one; the text is bound by its hash.

    Every operator's Terms need it; undated Terms get a name on import.
    """

    version: str
    dated_on: date | None = None


@answers("must_accept")
class TermsAcceptance(Declared, frozen=True, kw_only=True):
    """How the contract comes about, what is stated in accepting it, and what stops for whoever declines.

    `mode` is the act the Terms count as assent; an explicit act is recorded before `explicit_before` all the
    same. Acceptance by use, by registration or by the issue of credentials differ by operator.
    """

    mode: Literal["access_and_use", "use", "registration", "account_creation", "credentials_issued"] | None = None
    contract_starts_at: Event | None = None
    explicit_before: Event | None = None
    second_proof: Literal["payment"] | None = None
    statement: tuple[Literal["read", "understood", "agreed", "accepted"], ...] = ()
    declining_stops: tuple[Use, ...] = ()
    shown_with: tuple[Document, ...] = ()
    open_to: tuple[Literal["individual", "legal_entity"], ...] = ()


@answers("must_accept")
class DocumentSet(Declared, frozen=True, kw_only=True):
    """The documents that belong to the contract, each in its version, and the act that binds them.

    Three operators name a privacy policy, further policies or the terms of an integration.
    """

    documents: tuple[Document, ...]
    bound_at: Event | None = None
    link_is_kept: bool | None = None


@answers("takes_effect")
class ContractTerm(Declared, frozen=True, kw_only=True):
    """From which event to which event the contract runs."""

    starts_at: Event
    ends_at: Event


@answers("is_recorded")
class SignedDocument(Declared, frozen=True, kw_only=True):
    """Whether one document signed by both sides is needed, and when it may be made."""

    is_required: bool
    may_be_made: Literal["any_time"]


@answers("takes_effect")
class TermsChange(Declared, frozen=True, kw_only=True):
    """How an edition is announced, when it binds, what counts as assent, and the way out.

    `notice` absent: nothing is said about a lead time. Continued use is a tacit acceptance and
    `counts_as_consent` says that it is no consent to data processing. Four operators state it, each in its way.
    """

    may_change: Literal["any_time"] | None = None
    makes_new_version: bool | None = None
    notice: Literal["none_needed", "publication", "message"] | None = None
    notice_term: Term | None = None
    only_if: Literal["major", "substantial"] | None = None
    media: tuple[Medium, ...] = ()
    is_best_effort: bool | None = None
    takes_effect_at: Event | None = None
    edition_may_set_date: bool | None = None
    acceptance: Literal["continued_use", "commercial_use"] | None = None
    counts_as_consent: bool | None = None
    way_out: Literal["cancel"] | None = None
    refund_promised: bool | None = None
    follows_clauses: tuple[str, ...] = ()


@answers("takes_effect")
class PriceChange(Declared, frozen=True, kw_only=True):
    """How long before a new price is announced, and from when it is owed.

    One operator gives notice in days, another lets the price wait for the end of the paid period.
    """

    notice: Term | None = None
    takes_effect_at: Event | None = None
    old_price_until_then: bool | None = None
    acceptance: Literal["continued_use"] | None = None
    counts_as_consent: bool | None = None
    is_unilateral: bool | None = None
    makes_new_version: bool | None = None


@answers("takes_effect")
class ConsumerExit(Declared, frozen=True, kw_only=True):
    """What a consumer may do when a digital service is changed to their loss (Dir. (EU) 2019/770 Art. 19)."""

    needs: tuple[Literal["contractual_reason", "clear_notice"], ...]
    notice_media: tuple[Medium, ...]
    notice_before: Literal["reasonable_time"]
    exit_within: Term
    cost_free: bool
    not_if: tuple[Literal["minor_impact", "unchanged_version_kept_free"], ...]


@answers("takes_effect")
class RenewalDuty(Declared, frozen=True, kw_only=True):
    """What the law asks of a contract that renews by itself (15 USC 8403, Cal. Bus. & Prof. Code 17600-17606)."""

    needs: tuple[Literal["clear_terms", "express_consent", "simple_cancellation"], ...]
    cancel_by_same_medium: bool
    yearly_reminder_in: tuple[str, ...]
    consent_kept: Term
    consent_kept_after_end: Term
    stricter_from: date


@answers("propose")
class Termination(Declared, frozen=True, kw_only=True):
    """Who may end the contract, on which grounds, and whether a warning comes first.

    One operator ends on any ground without warning, another on breach or by agreement.
    """

    by: Literal["operator", "both_agreed"]
    grounds: tuple[Literal["any", "inactivity", "suspected_breach", "breach", "broken_warranty", "civil_law"], ...] = ()
    prior_notice: Literal["none_needed"] | None = None
    told_after: bool | None = None
    needs_reason: bool | None = None
    when: Literal["any_time"] | None = None


@answers("propose")
class TerminationEffect(Declared, frozen=True, kw_only=True):
    """What stops and what is removed once the contract has ended; a legal hold wins over removal."""

    stops: tuple[Use, ...] = ()
    starts_at: Event | None = None
    removes: tuple[Literal["content"], ...] = ()


@answers("may_transfer")
class Transfer(Declared, frozen=True, kw_only=True):
    """Whether an account user may hand the contract to another."""

    allowed: Literal["never", "with_written_consent"]


@answers("may_transfer")
class Resale(Declared, frozen=True, kw_only=True):
    """Whether the use of the service may be passed on, and which acts count as passing on."""

    allowed: Literal["never", "with_permission"]
    acts: tuple[Literal["sell", "resell", "lease", "redistribute", "copy", "share"], ...]
    stops_change_of_owner: bool | None = None


@answers("is_recorded")
class JurisdictionLaw(Declared, frozen=True, kw_only=True):
    """Whose law a kind of data follows, and by which fact that law is picked."""

    covers: tuple[Literal["module_data"], ...]
    picked_by: tuple[Literal["account_country", "account_region"], ...]
