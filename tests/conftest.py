"""How hard properties are tried: 500 examples at a desk, 10,000 where CI is set."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("default", max_examples=500, deadline=None, derandomize=False, print_blob=True)
settings.register_profile("ci", max_examples=10_000, deadline=None, derandomize=False, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
