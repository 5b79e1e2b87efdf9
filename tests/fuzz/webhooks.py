"""Webhooks at the real service: generated and mutated, rightly and wrongly signed; `make fuzz ARGS=--webhooks`.

Each body is posted signed, then with a wrong signature, then so many mutants of it signed. What is signed is taken,
what isn't is refused, nothing is a fault of ours, and what is known of a message never goes back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from backoffice.channels import wire
from backoffice.cli.apart import free_port
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import Settings
from tests.cast import hold_registers, open_shop
from tests.channels.bodies import bodies, mutated
from tests.delivery.conftest import Made, make
from tests.delivery.webhooks import NAMES, URL
from tests.fuzz.service import running

if TYPE_CHECKING:
    from pathlib import Path

_SENDS = 40
_CHECKED = 200  # bodies between two looks at what is known
_RANKS = """
SELECT send_id, CASE WHEN read_at IS NOT NULL THEN 4 WHEN delivered_at IS NOT NULL THEN 3
    WHEN failed_at IS NOT NULL THEN 2 WHEN sent_at IS NOT NULL THEN 1 ELSE 0 END AS rank FROM delivery
"""


class Shots(msgspec.Struct):
    """What came of a run: answers by what was posted, and how often something was not as it should be."""

    statuses: Counter[str]
    wrong: list[str]
    went_back: int = 0
    ranks: dict[Any, int] = {}

    def told(self, kind: str, status: int, expected: int) -> None:
        """Note an answer."""
        self.statuses[f"{kind}:{status}"] += 1
        if status != expected:
            self.wrong.append(f"{kind} was answered with {status}")


def shoot_webhooks(folder: Path, *, count: int, mutants: int, seed: int) -> Shots:
    """Run the service in an empty folder and post so many bodies, and so many mutants of each."""
    own = Settings(data=folder, port=free_port("127.0.0.1", 0), whatsapp_secret=secrets.token_hex())
    sends = asyncio.run(_built(own))
    shots = Shots(Counter(), [])
    database = EmbeddedServer(folder / "postgresql").url("postgres")
    with running(own, folder, "serve", "worker") as service, httpx.Client(base_url=service.url, timeout=30) as http:

        @seeded(seed)
        @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(bodies(sends), st.integers(0))
        def post(body: dict[str, Any], dice_seed: int) -> None:
            raw, dice = msgspec.json.encode(body), Random(dice_seed)  # noqa: S311
            shots.told("signed", _post(http, raw, own.whatsapp_secret), 200)
            shots.told("forged", _post(http, raw, "of somebody else"), 401)
            for _ in range(mutants):
                shots.told("mutant", _post(http, mutated(raw, dice), own.whatsapp_secret), 200)
            if shots.statuses["signed:200"] % _CHECKED == 0:
                asyncio.run(_look(database, shots))

        post()
        asyncio.run(_look(database, shots))
    return shots


async def _built(own: Settings) -> list[str]:
    async with open_install(own) as install, install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work, names=NAMES)
        made = Made(state="unknown", account_id=shop.account_id, sender_id=shop.sender_id)
        return [str(one) for one in await make(work, *[made] * _SENDS)]


def _post(http: httpx.Client, raw: bytes, secret: str) -> int:
    signed = {wire.SIGNATURE: wire.sign(secret.encode(), raw), "Content-Type": "application/json"}
    return http.post(URL, content=raw, headers=signed).status_code


async def _look(database: str, shots: Shots) -> None:
    """Compare what is known of each message with what was known before."""
    connection = await asyncpg.connect(database)
    try:
        found = {row["send_id"]: row["rank"] for row in await connection.fetch(_RANKS)}
    finally:
        await connection.close()
    shots.went_back += sum(found.get(send_id, -1) < rank for send_id, rank in shots.ranks.items())
    shots.ranks = found
