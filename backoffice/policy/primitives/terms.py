"""Periods, amounts and short vocabularies that the declared primitives share.

A declared primitive states what Terms or law set and nothing else: what they don't say is left out, and is
neither zero nor none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from backoffice.policy.language import Params

Medium = Literal["email", "in_app", "whatsapp", "telegram", "website", "durable_medium"]
Audience = Literal[
    "account", "staff", "authority", "controller", "data_subject", "consumer", "buyer", "public", "recipients"
]
Unit = Literal["hour", "day", "calendar_day", "working_day", "e_qaime_day", "month", "year"]
Event = Literal[
    "acceptance",
    "access_provided",
    "awareness",
    "change_or_notice",
    "chargeable_event",
    "claim_filed",
    "contract_concluded",
    "credentials_issued",
    "data_corrected",
    "delivery",
    "discovery",
    "dispatch",
    "enabling",
    "financial_year_end",
    "first_paid_subscription",
    "first_use",
    "job_end",
    "notice_end",
    "notice_sent",
    "occurrence",
    "paid_period_end",
    "payment",
    "payment_confirmed",
    "payment_credited",
    "people_told",
    "publication",
    "registration",
    "request_received",
    "service_supplied",
    "supply_or_advance",
    "suspicion",
    "tax_year_end",
    "termination",
    "transition_end",
    "trial_activation",
    "use",
]


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period: how long, and where stated from which event and by whose calendar.

    `day` means that the text doesn't say which days are meant (calendar days are assumed); `calendar_day` and
    `working_day` are stated; `e_qaime_day` is a calendar day whose safe end is a day earlier, as the service's own day
    may be counted. `calendar` names the holiday table that counts.
    """

    n: Annotated[int, msgspec.Meta(ge=0)]
    unit: Unit
    calendar: str | None = None
    starts_at: Event | None = None


class Amount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sum that Terms or law name, in whole units of its currency (ISO 4217)."""

    amount: Decimal
    currency: str


class Declared(Params, frozen=True, kw_only=True):
    """What Terms or law state for a room to ask; a declaration that sets nothing is refused."""

    def __post_init__(self) -> None:
        given = (getattr(self, name) for name in self.__struct_fields__ if name != "places")
        if all(value is None or value in ((), {}) for value in given):
            raise ValueError("sets_nothing")
