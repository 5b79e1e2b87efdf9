"""Proof files: one small file that shows, offline and for good, that an entry stands in the ledger (C2SP tlog-proof).

The checkpoint in it is copied byte for byte, cosignatures and all. As extra data we put the entry itself, so that one
file says what happened and proves it; the leaf binds it, nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backoffice.audit.merkle import EMPTY_ROOT, HASH, is_consistent, is_included, leaf_hash
from backoffice.audit.notes import Checkpoint, Key, Opened, decimal, decode64, encode64, open_checkpoint
from backoffice.kernel.errors import Invalid

_FIRST = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
"""A tree of fewer than 2**63 leaves needs no more."""


class Proof(NamedTuple):
    """An entry's place in the ledger, the hashes that lead from it to the root, and the checkpoint's note."""

    place: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def write_proof(proof: Proof) -> bytes:
    """Return the file of a proof."""
    lines = [_FIRST]
    if proof.extra is not None:
        lines.append(f"extra {encode64(proof.extra)}")
    lines.append(f"index {proof.place}")
    return "\n".join([*lines, *map(encode64, proof.hashes), "", ""]).encode() + proof.checkpoint


def read_proof(file: bytes) -> Proof:
    """Return what a proof file says, verifying nothing yet; raises Invalid (`proof_invalid`)."""
    head, parted, checkpoint = file.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if not parted or lines.pop(0) != _FIRST:
            raise Invalid("proof_invalid", why="first line")
        extra = decode64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise Invalid("proof_invalid", why="index line")
        index = decimal(lines.pop(0)[6:])
    except ValueError:
        raise Invalid("proof_invalid", why="base64, number or ASCII") from None
    return Proof(index, read_hashes(lines), checkpoint, extra)


def read_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Return the hashes of a proof, one a line; raises Invalid (`proof_invalid`)."""
    try:
        hashes = tuple(decode64(line) for line in lines)
    except ValueError:
        raise Invalid("proof_invalid", why="base64 of a hash") from None
    if len(hashes) > MOST_HASHES or any(len(each) != HASH for each in hashes):
        raise Invalid("proof_invalid", why="hashes")
    return hashes


def check_proof(file: bytes, entry: bytes | None, keys: Iterable[Key], witnesses: Iterable[Key] = ()) -> Opened:
    """Return the checkpoint in which the entry is proved to stand; without an entry, the one that the file carries.

    `keys` are the log's, `witnesses` all those that must have cosigned. Raises Invalid: what `open_checkpoint` raises,
    `proof_invalid`, `proof_without_entry`, `witness_missing`, `proof_wrong`.
    """
    proof, witnesses = read_proof(file), list(witnesses)
    opened = open_checkpoint(proof.checkpoint, [*keys, *witnesses])
    require_witnesses(opened, witnesses)
    entry = proof.extra if entry is None else entry
    if entry is None:
        raise Invalid("proof_without_entry")
    checkpoint = opened.checkpoint
    if not is_included(leaf_hash(entry), proof.place, checkpoint.size, proof.hashes, checkpoint.root):
        raise Invalid("proof_wrong")
    return opened


def require_witnesses(opened: Opened, witnesses: Iterable[Key]) -> None:
    """Raise Invalid (`witness_missing`) where one of the witnesses hasn't cosigned."""
    for key in witnesses:
        if key not in opened.witnesses:
            raise Invalid("witness_missing", witness=key.name)


def write_hashes(hashes: Iterable[bytes]) -> bytes:
    """Return the file of a consistency proof: its hashes, one a line."""
    return "".join(encode64(each) + "\n" for each in hashes).encode()


def check_consistency(old: Checkpoint, new: Checkpoint, hashes: Sequence[bytes]) -> None:
    """Raise Invalid (`ledger_forked`) unless the proof shows that the newer ledger begins with the older.

    Every ledger begins with the empty one, and needs no proof for it.
    """
    if old.origin != new.origin:
        raise Invalid("origin_other", origin=new.origin)
    if old.size:
        holds = is_consistent(old.size, new.size, hashes, old.root, new.root)
    else:
        holds = not hashes and old.root == EMPTY_ROOT and (new.size > 0 or new.root == EMPTY_ROOT)
    if not holds:
        raise Invalid("ledger_forked", old=old.size, new=new.size)
