"""Tiles: the tree as the ledger keeps it, in pieces of 256 hashes that are written once (C2SP tlog-tiles).

Tile n of level L holds the hashes of 256 whole subtrees of 256**L leaves each, from subtree 256 * n on. What is no
full tile yet is the right edge: at most 255 hashes a level, all that a sequencer has to load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from backoffice.audit.merkle import HASH, Node, fold, node_hash
from backoffice.kernel.errors import Invalid

WIDTH = 256
"""Hashes of a full tile."""

FULL = WIDTH * HASH
"""Bytes of a full tile."""

_HEIGHT = 8
_PATH = re.compile(r"tile/(0|[1-9]|[1-5]\d|6[0-3])/((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class Tile(NamedTuple):
    """A tile by its place: level, number within the level, and how many hashes it holds."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where the tile is published.

        >>> Tile(0, 1234067).path, Tile(1, 0, 7).path
        ('tile/0/x001/x234/067', 'tile/1/000.p/7')
        """
        groups, rest = [f"{self.number % 1000:03}"], self.number // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(reversed(groups))}{part}"


class FullTile(NamedTuple):
    """A full tile, ready to be written once and never again."""

    level: int
    number: int
    hashes: bytes


def read_path(path: str) -> Tile:
    """Return the tile that is published at a path; raises Invalid (`tile_path_invalid`) for any second spelling."""
    found = _PATH.fullmatch(path)
    if not found:
        raise Invalid("tile_path_invalid", path=path)
    level, groups, last, width = found.groups()
    tile = Tile(int(level), int(groups.replace("x", "").replace("/", "") + last), int(width or WIDTH))
    if tile.path != path or tile.width > WIDTH:
        raise Invalid("tile_path_invalid", path=path)
    return tile


class Edge:
    """The right edge of a tree in tiles: it takes leaves in, and hands out the tiles that they fill."""

    def __init__(self, size: int = 0, parts: Iterable[bytes] = ()) -> None:
        self.size = size
        self.parts = list(parts)
        if [len(part) for part in self.parts] != [width * HASH for width in widths(size)]:
            raise Invalid("ledger_edge_broken", size=size)

    def extend(self, leaves: Sequence[bytes]) -> list[FullTile]:
        """Add the hashes of leaves; return the tiles that are full now, lower levels first."""
        start, self.size = self.size, self.size + len(leaves)
        self.parts += [b""] * (len(widths(self.size)) - len(self.parts))
        full: list[FullTile] = []
        hashes = b"".join(leaves)
        for level in range(len(self.parts)):
            tiles, self.parts[level] = _cut(self.parts[level] + hashes)
            first = start >> _HEIGHT * (level + 1)
            full += [FullTile(level, number, tile) for number, tile in enumerate(tiles, first)]
            hashes = b"".join(whole(tile) for tile in tiles)
        return full

    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold([peak for part in reversed(self.parts) for peak in _peaks(part)])


def widths(size: int) -> list[int]:
    """Return how many hashes the partial tile of each level holds in a tree of that size.

    >>> widths(0), widths(255), widths(256), widths(70_000)
    ([], [255], [0, 1], [112, 17, 1])
    """
    return [size >> _HEIGHT * level & WIDTH - 1 for level in range((size.bit_length() + _HEIGHT - 1) // _HEIGHT)]


def full_tiles(size: int) -> dict[int, int]:
    """Return how many full tiles each level has in a tree of that size; levels without one are left out.

    >>> full_tiles(255), full_tiles(70_000)
    ({}, {0: 273, 1: 1})
    """
    return {level: full for level in range(_HEIGHT) if (full := size >> _HEIGHT * (level + 1))}


def whole(hashes: bytes) -> bytes:
    """Return the root over as many hashes as a power of two."""
    level = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def node_of(tiles: Mapping[tuple[int, int], bytes]) -> Node:
    """Return what answers for whole subtrees out of tiles, given by level and number with their hashes so far.

    It raises Invalid (`tile_short`) where a tile doesn't reach as far as it must.
    """

    def node(level: int, number: int) -> bytes:
        tile_level, inner = divmod(level, _HEIGHT)
        tile, at = divmod(number << inner, WIDTH)
        hashes = tiles.get((tile_level, tile), b"")[at * HASH : (at + (1 << inner)) * HASH]
        if len(hashes) != HASH << inner:
            raise Invalid("tile_short", level=tile_level, number=tile)
        return whole(hashes)

    return node


def needed(prove: Callable[[Node], object]) -> set[tuple[int, int]]:
    """Return the level and number of each tile that a proof is made from, so that all can be fetched at once."""
    asked: set[tuple[int, int]] = set()

    def node(level: int, number: int) -> bytes:
        asked.add((level // _HEIGHT, number << level % _HEIGHT >> _HEIGHT))
        return bytes(HASH)

    prove(node)
    return asked


def _cut(hashes: bytes) -> tuple[list[bytes], bytes]:
    """Cut hashes into full tiles and what is left."""
    end = len(hashes) - len(hashes) % FULL
    return [hashes[at : at + FULL] for at in range(0, end, FULL)], hashes[end:]


def _peaks(part: bytes) -> Iterator[bytes]:
    """Yield the roots of the whole subtrees in a partial tile, the largest first."""
    start, width = 0, len(part) // HASH
    for height in reversed(range(_HEIGHT)):
        if width & 1 << height:
            end = start + (HASH << height)
            yield whole(part[start:end])
            start = end
