"""Idempotency: one effect a key, the same bytes for an answer, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from backoffice.kernel.clock import SteppingClock
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.idempotency import (
    KEPT_FOR,
    Answer,
    Asked,
    Key,
    answer_again,
    claim_keys,
    fingerprint,
    idempotent,
    purge,
    read_key,
    store_answers,
)
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from tests.conftest import START
from tests.contracts.house import ROOT
from tests.plumbing import killed

MIRDZA = UUID("019a3cb9-6000-7000-8000-00000000000a")
TOFIG = UUID("019a3cb9-6000-7000-8000-00000000000b")


def asked(key: str, body: object = "x", account_id: UUID = MIRDZA) -> Asked:
    """Return a request with a key."""
    return Asked(read_key(account_id, key), fingerprint("POST", "/v1/notes", body))


async def take(install: Install, request: Asked, *, patience: float = 10.0) -> Answer:
    """Take a note once, as an ordinary verb does; the answer names the note."""
    async with idempotent(install, request, patience=patience) as running:
        if running.answer is None:
            note = str(running.work.new_id())
            await running.work.connection.execute("INSERT INTO mark VALUES ($1, 'note', $2)", note, running.work.at)
            running.answer = Answer(201, msgspec.json.encode({"id": note}))
    return running.answer


async def notes(install: Install) -> set[str]:
    """Return the notes that were taken."""
    async with install.reading() as work:
        return {row["name"] for row in await work.connection.fetch("SELECT name FROM mark WHERE value = 'note'")}


@pytest.fixture
async def house(install: Install) -> AsyncIterator[Install]:
    """An install whose notes go after the test."""
    yield install
    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM mark WHERE value = 'note'")


async def test_a_request_sent_twenty_times_at_once_happens_once(house: Install) -> None:
    """Two hundred keys, each twenty times over: two hundred notes, and each key has one answer to the byte."""
    requests = [asked(f"key-{number % 200}", number % 200) for number in range(4_000)]
    answers = await asyncio.gather(*(take(house, request) for request in requests))
    told: dict[Key, set[bytes]] = {}
    for request, answer in zip(requests, answers, strict=True):
        told.setdefault(request.key, set()).add(answer.body)

    assert {len(bodies) for bodies in told.values()} == {1}
    assert {json.loads(body)["id"] for (body,) in told.values()} == await notes(house)
    assert len(told) == len(await notes(house)) == 200


async def test_a_key_is_claimed_by_one_transaction_of_many(house: Install) -> None:
    """Also where no lock of this process helps: the database decides, and the others wait for the answer."""
    batch = [asked(f"key-{number}") for number in range(20)]

    async def claim() -> int:
        async with house.unit_of_work() as work:
            claimed = await claim_keys(work.connection, reversed(batch), work.at)
            ours = [request.key for request in batch if claimed[request.key] is None]
            await store_answers(work.connection, {key: Answer(202, b"told") for key in ours})
            others = [(request, stored) for request in batch if (stored := claimed[request.key]) is not None]
            assert {answer_again(request, stored).body for request, stored in others} <= {b"told"}
            return len(ours)

    assert sorted(await asyncio.gather(*(claim() for _ in range(20)))) == [0] * 19 + [20]


async def test_another_question_with_the_same_key_is_refused(house: Install) -> None:
    """And the first answer stands."""
    first = await take(house, asked("key", "this"))

    with pytest.raises(Refused, match="idempotency_key_reused"):
        await take(house, asked("key", "that"))
    assert await take(house, asked("key", "this")) == first


async def test_a_key_belongs_to_its_account(house: Install) -> None:
    """Another account's key of the same name is another key."""
    assert await take(house, asked("key")) != await take(house, asked("key", account_id=TOFIG))


async def test_a_first_request_that_takes_too_long_is_told(house: Install) -> None:
    """The one that waits is; when the first has ended, its answer is there."""
    begun, ending = asyncio.Event(), asyncio.Event()

    async def slow() -> Answer:
        async with idempotent(house, asked("key")) as running:
            begun.set()
            await ending.wait()
            running.answer = Answer(201, b"slow")
        return running.answer

    first = asyncio.create_task(slow())
    await begun.wait()
    with pytest.raises(Refused, match="idempotency_key_running"):
        await take(house, asked("key"), patience=0.05)
    ending.set()

    assert await first == await take(house, asked("key")) == Answer(201, b"slow")


async def test_a_first_request_of_another_process_is_waited_for(house: Install, settings: Settings) -> None:
    """As long, and with the same answer."""
    elsewhere = await asyncpg.connect(settings.database_url)
    async with elsewhere.transaction():
        await claim_keys(elsewhere, [asked("key")], START)
        with pytest.raises(Refused, match="idempotency_key_running"):
            await take(house, asked("key"), patience=0.05)
        waiting = asyncio.create_task(take(house, asked("key")))
        await store_answers(elsewhere, {asked("key").key: Answer(201, b"elsewhere")})
    await elsewhere.close()

    assert await waiting == Answer(201, b"elsewhere")
    assert await notes(house) == set()


async def test_a_request_that_failed_may_be_sent_again(house: Install) -> None:
    """Nothing is kept of it."""
    with pytest.raises(ZeroDivisionError):
        async with idempotent(house, asked("key")) as running:
            await running.work.connection.execute("INSERT INTO mark VALUES ('x', 'note', $1)", running.work.at)
            _ = 1 / 0

    assert await notes(house) == set()
    await take(house, asked("key", "another body"))
    assert len(await notes(house)) == 1


async def test_a_request_that_ends_without_an_answer_has_not_happened(house: Install) -> None:
    """It would be answered with nothing for seven days."""
    with pytest.raises(RuntimeError):
        async with idempotent(house, asked("key")):
            pass

    await take(house, asked("key"))


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_process_killed_in_between_leaves_all_or_nothing(
    house: Install, settings: Settings, moment: str
) -> None:
    """Killed before its commit there is no note and no answer; after it there are both."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", killed.__name__, settings.database_url, str(settings.data), moment), cwd=ROOT
    )
    assert await process.wait() == -signal.SIGKILL
    taken = await notes(house)
    answer = await take(house, Asked(killed.KEY, killed.FINGERPRINT))

    assert len(taken) == (moment == "after")
    assert await notes(house) == {json.loads(answer.body)["id"]}
    assert taken <= await notes(house)


async def test_keys_are_forgotten_after_seven_days(house: Install, clock: SteppingClock) -> None:
    """And not a moment earlier."""
    await take(house, asked("old"))
    clock.advance(timedelta(days=1))
    await take(house, asked("young"))
    clock.advance(KEPT_FOR - timedelta(hours=1))

    assert await purge(house) is False
    async with house.reading() as work:
        kept = await work.connection.fetch("SELECT key FROM request")
    assert [row["key"] for row in kept] == [asked("young").key.hash]


@given(some.text(max_size=300))
def test_a_key_is_visible_ascii_of_a_sane_length(header: str) -> None:
    """It is kept as a hash, so nobody reads it there."""
    is_good = 0 < len(header) <= 255 and header.isascii() and header.isprintable()
    try:
        key = read_key(MIRDZA, header)
    except Invalid as refused:
        assert refused.code == "idempotency_key_invalid"  # noqa: PT017
        assert not is_good
    else:
        assert is_good
        assert len(key.hash) == 32


def test_a_key_is_wanted() -> None:
    """Its absence has a code of its own."""
    with pytest.raises(Invalid, match="idempotency_key_missing"):
        read_key(MIRDZA, None)


some_bodies = some.dictionaries(some.text(max_size=3), some.integers() | some.text(max_size=3), max_size=4)


@given(some_bodies, some_bodies)
def test_a_fingerprint_is_that_of_the_meaning(one: dict[str, object], other: dict[str, object]) -> None:
    """Equal bodies have one, others another, however they were ordered."""
    assert (fingerprint("POST", "/", one) == fingerprint("POST", "/", other)) == (one == other)
    assert fingerprint("POST", "/", one) == fingerprint("POST", "/", dict(reversed(one.items())))
    assert fingerprint("POST", "/a", one) != fingerprint("POST", "/b", one)
