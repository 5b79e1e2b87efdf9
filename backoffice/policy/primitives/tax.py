"""The taxes and invoices: which rate, whose tax, what an invoice says, and by when it is issued."""

from __future__ import annotations

from typing import Literal

from backoffice.policy.primitives.terms import Amount, Declared, Term
from backoffice.policy.questions import answers

InvoiceField = Literal[
    "issue_date",
    "number",
    "seller_vat_id",
    "buyer_vat_id",
    "names_and_addresses",
    "nature",
    "supply_date",
    "taxable_amount_per_rate",
    "unit_price",
    "discounts",
    "rate",
    "vat_amount",
    "exemption_or_reverse_charge",
    "buyer_register_number",
    "buyer_legal_address",
    "corrected_invoice_number",
    "payment_account",
    "e_qaime_number",
]


@answers("what_price")
class VatRate(Declared, frozen=True, kw_only=True):
    """The standard rate in percent, its currency, and when a seller must register.

    `is_federal` false: no tax of the whole country, state taxes depend on nexus.
    """

    rate_percent: int | None = None
    currency: str | None = None
    registers_above: Amount | None = None
    registers_at_once_above: Amount | None = None
    one_sale_above: Amount | None = None
    no_threshold_for: Literal["cross_border_business"] | None = None
    counted_over: Literal["calendar_year", "any_12_months"] | None = None
    registers_within: Term | None = None
    tax_number_digits: int | None = None
    is_federal: bool | None = None
    checks_nexus: bool | None = None


@answers("what_price")
class PlaceOfSupply(Declared, frozen=True, kw_only=True):
    """Where a service to a business is taxed, and what proves that the buyer is one."""

    business: Literal["buyer_place"]
    proof: tuple[Literal["valid_vat_id", "check_date", "consultation_number"], ...]


@answers("what_price")
class ConsumerPlace(Declared, frozen=True, kw_only=True):
    """Where an electronic service to a consumer is taxed, below which yearly turnover at home, and on which proof."""

    above_threshold: Literal["consumer_place"]
    threshold: Amount
    threshold_only_if: Literal["seller_in_one_member_state"]
    option_binds: Term
    proofs: int
    one_proof_below: Amount


@answers("what_price")
class SelfAssessment(Declared, frozen=True, kw_only=True):
    """Who pays the tax of a seller abroad that isn't registered in the place, and by when."""

    rate_percent: int
    registered_buyer: Literal["monthly_return"]
    other_buyer_pays_within: Term
    other_buyer_declares_by_day: int
    consumer: Literal["bank_withholds"]
    seller_may_register: bool


@answers("invoice_terms")
class ReverseCharge(Declared, frozen=True, kw_only=True):
    """What an invoice without VAT across a border must bear, and that it isn't issued without the buyer's number."""

    mention: str
    needs: tuple[InvoiceField, ...]
    recapitulative_statement: bool


@answers("invoice_terms")
class InvoiceFields(Declared, frozen=True, kw_only=True):
    """What an invoice must say, what it may leave out, and how a correction refers to it."""

    needs: tuple[InvoiceField, ...] = ()
    may_omit: tuple[InvoiceField, ...] = ()
    gapless_series: bool | None = None
    credit_note_refers_to_original: bool | None = None
    mentions: tuple[str, ...] = ()


@answers("invoice_terms")
class InvoiceDue(Declared, frozen=True, kw_only=True):
    """By when an invoice is issued: within a term, or by a day of the month after the chargeable event.

    `articles` are those of Dir. 2006/112/EC that a supply falls under.
    """

    supply: Literal["domestic", "cross_border", "reverse_charge", "long_term", "service"]
    articles: tuple[str, ...] = ()
    within: Term | None = None
    by_day_of_next_month: int | None = None
    at_least_every: Term | None = None


@answers("invoice_terms")
class NationalMoney(Declared, frozen=True, kw_only=True):
    """In whose money the tax is shown when the invoice is in another, and at which rate."""

    shows_tax_in: Literal["currency_of_taxing_state"]
    rate_of: tuple[Literal["ecb", "central_bank"], ...]
    rate_at: Literal["chargeable_date"]


@answers("invoice_terms")
class EInvoice(Declared, frozen=True, kw_only=True):
    """In which model an electronic invoice is made, for whom it is due, and by when it is reported."""

    model: Literal["en16931", "state_portal"] | None = None
    profile: Literal["peppol_bis_billing_3"] | None = None
    buyers: tuple[Literal["budget_institution", "business"], ...] = ()
    is_mandatory: bool | None = None
    reported_within: Term | None = None
    sent_by: tuple[Literal["e_address", "certified_provider", "agreed"], ...] = ()
    category_reverse_charge: str | None = None
    category_outside: str | None = None
    category_export: str | None = None
    decimals_per_total: int | None = None
    is_tax_invoice_on_paper: bool | None = None
    silence_accepts_after: Term | None = None
