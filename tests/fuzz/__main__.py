"""`make fuzz`: shots at the real service on a PostgreSQL of its own; the last line is one JSON object.

Exit 1 where an answer was a server's error, or not as described.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from backoffice.cli.apart import free_port
from backoffice.consent.importing import MOST_ROWS
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings
from tests.chaos.storm import lent, say
from tests.fuzz.big import measure
from tests.fuzz.service import Service, running
from tests.fuzz.shots import Result, shoot
from tests.fuzz.town import Town, open_town, settle
from tests.fuzz.webhooks import Shots, shoot_webhooks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODIES, MUTANTS = 10_000, 10
EXAMPLES = 100  # of each operation, beside its edges


def fuzz(folder: Path, *, seed: int, examples: int) -> Result:
    """Run the service in an empty folder, and shoot at it."""
    with _serving(folder) as (service, town, secret):
        return shoot(service.url, settle(service.url, town), secret, seed=seed, examples=examples)


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[Service, Town, str]]:
    settings = Settings(data=folder, port=free_port("127.0.0.1", 0), provider_secret=secrets.token_hex())
    town = asyncio.run(_built(settings))
    with running(settings, folder, "serve", "worker") as service:
        yield service, town, settings.provider_secret


async def _built(settings: Settings) -> Town:
    async with open_install(settings) as install:
        return await open_town(install)


def main() -> int:
    """Read what is wanted, and shoot."""
    asked = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    asked.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    asked.add_argument("--examples", type=int, default=EXAMPLES, help="random cases of each operation")
    asked.add_argument("--keep", action="store_true", help="keep the folder with the database and all log lines")
    asked.add_argument("--big", action="store_true", help="files at their limits instead")
    asked.add_argument("--webhooks", action="store_true", help="webhooks instead: 10,000 bodies, ten mutants of each")
    asked.add_argument("--bodies", type=int, default=BODIES, help="how many webhooks")
    asked.add_argument("--rows", type=int, default=MOST_ROWS, help="of the longest file")
    told = asked.parse_args()
    if told.big:
        with lent(keeps=told.keep) as folder, _serving(folder) as (service, town, _):
            say(msgspec.json.encode(measure(service, town, told.rows)).decode())
        return 0
    if told.webhooks:
        with lent(keeps=told.keep) as folder:
            shots = shoot_webhooks(folder, count=told.bodies, mutants=MUTANTS, seed=told.seed)
        say(msgspec.json.encode({"seed": told.seed, **shots_told(shots)}).decode())
        return 1 if shots.wrong or shots.went_back else 0
    with lent(keeps=told.keep) as folder:
        result = fuzz(folder, seed=told.seed, examples=told.examples)
    for name, statuses in result.answered.items():
        say(f"{name:<56} {' '.join(f'{status}:{count}' for status, count in statuses.items())}")
    for one in result.breaches:
        say(f"\n{one.check}: {one.operation}\n{one.says}\n{one.request}\n{one.answer}")
    for error in result.errors:
        say(f"\n{error}")
    say(msgspec.json.encode(summary(result)).decode())
    return 1 if result.server_errors or result.schema_breaches else 0


def shots_told(shots: Shots) -> dict[str, object]:
    """Return the figures of a run of webhooks."""
    return {
        "answers": dict(shots.statuses),
        "wrong": len(shots.wrong),
        "went_back": shots.went_back,
        "messages_known": len(shots.ranks),
    }


def summary(result: Result) -> dict[str, object]:
    """Return the figures of a run."""
    return {
        "cases": result.cases,
        "operations": result.operations,
        "server_errors": result.server_errors,
        "schema_breaches": result.schema_breaches,
        "statuses": {str(status): count for status, count in result.statuses.items()},
        "seed": result.seed,
    }


if __name__ == "__main__":
    sys.exit(main())
