"""How long credits last and when they are carried forward, by the Terms alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backoffice.accounts.service import get_account
from backoffice.billing.terms import carries_forward, expiry
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library
from backoffice.policy.facts import FOREVER
from tests.billing.conftest import LEAST, SELLER, SILENT, lamp_shop


@pytest.mark.parametrize(
    ("granted", "ends"),
    [
        ("2026-11-20T08:30:00", "2027-11-21T00:00:00"),
        ("2026-11-20T00:00:00", "2027-11-21T00:00:00"),
        ("2026-11-20T23:59:59", "2027-11-21T00:00:00"),
        ("2028-02-29T12:00:00", "2029-03-01T00:00:00"),
        ("2027-02-28T12:00:00", "2028-02-29T00:00:00"),
        ("2026-12-31T12:00:00", "2028-01-01T00:00:00"),
    ],
)
async def test_a_year_of_credits_ends_with_the_same_day_a_year_later(work: Work, granted: str, ends: str) -> None:
    """The whole last day counts, in the operator's zone, and a leap day ends on the last of February."""
    assert library().operator(SELLER).zone == "UTC"
    account = await get_account(work, await lamp_shop(work))

    for channel in LEAST:
        end = expiry(account, channel, datetime.fromisoformat(granted).replace(tzinfo=UTC))
        assert end == datetime.fromisoformat(ends).replace(tzinfo=UTC)


async def test_terms_that_name_no_end_set_none(work: Work) -> None:
    """What isn't said is neither a year nor nothing."""
    account = await get_account(work, await lamp_shop(work, SILENT))

    assert expiry(account, "whatsapp", work.at) == FOREVER
    assert not carries_forward(account, "whatsapp", 10**9, work.at)


async def test_a_channel_that_the_terms_leave_out_has_no_end(work: Work) -> None:
    """The clause speaks of two channels."""
    account = await get_account(work, await lamp_shop(work))

    assert expiry(account, "email", work.at) == FOREVER
    assert not carries_forward(account, "email", 10**9, work.at)


async def test_the_least_purchase_carries_forward_and_one_credit_less_does_not(work: Work) -> None:
    """On each channel by its own number."""
    account = await get_account(work, await lamp_shop(work))
    assert len(LEAST) > 1

    for channel, least in LEAST.items():
        assert carries_forward(account, channel, least, work.at)
        assert not carries_forward(account, channel, least - 1, work.at + timedelta(days=1))
