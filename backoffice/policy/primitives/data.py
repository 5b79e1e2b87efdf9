"""The data: on which consent it is used, who may see it, how long it is kept, and how it leaves."""

from __future__ import annotations

from typing import Literal

from backoffice.policy.primitives.terms import Declared, Event, Term
from backoffice.policy.questions import answers
from backoffice.policy.vocabulary import Channel

Reason = Literal["service", "explicit_permission", "law", "fraud_abuse"]
Ground = Literal["consent", "service_necessary", "law", "sale_of_business"]
DataClass = Literal[
    "all",
    "annual_report",
    "audit_entries",
    "call_detail",
    "consent_proof",
    "consumer_request_record",
    "contacts",
    "email_messages",
    "holiday_pay",
    "invoice",
    "ledger",
    "media",
    "messages",
    "payment_details",
    "payroll",
    "personal_data",
    "subject_request_file",
    "suppression_token",
    "switching_data",
    "telemarketing_record",
]
Aim = Literal[
    "identify",
    "personalise",
    "improve",
    "communicate",
    "anonymised_statistics",
    "promotions",
    "advertising",
    "targeted_mailings",
]


@answers("consent_terms")
class Consent(Declared, frozen=True, kw_only=True):
    """What an account user consents to, in which form, how it is withdrawn and what that ends.

    Kept apart from the acceptance of the Terms; a withdrawal is confirmed by a person before it ends the use.
    """

    purpose: Literal["contract", "newsletter"] | None = None
    source: Literal["acceptance"] | None = None
    kept_apart_from: tuple[Literal["acceptance", "system_messages"], ...] = ()
    form: Literal["written"] | None = None
    given_at: Event | None = None
    channels: tuple[Channel, ...] = ()
    withdrawn_by: Literal["notice"] | None = None
    withdrawn_when: Literal["any_time"] | None = None
    withdrawal_ends: tuple[Literal["use_of_service"], ...] = ()
    confirmed_by: Literal["staff"] | None = None


@answers("consent_terms")
class ConsentTerm(Declared, frozen=True, kw_only=True):
    """How long a consent lasts when nobody withdraws it."""

    lasts: Term
    withdrawal_ends_earlier: bool


@answers("consent_terms")
class OptOut(Declared, frozen=True, kw_only=True):
    """What an account user may refuse of the operator's own mailings, and what goes on all the same."""

    of: tuple[Literal["newsletter"], ...]
    goes_on: tuple[Literal["system_messages"], ...]


@answers("consent_terms")
class Purpose(Declared, frozen=True, kw_only=True):
    """The aims data may be used for, and those that need a consent of their own with a way out."""

    allowed: tuple[Aim, ...] = ()
    needs_own_consent: tuple[Aim, ...] = ()
    needs_opt_out: bool | None = None


@answers("consent_terms")
class PrivacyDefaults(Declared, frozen=True, kw_only=True):
    """What a setting is before anybody chose (GDPR 25(2))."""

    opted_in: bool
    retention: Literal["shortest"]


@answers("keep_for")
class Erasure(Declared, frozen=True, kw_only=True):
    """By when data is erased on request, and what is restricted instead, with a reason on record."""

    within: Term | None = None
    unless: tuple[Literal["contract_continues", "law_requires"], ...] = ()
    then: Literal["restrict"] | None = None
    backups: Literal["beyond_use_until_rotation"] | None = None


@answers("keep_for")
class Retention(Declared, frozen=True, kw_only=True):
    """How long a class of data is kept: `hold` as Terms say, `least` as law demands, and what comes after.

    `grounds` name the norm that keeps data against an erasure. A least period is no term for erasing.
    """

    data: tuple[DataClass, ...]
    hold: Term | None = None
    least: Term | None = None
    until: tuple[Literal["purpose_ends", "consent_ends", "consent_revoked", "untraceable", "firm_ends"], ...] = ()
    state: Literal["recoverable", "locked"] | None = None
    then: tuple[Literal["purge", "lock", "destroy", "archive"], ...] = ()
    needs: tuple[Literal["period", "basis"], ...] = ()
    grounds: tuple[str, ...] = ()
    used_for_nothing_else: bool | None = None


@answers("keep_for")
class DataCategories(Declared, frozen=True, kw_only=True):
    """Which data may be held at all, and the test it must pass."""

    allowed: tuple[Literal["phone", "full_name", "email", "invoice_data"], ...] = ()
    test: Literal["necessary_for_service_or_contract"] | None = None
    overridden_by: Literal["statutory_storage"] | None = None


@answers("must_answer")
class DataExport(Declared, frozen=True, kw_only=True):
    """Until when a copy may be asked for, and what a pending copy holds up."""

    asked_before: Literal["purge"]
    pending_stops: Literal["purge"]


@answers("must_answer")
class DataOwnership(Declared, frozen=True, kw_only=True):
    """Which data stays the account's own, so that a copy covers all of it."""

    classes: tuple[DataClass, ...]


@answers("may_access")
class DataAccess(Declared, frozen=True, kw_only=True):
    """For which reasons data may be read, used or disclosed, and what each reason must bring.

    No reason, no access; an expired permission is none.
    """

    acts: tuple[Literal["access", "use", "disclosure"], ...] = ()
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Literal["scope", "expiry", "order_reference", "case_id", "permission"], ...] = ()
    data: tuple[DataClass, ...] = ()
    warns_at: Event | None = None


@answers("may_disclose")
class AnonymisedUse(Declared, frozen=True, kw_only=True):
    """What data may be used for once no person can be found in it (GDPR recital 26)."""

    aims: tuple[Aim | Literal["statistics"], ...]


@answers("may_disclose")
class Disclosure(Declared, frozen=True, kw_only=True):
    """On which grounds data may reach a third party, what is never given, and under which safeguards.

    Each transfer is entered with its ground.
    """

    data: tuple[DataClass, ...] = ()
    grounds: tuple[Ground, ...] = ()
    never_for: tuple[Literal["sale_of_data", "likely_misuse", "any"], ...] = ()
    unless: tuple[Literal["law", "made_public_by_user", "open_data"], ...] = ()
    safeguards: tuple[Literal["secure_channel", "named_processors", "binds_buyer", "prior_written_consent"], ...] = ()


@answers("may_disclose")
class SaleOptOut(Declared, frozen=True, kw_only=True):
    """By when sale and sharing of a person's data stop, by which signal, and when one may ask again (California)."""

    within: Term
    honours_browser_signal: bool
    shows_it_was_done: bool
    asks_again_after: Term


@answers("may_disclose")
class MinorSaleConsent(Declared, frozen=True, kw_only=True):
    """Below which age sale or sharing needs a yes, and whose yes it is (California)."""

    needs_consent_under: int
    parent_consents_under: int


@answers("is_recorded")
class ProcessingRecord(Declared, frozen=True, kw_only=True):
    """What a record of processing holds, and by which law (GDPR 30); `fields_of` cites the lists of fields."""

    laws: tuple[str, ...] = ()
    roles: tuple[Literal["controller", "processor"], ...] = ()
    operations: tuple[Literal["collection", "storage", "use", "transfer", "destruction"], ...] = ()
    processors_allowed: bool | None = None
    small_firm_exempt: bool | None = None
    fields_of: tuple[str, ...] = ()


@answers("is_recorded")
class SecurityMeasures(Declared, frozen=True, kw_only=True):
    """Which measures guard data, and what shows that they are tested (GDPR 32)."""

    measures: tuple[Literal["pseudonymisation", "encryption", "resilience", "restore", "tests"], ...]
    evidence: tuple[Literal["test_record"], ...]


@answers("service_level")
class Backup(Declared, frozen=True, kw_only=True):
    """That backups are made; no interval is stated. Erasures are replayed after a restore."""

    made_by: Literal["operator"]
    rhythm: Literal["regular"]
    reports_last: bool
