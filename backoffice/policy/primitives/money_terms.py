"""The money: what is owed and when, how credits live, and when money comes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from backoffice.policy.primitives.terms import Declared, Event, Medium, Term
from backoffice.policy.questions import answers
from backoffice.policy.vocabulary import Channel


@answers("what_price")
class Trial(Declared, frozen=True, kw_only=True):
    """How long the service may be tried free, and whether a card is asked for."""

    length: Term | None = None
    needs_card: bool | None = None


@answers("what_price")
class PlanPeriod(Declared, frozen=True, kw_only=True):
    """The lengths of a paid period in months, and when each is invoiced."""

    months: tuple[int, ...]
    invoiced_at: Literal["period_start"]


@answers("what_price")
class AutoRenew(Declared, frozen=True, kw_only=True):
    """Whether a paid period renews by itself, when, and until when that can be stopped."""

    is_on: bool
    renews_at: Literal["period_end"]
    stopped_before: Literal["renewal_date"]


@answers("takes_effect")
class Cancel(Declared, frozen=True, kw_only=True):
    """How and until when a subscription is ended by its account, and when the end takes effect."""

    when: Literal["any_time"] | None = None
    is_self_service: bool | None = None
    place: Literal["account_settings"] | None = None
    before: Literal["renewal_date"] | None = None
    takes_effect_at: Event | None = None
    access_until_then: bool | None = None


@answers("what_price")
class Currency(Declared, frozen=True, kw_only=True):
    """The currency of all fees (ISO 4217), how it is paid and whose rate converts it."""

    code: str | None = None
    method: Literal["bank_transfer"] | None = None
    rate_of: Literal["payers_bank"] | None = None
    rate_at: Event | None = None


@answers("what_price")
class Prepaid(Declared, frozen=True, kw_only=True):
    """What is paid in advance (percent of the price), what opens access, and what stays shut without payment."""

    advance_percent: int | None = None
    needs: Literal["paid_period", "full_payment"] | None = None
    priced_by: Literal["tariff"] | None = None
    unpaid_stops: tuple[Literal["access", "activation"], ...] = ()


@answers("what_price")
class Tariff(Declared, frozen=True, kw_only=True):
    """Who sets the price list, where it is published, and which version of it counts for a payment."""

    set_by: Literal["operator"]
    published_on: Medium
    version_at: Event


@answers("what_price")
class PaymentMoment(Declared, frozen=True, kw_only=True):
    """When a payment counts as made, and what a pending or cancelled one leaves shut."""

    event: Event
    opens: tuple[Literal["balance", "limit"], ...] = ()
    pending_stops: tuple[Literal["access"], ...] = ()
    cancelled_stops: tuple[Literal["access"], ...] = ()


@answers("what_price")
class PaymentInstrument(Declared, frozen=True, kw_only=True):
    """By which means is paid, what of a card is kept, and whose card it must be."""

    methods: tuple[Literal["card", "transfer", "other_online"], ...] = ()
    stores_card: bool | None = None
    transport: Literal["encrypted"] | None = None
    own_card_only: bool | None = None
    on_other_payer: Literal["flag"] | None = None


@answers("what_price")
class MaintenanceExtension(Declared, frozen=True, kw_only=True):
    """By what a paid period grows when the service was down for maintenance."""

    extends: Literal["paid_period"]
    by: Literal["maintenance_days"]


@answers("what_price")
class PenaltyPassthrough(Declared, frozen=True, kw_only=True):
    """Which costs of an account's traffic are charged on, and what must be at hand before they are posted."""

    grounds: tuple[Literal["complaint", "carrier_penalty", "legal_offence"], ...]
    amount: Literal["as_imposed", "costs"]
    needs: tuple[Literal["penalty_notice", "message_ids", "claim_file"], ...]


@answers("due_by")
class AccessSla(Declared, frozen=True, kw_only=True):
    """By when access opens after payment."""

    within: Term


@answers("invoice_terms")
class InvoiceOnRequest(Declared, frozen=True, kw_only=True):
    """Which documents are issued on request, and how the request is made; no days are stated."""

    documents: tuple[Literal["invoice", "act"], ...]
    asked_in: Literal["writing"]
    asked_by: Medium
    within: Term | None = None


@answers("may_refund")
class Refund(Declared, frozen=True, kw_only=True):
    """Whether money that was paid comes back, what never brings it back, and what does all the same."""

    default: Literal["none"] | None = None
    of: tuple[Literal["fees", "balance"], ...] = ()
    never_for: tuple[
        Literal["partial_period", "unused_service", "maintenance", "number_ban", "number_limit"],
        ...,
    ] = ()
    exceptions: tuple[Literal["law", "refund_window", "server_error"], ...] = ()
    paid_as: Literal["credits"] | None = None
    channels: tuple[Channel, ...] = ()


@answers("may_refund")
class RefundWindow(Declared, frozen=True, kw_only=True):
    """Money back inside a window that starts at an event or lasts until one.

    One operator counts days from the first paid subscription, another refunds until access is open.
    """

    kind: Literal["days", "until_event"]
    within: Term | None = None
    until: Event | None = None
    only_for: Literal["first_paid_subscription"] | None = None
    share_percent: int | None = None
    asked_by: Literal["account"] | None = None


@answers("credit_terms")
class CreditLedger(Declared, frozen=True, kw_only=True):
    """When a credit is spent, once for which thing, what a short balance does, and which interest it bears."""

    debited_at: Literal["transmission"] | None = None
    once_per: Literal["message"] | None = None
    short_balance: Literal["deny"] | None = None
    interest_percent: Decimal | None = None


@answers("credit_terms")
class CreditExpiry(Declared, frozen=True, kw_only=True):
    """How long credits can be spent; the start isn't stated, so it is left out of `lasts`."""

    lasts: Term
    channels: tuple[Channel, ...]


@answers("credit_terms")
class Topup(Declared, frozen=True, kw_only=True):
    """The least purchase by channel, in credits, and what it does to the balance that is left."""

    least: dict[Channel, int]
    effect: Literal["carry_forward"]


@answers("claim_steps")
class LiabilityCap(Declared, frozen=True, kw_only=True):
    """The most a claim can bring: the fees paid in the period before it."""

    fees_of_last: Term
    currency: str
