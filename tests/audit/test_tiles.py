"""Tiles: their paths, and the same proofs as from the whole tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit.merkle import HASH, Tree, prove_consistency, prove_inclusion, root
from backoffice.audit.tiles import FULL, Edge, Tile, needed, node_of, read_path, widths
from backoffice.kernel.errors import Invalid
from tests.audit.made import TRIES, leaves

_SIZE = 66_000  # three levels of tiles
_LEAVES = leaves(_SIZE)
_TREE = Tree(_LEAVES)


def tiled(size: int) -> dict[tuple[int, int], bytes]:
    """Return all tiles of the tree of that size, the partial ones too."""
    edge = Edge()
    found = {(tile.level, tile.number): tile.hashes for tile in edge.extend(_LEAVES[:size])}
    return found | {(level, size >> 8 * level + 8): part for level, part in enumerate(edge.parts)}


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(4, 1_234_067), "tile/4/x001/x234/067"),
        (Tile(63, 5, 1), "tile/63/005.p/1"),
        (Tile(2, 70_000, 255), "tile/2/x070/000.p/255"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    """Groups of three digits, all but the last with an x; a partial tile names its width."""
    assert tile.path == path
    assert read_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile/0/0", "tile/0/00", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/001/002"),
        *("tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "/tile/0/000"),
        *("tile/0/000\n", "tile/-1/000", "tile/0/٠٠٠", "tile/8/0/000", "tile/data/000", "tile/0/000.p/300"),
    ],
)
def test_a_second_spelling_of_a_path_is_refused(path: str) -> None:
    """What is cached under one path must not be asked for under another."""
    with pytest.raises(Invalid, match="tile_path_invalid"):
        read_path(path)


@TRIES
@given(st.integers(1, _SIZE), st.data())
def test_tiles_give_the_same_proofs_as_the_tree(size: int, data: st.DataObject) -> None:
    """Also proofs for a tree older than the tiles, and only from the tiles that were asked for beforehand."""
    tiles = tiled(size)
    then = data.draw(st.integers(1, size))
    at, old = data.draw(st.integers(0, then - 1)), data.draw(st.integers(1, then))

    wanted = needed(lambda node: (prove_inclusion(at, then, node), prove_consistency(old, then, node)))
    node = node_of({key: tiles[key] for key in wanted})

    assert prove_inclusion(at, then, node) == prove_inclusion(at, then, _TREE.node)
    assert prove_consistency(old, then, node) == prove_consistency(old, then, _TREE.node)


@TRIES
@given(st.lists(st.sampled_from([0, 1, 2, 255, 256, 257, 1000, 20_000]), max_size=3))
def test_an_edge_grows_to_the_same_tiles_in_any_steps(steps: list[int]) -> None:
    """Loaded anew between the steps, it gives each full tile once, and the tree's root."""
    edge, full = Edge(), {}
    for step in steps:
        edge = Edge(edge.size, edge.parts)
        for tile in edge.extend(_LEAVES[edge.size : edge.size + step]):
            assert (tile.level, tile.number) not in full
            assert len(tile.hashes) == FULL
            full[tile.level, tile.number] = tile.hashes

    size = sum(steps)
    assert edge.root() == root(_LEAVES[:size])
    assert [len(part) // HASH for part in edge.parts] == widths(size)
    assert full.items() <= tiled(size).items()
    assert len(full) == sum(size >> 8 * level for level in (1, 2, 3))


@pytest.mark.parametrize("parts", [[], [b""], [bytes(HASH)], [bytes(2 * HASH), bytes(HASH)]])
def test_an_edge_that_does_not_fit_its_size_is_refused(parts: list[bytes]) -> None:
    """A part lost or too much of it would give a wrong root."""
    with pytest.raises(Invalid, match="ledger_edge_broken"):
        Edge(2, parts)


def test_a_tile_that_ends_too_early_proves_nothing() -> None:
    """A short tile is an error, never a wrong hash."""
    node = node_of({(0, 0): bytes(3 * HASH)})

    with pytest.raises(Invalid, match="tile_short"):
        node(2, 0)
