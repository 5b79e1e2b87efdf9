"""Stops under load: `python -m tests.bench.stop`, or `make bench-stop`.

Measured is a person's stop, from WhatsApp's webhook at the providers' doors, which have a process of their own
(`backoffice serve --doors`), to its answer, by when it has been committed; and to the commit by the database's own
clock. The load is that of the relay's bench, all at once: single sends by 64 clients through the web part, batches in
lanes of their own, the sequencer, and couriers that hand over what comes of it to WhatsApp's sandbox, whose statuses
come back to the same doors. Rounds under load and rounds beside couriers alone are interleaved, and beside each stop
one bare commit of one row is timed: what the machine itself takes. More processes than cores want to run: the figures
are those of a full machine, and where others use it as well they are theirs too; the machine's load is told beside.
`--quick` is for a first look.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec
import uvloop

from backoffice.accounts.service import issue_key
from backoffice.audit import sequencer
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import UNLIMITED, Number, Setup, Template
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.settings import Settings
from tests.bench.beside import couriering, say, sequencing
from tests.bench.figures import milliseconds
from tests.bench.relay_batches import Lane, lanes_of
from tests.bench.relay_http import CLIENTS, DOORS, is_loadable, load, served, serving_doors
from tests.bench.relay_town import WABA, Street, build, code_of, number_of
from tests.bench.stop_asking import Asked, Crowd, People, prepare
from tests.bench.stop_checking import Findings, look_up
from tests.bench.stop_couriering import HIGHEST
from tests.chaos.storm import keep_moments
from tests.delivery.webhooks import SECRET

QUICK = "--quick" in sys.argv
PEOPLE = 10_000 if QUICK else 30_000  # a street
ROUNDS = 3 if QUICK else 7  # the first warms up
STOPS = 100 if QUICK else 350  # a round under load
BESIDE = 30 if QUICK else 100  # a round beside couriers alone
RATE = 40.0  # stops a second
LANES, BATCH = 2, 1_000
COURIERS = 2
WEBS = os.cpu_count() or 1
TOKEN = "of the business"  # noqa: S105


class Round(NamedTuple):
    """The stops of one round."""

    loaded: list[Asked]
    beside: list[Asked]
    bare: list[float]
    singles: float  # a second
    batched: int  # sends of batches


class Load:
    """The load of the relay's bench: single sends, and batches in their lanes, both at once."""

    def __init__(self, lanes: Sequence[Lane], street: Street, key: str) -> None:
        self._lanes, self._street, self._key = lanes, street, key
        self._runs = 0
        self.singles: list[float] = []
        self.batched = 0

    @asynccontextmanager
    async def pressing(self) -> AsyncIterator[None]:
        """Keep it up for as long as the block lasts, and until what has begun has ended."""
        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._batches(lane, is_over))
            group.create_task(self._singles(is_over))
            yield
            is_over.set()

    async def _batches(self, lane: Lane, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            await lane.do("gate", BATCH, 1)
            self.batched += BATCH

    async def _singles(self, is_over: asyncio.Event) -> None:
        while is_loadable() and not is_over.is_set():
            self._runs += 1
            run = f"stop-{self._runs}-{os.getpid()}"
            self.singles.append(await asyncio.to_thread(load, self._street, self._key, run, seconds=2))


async def measure(crowd: Crowd, press: Load) -> Round:
    """Have people say stop beside couriers alone, then under the load."""
    beside = await crowd.say(BESIDE)
    already, batched, runs = len(crowd.bare), press.batched, len(press.singles)
    async with press.pressing():
        await asyncio.sleep(1)  # until it presses
        loaded = await crowd.say(STOPS)
    singles = press.singles[runs:]
    told = Round(loaded, beside, crowd.bare[already:], median(singles) if singles else 0, press.batched - batched)
    say(
        *("stops:", milliseconds([one.seconds for one in loaded]), "beside couriers alone:"),
        *(milliseconds([one.seconds for one in beside]), "a bare commit:", milliseconds(told.bare)),
        *(round(told.singles), "single sends a second", told.batched, "in batches; load", os.getloadavg()[0]),
    )
    return told


def tell(rounds: Sequence[Round], findings: Findings) -> dict[str, Any]:
    """Return the figures of all rounds."""
    loaded = [one for told in rounds for one in told.loaded]
    commits = [(findings.committed[one.contact_id] - one.at).total_seconds() for one in loaded]
    asked = {one.contact_id: one for told in rounds for one in told.loaded}
    before = [
        look.contact_id
        for look in findings.looked
        if (one := asked.get(look.contact_id)) and one.at <= look.at < findings.committed[look.contact_id]
    ]
    after = findings.after()
    return {
        "stop_ms": milliseconds([one.seconds for one in loaded]),
        "commit_ms": milliseconds(commits),
        "overtaken_ms": milliseconds([asked[one].seconds for one in set(before)] or [0.0]),
        "not_overtaken_ms": milliseconds([one.seconds for one in loaded if one.contact_id not in set(before)] or [0.0]),
        "round_p99_ms": [milliseconds([one.seconds for one in told.loaded])["p99"] for told in rounds],
        "beside_couriers_ms": milliseconds([one.seconds for told in rounds for one in told.beside]),
        "bare_commit_ms": milliseconds([seconds for told in rounds for seconds in told.bare]),
        "stops": len(loaded),
        "with_a_message_at_a_courier": sum(one.is_leaving for one in loaded),
        "overtaken_by_a_second_look": len(set(before)),
        "refused_at_the_second_look": sum(look.verdict == "deny" for look in findings.looked),
        "confirmations": sum(look.confirms for look in after),
        "after_stop": sum(not look.confirms for look in after),
        "singles_per_s": round(median(told.singles for told in rounds)),
        "batched": sum(told.batched for told in rounds),
    }


async def main(data: Path) -> None:
    """Measure all of it; the last line is one JSON object."""
    keep_moments(EmbeddedServer(data / "postgresql"))
    with RunningProvider(setup(data)) as provider:
        told = Settings(data=data, whatsapp_url=provider.url, whatsapp_token=TOKEN, whatsapp_secret=SECRET)
        async with open_install(told, most_connections=16) as install:
            settings = msgspec.structs.replace(told, database_url=install.database.url)
            install.settings = settings
            streets = await build(install, LANES + 1, PEOPLE)
            await sequencer.seal_now(install)
            await prepare(install)
            say(
                len(streets),
                "shops,",
                PEOPLE,
                "people each;",
                CLIENTS,
                "clients,",
                LANES,
                "lanes,",
                COURIERS,
                "couriers",
            )
            if not is_loadable():
                say("wrk is not installed (apt-get install wrk): the load is batches alone")
            found = await stopping(install, streets)
    say(msgspec.json.encode({**found, "load": os.getloadavg(), "is_quick": QUICK}).decode())


def setup(data: Path) -> Setup:
    """Return WhatsApp's sandbox: it knows the shops' numbers and their template, and tells our web part of statuses."""
    numbers = [
        Number(
            phone_number_id=code_of(shop),
            waba_id=WABA,
            portfolio="of all shops",
            display_phone_number=number_of(shop),
            throughput=HIGHEST,
            tier=UNLIMITED,
        )
        for shop in range(LANES + 1)
    ]
    body = {"type": "BODY", "text": "{{name}}, our autumn lamps are here"}
    template = Template(waba_id=WABA, name="autumn_lamps", components=(body,), parameter_format="NAMED")
    return Setup(
        path=str(data / "sandbox.sqlite"),
        webhooks=f"http://127.0.0.1:{DOORS}/v1/providers",
        secret=SECRET,
        token=TOKEN,
        numbers=tuple(numbers),
        templates=(template,),
    )


async def stopping(install: Install, streets: Sequence[Street]) -> dict[str, Any]:
    """Run all processes and all rounds; return the figures."""
    settings = install.settings
    async with install.unit_of_work() as work:
        key = await issue_key(work, streets[-1].shop.account_id)
    crowd = Crowd(install, People(streets), RATE)
    with (
        served("product", settings, WEBS),
        serving_doors(settings),
        sequencing(settings),
        lanes_of(settings, streets[:LANES]) as lanes,
        couriering(settings, COURIERS),
    ):
        press = Load(lanes, streets[-1], key)
        rounds = [await measure(crowd, press) for _ in range(ROUNDS)][1:]
    return tell(rounds, await look_up(install, [one.contact_id for one in crowd.asked]))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-stop-") as folder:
        Path(folder).chmod(0o755)
        uvloop.run(main(Path(folder)))
