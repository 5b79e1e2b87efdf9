"""Bodies that many rows share: each kept once by its hash, known by a number, and never changed.

A process remembers what it has seen. A number is trusted only once the transaction that made it has committed, since
one that was rolled back leads nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from backoffice.contacts import store
from backoffice.kernel.canonical import canonical_json
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Install, Work

T = TypeVar("T", bound=msgspec.Struct)


class Kept(Generic[T]):
    """The bodies of one small table with the columns id, hash and body."""

    def __init__(self, table: store.KeptTable, kind: type[T]) -> None:
        self._table = table
        self._kind = kind
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._numbers: WeakKeyDictionary[Install, dict[T, int]] = WeakKeyDictionary()
        self._bodies: WeakKeyDictionary[Install, dict[int, T]] = WeakKeyDictionary()

    def knows(self, install: Install, values: Iterable[T]) -> bool:
        """Whether this process knows the numbers of all these values."""
        known = self._numbers.get(install, {})
        return all(value in known for value in values)

    async def number(self, work: Work, values: Sequence[T]) -> list[int]:
        """Return the numbers of these values in their order; what is new is kept, in the order it is met."""
        known = self._numbers.setdefault(work.install, {})
        numbers = [known.get(value, 0) for value in values]
        if 0 not in numbers:
            return numbers
        missing = dict.fromkeys(value for value, number in zip(values, numbers, strict=True) if not number)
        names = {name_of(value): value for value in missing}
        stored = await store.find_kept(work.connection, self._table, list(names))
        if new := [name for name in names if name not in stored]:
            bodies = {name: msgspec.msgpack.encode(names[name]) for name in new}
            stored |= await store.add_kept(work.connection, self._table, bodies)
        found = {names[name]: number for name, number in stored.items()}
        work.after_commit(lambda: known.update(found))
        return [number or found[value] for value, number in zip(values, numbers, strict=True)]

    async def recall(self, work: Work, numbers: Iterable[int]) -> dict[int, T]:
        """Return the values of these numbers; raises NotFound for a number that was never given."""
        known, wanted = self._bodies.setdefault(work.install, {}), set(numbers)
        if missing := wanted - known.keys():
            bodies = await store.get_kept(work.connection, self._table, sorted(missing))
            if absent := missing - bodies.keys():
                raise NotFound("body_unknown", table=self._table, number=min(absent))
            read = {number: self._decode(body) for number, body in bodies.items()}
            if work.connection.is_in_transaction():
                work.after_commit(lambda: known.update(read))
            else:
                known.update(read)
            return {number: known[number] for number in wanted - missing} | read
        return {number: known[number] for number in wanted}


@lru_cache(maxsize=4096)
def name_of(value: msgspec.Struct) -> bytes:
    """Return the hash that names a value: SHA-256 of its canonical form."""
    return hashlib.sha256(canonical_json(value)).digest()
