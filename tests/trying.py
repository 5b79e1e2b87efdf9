"""How often a property is tried that costs tens of milliseconds a case: 500 times at the desk, 3,000 in CI."""

from __future__ import annotations

from hypothesis import settings

DEAR = settings(max_examples=min(settings.default.max_examples, 3_000) if settings.default else 500)
