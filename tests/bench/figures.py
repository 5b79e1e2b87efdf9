"""The benches' arithmetic: shares of what was measured, and rates of two sides beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import median


def percentile(measured: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of all measured lies at or below (nearest rank).

    >>> percentile([3.0, 1.0, 2.0], 0.5), percentile(range(1, 101), 0.99), percentile([7.0], 0.99)
    (2.0, 99, 7.0)
    """
    return sorted(measured)[max(ceil(len(measured) * share) - 1, 0)]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return the half and the hundredth of so many seconds, in milliseconds.

    >>> milliseconds([0.001, 0.002, 0.0305])
    {'p50': 2.0, 'p99': 30.5}
    """
    return {f"p{share}": round(percentile(seconds, share / 100) * 1000, 1) for share in (50, 99)}


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the rounds' own ratios.

    >>> ratio([100.0, 300.0, 200.0], [100.0, 100.0, 400.0])
    1.0
    """
    return round(median(own / other for own, other in zip(ours, theirs, strict=True)), 2)
