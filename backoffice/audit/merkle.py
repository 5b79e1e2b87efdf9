"""The Merkle tree of RFC 6962, section 2.1, over SHA-256: roots, proofs, and their verification.

A tree of n leaves is split at the largest power of two below n, again and again. `node(level, number)` names the
whole subtree over the 2**level leaves from number * 2**level on; whoever can answer for these can prove anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH = 32
"""Bytes of a hash."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""

Node = Callable[[int, int], bytes]
"""Answers with the hash of the whole subtree at (level, number)."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees that lie side by side."""
    return sha256(b"\1" + left + right).digest()


class Range:
    """The compact form of a tree that only grows: the roots of its whole subtrees, the largest first.

    It holds at most 63 hashes however many leaves went in, and knows the root at each size it passes.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        size = self.size
        self.size += 1
        while size & 1:
            leaf = sha256(b"\1" + self.peaks.pop() + leaf).digest()
            size >>= 1
        self.peaks.append(leaf)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the hashes of leaves, in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the root of all leaves so far."""
        return fold(self.peaks)


class Tree:
    """A whole tree in memory, for the leaves of a day or a test; a ledger keeps tiles instead."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [list(leaves)]
        while len(below := self.levels[-1]) > 1:
            pairs = range(0, len(below) - 1, 2)
            self.levels.append([node_hash(below[at], below[at + 1]) for at in pairs])

    def node(self, level: int, number: int) -> bytes:
        """Return the hash of a whole subtree; an IndexError when it isn't whole."""
        return self.levels[level][number]


def fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over whole subtrees that lie side by side, the largest first; of none, the empty root."""
    if not peaks:
        return EMPTY_ROOT
    folded = peaks[-1]
    for peak in reversed(peaks[:-1]):
        folded = node_hash(peak, folded)
    return folded


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves.

    >>> root([]).hex()[:16]
    'e3b0c44298fc1c14'
    """
    tree = Range()
    tree.extend(leaves)
    return tree.root()


def split(size: int) -> int:
    """Return the largest power of two below a size of two or more: where its tree is split.

    >>> [split(size) for size in (2, 3, 4, 5, 8, 9)]
    [1, 2, 2, 4, 4, 8]
    """
    return 1 << (size - 1).bit_length() - 1


def span(start: int, end: int, node: Node) -> bytes:
    """Return the hash over the leaves from `start` to before `end`, where a tree of that split has them together."""
    width = end - start
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, start // width)
    middle = start + split(width)
    return node_hash(span(start, middle, node), span(middle, end, node))


def prove_inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that leaf `index` stands in the tree of `size` leaves: siblings, the leaf's own first."""
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(span(middle, end, node))
            end = middle
        else:
            proof.append(span(start, middle, node))
            start = middle
    return proof[::-1]


def prove_consistency(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old`, which has one leaf or more."""
    proof = []
    start, end = 0, new
    while end > old:
        middle = start + split(end - start)
        if old <= middle:
            proof.append(span(middle, end, node))
            end = middle
        else:
            proof.append(span(start, middle, node))
            start = middle
    if start:
        proof.append(span(start, end, node))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof leads from a leaf's hash at `index` to the root of a tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(each) != HASH for each in (leaf, root, *proof)):
        return False
    at, last, folded = index, size - 1, leaf
    for sibling in proof:
        if not last:
            return False
        if at & 1 or at == last:
            folded = node_hash(sibling, folded)
            at, last = _climb(at, last)
        else:
            folded = node_hash(folded, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and folded == root


def is_consistent(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether the proof shows that the newer tree begins with the older (RFC 9162, 2.1.4.2).

    From nothing nothing can be proved: an older tree without leaves is never consistent here, so callers decide.
    """
    if old == new:
        return old > 0 and not proof and old_root == new_root
    if not 0 < old < new or any(len(each) != HASH for each in (old_root, new_root, *proof)):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _leads(old, new, path) == (old_root, new_root)


def _leads(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return both roots that a path leads to; None when it is too long or too short."""
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if not last:
            return None
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            at, last = _climb(at, last)
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return None if last else (older, newer)


def _climb(at: int, last: int) -> tuple[int, int]:
    """Pass the levels on which the right edge of a tree has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last
