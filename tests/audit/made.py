"""What the ledger's tests are made of: keys, notes and their mutants, trees, proofs and their forgeries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from hypothesis import settings

from backoffice.audit import verify
from backoffice.audit.merkle import Tree, is_consistent, is_included, leaf_hash, prove_consistency, prove_inclusion
from backoffice.audit.merkle import root as root_of
from backoffice.audit.notes import COSIGNATURE, Checkpoint, Key, Signer, open_checkpoint, open_note, sign_note
from backoffice.kernel.errors import Invalid

ORIGIN = "ledger.example/audit"
AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LOG = Signer(ORIGIN, bytes([1]) * 32)
NEXT = Signer(ORIGIN, bytes([2]) * 32)
WITNESS = Signer("witness.example/w1", bytes([3]) * 32, COSIGNATURE)
STRANGER = Signer("stranger.example", bytes([4]) * 32)
CHECKPOINT = Checkpoint(ORIGIN, 100_003, bytes(range(32)))

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1E"
    "RYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
"""The known answer of the signed-note specification."""

LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
"""Entries of the eight-leaf tree of Certificate Transparency's tests; its root is ROOT_OF_8."""

ROOT_OF_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def count(small: int, full: int) -> int:
    """Return how many cases to try: few at the desk, all in CI."""
    return full if os.environ.get("CI") else small


TRIES = settings(max_examples=count(50, 5_000))
"""How often a property of the ledger is tried."""


def dice(seed: int) -> Random:
    """Return chance that falls the same way each time."""
    return Random(seed)  # noqa: S311  # a failure must be repeatable


def leaves(size: int, seed: int = 0) -> list[bytes]:
    """Return the hashes of so many different entries."""
    return [leaf_hash(b"%d of %d" % (place, seed)) for place in range(size)]


def good_notes() -> list[bytes]:
    """Return notes that verify with the keys of LOG, NEXT and WITNESS."""
    several = b"one\n\ntwo\n\nthree\n"
    return [
        sign_note(CHECKPOINT.body, [LOG]),
        sign_note(CHECKPOINT.body, [LOG, NEXT]),
        sign_note(CHECKPOINT.body, [LOG, WITNESS], AT),
        sign_note(CHECKPOINT.body, [STRANGER, NEXT, WITNESS], AT),
        sign_note(several, [LOG, STRANGER]),
        sign_note("Rīga, Bakı, ə ₼\n".encode(), [NEXT]),
    ]


_PIECES = [
    *(bytes([each]) for each in (0, 9, 10, 11, 13, 31, 32, 43, 45, 47, 48, 61, 65, 127, 128, 194, 226, 255)),
    *(each.encode() for each in ("\u00a0", "\u0085", "\u2028", "\u3000", "\ufeff", "\u200b", "— ", "–", "\n\n", "==")),
    b"\xed\xa0\x80",
    b"\xc0\xaf",
]


def mutant(note: bytes, random: Random) -> bytes:
    """Return a note with one to three things done to it, by chance none that matters."""
    for _ in range(random.randint(1, 3)):
        note = random.choice(_MUTATIONS)(note, random)
    return note


def _flip(note: bytes, random: Random) -> bytes:
    at = random.randrange(len(note) or 1)
    return note[:at] + bytes([note[at] ^ 1 << random.randrange(8)]) + note[at + 1 :] if note else note


def _insert(note: bytes, random: Random) -> bytes:
    at = random.randint(0, len(note))
    return note[:at] + random.choice(_PIECES) + note[at:]


def _cut(note: bytes, random: Random) -> bytes:
    at = random.randint(0, len(note))
    return note[:at] + note[at + random.randint(1, 4) :]


def _lines(note: bytes, random: Random) -> bytes:
    lines = note.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    what = random.randrange(3)
    if what == 0:
        lines.insert(second, lines[first])
    elif what == 1:
        lines[first], lines[second] = lines[second], lines[first]
    else:
        del lines[first]
    return b"\n".join(lines)


def _digit(note: bytes, random: Random) -> bytes:
    """Change the last digit of a base64 text before its padding: the bits that a lax reader drops."""
    ends = [at for at in range(1, len(note)) if note[at] == ord("=") and note[at - 1] != ord("=")]
    if not ends:
        return note
    at = random.choice(ends)
    return note[: at - 1] + bytes([note[at - 1] ^ 1]) + note[at:]


def _resign(note: bytes, random: Random) -> bytes:
    """Sign the changed text anew: its signature is good, so that only the form can be wrong."""
    body = note.rpartition(b"\n\n")[0] + b"\n"
    return sign_note(body, random.sample([LOG, NEXT, WITNESS, STRANGER], random.randint(1, 3)), AT)


_MUTATIONS: list[Callable[[bytes, Random], bytes]] = [_flip, _insert, _cut, _lines, _digit, _resign]


class Claim(NamedTuple):
    """A claim about a tree: a leaf at a place of a size (kind 0), or an older size within a newer (kind 1)."""

    kind: int
    low: int
    high: int
    first: bytes  # the leaf's hash, or the older root
    root: bytes
    proof: tuple[bytes, ...]

    def holds(self) -> bool:
        """Say what our own code says of it."""
        if self.kind:
            return is_consistent(self.low, self.high, self.proof, self.first, self.root)
        return is_included(self.first, self.low, self.high, self.proof, self.root)

    def packed(self) -> bytes:
        """Return it as Go's side reads it."""
        head = bytes([self.kind, len(self.proof)]) + self.low.to_bytes(8, "big") + self.high.to_bytes(8, "big")
        return head + self.first + self.root + b"".join(self.proof)


class Grown(NamedTuple):
    """A tree with its root at every size."""

    leaves: list[bytes]
    tree: Tree

    def inclusion(self, place: int, size: int, root: bytes) -> Claim:
        """Claim that a leaf is in the tree of a size."""
        return Claim(0, place, size, self.leaves[place], root, tuple(prove_inclusion(place, size, self.tree.node)))

    def consistency(self, old: int, new: int, old_root: bytes, new_root: bytes) -> Claim:
        """Claim that a tree begins with another."""
        return Claim(1, old, new, old_root, new_root, tuple(prove_consistency(old, new, self.tree.node)))


def claims(size: int, number: int, random: Random) -> list[Claim]:
    """Return so many true claims about one tree, half of each kind, at random places and sizes."""
    grown = Grown(leaves(size), Tree(leaves(size)))
    sizes = sorted(random.sample(range(1, size + 1), min(size, 40)))
    roots = {each: root_of(grown.leaves[:each]) for each in sizes}
    made = []
    for _ in range(number // 2):
        high = random.choice(sizes)
        low = random.choice([each for each in sizes if each <= high])
        made.append(grown.inclusion(random.randrange(high), high, roots[high]))
        made.append(grown.consistency(low, high, roots[low], roots[high]))
    return made


def forgeries(claim: Claim, random: Random) -> Iterator[Claim]:
    """Yield claims that differ from a true one and are all false."""
    yield claim._replace(first=_spoilt(claim.first, random))
    yield claim._replace(root=_spoilt(claim.root, random))
    yield claim._replace(proof=(*claim.proof, random.randbytes(32)))
    yield claim._replace(proof=(claim.root, *claim.proof))
    if claim.kind == 0 and claim.high > 1:
        yield claim._replace(low=(claim.low + random.randrange(1, claim.high)) % claim.high)
    if claim.kind == 1 and claim.low != claim.high:
        yield claim._replace(first=claim.root, root=claim.first)
    for at in range(len(claim.proof)):
        before, each, after = claim.proof[:at], claim.proof[at], claim.proof[at + 1 :]
        yield claim._replace(proof=(*before, _spoilt(each, random), *after))
        yield claim._replace(proof=(*before, *after))
        if after:
            yield claim._replace(proof=(*before, after[0], each, *after[1:]))


def _spoilt(hashed: bytes, random: Random) -> bytes:
    at = random.randrange(256)
    return (int.from_bytes(hashed, "big") ^ 1 << at).to_bytes(32, "big")


def judged(note: bytes, keys: Sequence[Key]) -> str:
    """Return what the product's own reader takes these bytes for: a checkpoint, a mere note, or a bad one."""
    try:
        open_note(note, keys)
    except Invalid:
        return "bad"
    try:
        open_checkpoint(note, keys)
    except Invalid:
        return "note"
    return "checkpoint"


def court_keys(keys: Iterable[Key]) -> verify.Keys:
    """Return keys as the verifier that stands alone holds them."""
    return [(key.name, bytes([key.kind]) + key.public) for key in keys]


def court_judges(note: bytes, keys: Iterable[Key]) -> str:
    """Return what the verifier that stands alone takes them for."""
    theirs = court_keys(keys)
    try:
        verify.open_note(note, theirs)
    except verify.Refused:
        return "bad"
    try:
        verify.checkpoint(note, theirs, [])
    except verify.Refused:
        return "note"
    return "checkpoint"
