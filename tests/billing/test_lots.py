"""Lots in hand: what ends first is spent first, and never more than there is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.billing import facts
from backoffice.billing.lots import Lot, Lots
from backoffice.kernel.errors import Refused

ACCOUNTS = (UUID(int=1), UUID(int=2))
CHANNELS = ("sms", "whatsapp")
START = datetime(2026, 11, 20, tzinfo=UTC)

LOTS = st.lists(
    st.builds(
        lambda number, account, channel, remaining, days: Lot(
            UUID(int=number), account, channel, remaining, START + timedelta(days=days)
        ),
        st.integers(1, 10**6),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(CHANNELS),
        st.integers(1, 20),
        st.integers(1, 5),
    ),
    max_size=8,
    unique_by=lambda lot: lot.id,
)
WISHES = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(CHANNELS), st.integers(-1, 25)), max_size=12)


class _Model:
    """The same, one credit at a time: each spends the one that ends first of all that are left."""

    def __init__(self, lots: list[Lot]) -> None:
        self.credits = sorted((lot.expires_at, lot.id, lot) for lot in lots for _ in range(lot.remaining))

    def available(self, account: UUID, channel: str) -> int:
        return sum((lot.account_id, lot.channel) == (account, channel) for _, _, lot in self.credits)

    def debit(self, account: UUID, channel: str, count: int) -> list[UUID]:
        mine = [one for one in self.credits if (one[2].account_id, one[2].channel) == (account, channel)][:count]
        for one in mine:
            self.credits.remove(one)
        return [lot_id for _, lot_id, _ in mine]


@given(LOTS, WISHES)
def test_lots_spend_as_the_model_spends(lots: list[Lot], wishes: list[tuple[UUID, str, int]]) -> None:
    """Same lots in the same order, same refusals, same sums; nothing is below zero and nothing is lost."""
    real, model, spent = Lots(lots), _Model(lots), Counter[UUID]()
    for account, channel, count in wishes:
        left = model.available(account, channel)
        if 0 <= count <= left:
            taken = real.debit(account, channel, count)
            assert taken == model.debit(account, channel, count)
            spent.update(taken)
        else:
            with pytest.raises(Refused, match="credits_short"):
                real.debit(account, channel, count)
        assert facts.credits(real, account, channel) == model.available(account, channel) >= 0

    assert real.debits == spent
    granted = Counter({lot.id: lot.remaining for lot in lots})
    assert all(spent[lot_id] <= granted[lot_id] for lot_id in granted)
    left = sum(real.available(account, channel) for account in ACCOUNTS for channel in CHANNELS)
    assert left + spent.total() == granted.total()


def test_what_ends_first_is_spent_first_in_whatever_order_it_came() -> None:
    """A debit may reach over lots."""
    late = Lot(UUID(int=1), ACCOUNTS[0], "sms", 2, START + timedelta(days=2))
    soon = Lot(UUID(int=2), ACCOUNTS[0], "sms", 2, START + timedelta(days=1))

    assert Lots([late, soon]).debit(ACCOUNTS[0], "sms", 3) == [soon.id, soon.id, late.id]


def test_an_account_without_lots_has_none_and_pays_for_nothing() -> None:
    """No lot is zero credits, which is known and no gap."""
    lots = Lots([])

    assert lots.available(ACCOUNTS[0], "sms") == 0
    assert lots.debit(ACCOUNTS[0], "sms", 0) == []
    with pytest.raises(Refused, match="credits_short"):
        lots.debit(ACCOUNTS[0], "sms")
