"""Idempotency: a POST that is sent again with its key has its effect once, and gets the same bytes for an answer.

A key belongs to its account and is kept as a hash, with a fingerprint of what was asked and with the answer, which is
stored in the transaction of the effect: either both are there or neither. Whoever asks again while the first still
runs waits for it, and is told so when that takes too long. A refusal is no effect: nothing is kept of it, and the
same key may try again. After seven days keys are forgotten.

An ordinary verb runs inside `idempotent`; a road that takes many requests into one transaction calls `claim_keys`
first and `store_answers` last. Answers are kept as they are, so they hold ids and no person's value and no secret.

The hot path needs two statements. One would do, with the answers in one INSERT at the end, but then a repeated
request is noticed only when all its work is done, and takes its whole batch with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install, Work

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

KEPT_FOR = timedelta(days=7)
PATIENCE = 10.0  # seconds that a repeated request waits for the first one
LONGEST_KEY = 255  # characters
_PURGED_AT_ONCE = 5_000

_CLAIM = """
INSERT INTO request (account_id, key, fingerprint, at)
SELECT *, $4 FROM unnest($1::uuid[], $2::bytea[], $3::bytea[])
ON CONFLICT DO NOTHING RETURNING account_id, key
"""
_FIND = """
SELECT account_id, key, request.fingerprint, status, answer
FROM request JOIN unnest($1::uuid[], $2::bytea[]) AS asked (account_id, key) USING (account_id, key)
"""
_STORE = """
UPDATE request SET status = answered.status, answer = answered.answer
FROM unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::bytea[]) AS answered (account_id, key, status, answer)
WHERE request.account_id = answered.account_id AND request.key = answered.key
"""
_PURGE = """
DELETE FROM request WHERE ctid = ANY (ARRAY(SELECT ctid FROM request WHERE at < $1 ORDER BY at LIMIT $2))
"""


class Key(NamedTuple):
    """Whose key, and the hash of what they called it."""

    account_id: UUID
    hash: bytes


class Asked(NamedTuple):
    """A request as it is known again: its key, and a fingerprint of what it asks."""

    key: Key
    fingerprint: bytes


class Answer(msgspec.Struct, frozen=True):
    """What a request was answered: the HTTP status and the body's bytes."""

    status: int
    body: bytes


class Stored(msgspec.Struct, frozen=True):
    """What is stored of an earlier request with the same key."""

    fingerprint: bytes
    answer: Answer | None


class Request:
    """A request that runs: `work` to do it with, and `answer`, which is there already when it was done before."""

    def __init__(self, work: Work, answer: Answer | None) -> None:
        self.work = work
        self.answer = answer


def read_key(account_id: UUID, header: str | None) -> Key:
    """Return the key that a request names; raises Invalid: `idempotency_key_missing` or `_invalid`."""
    if header is None:
        raise Invalid("idempotency_key_missing", field="Idempotency-Key")
    if not 0 < len(header) <= LONGEST_KEY or not header.isascii() or not header.isprintable():
        raise Invalid("idempotency_key_invalid", field="Idempotency-Key", most=LONGEST_KEY)
    return Key(account_id, hashlib.sha256(header.encode()).digest())


def fingerprint(method: str, path: str, body: object) -> bytes:
    """Return the fingerprint of what is asked: equal bodies have one, however their JSON was written.

    >>> fingerprint("POST", "/v1/sends", {"a": 1, "b": 2}) == fingerprint("POST", "/v1/sends", {"b": 2, "a": 1})
    True
    """
    written = body if isinstance(body, bytes) else msgspec.json.encode(body, order="deterministic")
    return hashlib.sha256(b"%s %s\n%s" % (method.encode(), path.encode(), written)).digest()


def answer_again(asked: Asked, stored: Stored) -> Answer:
    """Return the stored answer, for the same question; raises Refused: `idempotency_key_reused`, `_running`."""
    if stored.fingerprint != asked.fingerprint:
        raise Refused("idempotency_key_reused")
    if stored.answer is None:
        raise Refused("idempotency_key_running")
    return stored.answer


async def claim_keys(
    connection: Connection, requests: Iterable[Asked], at: datetime, *, patience: float = PATIENCE
) -> dict[Key, Stored | None]:
    """Take the keys of many requests for this transaction; None for each that is new, and now ours.

    Of two requests with one key in one call only one is counted: whoever calls tells them apart. Waits for another
    transaction that has one of the keys; raises Refused `idempotency_key_running` when that takes too long.
    """
    rows = sorted({asked.key: asked.fingerprint for asked in requests}.items())
    accounts, hashes = [key.account_id for key, _ in rows], [key.hash for key, _ in rows]
    try:
        ours = await connection.fetch(_CLAIM, accounts, hashes, [print_ for _, print_ in rows], at, timeout=patience)
    except TimeoutError:
        raise Refused("idempotency_key_running") from None
    claimed: dict[Key, Stored | None] = {Key(*row): None for row in ours}
    if len(claimed) < len(rows):
        others = [key for key, _ in rows if key not in claimed]
        claimed |= await _find(connection, others)
    return claimed


async def store_answers(connection: Connection, answers: Mapping[Key, Answer]) -> None:
    """Store the answers to requests whose keys this transaction has taken."""
    rows = sorted(answers.items(), key=lambda row: row[0])
    await connection.execute(
        _STORE,
        [key.account_id for key, _ in rows],
        [key.hash for key, _ in rows],
        [answer.status for _, answer in rows],
        [answer.body for _, answer in rows],
    )


@asynccontextmanager
async def idempotent(install: Install, asked: Asked, *, patience: float = PATIENCE) -> AsyncIterator[Request]:
    """Open a unit of work for a request. Where `answer` is there, return it; else do the work and set it.

    Raises Refused: `idempotency_key_reused` for another question, `idempotency_key_running` when the first takes long.
    """
    async with _turn(asked.key, patience), install.unit_of_work() as work:
        stored = (await claim_keys(work.connection, [asked], work.at, patience=patience))[asked.key]
        request = Request(work, None if stored is None else answer_again(asked, stored))
        yield request
        if request.answer is None:
            raise RuntimeError("a request ended well and has no answer")
        if stored is None:
            await store_answers(work.connection, {asked.key: request.answer})


async def purge(install: Install) -> bool:
    """Forget keys older than seven days, some at a time; returns whether there may be more."""
    async with install.unit_of_work() as work:
        done = await work.connection.execute(_PURGE, work.at - KEPT_FOR, _PURGED_AT_ONCE)
    return int(done.split()[-1]) == _PURGED_AT_ONCE


async def _find(connection: Connection, keys: list[Key]) -> dict[Key, Stored | None]:
    """Read what others stored; one that is gone again was purged just now, and counts as running."""
    rows = await connection.fetch(_FIND, [key.account_id for key in keys], [key.hash for key in keys])
    found: dict[Key, Stored | None] = dict.fromkeys(keys, Stored(b"", None))
    for account_id, hash_, print_, status, body in rows:
        found[Key(account_id, hash_)] = Stored(print_, None if status is None else Answer(status, body))
    return found


_turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()


@asynccontextmanager
async def _turn(key: Key, patience: float) -> AsyncIterator[None]:
    """Wait for requests of this process with the same key without holding a connection meanwhile."""
    turn = _turns.setdefault(key, asyncio.Lock())
    try:
        async with asyncio.timeout(patience):
            await turn.acquire()
    except TimeoutError:
        raise Refused("idempotency_key_running") from None
    try:
        yield
    finally:
        turn.release()
