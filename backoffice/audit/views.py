"""How the ledger is asked: by anybody, without a key; what is told holds hashes and signatures, and nothing of anyone.

The paths below `/v1/ledger` are those of C2SP tlog-tiles. Bundles of entries are not published: they speak of accounts.
"""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from backoffice.audit.keys import open_keys
from backoffice.audit.merkle import HASH
from backoffice.audit.proving import newest_checkpoint, prove_growth
from backoffice.audit.store import find_tiles
from backoffice.audit.tiles import read_path
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing.http import PUBLIC
from backoffice.plumbing.install import Install

TEXT, BYTES = "text/plain", "application/octet-stream"
NEWEST = {"Cache-Control": "public, max-age=1"}
"""Of what grows each second."""
KNOWN = {"Cache-Control": "public, max-age=300"}
"""Of what seldom changes."""
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of what is written once."""


@get("/v1/ledger/checkpoint", opt={**PUBLIC, "answers": TEXT})
async def get_checkpoint(install: NamedDependency[Install]) -> Response[bytes]:
    """Give the newest checkpoint: how large the ledger is, its root, and who has signed that (C2SP tlog-checkpoint).

    Whoever keeps one can prove later that nothing before it was changed. Before the first, the answer is 503.
    """
    async with install.reading() as work:
        return Response(await newest_checkpoint(work), media_type=TEXT, headers=NEWEST)


@get("/v1/ledger/keys", opt={**PUBLIC, "answers": TEXT})
async def list_keys(install: NamedDependency[Install]) -> Response[bytes]:
    """List the keys that verify the ledger's checkpoints of any age, one a line (C2SP signed-note).

    Take them from somebody whom you trust as well: who can change this answer could change the ledger.
    """
    keys = "".join(f"{key.vkey}\n" for key in open_keys(install.settings).public)
    return Response(keys.encode(), media_type=TEXT, headers=KNOWN)


@get("/v1/ledger/tile/{level:str}/{number:path}", opt={**PUBLIC, "answers": BYTES})
async def get_tile(level: FromPath[str], number: FromPath[str], install: NamedDependency[Install]) -> Response[bytes]:
    """Give a tile: up to 256 hashes of the tree, of which every proof can be made (C2SP tlog-tiles).

    `number` is written in groups of three digits, all but the last with an x before them; `.p/` and a width follow
    where a tile is not full yet.
    """
    try:
        tile = read_path(f"tile/{level}/{number.removeprefix('/')}")
    except Invalid:
        raise NotFound("tile_unknown") from None
    async with install.reading() as work:
        found = await find_tiles(work.connection, [(tile.level, tile.number)])
    hashes = found.get((tile.level, tile.number), b"")[: tile.width * HASH]
    if len(hashes) < tile.width * HASH:
        raise NotFound("tile_unknown")
    return Response(hashes, media_type=BYTES, headers=FOREVER)


@get("/v1/ledger/consistency/{old:int}/{new:int}", opt={**PUBLIC, "answers": TEXT})
async def get_consistency(old: FromPath[int], new: FromPath[int], install: NamedDependency[Install]) -> Response[bytes]:
    """Give the proof that the ledger of `new` entries begins with that of `old`: its hashes, one a line (RFC 6962)."""
    async with install.reading() as work:
        return Response(await prove_growth(work, old, new), media_type=TEXT, headers=FOREVER)


ROUTES = [get_checkpoint, list_keys, get_tile, get_consistency]
