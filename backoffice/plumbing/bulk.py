"""Writing many rows at once: COPY where there are many, one statement for all tables where there are few.

COPY costs a round trip and a half a table and next to nothing a row; an INSERT from arrays is one round trip for all
tables together and about twice as much a row. Statements that go with the rows cost no round trip of their own then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DriverUUID  # noqa: N811  # it is a UUID

from backoffice.kernel.ids import new_id_bytes

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection

MANY = 200  # rows in all from which COPY is quicker


class Target(NamedTuple):
    """A table and the columns that are written, each with its type in PostgreSQL."""

    table: str
    columns: dict[str, str]


def ids_for(at: datetime, count: int) -> list[UUID]:
    """Return ids born at `at` in the driver's own form, which it sends three times as fast as Python's."""
    return [DriverUUID(made) for made in new_id_bytes(at, count)]


def quick(known: UUID) -> UUID:
    """Return an id in the driver's own form: for one that goes into every row of a batch."""
    made: UUID = DriverUUID(known.bytes)
    return made


Rows = Sequence[tuple[Any, ...]]


class Statement(NamedTuple):
    """A statement that changes rows, with its arguments; each is cast to its type where it stands."""

    sql: str
    arguments: Sequence[Any]


async def write(connection: Connection, parts: Sequence[tuple[Target, Rows]], *also: Statement) -> int:
    """Insert the rows of all parts; each row has its target's columns in order. Empty parts are passed over.

    `also` are statements that need none of these rows, nor see what one of the others does. Returns how many rows the
    last of them changed.
    """
    filled = [(target, rows) for target, rows in parts if rows]
    if sum(len(rows) for _, rows in filled) >= MANY:
        for target, rows in filled:
            await connection.copy_records_to_table(target.table, records=rows, columns=list(target.columns))
        filled = []
    steps = [*(_insert(target, rows) for target, rows in filled), *also]
    if not steps:
        return 0
    arguments = [argument for step in steps for argument in step.arguments]
    done = await connection.execute(_joined(tuple(step.sql for step in steps)), *arguments)
    return int(done.split()[-1])


def _insert(target: Target, rows: Rows) -> Statement:
    return Statement(_insertion(target.table, tuple(target.columns.items())), [*map(list, zip(*rows, strict=True))])


@cache
def _insertion(table: str, columns: tuple[tuple[str, str], ...]) -> str:
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"${place}::{kind}[]" for place, (_, kind) in enumerate(columns, 1))
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"


_PLACE = re.compile(r"\$(\d+)")


@lru_cache(maxsize=256)
def _joined(steps: tuple[str, ...]) -> str:
    """Return one statement that does all steps, their arguments in one row.

    >>> _joined(("DELETE FROM a WHERE id = $1", "DELETE FROM b WHERE id = $1 AND at < $2"))
    'WITH step_0 AS (DELETE FROM a WHERE id = $1) DELETE FROM b WHERE id = $2 AND at < $3'
    """
    moved, taken = list[str](), 0
    for step in steps:
        before, *rest = _PLACE.split(step)  # the statement's text, and each place with the text behind it
        places = [int(place) for place in rest[::2]]
        moved.append(
            before + "".join(f"${place + taken}{text}" for place, text in zip(places, rest[1::2], strict=True))
        )
        taken += max(places, default=0)
    *first, last = moved
    if not first:
        return last
    return f"WITH {', '.join(f'step_{place} AS ({step})' for place, step in enumerate(first))} {last}"
