"""What the Terms that bind an account say of its credits (question `credit_terms`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from backoffice.accounts.asking import declared
from backoffice.accounts.service import AccountRow
from backoffice.kernel.jurisdiction import zone
from backoffice.kernel.periods import due, parse_period
from backoffice.plumbing.policies import library
from backoffice.policy.facts import FOREVER
from backoffice.policy.primitives.money_terms import CreditExpiry, Topup
from backoffice.policy.primitives.terms import Term


def expiry(account: AccountRow, channel: str, granted_at: datetime) -> datetime:
    """Return when credits end that are granted now, exclusive; FOREVER where the Terms name no end.

    A term runs out with its last day in the operator's zone; of two terms the longer counts.
    """
    stated = declared(account.operator, account.edition, CreditExpiry, granted_at.date())
    ends = [_end(account, one.params.lasts, granted_at) for one in stated if channel in one.params.channels]
    return max(ends, default=FOREVER)


def carries_forward(account: AccountRow, channel: str, count: int, bought_at: datetime) -> bool:
    """Whether buying so many credits carries forward what is left on the channel."""
    return any(count >= least for least in _least(account, channel, bought_at))


def _least(account: AccountRow, channel: str, at: datetime) -> Iterator[int]:
    for one in declared(account.operator, account.edition, Topup, at.date()):
        if one.params.effect == "carry_forward" and (least := one.params.least.get(channel)):  # type: ignore[call-overload]
            yield least


def _end(account: AccountRow, lasts: Term, granted_at: datetime) -> datetime:
    unit = "day" if lasts.unit == "calendar_day" else lasts.unit
    period = parse_period({"n": lasts.n, "unit": unit, "calendar": lasts.calendar or ""}, field="lasts")
    where = zone(library().operator(account.operator).zone or "UTC")
    return due(period, granted_at, where, library().calendars).legal_due
