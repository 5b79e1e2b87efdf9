"""Money is exact, in one currency, rounded by one rule."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import Invalid
from backoffice.kernel.money import Money, from_minor_units, rounded

sums = st.integers(-(10**12), 10**12).map(lambda units: from_minor_units(units, "EUR"))
decimals = st.decimals(-(10**9), 10**9, places=6)


def eur(amount: str) -> Money:
    """Return a sum of euros."""
    return Money(Decimal(amount), "EUR")


def test_a_sum_is_shown_with_its_minor_unit_and_currency() -> None:
    """Amounts carry the digits of their currency: two for EUR, none for JPY, three for KWD."""
    assert [str(Money(Decimal(5), code)) for code in ("EUR", "JPY", "KWD")] == ["5.00 EUR", "5 JPY", "5.000 KWD"]


@pytest.mark.parametrize(
    ("amount", "to"), [("2.345", "2.35"), ("2.344", "2.34"), ("-2.345", "-2.35"), ("-0.004", "0"), ("1E+3", "1000")]
)
def test_halves_round_away_from_zero(amount: str, to: str) -> None:
    """A credit note of a rounded sum mirrors it to the cent, and zero has no minus."""
    made = rounded(Decimal(amount), "EUR")
    assert made == eur(to)
    assert str(made) == f"{Decimal(to):.2f} EUR"


@given(amount=decimals)
def test_rounding_mirrors_and_never_moves_more_than_half_a_cent(amount: Decimal) -> None:
    """Rounding the opposite gives the opposite; the difference is at most half a minor unit."""
    made = rounded(amount, "EUR")
    assert -made == rounded(-amount, "EUR")
    assert abs(made.amount - amount) <= Decimal("0.005")


@given(left=sums, right=sums)
def test_sums_add_and_order_like_their_minor_units(left: Money, right: Money) -> None:
    """Adding, subtracting and comparing sums is exact arithmetic on minor units."""
    assert (left + right).minor_units == left.minor_units + right.minor_units
    assert (left + right) - right == left
    assert (left < right, left >= right) == (
        left.minor_units < right.minor_units,
        left.minor_units >= right.minor_units,
    )


def test_a_product_is_rounded_once() -> None:
    """21 percent of 10.05 is 2.1105: rounded to 2.11."""
    assert eur("10.05") * Decimal("0.21") == eur("2.11")
    assert eur("10.05") * 3 == eur("30.15")


def test_unequal_currencies_refuse() -> None:
    """No sum, difference or order exists between two currencies; they are only unequal."""
    euro, manat = eur("1"), Money(Decimal(1), "AZN")
    assert euro != manat
    for act in (Money.__add__, Money.__sub__, Money.__lt__):
        with pytest.raises(Invalid, match="money_currencies_differ"):
            act(euro, manat)


@pytest.mark.parametrize("amount", ["1.001", "NaN", "Infinity", "1E+15", "-1E+15"])
def test_what_is_no_whole_number_of_minor_units_is_refused(amount: str) -> None:
    """A finer amount is never rounded in silence, and an endless or absurd one is no money."""
    with pytest.raises(Invalid):
        eur(amount)


@pytest.mark.parametrize("amount", [0.1, True, "1.00", None])
def test_a_float_is_never_money(amount: object) -> None:
    """Only decimals and whole numbers make money."""
    with pytest.raises(Invalid, match="money_not_decimal"):
        Money(amount, "EUR")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="money_not_decimal"):
        eur("1") * amount  # type: ignore[operator]


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E1R", "€UR"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    """A currency in another form is refused, naming the field."""
    with pytest.raises(Invalid, match="currency_unknown_form"):
        Money(Decimal(1), currency)


def test_the_thread_s_decimal_context_changes_nothing() -> None:
    """Sums come out the same where somebody has set a coarse context."""
    with localcontext(getcontext().copy()) as coarse:
        coarse.prec = 3
        assert eur("123456.78") + eur("0.02") == eur("123456.80")
        assert (eur("123456.78") * 2).minor_units == 24691356
