"""Rows with one address are one recipient: what a whole list says of each address, gathered before anything is judged.

A live row may stand before the row with the person's stop, so a list is read twice: once to gather, once to judge.
The address itself is never kept: a keyed hash stands for it, under a key that only this run knows, in a temporary
file that the database removes from its folder as soon as it is open. Memory stays flat: four bytes a line.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from array import array
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import msgspec

from backoffice.contacts.rows import Rejection, Row
from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import FOREVER, NEVER, Consent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

_PREPARE = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -16384;
CREATE TABLE entry (
    address BLOB, line INT, is_rejected INT, opted_out_at INT, shape INT, given_at INT,
    country TEXT, state TEXT, zip TEXT, person_type TEXT, born_on INT
);
"""
_ADD = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INDEX = "CREATE INDEX entry_address ON entry (address, line, is_rejected)"
_REPEATS = """
SELECT entry.line, repeated.first FROM (
    SELECT address, min(line) FILTER (WHERE NOT is_rejected) AS first FROM entry GROUP BY address HAVING count(*) > 1
) AS repeated JOIN entry USING (address) WHERE NOT entry.is_rejected
"""
_FIND = """
SELECT line, is_rejected, opted_out_at, shape, given_at, country, state, zip, person_type, born_on
FROM entry WHERE address = ? ORDER BY line
"""


class Place(msgspec.Struct, frozen=True):
    """Where a row says the person is, as written there; the country in capitals."""

    country: str
    state: str
    zip: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole list says of one address: the union of places, the newest acts, the strictest of the rest."""

    first_line: int
    rows: int  # rows that were merged into the first, and it
    opted_out_at: datetime  # the newest opt-out of any row, also of a rejected one; NEVER for none
    places: frozenset[Place]
    consents: tuple[Consent, ...]  # the newest of each grade, A first
    person_type: str  # natural, unless every row says the same other type
    born_on: date | None  # the youngest the person may be

    @property
    def stopped_at(self) -> datetime:
        """Return the moment of the stop that stands, NEVER for none.

        Only a later act of the person over the channel itself, a consent of grade A, lifts an opt-out; of two acts at
        one moment the opt-out counts as the later one. No import lifts one (GDPR 21(3)).
        """
        is_lifted = any(consent.grade == "A" and consent.given_at > self.opted_out_at for consent in self.consents)
        return NEVER if is_lifted else self.opted_out_at


class Gathered:
    """What a list says of each of its addresses; closing it lets go of everything.

    `rows` could be read, `merged` of them belong to an earlier row's recipient, `rejected` couldn't be read;
    `rejected_with_opt_out` are rejected rows whose opt-out stops nobody, since no address can be read in them.
    """

    def __init__(self, grade: Callable[[Row], Consent | None]) -> None:
        self.rows = self.merged = self.rejected = self.rejected_with_opt_out = 0
        self._grade = grade
        self._hash_key = secrets.token_bytes(32)
        self._shapes: dict[tuple[object, ...], int] = {}
        self._examples: list[Consent] = []
        self._first = array("I")
        self._spool = sqlite3.connect("", isolation_level=None)
        self._spool.executescript(_PREPARE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the temporary file and the key of its hashes."""
        self._spool.close()
        self._hash_key = b""

    @property
    def recipients(self) -> int:
        """Return how many rows are to be judged: one an address."""
        return self.rows - self.merged

    def first_line(self, row: Row) -> int:
        """Return the line of the first row with this row's address: its own, or that of the row it is merged into.

        Raises `Invalid("file_changed")` for a row that the list didn't have.
        """
        if row.line >= len(self._first):
            raise Invalid("file_changed", line=row.line)
        return self._first[row.line] or row.line

    def is_repeat(self, row: Row) -> bool:
        """Return whether an earlier row has the same address, so that this one is merged into it."""
        return self.first_line(row) != row.line

    def find(self, row: Row) -> Known:
        """Return what the list says of this row's address."""
        if self._first[row.line]:
            return self._known(row)
        consent = self._grade(row)
        return Known(
            first_line=row.line,
            rows=1,
            opted_out_at=row.opted_out_at,
            places=frozenset((Place(row.country, row.state, row.zip),)),
            consents=(consent,) if consent else (),
            person_type=row.person_type,
            born_on=row.born_on,
        )

    def _add(self, items: Iterable[Row | Rejection]) -> None:
        self._spool.execute("BEGIN")
        self._spool.executemany(_ADD, self._entries(items))
        self._spool.execute(_INDEX)
        for line, first in self._spool.execute(_REPEATS):
            self._first[line] = first
            self.merged += line != first
        self._spool.execute("COMMIT")

    def _entries(self, items: Iterable[Row | Rejection]) -> Iterator[tuple[object, ...]]:
        line = 0
        for item in items:
            line = item.line
            if isinstance(item, Rejection):
                self.rejected += 1
                self.rejected_with_opt_out += item.has_opt_out and not item.told
                for told in item.told:
                    yield self._entry(told, None, is_rejected=True)
            else:
                self.rows += 1
                yield self._entry(item, self._grade(item), is_rejected=False)
        self._first = array("I", [0]) * (line + 1)

    def _entry(self, row: Row, consent: Consent | None, *, is_rejected: bool) -> tuple[object, ...]:
        return (
            self._hashed(row.address),
            row.line,
            is_rejected,
            None if row.opted_out_at == NEVER else _count(row.opted_out_at),
            None if consent is None else self._shape(consent),
            None if consent is None else _count(consent.given_at),
            row.country,
            row.state,
            row.zip,
            row.person_type,
            None if row.born_on is None else row.born_on.toordinal(),
        )

    def _hashed(self, address: str) -> bytes:
        return hashlib.blake2b(address.encode(), digest_size=16, key=self._hash_key).digest()

    def _shape(self, consent: Consent) -> int:
        """Return the number of all that this consent says but its moment; a list has few different ones."""
        term = FOREVER if consent.valid_until == FOREVER else consent.valid_until - consent.given_at
        what = (consent.grade, consent.purposes, consent.channels, term, consent.names_sender, consent.is_written)
        shape = self._shapes.setdefault((*what, consent.fields), len(self._examples))
        if shape == len(self._examples):
            self._examples.append(consent)
        return shape

    def _consent(self, shape: int, given_at: int) -> Consent:
        example, moment = self._examples[shape], _moment(given_at)
        ends = FOREVER if example.valid_until == FOREVER else moment + (example.valid_until - example.given_at)
        return msgspec.structs.replace(example, given_at=moment, valid_until=ends)

    def _known(self, row: Row) -> Known:
        told = _Told()
        for entry in self._spool.execute(_FIND, (self._hashed(row.address),)):
            told.add(entry, self._examples)
        if not told.rows:
            raise Invalid("file_changed", line=row.line)
        return Known(
            first_line=told.first_line,
            rows=told.rows,
            opted_out_at=NEVER if told.opted_out_at is None else _moment(told.opted_out_at),
            places=frozenset(told.places),
            consents=tuple(self._consent(shape, given) for _, (given, shape) in sorted(told.newest.items())),
            person_type=told.person_types.pop() if len(told.person_types) == 1 else "natural",
            born_on=date.fromordinal(told.born_on) if told.born_on else None,
        )


class _Told:
    """What the entries of one address add up to."""

    def __init__(self) -> None:
        self.first_line = self.rows = self.born_on = 0
        self.opted_out_at: int | None = None
        self.places: set[Place] = set()
        self.person_types: set[str] = set()
        self.newest: dict[str, tuple[int, int]] = {}

    def add(self, entry: tuple[Any, ...], examples: list[Consent]) -> None:
        line, is_rejected, opted_out_at, shape, given_at, country, state, zip_code, person_type, born_on = entry
        if not is_rejected:
            self.rows += 1
            self.first_line = self.first_line or line
            self.person_types.add(person_type)
        if opted_out_at is not None:
            self.opted_out_at = max(opted_out_at, opted_out_at if self.opted_out_at is None else self.opted_out_at)
        if shape is not None:
            grade, act = examples[shape].grade, (given_at, shape)
            self.newest[grade] = max(self.newest.get(grade, act), act)
        self.born_on = max(self.born_on, born_on or 0)
        self.places.add(Place(country, state, zip_code))


def gather(items: Iterable[Row | Rejection], grade: Callable[[Row], Consent | None]) -> Gathered:
    """Read a list to its end and return what it says of each address: the first of two passes.

    `grade` says which consent a row shows for the send that is judged. Use the result as a context manager.
    """
    gathered = Gathered(grade)
    try:
        gathered._add(items)  # noqa: SLF001  # its own maker
    except BaseException:
        gathered.close()
        raise
    return gathered


def _count(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(count: int) -> datetime:
    return _EPOCH + count * _MICROSECOND
