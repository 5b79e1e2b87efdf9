"""Single sends beside Postfix on the same machine: `python -m tests.bench.peers`, or `make bench-peers`.

Both say yes only once the message is on the disk. Ours is POST /v1/sends of one shop, with all rules on: idempotency
key, gate, caps, sealed payload, credit, ledger with its sequencer beside, a commit before the answer, no courier. It is
served by one web process, as `backoffice serve` does unless it is told otherwise, and by as many as there are cores.
Postfix takes mail of 2,000 bytes over SMTP, in sessions that are kept open: putting what it took on hold, so that it
does nothing but accept, as ours; and relaying it to a sink at the same time, so that it does more.

Rounds are interleaved; a ratio is ours over Postfix's, the median of the rounds' own. `ratio` is of one web process to
Postfix on hold; all others are told too. It has to be run as root, with Debian's packages postfix and wrk, on a quiet
machine: what else runs takes from both, but not evenly. `--quick` is for a first look.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import uvloop

from backoffice.accounts.service import issue_key
from backoffice.audit import sequencer
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import Settings
from tests.bench import peers_postfix
from tests.bench.beside import say, sequencing
from tests.bench.figures import ratio
from tests.bench.peers_postfix import HOLDS, RELAYS, Postfix
from tests.bench.relay_http import PORT, is_loadable, load, served
from tests.bench.relay_town import Street, build

QUICK = "--quick" in sys.argv
PEOPLE = 10_000 if QUICK else 50_000
ROUNDS = 3 if QUICK else 6  # the first warms up
CONCURRENCIES = (1, 10, 20, 64)
SECONDS = 2 if QUICK else 3
FIRST = 500  # messages of the first round; from then on as many as it takes in that time
WEBS = os.cpu_count() or 1
OURS = {"ours": (1, PORT), "ours_on_all_cores": (WEBS, PORT + 1)}
THEIRS = {"postfix": HOLDS, "postfix_relaying": RELAYS}

Rates = dict[str, list[float]]


class Bench:
    """Both sides, ready to be measured."""

    def __init__(self, street: Street, key: str, postfix: Postfix) -> None:
        self._street, self._key, self._postfix = street, key, postfix
        self._runs = 0

    def measure(self, clients: int, rates: Rates) -> None:
        """Measure one round of each, so many at once, and add what each accepted a second."""
        self._runs += 1
        for (name, (_, port)), (other, door) in zip(OURS.items(), THEIRS.items(), strict=True):
            run = f"{name}-{self._runs}-{os.getpid()}"
            ours = load(self._street, self._key, run, clients=clients, seconds=SECONDS, port=port)
            rates.setdefault(name, []).append(ours)
            found = rates.setdefault(other, [])
            found.append(self._postfix.accept(door, clients, round(found[-1] * SECONDS) if found else FIRST))


async def compare(install: Install, postfix: Postfix) -> dict[int, Rates]:
    """Measure all rounds of all concurrencies; the first of each warms up and isn't returned."""
    (street,) = await build(install, 1, PEOPLE)
    await sequencer.seal_now(install)
    async with install.unit_of_work() as work:
        key = await issue_key(work, street.shop.account_id)
    bench, rates = Bench(street, key, postfix), dict[int, Rates]()
    with ExitStack() as stack:
        stack.enter_context(sequencing(install.settings))
        for webs, port in OURS.values():
            stack.enter_context(served("product", install.settings, webs, port))
        for _ in range(ROUNDS):
            for clients in CONCURRENCIES:
                await asyncio.to_thread(bench.measure, clients, rates.setdefault(clients, {}))
                now = {name: round(found[-1]) for name, found in rates[clients].items()}
                say(clients, "at once:", now, "a second; load", os.getloadavg()[0])
    return {clients: {name: all_[1:] for name, all_ in found.items()} for clients, found in rates.items()}


def tell(rates: dict[int, Rates], version: str) -> dict[str, Any]:
    """Return the figures: medians, and the medians of the rounds' own ratios, by how many at once."""
    ratios = {
        f"{name}/{other}": {str(clients): ratio(found[name], found[other]) for clients, found in rates.items()}
        for name in OURS
        for other in THEIRS
    }
    own = ratios["ours/postfix"]
    return {
        "ratio": own,
        "ratio_median": median(own.values()),
        "ratios": ratios,
        "accepted_per_s": {str(clients): _medians(found) for clients, found in rates.items()},
        "postfix": version,
        "webs": {name: webs for name, (webs, _) in OURS.items()},
        "load": os.getloadavg(),
        "is_quick": QUICK,
    }


def _medians(found: Rates) -> dict[str, int]:
    return {name: round(median(all_)) for name, all_ in found.items()}


def lacking() -> Sequence[str]:
    """Return what isn't here that the comparison needs, in plain words."""
    own = "" if is_loadable() else "wrk not found: Debian's package wrk is not installed (apt-get install wrk)"
    return [why for why in (peers_postfix.missing(), own) if why]


async def main(folder: Path) -> None:
    """Compare, or say why that can't be done here; the last line is one JSON object."""
    if why := lacking():
        say("Not compared with Postfix.", *why)
        say(msgspec.json.encode({"postfix": None, "why": why}).decode())
        return
    for name in ("ours", "postfix"):
        (folder / name).mkdir(mode=0o755)
    with peers_postfix.running(folder / "postfix") as postfix:
        async with open_install(Settings(data=folder / "ours"), most_connections=4) as install:
            install.settings = msgspec.structs.replace(install.settings, database_url=install.database.url)
            say(f"Postfix {postfix.version}; 1 and {WEBS} web processes of ours; load {os.getloadavg()[0]:.1f}")
            found = await compare(install, postfix)
    say(msgspec.json.encode(tell(found, postfix.version)).decode())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as lent:
        Path(lent).chmod(0o755)
        uvloop.run(main(Path(lent)))
