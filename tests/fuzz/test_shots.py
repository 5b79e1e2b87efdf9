"""Some thousand shots in every run of the tests, always the same; `make fuzz` shoots more, and others each time."""

from __future__ import annotations

from pathlib import Path

from backoffice.main import create_app
from backoffice.plumbing.http.openapi import operations
from backoffice.plumbing.settings import Settings
from tests.chaos.storm import lent
from tests.fuzz.__main__ import fuzz
from tests.fuzz.webhooks import shoot_webhooks


def test_no_webhook_is_a_fault_and_nothing_known_goes_back() -> None:
    """Signed ones are taken whatever they hold, forged ones are refused."""
    with lent() as folder:
        shots = shoot_webhooks(folder, count=60, mutants=4, seed=7)

    assert (shots.wrong, shots.went_back) == ([], 0)
    assert shots.statuses["signed:200"] >= 60
    assert shots.ranks


def test_no_answer_is_a_fault_or_other_than_described() -> None:
    """Every operation, at its edges and at random, on the service as it is run; and most are also done."""
    described = list(operations(create_app(settings=Settings(data=Path("never")))))
    with lent() as folder:
        result = fuzz(folder, seed=7, examples=5)

    assert result.errors == []
    assert result.breaches == []
    assert result.operations == len(described)
    assert result.cases > 1_000
    done = {name for name, statuses in result.answered.items() if any(status < 300 for status in statuses)}
    assert len(done) > 0.8 * len(described), set(result.answered) - done
