"""A ledger for a test: written to, sequenced, and gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nothing_signed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget what an earlier test signed: its database is empty again, and a ledger never grows twice."""
    yield
    if "data" in request.fixturenames:
        data: Path = request.getfixturevalue("data")
        shutil.rmtree(data / "ledger", ignore_errors=True)
