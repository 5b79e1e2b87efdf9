"""The account: who may open it, what is kept right in it, and which measures a breach allows."""

from __future__ import annotations

from typing import Literal

from backoffice.policy.primitives.terms import Declared, Event, Term
from backoffice.policy.questions import answers
from backoffice.policy.vocabulary import Channel

Evidence = Literal["declaration", "birth_date"]
Measure = Literal["restrict", "suspend", "downgrade", "close"]
Ground = Literal[
    "terms_violation",
    "non_payment",
    "fraud",
    "security_risk",
    "anti_spam_violation",
    "agreement",
    "technical",
    "inaccurate_information",
    "suspected_inaccuracy",
    "suspicious_activity",
    "non_compliance",
    "breach",
]
Secret = Literal["login", "password", "registration_data", "device", "account_data"]


@answers("may_register")
class AgeMin(Declared, frozen=True, kw_only=True):
    """The age an account holder must have reached, when it is judged and what shows it.

    A declaration is enough: a birth date is asked only where it is needed (GDPR 5(1)(c)).
    """

    years: int | None = None
    judged_at: Event | None = None
    evidence: tuple[Evidence, ...] = ()
    declared_by: Literal["use"] | None = None


@answers("may_register")
class LegalCapacity(Declared, frozen=True, kw_only=True):
    """That an account holder may contract, and what shows it."""

    evidence: tuple[Evidence, ...]


@answers("may_register")
class AccountType(Declared, frozen=True, kw_only=True):
    """The kinds of holder that may open an account, and which of them need a named representative."""

    allowed: tuple[Literal["individual", "legal_entity"], ...]
    needs_representative: tuple[Literal["individual", "legal_entity"], ...] = ()


@answers("may_register")
class BusinessOnly(Declared, frozen=True, kw_only=True):
    """The uses an account holder declares, and those for which registration is refused."""

    allowed: tuple[Literal["business"], ...]
    refused: tuple[Literal["personal", "family", "household"], ...]
    declared_at: Event


@answers("may_register")
class OneAccount(Declared, frozen=True, kw_only=True):
    """How many active accounts a person may hold, how doubles are found and what follows, on review by staff."""

    most: int | None = None
    per: Literal["person"] | None = None
    matched_by: Literal["verified_identity"] | None = None
    on_double: tuple[Literal["review", "close"], ...] = ()


@answers("may_register")
class Registration(Declared, frozen=True, kw_only=True):
    """What must be complete before login details are issued, and what is made unique."""

    complete_before: Event | None = None
    unique: tuple[Literal["login", "password"], ...] = ()


@answers("may_register")
class RegistrationRefusal(Declared, frozen=True, kw_only=True):
    """On which grounds a registration may be refused or revoked; the ground is cited."""

    acts: tuple[Literal["refuse", "cancel"], ...]
    grounds: tuple[Literal["terms", "law", "inaccurate_information"], ...]
    laws: tuple[Literal["US", "EU", "LATAM"], ...] = ()


@answers("may_register")
class AccurateData(Declared, frozen=True, kw_only=True):
    """Which details must be right, from when on, and what a stale one leads to."""

    applies: Literal["at_registration", "always"]
    required: tuple[Literal["registration_form", "legal_entity_data"], ...] = ()
    on_stale: Literal["warn", "remind"] | None = None


@answers("may_register")
class RegisterEntry(Declared, frozen=True, kw_only=True):
    """A public register or licence that must be on record, or the clause that exempts.

    Filed with the authority; the fine is in the currency of the place.
    """

    register: str
    instead: Literal["exemption_clause", "legal_determination"]
    decided_within: Term | None = None
    fine_from: int | None = None
    fine_to: int | None = None
    fine_currency: str | None = None


@answers("is_recorded")
class Credentials(Declared, frozen=True, kw_only=True):
    """Which secrets an account user guards, what is warned about, and what proves identity at sign-in.

    A second factor isn't asked for by any of the Terms read so far.
    """

    confidential: tuple[Secret, ...] = ()
    warns_on: tuple[Literal["shared_session", "reused_token"], ...] = ()
    needs_measures: bool | None = None
    identity_check: Literal["login_only"] | None = None


@answers("is_recorded")
class Attribution(Declared, frozen=True, kw_only=True):
    """Which marks every send and act under an account carries, so that it can be laid to its holder."""

    carries: tuple[Literal["account", "actor", "login"], ...]
    is_append_only: bool


@answers("must_notify")
class BreachReport(Declared, frozen=True, kw_only=True):
    """From when an account user must report misuse of the account, how fast, and what is done on a report.

    No Terms give a number: `promptness` is their word.
    """

    starts_at: tuple[Event, ...]
    promptness: Literal["immediate"]
    then: tuple[Literal["rotate_credentials"], ...] = ()


@answers("propose")
class Suspension(Declared, frozen=True, kw_only=True):
    """Which measures a ground allows, for how long, and what must be said with it.

    Staff decide; the clock alone never suspends. The breached clause and the reason stand in the record.
    `grace` absent: the Terms name no days, the operator's setting counts.
    """

    measures: tuple[Measure, ...]
    grounds: tuple[Ground, ...]
    lasts: tuple[Literal["temporary", "permanent"], ...] = ()
    until: tuple[Literal["cause_removed", "confirmed", "corrected"], ...] = ()
    prior_notice: Literal["none_needed"] | None = None
    compensation: Literal["none"] | None = None
    grace: Term | None = None
    cites_clause: str | None = None


@answers("propose")
class Overuse(Declared, frozen=True, kw_only=True):
    """What passing a plan's ceiling may lead to, on a decision by staff."""

    measures: tuple[Measure, ...]
    lasts: tuple[Literal["temporary", "permanent"], ...] = ()


@answers("offers")
class UsageLimit(Declared, frozen=True, kw_only=True):
    """What a plan doesn't limit absolutely."""

    no_ceiling_for: tuple[Literal["contacts", "messages"], ...]


@answers("propose")
class SecurityAbuse(Declared, frozen=True, kw_only=True):
    """Which attacks on the service are watched for, and what is proposed when one is seen."""

    acts: tuple[
        Literal[
            "intrusion",
            "vulnerability_scan",
            "sign_in_bypass",
            "abusive_load",
            "tampering",
            "scraping",
            "exploit",
            "disruption",
            "security_violation",
            "helping_others",
        ],
        ...,
    ]
    measures: tuple[Literal["suspend", "case", "rate_limit"], ...]
    cites_clause: str | None = None


@answers("propose")
class NumberStatus(Declared, frozen=True, kw_only=True):
    """What the ban of a number by its provider stops."""

    status: Literal["banned"]
    set_by: Literal["provider"]
    stops: tuple[Literal["sends"], ...]


@answers("offers")
class NumberReplacement(Declared, frozen=True, kw_only=True):
    """When a number may be swapped, and what stays as it was; `most` absent: no count of swaps is stated."""

    after: Literal["ban"]
    keeps: tuple[Literal["package", "balance", "end_date"], ...]
    most: int | None = None


@answers("offers")
class ChannelAddon(Declared, frozen=True, kw_only=True):
    """What must have passed before a bought module counts as configured."""

    counts_as_configured_after: Literal["self_test"]
    channels: tuple[Channel, ...] = ()


@answers("propose")
class HumanReview(Declared, frozen=True, kw_only=True):
    """Which decisions are never left to a program alone, and what the person may ask for (GDPR 22)."""

    decisions: tuple[Literal["close_account_of_natural_person"], ...]
    may_ask: tuple[Literal["human_review", "contest"], ...]
