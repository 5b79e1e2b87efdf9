"""Writing to the ledger, in the transaction of what happened: either both are there afterwards, or neither is.

An entry is canonical JSON with `account`, `at`, `id`, `kind`, `v` and the data of its kind: ids, codes, hashes in
hexadecimal and salted commitments, never what names a person. Its place in the tree follows within a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from backoffice.audit import store
from backoffice.audit.merkle import leaf_hash
from backoffice.kernel.canonical import canonical_json
from backoffice.kernel.clock import as_utc
from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.kernel.ids import born_at, new_ids
from backoffice.plumbing.bulk import Rows, Target, write

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

NOBODY = UUID(int=0)
"""The account of entries that are no account's: the operator's own."""

LONGEST = 65_535
"""Bytes that an entry has at most, as tiles of entries state its length in two (C2SP tlog-tiles)."""

ALARM_PENDING = 4096
ALARM_AGE = timedelta(seconds=60)
LATEST = timedelta(minutes=10)
"""How many entries, and for how long, may wait before somebody is told; from when on nothing more is sent."""

ENTRY = Target("ledger_entry", {"id": "uuid", "account_id": "uuid", "body": "bytea"})
QUEUE = Target("ledger_queue", {"id": "uuid", "account_id": "uuid", "leaf": "bytea"})

LOOK_AGAIN = timedelta(seconds=1)
_had_room: WeakKeyDictionary[Install, datetime] = WeakKeyDictionary()
_VERSION = 1
_KIND = re.compile(r"[a-z][a-z_]*(?::[a-z][a-z_]*){2}", re.ASCII)
_OWN = frozenset({"account", "at", "id", "kind", "v"})
_PLAIN = frozenset({str, int, bool, type(None), UUID})
_quick = msgspec.json.Encoder(order="deterministic")


class Entries(NamedTuple):
    """Entries ready to be written: their ids in order, and the rows of both tables."""

    ids: list[UUID]
    rows: list[tuple[Target, Rows]]


class Pressure(NamedTuple):
    """How many entries wait for their place, and how long the oldest has waited."""

    pending: int
    oldest_age: timedelta

    @property
    def is_alarming(self) -> bool:
        """Whether somebody must be told."""
        return self.pending > ALARM_PENDING or self.oldest_age > ALARM_AGE


def entry_rows(at: datetime, kind: str, items: Iterable[tuple[UUID, Mapping[str, Any]]]) -> Entries:
    """Return entries of one kind and moment, each of an account with its data, as rows for `bulk.write`.

    Raises Invalid (`ledger_entry_too_long`), and a ValueError for a kind that isn't `source:subject:action`.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"an entry's kind is source:subject:action, not {kind!r}")
    pairs, moment = list(items), _moment(at)
    ids = new_ids(at, len(pairs))
    entries, queue = [], []
    for entry_id, (account_id, data) in zip(ids, pairs, strict=True):
        body = encode(entry_id, account_id, moment, kind, data)
        entries.append((entry_id, account_id, body))
        queue.append((entry_id, account_id, leaf_hash(body)))
    return Entries(ids, [(ENTRY, entries), (QUEUE, queue)])


async def append_many(work: Work, kind: str, items: Iterable[tuple[UUID, Mapping[str, Any]]]) -> list[UUID]:
    """Write entries of one kind in the open transaction; return their ids in order."""
    entries = entry_rows(work.at, kind, items)
    await write(work.connection, entries.rows)
    return entries.ids


async def append(work: Work, kind: str, account_id: UUID, **data: Any) -> UUID:  # noqa: ANN401  # JSON
    """Write one entry in the open transaction; return its id."""
    return (await append_many(work, kind, [(account_id, data)]))[0]


def encode(entry_id: UUID, account_id: UUID, moment: str, kind: str, data: Mapping[str, Any]) -> bytes:
    """Return an entry's body: the same bytes as `canonical_json` makes of it, sooner where it can be."""
    if not _OWN.isdisjoint(data):
        raise ValueError(f"an entry's own fields are not data: {sorted(_OWN & data.keys())}")
    fields = {"account": account_id, "at": moment, "id": entry_id, "kind": kind, "v": _VERSION, **data}
    body = _quickly(fields) or canonical_json(fields)
    if len(body) > LONGEST:
        raise Invalid("ledger_entry_too_long", kind=kind, bytes=len(body))
    return body


def _quickly(fields: dict[str, Any]) -> bytes | None:
    """Return the canonical bytes of a flat entry of plain values; None where only `canonical_json` is sure."""
    if not _PLAIN.issuperset(map(type, fields.values())):
        return None
    try:
        return _quick.encode(fields)
    except (OverflowError, UnicodeEncodeError):
        return None


def _moment(at: datetime) -> str:
    return as_utc(at).isoformat().removesuffix("+00:00") + "Z"


async def pressure(work: Work) -> Pressure:
    """Return how far the places are behind the entries."""
    pending, oldest = await store.count_queue(work.connection)
    return Pressure(pending, _age(work, oldest))


async def require_room(work: Work) -> None:
    """Raise Unavailable (`ledger_behind`) where the oldest entry has waited over ten minutes: nothing more is sent.

    Looked at once a second: a road that is asked a thousand times needs no more.
    """
    looked_at = _had_room.get(work.install)
    if looked_at and abs(work.at - looked_at) < LOOK_AGAIN:
        return
    age = _age(work, await store.find_oldest_queued(work.connection))
    if age > LATEST:
        raise Unavailable("ledger_behind", minutes=age // timedelta(minutes=1))
    _had_room[work.install] = work.at


def _age(work: Work, oldest: UUID | None) -> timedelta:
    return max(work.at - born_at(oldest), timedelta(0)) if oldest else timedelta(0)
