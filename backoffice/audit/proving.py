"""Proofs out of the ledger: that an entry stands in it, and that it only grew."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.audit import store
from backoffice.audit.merkle import Node, prove_consistency, prove_inclusion
from backoffice.audit.notes import Key, read_checkpoint, read_note
from backoffice.audit.proofs import Proof, write_hashes, write_proof
from backoffice.audit.tiles import needed, node_of
from backoffice.kernel.errors import Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection
    from backoffice.plumbing.install import Work


_LOOK_BACK = 100  # checkpoints; a witness that hasn't answered for so long is away


async def newest_checkpoint(work: Work) -> bytes:
    """Return the note of the newest checkpoint; raises Unavailable (`ledger_not_sealed`) before the first."""
    note = await store.find_checkpoint(work.connection)
    if note is None:
        raise Unavailable("ledger_not_sealed")
    return note


async def prove_entry(work: Work, entry_id: UUID, witnesses: Collection[Key] = ()) -> bytes:
    """Return the proof file of an entry: itself, its place, and the newest checkpoint that all witnesses cosigned.

    Raises NotFound (`ledger_entry_unknown`) and Unavailable (`ledger_not_sealed`: within seconds it will be).
    """
    place, entry = await store.find_proved(work.connection, entry_id)
    if entry is None:
        raise NotFound("ledger_entry_unknown", entry=str(entry_id))
    notes = await store.list_newest(work.connection, place + 1, _LOOK_BACK) if place is not None else []
    note = next((note for note in notes if _is_cosigned(note, witnesses)), None)
    if place is None or note is None:
        raise Unavailable("ledger_not_sealed")
    size = read_checkpoint(read_note(note).body).size
    return write_proof(Proof(place, tuple(await _inclusion(work.connection, place, size)), note, entry))


def _is_cosigned(note: bytes, witnesses: Collection[Key]) -> bool:
    signed = {(each.name, each.key_id) for each in read_note(note).signatures}
    return all((key.name, key.id) in signed for key in witnesses)


async def prove_growth(work: Work, old: int, new: int) -> bytes:
    """Return the file that shows that the ledger of `new` entries begins with that of `old`.

    Raises Invalid (`ledger_size_invalid`) for sizes that the ledger never had in this order.
    """
    if not 0 <= old <= new <= await store.count_places(work.connection):
        raise Invalid("ledger_size_invalid", old=old, new=new)
    return write_hashes(await growth(work.connection, old, new))


async def growth(connection: Connection, old: int, new: int) -> list[bytes]:
    """Return the hashes of a consistency proof; from nothing, and from a size to itself, none are needed."""
    if old in (0, new):
        return []

    def prove(node: Node) -> list[bytes]:
        return prove_consistency(old, new, node)

    return prove(node_of(await store.find_tiles(connection, needed(prove))))


async def _inclusion(connection: Connection, place: int, size: int) -> list[bytes]:
    def prove(node: Node) -> list[bytes]:
        return prove_inclusion(place, size, node)

    return prove(node_of(await store.find_tiles(connection, needed(prove))))
