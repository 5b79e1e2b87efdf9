"""Memory: what was loaded for good is not looked through again, and what comes and goes is looked through seldom."""

from __future__ import annotations

import gc

SELDOM = 20_000
"""Objects that come and stay between two looks of the collector at the youngest; Python's own 700 are one request's."""


def settle() -> None:
    """Let what is there now stay for good: looking through rulebooks at each collection takes a third of a batch."""
    gc.set_threshold(SELDOM)
    gc.collect()  # what is garbage by now must not stay
    gc.freeze()
