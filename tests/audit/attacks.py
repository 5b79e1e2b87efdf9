"""Six ways to change a ledger as the database's superuser, careless or thorough.

A careless attacker changes entries and their places. A thorough one makes the database agree with itself afterwards:
places, tiles and edge are made anew, and checkpoints that no longer fit are taken out, as they can't be signed.
"""

from __future__ import annotations

from collections.abc import Callable

from backoffice.audit import store
from backoffice.audit.ledger import ENTRY, encode
from backoffice.audit.merkle import leaf_hash
from backoffice.audit.store import Placed, Queued
from backoffice.audit.tiles import Edge
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from tests.audit.keeping import KIND

TABLES = ("ledger_entry", "ledger_queue", "ledger_place", "ledger_tile", "ledger_edge", "ledger_checkpoint")

Rows = dict[str, list[tuple[object, ...]]]


async def dump(work: Work) -> Rows:
    """Return the whole ledger, to be restored."""
    return {table: [tuple(row) for row in await work.connection.fetch(f"SELECT * FROM {table}")] for table in TABLES}


async def restore(work: Work, rows: Rows) -> None:
    """Put a whole ledger back, or an empty one."""
    for table in TABLES:
        await work.connection.execute(f"DELETE FROM {table}")
        await work.connection.copy_records_to_table(table, records=rows.get(table, []))


def _forged(work: Work, placed: Placed, entry_id: object = None) -> Placed:
    """Return an entry of the same account that says something else, under its own id or a new one."""
    made = placed.entry_id if entry_id else new_ids(work.at, 1)[0]
    body = encode(made, placed.account_id, "2026-11-20T08:30:00Z", KIND, {"n": -1})
    return placed._replace(entry_id=made, body=body)


def edit(work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Change what an entry says."""
    return [*ledger[:at], _forged(work, ledger[at], ledger[at].entry_id), *ledger[at + 1 :]]


def erase(_work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Take an entry out; those behind it move up."""
    return ledger[:at] + ledger[at + 1 :]


def reorder(_work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Swap an entry with the one before it, or the first with the second."""
    first = max(at, 1) - 1
    return [*ledger[:first], ledger[first + 1], ledger[first], *ledger[first + 2 :]]


def insert(work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Put an entry in."""
    return [*ledger[:at], _forged(work, ledger[at]), *ledger[at:]]


def truncate(_work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Take out all entries from a place on."""
    return ledger[:at]


def fork(work: Work, ledger: list[Placed], at: int) -> list[Placed]:
    """Let another history begin at a place, as long as the true one."""
    return ledger[:at] + [_forged(work, each) for each in ledger[at:]]


Attack = Callable[[Work, list[Placed], int], list[Placed]]

ATTACKS: list[Attack] = [edit, erase, reorder, insert, truncate, fork]


async def carry_out(work: Work, changed: list[Placed], *, is_thorough: bool) -> None:
    """Put another history in place of the true one."""
    for table in ("ledger_entry", "ledger_place"):
        await work.connection.execute(f"DELETE FROM {table}")
    await work.connection.copy_records_to_table(
        ENTRY.table, records=[(each.entry_id, each.account_id, each.body) for each in changed]
    )
    queued = [Queued(each.entry_id, each.account_id, leaf_hash(each.body or b"")) for each in changed]
    await store.add_places(work.connection, 0, queued)
    if is_thorough:
        await _agree(work, [each.leaf for each in queued])


async def _agree(work: Work, leaves: list[bytes]) -> None:
    edge = Edge()
    await work.connection.execute("DELETE FROM ledger_tile; DELETE FROM ledger_edge")
    await store.put_tiles(work.connection, edge.extend(leaves), edge)
    for size, root, _ in await store.list_checkpoints(work.connection, -1, 1 << 40):
        then = Edge()
        then.extend(leaves[:size])
        if size > len(leaves) or then.root() != root:
            await work.connection.execute("DELETE FROM ledger_checkpoint WHERE size = $1", size)
