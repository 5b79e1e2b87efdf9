"""A test clock through the real server: a night, a trial and a credit's life pass within one test.

Nothing here waits for hours: what is awaited is what the moved clock makes due.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from backoffice.accounts import service as accounts
from backoffice.accounts.service import issue_key
from backoffice.billing import service as billing
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Setup
from backoffice.delivery.service import lose
from backoffice.journeys.clock import be_still, move_clock
from backoffice.kernel.errors import Unavailable
from backoffice.main import create_app
from backoffice.plumbing.install import Install, open_install
from backoffice.plumbing.moved_clock import MovedClock
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import key_file
from backoffice.worker import serve_all
from tests.cast import ANNA, DECLARED, Shop, hold_registers, know, open_shop
from tests.conftest import START, _empty
from tests.delivery.queueing import sent

NIGHT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 05:00 in Berlin
GRETA = "+4915112345678"
PATIENCE = 20.0  # seconds; what is due happens within one


class Sandbox(NamedTuple):
    """A sandbox that is served, its shop, and how the shop's program asks."""

    install: Install
    clock: MovedClock
    shop: Shop
    http: httpx.AsyncClient

    async def ask(self, path: str, body: Any = None, *, key: str = "") -> dict[str, Any]:  # noqa: ANN401  # JSON
        """Ask, and return what is told."""
        headers = {"Idempotency-Key": key or hashlib.sha256(f"{path} {body}".encode()).hexdigest()}
        answer = await (self.http.get(path) if body is None else self.http.post(path, json=body, headers=headers))
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def credits(self) -> int:
        """Return how many messages the shop can still pay for."""
        (told,) = (await self.http.get("/v1/credits")).json()
        left: int = told["available"]
        return left

    async def move(self, **to: str) -> dict[str, Any]:
        """Move the clock."""
        return await self.ask("/sandbox/clock", to)

    def offer(self, to: str) -> dict[str, Any]:
        """Return the shop's offer to somebody."""
        return {
            "channel": "whatsapp",
            "sender_id": str(self.shop.sender_id),
            "to": to,
            "purpose": "marketing",
            "topic": "lamps",
            "template": {"name": "autumn_lamps", "language": "en"},
            "declared": msgspec.to_builtins(DECLARED),
        }


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Return once something is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await look():
                return
            await asyncio.sleep(0.01)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a sandbox that listens on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return msgspec.structs.replace(settings, data=tmp_path, master_key_file=key_file(settings), port=port)


@pytest.fixture
async def sandbox(own: Settings) -> AsyncIterator[Sandbox]:
    """A sandbox at night, served and worked for, with a provider; its shop has a trial of ten days, credits of five."""
    clock, stop = MovedClock(NIGHT), asyncio.Event()
    with RunningProvider(Setup(path=str(own.data / "provider.sqlite"))) as provider:
        settings = msgspec.structs.replace(own, provider_url=provider.url)
        async with open_install(settings, clock, must_migrate=False) as install:
            async with install.unit_of_work() as work:
                await hold_registers(work)
                shop = await open_shop(work, operator="wasync", credits_=0)
                trial = (NIGHT + timedelta(days=10)).isoformat()
                for fact, value in (("trial_until", trial), ("has_paid_plan", False)):
                    await accounts.state_fact(work, shop.account_id, fact, value, "operator")
                ends_at = NIGHT + timedelta(days=5)
                await billing.grant_lot(work, shop.account_id, "whatsapp", 7, NIGHT, ends_at)
                await billing.grant_lot(work, shop.account_id, "whatsapp", 9, NIGHT, NIGHT + timedelta(days=90))
                for address in (GRETA, ANNA):
                    await know(work, shop, address)
                secret = await issue_key(work, shop.account_id)
            clock.let_go()
            serving = asyncio.create_task(serve_all(install, stop))
            base, headers = f"http://127.0.0.1:{own.port}", {"Authorization": f"Bearer {secret}"}
            async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as http:
                await until(lambda: _answers(http))
                yield Sandbox(install, clock, shop, http)
            stop.set()
            await serving
    await _empty(settings.database_url)


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        answer = await http.get("/health/live")
    except httpx.TransportError:
        return False
    return answer.status_code == 200


async def test_a_night_a_credits_life_and_a_trial_pass(sandbox: Sandbox) -> None:
    """What was held for the night leaves by itself after it; a lot ends; the trial ends, and its reason says so."""
    made = await sandbox.ask("/v1/sends", sandbox.offer(GRETA))
    assert (made["verdict"], made["state"]) == ("hold", "held")
    assert {reason["code"] for reason in made["reasons"]} == {"quiet_hours"}
    opens_at = datetime.fromisoformat(made["next_allowed_at"])
    assert await sandbox.credits() == 16

    moved = await sandbox.move(advance="PT8H")
    assert datetime.fromisoformat(moved["at"]) - datetime.fromisoformat(moved["was"]) == timedelta(hours=8)
    assert datetime.fromisoformat(moved["at"]) > opens_at
    async with httpx.AsyncClient(base_url=sandbox.install.settings.provider_url, trust_env=False) as provider:
        told = (await provider.get("/sandbox/clock")).json()
    ahead = datetime.fromisoformat(told["at"]) - datetime.fromisoformat(moved["at"])
    assert timedelta(0) <= ahead < timedelta(minutes=9)

    async def has_left() -> bool:
        told = await sandbox.ask(f"/v1/sends/{made['id']}")
        return bool(told["state"] == "sent")

    await until(has_left)
    assert await sandbox.credits() == 15

    await sandbox.move(at=(NIGHT + timedelta(days=6)).isoformat())
    assert await sandbox.credits() == 9

    async def is_entered() -> bool:
        async with sandbox.install.reading() as work:
            expired = "SELECT EXISTS (SELECT FROM credit_lot WHERE expired_at IS NOT NULL)"
            found: bool = await work.connection.fetchval(expired)
        return found

    await until(is_entered)
    tried = await sandbox.ask("/v1/decisions/dry-run", sandbox.offer(ANNA))
    assert "trial_over" not in {reason["code"] for reason in tried["reasons"]}
    await sandbox.move(at=(NIGHT + timedelta(days=10, hours=6)).isoformat())
    tried = await sandbox.ask("/v1/decisions/dry-run", sandbox.offer(ANNA))
    assert "trial_over" in {reason["code"] for reason in tried["reasons"]}


async def test_a_year_passes_and_its_month_is_ready(sandbox: Sandbox) -> None:
    """Rows of a month that had no table before go to one; the ledger says that the clock was moved."""
    moved = await sandbox.move(advance="P399D")
    made = await sandbox.ask("/v1/sends", sandbox.offer(ANNA))

    assert made["state"] in {"denied", "held", "queued"}
    assert (await sandbox.ask("/sandbox/clock"))["at"] >= moved["at"]
    async with sandbox.install.reading() as work:
        rows = await work.connection.fetch("SELECT body FROM ledger_entry")
        assert await work.connection.fetchval("SELECT count(*) FROM mark WHERE name = 'install:test_clock'") == 1
    told = [body for row in rows if (body := msgspec.json.decode(row["body"]))["kind"] == "sandbox:clock:moved"]
    assert [datetime.fromisoformat(one["to_at"]) for one in told] == [datetime.fromisoformat(moved["at"])]


async def test_the_same_key_moves_it_once(sandbox: Sandbox) -> None:
    """And has one answer."""
    first = await sandbox.ask("/sandbox/clock", {"advance": "PT1H"}, key="one")
    again = await sandbox.ask("/sandbox/clock", {"advance": "PT1H"}, key="one")

    assert first == again
    assert sandbox.clock() < NIGHT + timedelta(hours=1, minutes=30)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"advance": "-PT1S"}, 409, "clock_backwards"),
        ({"at": "2026-11-20T03:00:00Z"}, 409, "clock_backwards"),
        ({"advance": "P401D"}, 422, "clock_leap_too_long"),
        ({"at": "2030-01-01T00:00:00Z"}, 422, "clock_leap_too_long"),
        ({}, 422, "clock_at_or_advance"),
        ({"at": "2026-12-01T00:00:00Z", "advance": "PT1S"}, 422, "clock_at_or_advance"),
        ({"at": "2026-12-01T00:00:00"}, 422, "field_without_zone"),
        ({"advance": "an hour"}, 422, "field_format"),
    ],
)
async def test_what_no_clock_does_is_refused(sandbox: Sandbox, body: Any, status: int, code: str) -> None:  # noqa: ANN401
    """It stands where it stood."""
    answer = await sandbox.http.post("/sandbox/clock", json=body, headers={"Idempotency-Key": "wrong"})

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert sandbox.clock() < NIGHT + timedelta(minutes=30)


async def test_whoever_has_no_key_neither_reads_nor_moves_it(sandbox: Sandbox) -> None:
    """As with everything else."""
    async with httpx.AsyncClient(base_url=str(sandbox.http.base_url), trust_env=False) as stranger:
        answers = [
            await stranger.get("/sandbox/clock"),
            await stranger.post("/sandbox/clock", json={"advance": "PT1H"}),
        ]

    assert [one.status_code for one in answers] == [401, 401]


async def test_the_clock_waits_for_what_is_being_handed_over(install: Install) -> None:
    """Also for what may yet turn out to have been; then it is moved."""
    install.clock = clock = MovedClock(START)
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work)
        anna = await know(work, shop, ANNA)
    (send_id,) = await sent(install, shop, anna)
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE send SET state = 'sending' WHERE id = $1", send_id)
    await _refused(install)
    async with install.unit_of_work() as work:
        attempt = await work.connection.fetchval("SELECT attempt FROM outbox")
        await lose(work, {send_id: attempt}, counts_at=START + timedelta(seconds=9))
    await _refused(install)
    clock.advance(timedelta(seconds=9))
    await be_still(install)
    async with install.unit_of_work() as work:
        await move_clock(work, by=timedelta(hours=1))

    assert clock() == START + timedelta(hours=1, seconds=9)


async def _refused(install: Install) -> None:
    await be_still(install, patience=0.1)
    with pytest.raises(Unavailable, match="clock_waits"):
        async with install.unit_of_work() as work:
            await move_clock(work, by=timedelta(hours=1))


async def test_a_provider_that_is_away_keeps_the_clock_where_it_is(own: Settings) -> None:
    """Its messages would be told of another day."""
    settings = msgspec.structs.replace(own, provider_url="http://127.0.0.1:9")
    async with open_install(settings, clock := MovedClock(START), must_migrate=False) as install:
        with pytest.raises(Unavailable, match="provider_away"):
            async with install.unit_of_work() as work:
                await move_clock(work, by=timedelta(hours=1))
        assert clock() == START
    await _empty(settings.database_url)


async def test_a_real_clock_is_nobodys_to_move(install: Install) -> None:
    """409 for reading and moving, on every other install."""
    async with install.unit_of_work() as work:
        secret = await issue_key(work, (await open_shop(work)).account_id)
    web = create_app(install)
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
    transport = httpx.ASGITransport(app=web)
    async with web.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as http:
        answers = [await http.get("/sandbox/clock"), await http.post("/sandbox/clock", json={"advance": "PT1H"})]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "clock_is_real")] * 2
