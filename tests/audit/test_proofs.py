"""Proof files: written, read and verified; whatever is changed in one, it proves nothing any more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit import verify
from backoffice.audit.merkle import EMPTY_ROOT, Tree, leaf_hash, prove_consistency, prove_inclusion, root
from backoffice.audit.notes import Checkpoint, Key, sign_note
from backoffice.audit.proofs import (
    Proof,
    check_consistency,
    check_proof,
    read_hashes,
    read_proof,
    write_hashes,
    write_proof,
)
from backoffice.kernel.errors import Invalid
from tests.audit.made import AT, LOG, NEXT, ORIGIN, STRANGER, TRIES, WITNESS, court_keys, dice, leaves

ENTRIES = [b'{"n":%d}' % each for each in range(1000)]
LEAVES = [leaf_hash(each) for each in ENTRIES]
TREE = Tree(LEAVES)
COURT_LOG = [verify.read_key(LOG.key.vkey, verify.LOG)]
COURT_WITNESS = [verify.read_key(WITNESS.key.vkey, verify.WITNESS)]


def proof_of(place: int, size: int = 1000, *, carries: bool = True) -> bytes:
    """Return the proof file of an entry in the ledger of that size, cosigned."""
    note = sign_note(Checkpoint(ORIGIN, size, root(LEAVES[:size])).body, [LOG, WITNESS], AT)
    hashes = tuple(prove_inclusion(place, size, TREE.node))
    return write_proof(Proof(place, hashes, note, ENTRIES[place] if carries else None))


@TRIES
@given(st.integers(1, 1000), st.data())
def test_every_entry_of_every_ledger_is_proved(size: int, data: st.DataObject) -> None:
    """By both verifiers, with the entry inside the file or beside it."""
    place, carries = data.draw(st.integers(0, size - 1)), data.draw(st.booleans())
    file, entry = proof_of(place, size, carries=carries), ENTRIES[place]

    assert check_proof(file, entry, [LOG.key], [WITNESS.key]).checkpoint.size == size
    assert f"stands at {place} in {ORIGIN}" in verify.check_proof(file, entry, COURT_LOG, COURT_WITNESS)
    assert write_proof(read_proof(file)) == file


def test_a_file_that_carries_its_entry_says_what_it_proves() -> None:
    """One file is enough for a court."""
    file = proof_of(577)

    assert verify.check_proof(file, None, COURT_LOG, []).startswith('{"n":577}\n')
    assert check_proof(file, None, [LOG.key]).checkpoint.origin == ORIGIN


def test_a_file_without_its_entry_asks_for_it() -> None:
    """A place in a tree says nothing of what happened."""
    with pytest.raises(Invalid, match="proof_without_entry"):
        check_proof(proof_of(3, carries=False), None, [LOG.key])
    with pytest.raises(verify.Refused, match="carries no entry"):
        verify.check_proof(proof_of(3, carries=False), None, COURT_LOG, [])


@TRIES
@given(st.integers())
def test_no_changed_file_proves_the_entry(seed: int) -> None:
    """A bit is turned anywhere in the file: both refuse it, unless it was a stranger's signature."""
    random = dice(seed)
    file = bytearray(proof_of(random.randrange(1000), 1000, carries=True))
    file[random.randrange(len(file))] ^= 1 << random.randrange(8)

    with pytest.raises(Invalid):
        check_proof(bytes(file), None, [LOG.key], [WITNESS.key])
    with pytest.raises(verify.Refused):
        verify.check_proof(bytes(file), None, COURT_LOG, COURT_WITNESS)


@TRIES
@given(st.integers(0, 999), st.integers(0, 999))
def test_another_entry_is_not_proved(place: int, other: int) -> None:
    """Nor is the right one at another place."""
    file, entry = proof_of(place), ENTRIES[other]
    if place == other:
        entry += b" "

    with pytest.raises(Invalid, match="proof_wrong"):
        check_proof(file, entry, [LOG.key])
    with pytest.raises(verify.Refused, match="does not stand"):
        verify.check_proof(file, entry, COURT_LOG, [])


@pytest.mark.parametrize(
    ("keys", "witnesses", "code"),
    [
        ([NEXT.key], [], "note_unsigned"),
        ([STRANGER.key], [], "note_unsigned"),
        ([], [WITNESS.key], "origin_other"),
        ([LOG.key], [WITNESS.key, WITNESS.key._replace(name="witness.example/w2")], "witness_missing"),
    ],
)
def test_others_keys_prove_nothing(keys: list[Key], witnesses: list[Key], code: str) -> None:
    """The ledger's own key must have signed, and every witness that is asked for."""
    with pytest.raises(Invalid, match=code):
        check_proof(proof_of(3), ENTRIES[3], keys, witnesses)
    with pytest.raises(verify.Refused):
        verify.check_proof(proof_of(3), ENTRIES[3], *(court_keys(each) for each in (keys, witnesses)))


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"c2sp.org/tlog-proof@v1\n", b""),
        (b"index 3\n", b"index 03\n"),
        (b"index 3\n", b"index +3\n"),
        (b"index 3\n", b"index  3\n"),
        (b"index 3\n", b"index 3 \n"),
        (b"index 3\n", b"index 3\r\n"),
        (b"index 3\n", b"place 3\n"),
        (b"index 3\n", b""),
        (b"index 3\n", b"index 3\nindex 3\n"),
        (b"index 3\n", b"index 3\n\n"),
        (b"index 3\n", b"index 9223372036854775808\n"),
        (b"index 3\n", b"index 3\n" + b"A" * 43 + b"=\n" * 64),
        (b"extra ", b"extra  "),
        (b"extra ", b"extra eA\nextra "),
        (b"extra ", b"extra -\nextra "),
        (b"=\n\nledger", b"=\nledger"),
        (b"=\n\nledger", b"\n\nledger"),
    ],
)
def test_a_file_in_another_spelling_is_refused(was: bytes, is_now: bytes) -> None:
    """By both readers."""
    file = proof_of(3)
    assert was in file
    bad = file.replace(was, is_now, 1)

    with pytest.raises(Invalid):
        check_proof(bad, None, [LOG.key])
    with pytest.raises(verify.Refused):
        verify.check_proof(bad, None, COURT_LOG, [])


@pytest.mark.parametrize("place", [1, 5, 2**63 - 1])
def test_a_place_outside_the_ledger_proves_nothing(place: int) -> None:
    """The only entry stands at 0, whatever a file says."""
    file = proof_of(0, 1).replace(b"index 0\n", f"index {place}\n".encode())

    with pytest.raises(Invalid, match="proof_wrong"):
        check_proof(file, None, [LOG.key])
    with pytest.raises(verify.Refused, match="outside the ledger"):
        verify.check_proof(file, None, COURT_LOG, [])


def checkpoint(size: int, hashes: list[bytes] = LEAVES) -> Checkpoint:
    """Return the state of a ledger of those leaves at a size."""
    return Checkpoint(ORIGIN, size, root(hashes[:size]))


@TRIES
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_ledger_that_only_grew_is_consistent(one: int, other: int) -> None:
    """By both verifiers, from the empty ledger too."""
    old, new = sorted([one, other])
    hashes = prove_consistency(old, new, TREE.node) if old else []
    first, second = (sign_note(checkpoint(size).body, [LOG, WITNESS], AT) for size in (old, new))

    check_consistency(checkpoint(old), checkpoint(new), hashes)
    said = verify.check_consistency(first, second, write_hashes(hashes), COURT_LOG, COURT_WITNESS)
    assert said.startswith(f"{ORIGIN} grew from {old} to {new} entries")
    assert list(read_hashes(write_hashes(hashes).decode().split("\n")[:-1])) == hashes


@TRIES
@given(st.integers(0, 999), st.integers(0, 1000), st.integers(0, 1000))
def test_a_rewritten_ledger_is_a_fork(place: int, one: int, other: int) -> None:
    """One leaf of the older is another in the newer: no proof makes them one ledger."""
    old, new = sorted([one, other])
    forked = [*LEAVES[:place], leaf_hash(b"another"), *LEAVES[place + 1 :]]
    node = Tree(forked).node
    hashes = prove_consistency(old, new, node) if old else []
    first, second = (sign_note(each.body, [LOG]) for each in (checkpoint(old), checkpoint(new, forked)))

    if place < old:
        with pytest.raises(Invalid, match="ledger_forked"):
            check_consistency(checkpoint(old), checkpoint(new, forked), hashes)
        with pytest.raises(verify.Refused):
            verify.check_consistency(first, second, write_hashes(hashes), COURT_LOG, [])
    else:
        check_consistency(checkpoint(old), checkpoint(new, forked), hashes)
        verify.check_consistency(first, second, write_hashes(hashes), COURT_LOG, [])


@pytest.mark.parametrize(
    ("old", "new", "hashes"),
    [
        (checkpoint(0), checkpoint(5), leaves(1)),
        (Checkpoint(ORIGIN, 0, bytes(32)), checkpoint(5), []),
        (checkpoint(0), Checkpoint(ORIGIN, 0, bytes(32)), []),
        (checkpoint(5), checkpoint(4), []),
        (checkpoint(5), checkpoint(5), leaves(1)),
        (checkpoint(5), Checkpoint(ORIGIN, 5, EMPTY_ROOT), []),
        (checkpoint(5), Checkpoint("ledger.example/other", 5, root(LEAVES[:5])), []),
    ],
)
def test_what_shows_nothing_is_no_consistency(old: Checkpoint, new: Checkpoint, hashes: list[bytes]) -> None:
    """A proof where none is needed, a second empty ledger, a smaller one, one of another name."""
    first, second = (sign_note(each.body, [LOG, STRANGER]) for each in (old, new))
    keys = [*COURT_LOG, verify.read_key(STRANGER.key.vkey, verify.LOG)]

    with pytest.raises(Invalid, match=r"ledger_forked|origin_other"):
        check_consistency(old, new, hashes)
    with pytest.raises(verify.Refused):
        verify.check_consistency(first, second, write_hashes(hashes), keys, [])
