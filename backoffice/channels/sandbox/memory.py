"""What a sandbox remembers, in a file of its own: killing it, or us, loses no count."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

_PREPARE = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY, reference TEXT, channel TEXT, sender TEXT, at TEXT, status TEXT, code INT,
    person TEXT DEFAULT '', bsuid TEXT DEFAULT '', reached INT DEFAULT 0, pricing TEXT DEFAULT '',
    version INT DEFAULT 0, bearer TEXT DEFAULT '', body TEXT DEFAULT ''
);
CREATE INDEX IF NOT EXISTS message_reference ON message (reference);
CREATE TABLE IF NOT EXISTS inbound (number INTEGER PRIMARY KEY, id TEXT);
CREATE INDEX IF NOT EXISTS inbound_id ON inbound (id);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY, road TEXT, sender TEXT, field TEXT, message INT, status TEXT, code INT, at TEXT,
    due TEXT, since TEXT, posts INT DEFAULT 0, tries INT DEFAULT 0, value TEXT
);
CREATE INDEX IF NOT EXISTS event_due ON event (road, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS kept (kind TEXT, name TEXT, value TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID;
"""

T = TypeVar("T")


def told(at: datetime) -> str:
    """Write a moment so that later ones sort after it."""
    return at.isoformat(timespec="microseconds")


class Memory:
    """The file of a sandbox."""

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(path, isolation_level=None)
        self._store.executescript(_PREPARE)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Keep all that is written meanwhile, or nothing of it."""
        if self._store.in_transaction:
            yield
            return
        self._store.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._store.execute("ROLLBACK")
            raise
        self._store.execute("COMMIT")

    def read(self, query: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        return self._store.execute(query, values).fetchall()

    def write(self, query: str, *values: object) -> int:
        """Carry a statement out; return the number of the row it added, if any."""
        return self._store.execute(query, values).lastrowid or 0

    def write_each(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Carry a statement out for each row of values."""
        with self.whole():
            self._store.executemany(query, rows)


class Shelf(Generic[T]):
    """Values of one kind by their names: all of them in mind, and each in the file as soon as it is put."""

    def __init__(self, memory: Memory, kind: str, form: type[T]) -> None:
        self._memory, self._kind = memory, kind
        rows = memory.read("SELECT name, value FROM kept WHERE kind = ?", kind)
        self._kept: dict[str, T] = {name: msgspec.json.decode(value, type=form) for name, value in rows}

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def get(self, name: str) -> T | None:
        """Return the value of a name, or None."""
        return self._kept.get(name)

    def items(self) -> list[tuple[str, T]]:
        """Return all names with their values."""
        return list(self._kept.items())

    def put(self, name: str, value: T) -> None:
        """Keep a value under a name, instead of the one it had."""
        self._kept[name] = value
        text = msgspec.json.encode(value).decode()
        self._memory.write("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", self._kind, name, text)

    def drop(self, name: str) -> None:
        """Forget a name."""
        if self._kept.pop(name, None) is not None:
            self._memory.write("DELETE FROM kept WHERE kind = ? AND name = ?", self._kind, name)


def accepted(path: Path) -> dict[UUID, list[datetime]]:
    """Return when each reference was accepted, from the sandbox's own file; two moments are two messages.

    A Graph message's reference is its `biz_opaque_callback_data`; one that is no UUID isn't counted here.
    """
    found: dict[UUID, list[datetime]] = {}
    with closing(sqlite3.connect(path)) as store:
        for reference, at in store.execute("SELECT reference, at FROM message ORDER BY number"):
            if (known := _read_uuid(reference)) is not None:
                found.setdefault(known, []).append(datetime.fromisoformat(at))
    return found


def _read_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def waiting(path: Path) -> int:
    """Return how many events the sandbox has still to post, by its own file."""
    with closing(sqlite3.connect(path)) as store:
        return int(store.execute("SELECT count(*) FROM event WHERE due IS NOT NULL").fetchone()[0])
