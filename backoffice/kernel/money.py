"""Sums of money: exact decimals in a currency, never a float, never two currencies in one sum."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import msgspec

from backoffice.kernel.errors import Invalid

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_LARGEST = Decimal(10**15)
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


class Money(msgspec.Struct, frozen=True):
    """A sum in whole minor units of an ISO 4217 currency.

    A finer amount, a float or a sum of 10**15 and more is refused: round first, with `rounded`.

    >>> str(Money(Decimal("12.5"), "EUR") + Money(Decimal("0.05"), "EUR"))
    '12.55 EUR'
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        amount = _checked(self.amount, self.currency)
        if amount != self.amount:
            raise Invalid("money_finer_than_minor_unit", field="amount", amount=str(self.amount))
        msgspec.structs.force_setattr(self, "amount", amount)

    @property
    def minor_units(self) -> int:
        """The sum as a whole number of minor units: 12.55 EUR is 1255."""
        return int(_EXACT.scaleb(self.amount, _digits(self.currency)))

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        exact = _number(factor, "factor")
        return rounded(_EXACT.multiply(self.amount, exact), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise Invalid("money_currencies_differ", left=self.currency, right=other.currency)
        return other.amount


def rounded(amount: Decimal, currency: str) -> Money:
    """Return the amount rounded to the minor unit, halves away from zero, so that a credit note mirrors its invoice.

    >>> str(rounded(Decimal("2.345"), "EUR")), str(rounded(Decimal("-2.345"), "EUR"))
    ('2.35 EUR', '-2.35 EUR')
    """
    return Money(_checked(amount, currency), currency)


def from_minor_units(units: int, currency: str) -> Money:
    """Return the sum of so many minor units.

    >>> str(from_minor_units(1255, "EUR")), str(from_minor_units(1255, "JPY"))
    ('12.55 EUR', '1255 JPY')
    """
    return Money(_EXACT.scaleb(_number(units, "units"), -_digits(currency)), currency)


def _checked(amount: Decimal, currency: str) -> Decimal:
    number = _number(amount, "amount")
    if not (number.is_finite() and abs(number) < _LARGEST):
        raise Invalid("money_amount_out_of_range", field="amount", amount=str(amount))
    return _EXACT.plus(_EXACT.quantize(number, Decimal(1).scaleb(-_digits(currency))))  # plus: no minus before a zero


def _number(value: Decimal | int, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise Invalid("money_not_decimal", field=field, value=repr(value))
    return Decimal(value)


def _digits(currency: str) -> int:
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Invalid("currency_unknown_form", field="currency", value=currency)
    if not currency.isupper():
        raise Invalid("currency_unknown_form", field="currency", value=currency)
    return _DIGITS.get(currency, 2)
