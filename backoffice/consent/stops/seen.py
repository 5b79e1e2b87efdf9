"""Seen: what a list has named so far, so that nothing is counted twice, however long the list is.

Only hashes are kept, under a key that this run alone knows, in a temporary file that the database removes from its
folder as soon as it is open.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from types import TracebackType
from typing import Self

_PREPARE = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -16384;
CREATE TABLE seen (name BLOB PRIMARY KEY) WITHOUT ROWID;
"""


class Seen:
    """Names that were met before."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._file.executescript(_PREPARE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def __call__(self, *name: object) -> bool:
        """Whether this was named before; from now on it was.

        >>> with Seen() as seen:
        ...     seen("a"), seen("b"), seen("a")
        (False, False, True)
        """
        hashed = hashlib.blake2b(repr(name).encode(), key=self._key, digest_size=16).digest()
        done = self._file.execute("INSERT OR IGNORE INTO seen VALUES (?)", (hashed,))
        return done.rowcount == 0
