"""Telling out: what happened is posted until it is taken, signed, and to nobody who lives inside."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from backoffice.delivery.telling_out import MOST_EACH, post
from backoffice.delivery.telling_out import challenge as ask_to_echo
from backoffice.kernel.clock import SteppingClock
from backoffice.notices import carrying, service
from backoffice.notices.carrying import LEASE, TRIED_FOR
from backoffice.notices.states import Form
from backoffice.notices.store import DeliveryRow
from backoffice.plumbing.install import Install
from backoffice.plumbing.reaching import Reach
from backoffice.relay.announcing import Draft
from tests.notices.places import WORD, Got, Place, listening, register_shop

APP_SECRET = "0123456789abcdef" * 2


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A program that is told things."""
    async with listening() as opened:
        yield opened


@pytest.fixture
async def reach() -> AsyncIterator[Reach]:
    """The way out, in the sandbox."""
    async with Reach(is_sandbox=True) as opened:
        yield opened


class Told:
    """A shop with one webhook at the place."""

    def __init__(self, install: Install, account_id: UUID, webhook_id: UUID) -> None:
        self.install, self.account_id, self.webhook_id = install, account_id, webhook_id

    async def tell(self, count: int = 1) -> None:
        """Tell it of events."""
        async with self.install.unit_of_work() as work:
            for number in range(count):
                await service.tell(work, self.account_id, "send.status", {"number": number})

    async def deliveries(self) -> list[DeliveryRow]:
        """Return what it is told, oldest first."""
        async with self.install.reading() as work:
            return (await service.list_deliveries(work, self.account_id, self.webhook_id, count=50))[::-1]

    async def webhook(self) -> service.Webhook:
        """Return it."""
        async with self.install.reading() as work:
            return await service.get_webhook(work, self.account_id, self.webhook_id)


async def _open(install: Install, url: str, form: Form = "standard") -> Told:
    async with install.unit_of_work() as work:
        account_id = await register_shop(work)
        secret, challenge = (APP_SECRET, WORD) if form == "cloud_api" else ("", "")
        made = await service.register(work, account_id, form, url, secret=secret, challenge=challenge)
        return Told(install, account_id, made)


@pytest.fixture
async def told(install: Install, place: Place) -> Told:
    """A shop that is told as Standard Webhooks have it."""
    return await _open(install, place.url)


async def _checked(told: Told, got: Got) -> bytes:
    """Check a post as its receiver does, and return its body."""
    async with told.install.reading() as work:
        secret = await service.secret_of(work, told.account_id, told.webhook_id)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body))
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert f"v1,{expected}" in got.headers["webhook-signature"].split()
    assert "." not in got.headers["webhook-id"]
    return got.body


async def test_what_happened_is_told_once_and_signed(install: Install, told: Told, place: Place, reach: Reach) -> None:
    """And not again once it was taken."""
    await told.tell()
    assert await post(install, reach)
    assert not await post(install, reach)

    (got,) = place.posts
    body = msgspec.json.decode(await _checked(told, got))
    assert (got.path, got.headers["content-type"]) == ("/hook", "application/json")
    assert (body["type"], body["data"]) == ("send.status", {"number": 0})
    (row,) = await told.deliveries()
    assert (row.state, row.attempts, row.status, row.fault) == ("delivered", 1, 200, None)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500, 503])
async def test_what_was_not_taken_comes_again_under_the_same_id(
    install: Install, clock: SteppingClock, told: Told, place: Place, reach: Reach, status: int
) -> None:
    """Not at once; with a new timestamp, and signed anew."""
    place.statuses = [status]
    await told.tell()
    await post(install, reach)
    assert not await post(install, reach)
    assert not await post(install, reach, is_failing=True), "its turn has not come"
    (waiting,) = await told.deliveries()
    webhook = await told.webhook()
    clock.advance(timedelta(seconds=5))
    assert not await post(install, reach), "it takes nothing, so it is asked apart from the others"
    assert await post(install, reach, is_failing=True)

    first, second = place.posts
    assert (waiting.state, waiting.status, waiting.fault) == ("waiting", status, "address_refused")
    assert (webhook.fault, webhook.failing_since is None) == ("address_refused", False)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert await _checked(told, second) == first.body
    assert [row.state for row in await told.deliveries()] == ["delivered"]
    assert (await told.webhook()).failing_since is None


async def test_after_seven_days_it_is_given_up_and_can_be_told_anew(
    install: Install, clock: SteppingClock, told: Told, place: Place, reach: Reach
) -> None:
    """Tried more seldom each time, and never for longer."""
    await told.tell()
    began = clock()
    while (row := (await told.deliveries())[0]).state == "waiting":
        place.statuses = [500]
        assert row.next_at is not None
        clock.advance(max(row.next_at - clock(), timedelta(0)))
        await post(install, reach, is_failing=bool(row.attempts))
    waits = [int(one.headers["webhook-timestamp"]) for one in place.posts]

    assert (row.state, row.fault) == ("given_up", "address_refused")
    assert TRIED_FOR - timedelta(hours=6) <= clock() - began < TRIED_FOR
    assert 30 <= row.attempts <= 80
    assert waits[2] - waits[1] < waits[-1] - waits[-2] <= 6 * 3600
    async with install.unit_of_work() as work:
        await service.redeliver(work, told.account_id, told.webhook_id, row.id)
    assert await post(install, reach, is_failing=True)
    assert [row.state for row in await told.deliveries()] == ["delivered"]
    assert len({one.headers["webhook-id"] for one in place.posts}) == 1


async def test_once_it_takes_again_what_waited_goes_at_once(
    install: Install, clock: SteppingClock, told: Told, place: Place, reach: Reach
) -> None:
    """After hours of failures nobody waits for the next try of each."""
    await told.tell(3)
    for _ in range(8):
        place.statuses = [500] * 3
        clock.advance(timedelta(hours=6))
        for is_failing in (False, True, True, True):
            await post(install, reach, is_failing=is_failing)
    place.statuses = []
    clock.advance(timedelta(hours=6))
    await post(install, reach, is_failing=True)
    await post(install, reach)

    assert [row.state for row in await told.deliveries()] == ["delivered"] * 3


async def test_a_sick_webhook_keeps_nobody_waiting(install: Install, told: Told, place: Place, reach: Reach) -> None:
    """A full round holds a few of each webhook."""
    async with listening() as other:
        well = await _open(install, other.url)
        await told.tell(MOST_EACH * 3)
        await well.tell()
        await post(install, reach)

        assert len(other.posts) == 1
        assert len(place.posts) == MOST_EACH


async def test_what_its_carrier_left_behind_is_told_once_more(
    install: Install, clock: SteppingClock, told: Told, place: Place, reach: Reach
) -> None:
    """Killed after it had posted: when the lease has ended it is posted again, and the dead one's word is void."""
    await told.tell()
    async with install.unit_of_work() as work:
        (left,) = await carrying.claim(work, is_failing=False, most=1, most_each=1)
    assert not await post(install, reach)
    clock.advance(LEASE)
    place.statuses = [500]
    assert await post(install, reach)
    async with install.unit_of_work() as work:
        await carrying.settle(work, [carrying.Posted(left, 200, "", timedelta(0))])

    (row,) = await told.deliveries()
    assert (row.state, row.attempts) == ("waiting", 2)


async def test_a_webhook_that_says_it_is_gone_is_closed(
    install: Install, told: Told, place: Place, reach: Reach
) -> None:
    """410 is its own word (Standard Webhooks), and it is entered."""
    place.statuses = [410]
    await told.tell(1)
    await post(install, reach)

    webhook = await told.webhook()
    assert (webhook.state, webhook.fault) == ("closed", "webhook_gone")
    assert [(row.state, row.fault) for row in await told.deliveries()] == [("given_up", "webhook_closed")]


async def test_nobody_is_told_before_the_address_has_echoed(
    install: Install, clock: SteppingClock, place: Place, reach: Reach
) -> None:
    """What happened meanwhile waits, and is then told in the provider's form, signed with the account's app secret."""
    place.word = "another word"
    told = await _open(install, place.url, "cloud_api")
    async with install.unit_of_work() as work:
        await service.tell_many(work, [service.Telling(told.account_id, "cloud_api", "send.status", b'{"entry":[]}')])
    assert await ask_to_echo(install, reach)
    assert not await post(install, reach)
    assert ((await told.webhook()).state, (await told.webhook()).fault) == ("unverified", "address_unverified")
    place.word = WORD
    assert not await ask_to_echo(install, reach)
    clock.advance(timedelta(seconds=5))
    assert await ask_to_echo(install, reach)
    assert await post(install, reach)

    (got,) = place.posts
    assert (await told.webhook()).state == "open"
    assert got.body == b'{"entry":[]}'
    expected = hmac.new(APP_SECRET.encode(), got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert "webhook-id" not in got.headers


async def test_an_address_that_never_echoes_is_closed_after_seven_days(
    install: Install, clock: SteppingClock, place: Place, reach: Reach
) -> None:
    """And asked no more."""
    place.word = "another word"
    told = await _open(install, place.url, "cloud_api")
    while (await told.webhook()).state == "unverified":
        await ask_to_echo(install, reach)
        clock.advance(timedelta(hours=6))
    asked = len(place.got)
    clock.advance(TRIED_FOR)

    assert not await ask_to_echo(install, reach)
    assert len(place.got) == asked > 20
    assert (await told.webhook()).fault == "address_unverified"


@pytest.mark.parametrize("found", ["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"])
async def test_nothing_is_posted_into_the_house(install: Install, found: str) -> None:
    """A name that leads inside is refused each time, and told to its account as what it is."""

    async def resolve(host: str, port: int) -> list[str]:
        _ = host, port
        return [found]

    told = await _open(install, "https://rebound.example/")
    await told.tell()
    async with Reach(is_sandbox=True, resolve=resolve) as reach:
        await post(install, reach)

    (row,) = await told.deliveries()
    assert (row.state, row.status, row.fault) == ("waiting", None, "address_not_public")


async def test_what_ended_is_erased_after_thirty_days(install: Install, clock: SteppingClock, told: Told) -> None:
    """What waits is not."""
    await told.tell(2)
    async with install.unit_of_work() as work:
        first = (await carrying.claim(work, is_failing=False, most=1, most_each=1))[0]
        await carrying.settle(work, [carrying.Posted(first, 200, "", timedelta(0))])
    clock.advance(carrying.KEPT_FOR - timedelta(seconds=1))
    assert not await carrying.purge(install)
    assert len(await told.deliveries()) == 2
    clock.advance(timedelta(seconds=2))
    assert not await carrying.purge(install)

    assert [row.state for row in await told.deliveries()] == ["waiting"]


async def test_a_webhook_is_closed_while_it_is_told(install: Install, told: Told, place: Place, reach: Reach) -> None:
    """Neither waits for the other in a circle; what was on its way counts as given up, or as delivered."""
    await told.tell(MOST_EACH)
    place.statuses = [500, 200] * MOST_EACH

    async def close() -> None:
        async with install.unit_of_work() as work:
            await service.close(work, told.account_id, told.webhook_id)

    await asyncio.gather(post(install, reach), post(install, reach), close(), close())

    assert (await told.webhook()).state == "closed"
    deliveries = await told.deliveries()
    assert len(deliveries) == MOST_EACH
    assert {row.state for row in deliveries} <= {"delivered", "given_up"}


async def test_what_cannot_be_written_out_is_given_up_and_speaks_against_nobody(
    install: Install, place: Place, reach: Reach
) -> None:
    """A failure of a send that isn't there, or whose person is erased."""
    told = await _open(install, place.url, "cloud_api")
    await ask_to_echo(install, reach)
    async with install.unit_of_work() as work:
        draft = msgspec.json.encode(Draft(send_id=told.account_id, at=work.at))
        await service.tell_many(work, [service.Telling(told.account_id, "cloud_api", "send.status", draft)])
    assert await post(install, reach)

    (row,) = await told.deliveries()
    assert (row.state, place.posts) == ("given_up", [])
    assert (await told.webhook()).failing_since is None
