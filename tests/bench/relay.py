"""The relay beside what any relay has to do: `python -m tests.bench.relay`, or `make bench-relay`.

Everything is on: idempotency keys, frequency caps, sealed payloads, credits, and the ledger with its sequencer in a
process of its own. The ceiling is the bare COPY of the same rows into the same tables and indexes, with the same lock
and debit; rounds are interleaved, and each ratio is the median of the rounds' own. `--quick` is for a first look.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import msgspec
import uvloop

from backoffice.accounts.service import issue_key
from backoffice.audit import sequencer
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import Settings
from tests.bench.beside import say, sequencing
from tests.bench.relay_batches import Lane, Rate, Walk, gated, lanes_of, one_round, together
from tests.bench.relay_http import is_loadable, load, served
from tests.bench.relay_naive import naive
from tests.bench.relay_town import Street, build

QUICK = "--quick" in sys.argv
PEOPLE = 20_000 if QUICK else 100_000  # a street
ROUNDS = 4 if QUICK else 8  # the first warms up
LANES = 2
SIZES = {100: 30, 1_000: 5, 10_000: 1}  # recipients a batch: batches a lane and round
FLAT = (10_000, 100_000 if QUICK else 1_000_000)
TABLES = ("send", "decision", "judgement", "outcome", "ledger_entry", "ledger_queue", "outbox", "credit_lot", "request")


async def batches(install: Install, lanes: Sequence[Lane], beside: subprocess.Popen[str]) -> dict[str, Any]:
    """Measure batches of each size; the sequencer stands still while the ceiling is measured."""
    rates: dict[int, list[Rate]] = {}
    for size, count in SIZES.items():
        rates[size] = [await one_round(install, lanes, size, count, beside) for _ in range(ROUNDS)][1:]
        ratios = [rate.ours / rate.ceiling for rate in rates[size]]
        say(size, "recipients:", *(f"{ratio:.2f}" for ratio in ratios), "of the ceiling; load", os.getloadavg()[0])
    return {
        "recipients_per_s": {str(size): round(median(r.ours for r in found)) for size, found in rates.items()},
        "ceiling_ratio": {
            str(size): round(median(r.ours / r.ceiling for r in found), 3) for size, found in rates.items()
        },
    }


async def beside_naive(install: Install, lanes: Sequence[Lane], street: Street) -> float:
    """Return how many times as fast batches of a hundred are, in their lanes, as the naive way."""
    walk, ratios = Walk(street.people), []
    for _ in range(ROUNDS):
        slow = await naive(install, street, walk.take(100))
        ratios.append(20 * len(lanes) * 100 / await together(lanes, "gate", 100, 20) / slow)
    return round(median(ratios), 1)


async def singles(install: Install, streets: Sequence[Street]) -> dict[str, float | None]:
    """Measure single sends beside a hello-world, and beside a transaction for each."""
    if not is_loadable():
        say("wrk is not installed (apt-get install wrk): single sends were not measured")
        return {"hello_ratio": None, "one_by_one_ratio": None}
    async with install.unit_of_work() as work:
        key = await issue_key(work, streets[0].shop.account_id)
    rates: dict[str, list[float]] = {"product": [], "one_by_one": [], "world": []}
    for number in range(ROUNDS):
        for factory, found in rates.items():
            with served(factory, install.settings):
                await asyncio.to_thread(load, streets[0], key, f"warm-{factory}-{number}-{os.getpid()}")
                found.append(await asyncio.to_thread(load, streets[0], key, f"{factory}-{number}-{os.getpid()}"))
        say({name: round(found[-1]) for name, found in rates.items()}, "requests a second; load", os.getloadavg()[0])
    pairs = zip(rates["product"], rates["world"], rates["one_by_one"], strict=True)
    ratios = [(ours / world, ours / alone) for ours, world, alone in pairs]
    hello, alone = (round(median(column), 3) for column in zip(*ratios, strict=True))
    return {"hello_ratio": hello, "one_by_one_ratio": alone}


async def flat(install: Install, streets: Sequence[Street]) -> dict[str, float]:
    """Send on and on: return how much memory grew, and how long the ledger took to cover what was sent."""
    walks, done, ages = [Walk(street.people) for street in streets], 0, Ages(install)
    watching = asyncio.create_task(ages.watch())
    first = 0.0
    while done < FLAT[1]:
        for street, walk in zip(streets, walks, strict=True):
            await gated(install, street, walk.take(1_000))
            done += 1_000
        await ages.sample()
        if not first and done >= FLAT[0]:
            first = resident()
    ages.is_over = True
    await watching
    p99 = sorted(ages.seconds)[int(len(ages.seconds) * 0.99)]
    return {"rss_growth_mb": round(resident() - first, 1), "ledger_p99_s": round(p99, 2)}


class Ages:
    """How long it takes from a commit to a signed checkpoint that covers it."""

    def __init__(self, install: Install) -> None:
        self._install = install
        self._waiting: dict[Any, float] = {}
        self.seconds: list[float] = []
        self.is_over = False

    async def sample(self) -> None:
        """Watch the youngest entry."""
        async with self._install.reading() as work:
            entry = await work.connection.fetchval("SELECT id FROM ledger_entry ORDER BY id DESC LIMIT 1")
        self._waiting[entry] = perf_counter()

    async def watch(self) -> None:
        """Look until all that was sampled is covered."""
        while self._waiting or not self.is_over:
            async with self._install.reading() as work:
                covered = await work.connection.fetch(
                    "SELECT entry_id FROM ledger_place WHERE entry_id = ANY($1::uuid[])"
                    " AND place < (SELECT max(size) FROM ledger_checkpoint)",
                    list(self._waiting),
                )
            now = perf_counter()
            self.seconds += [now - self._waiting.pop(row["entry_id"]) for row in covered]
            await asyncio.sleep(0.05)


def resident() -> float:
    """Return this process's memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def schema(install: Install) -> str:
    """Return the SHA-256 of the columns, indexes and constraints that are written to."""
    async with install.reading() as work:
        columns = await work.connection.fetch(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_name = ANY($1::text[]) ORDER BY table_name, ordinal_position",
            list(TABLES),
        )
        rules = await work.connection.fetch(
            "SELECT indexdef AS rule FROM pg_indexes WHERE tablename = ANY($1::text[])"
            " UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text = ANY($1)"
            " ORDER BY rule",
            list(TABLES),
        )
    told = repr([tuple(row) for row in (*columns, *rules)])
    return hashlib.sha256(told.encode()).hexdigest()


async def main(data: Path) -> None:
    """Measure all of it; the last line is one JSON object."""
    async with open_install(Settings(data=data), most_connections=8) as own:
        settings = Settings(data=data, database_url=own.database.url)
        install = own
        install.settings = settings
        streets = await build(install, LANES, PEOPLE)
        say(len(streets), "shops,", PEOPLE, "people each")
        await sequencer.seal_now(install)
        told: dict[str, Any] = {}
        with sequencing(settings) as beside:
            with lanes_of(settings, streets) as lanes:
                told |= await batches(install, lanes, beside)
                told["naive_ratio"] = await beside_naive(install, lanes, streets[0])
            told |= await singles(install, streets)
            told |= await flat(install, streets)
        told["schema"] = await schema(install)
    say(msgspec.json.encode(told).decode())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-relay-") as folder:
        Path(folder).chmod(0o755)
        uvloop.run(main(Path(folder)))  # as the worker runs
