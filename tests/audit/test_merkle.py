"""The Merkle tree: published vectors, known answers, and proofs of any tree."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit.merkle import (
    EMPTY_ROOT,
    Range,
    Tree,
    is_consistent,
    is_included,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root,
)
from tests.audit.made import LEAVES, ROOT_OF_8, TRIES, claims, dice, forgeries, leaves

_FOLDER = os.environ.get("BACKOFFICE_CONFORMANCE", "")


def published(kind: str) -> list[dict[str, Any]]:
    """Return the published cases of a kind; none where nobody says in which folder they are."""
    found = Path(_FOLDER, "merkle", kind).glob("**/*.json") if _FOLDER else []
    return [json.loads(path.read_text()) for path in sorted(found)]


def hashes(told: list[str] | None) -> list[bytes]:
    """Return hashes that are written in base64."""
    return [b64decode(each) for each in told or []]


def test_the_tree_without_leaves_has_the_hash_of_nothing() -> None:
    """RFC 6962, section 2.1."""
    assert root([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c442")


def test_the_tree_of_certificate_transparency_has_its_known_root() -> None:
    """The root of the eight entries that every implementation is tried with."""
    assert root(map(leaf_hash, LEAVES)).hex() == ROOT_OF_8


@pytest.mark.skipif(not _FOLDER, reason="BACKOFFICE_CONFORMANCE doesn't name the folder of published vectors")
def test_all_published_vectors_are_judged_as_published() -> None:
    """98 inclusion and 98 consistency proofs; 184 of them must be refused."""
    inclusion, consistency = published("inclusion"), published("consistency")
    judged = [
        is_included(
            b64decode(case.get("leafHash") or ""),
            case.get("leafIdx", 0),
            case.get("treeSize", 0),
            hashes(case.get("proof")),
            b64decode(case.get("root") or ""),
        )
        for case in inclusion
    ] + [
        is_consistent(
            case.get("size1", 0),
            case.get("size2", 0),
            hashes(case.get("proof")),
            b64decode(case.get("root1") or ""),
            b64decode(case.get("root2") or ""),
        )
        for case in consistency
    ]

    assert (len(inclusion), len(consistency), judged.count(False)) == (98, 98, 184)
    assert judged == [not case.get("wantErr", False) for case in inclusion + consistency]


@TRIES
@given(st.integers(1, 600), st.data())
def test_every_proof_of_every_tree_verifies(size: int, data: st.DataObject) -> None:
    """Each leaf is proved in, and each older tree within, any tree."""
    made, tree = leaves(size), Tree(leaves(size))
    at, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    assert is_included(made[at], at, size, prove_inclusion(at, size, tree.node), root(made))
    assert is_consistent(old, size, prove_consistency(old, size, tree.node), root(made[:old]), root(made))


@TRIES
@given(st.integers(1, 200), st.integers())
def test_every_forged_proof_is_refused(size: int, seed: int) -> None:
    """A bit, a hash more or less, two in each other's place, another leaf: nothing forged passes."""
    random = dice(seed)
    true = claims(size, 4, random)

    assert all(claim.holds() for claim in true)
    assert not any(forged.holds() for claim in true for forged in forgeries(claim, random))


@TRIES
@given(st.lists(st.integers(0, 300), max_size=6))
def test_a_compact_range_grows_as_the_tree_does(steps: list[int]) -> None:
    """Continued from its peaks, it has the root of all leaves at every size."""
    made, tree = leaves(sum(steps)), Range()
    for step in steps:
        tree = Range(tree.size, tree.peaks)
        tree.extend(made[tree.size : tree.size + step])
        assert tree.root() == root(made[: tree.size])


@pytest.mark.parametrize("size", [0, -1])
def test_nothing_is_proved_of_an_empty_tree(size: int) -> None:
    """There is no leaf in it, and no older tree that it could begin with."""
    assert not is_included(leaf_hash(b""), 0, size, [], EMPTY_ROOT)
    assert not is_consistent(size, size, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not is_consistent(size, 1, [], EMPTY_ROOT, leaf_hash(b""))
