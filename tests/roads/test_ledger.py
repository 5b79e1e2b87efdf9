"""The ledger as an outsider meets it: without a key, over the wire, and with the verifier that stands alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backoffice.audit import sequencer, verify
from backoffice.audit.merkle import HASH
from backoffice.audit.tiles import WIDTH, Tile, full_tiles, whole, widths
from backoffice.plumbing.install import Install
from tests.audit.keeping import fill
from tests.audit.made import dice
from tests.cast import ANNA, know
from tests.roads.conftest import Asking
from tests.roads.test_sends import offer

VERIFIER = Path(verify.__file__)


@pytest.fixture
async def outsider(web: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401  # an ASGI app
    """Somebody without a key."""
    transport = httpx.ASGITransport(app=web)
    async with httpx.AsyncClient(transport=transport, base_url="http://backoffice.test/v1/ledger/") as http:
        yield http


async def _take(http: httpx.AsyncClient, path: str) -> bytes:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    return answer.content


def _verify(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-I", "-S", str(VERIFIER), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _size(note: bytes) -> int:
    return int(note.split(b"\n")[1])


async def test_what_is_published_verifies_with_plain_python(
    install: Install, asking: Asking, outsider: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Checkpoint, growth and the proof of a decision, by the key that is published; another key proves nothing."""
    await sequencer.seal_now(install)
    (tmp_path / "old").write_bytes(await _take(outsider, "checkpoint"))
    async with install.unit_of_work() as work:
        await know(work, asking.shop, ANNA)
    told = (await asking.post("/v1/sends", offer(asking.shop.sender_id), key="one")).json()
    await sequencer.seal_now(install)
    (tmp_path / "new").write_bytes(await _take(outsider, "checkpoint"))
    (key,) = (await _take(outsider, "keys")).decode().splitlines()
    old, new = (_size((tmp_path / name).read_bytes()) for name in ("old", "new"))
    (tmp_path / "growth").write_bytes(await _take(outsider, f"consistency/{old}/{new}"))
    proof = await asking.http.get(f"/v1/decisions/{told['decision_id']}/proof")
    (tmp_path / "proof").write_bytes(proof.content)

    assert old < new
    assert "VERIFIED" in _verify(tmp_path, "note", "new", "--key", key)
    assert "VERIFIED" in _verify(tmp_path, "consistency", "old", "new", "growth", "--key", key)
    assert told["decision_id"] in _verify(tmp_path, "proof", "proof", "--key", key)
    (tmp_path / "old").write_bytes((tmp_path / "old").read_bytes().replace(b"\n%d\n" % old, b"\n%d\n" % (old + 1), 1))
    with pytest.raises(AssertionError, match=r"signature|signed"):
        _verify(tmp_path, "consistency", "old", "new", "growth", "--key", key)


async def test_the_root_that_is_signed_is_that_of_the_tiles(install: Install, outsider: httpx.AsyncClient) -> None:
    """Anybody can make the whole tree from them: leaves in full and partial tiles, and what stands above the full."""
    await fill(install, 600, dice(1))
    await sequencer.seal_now(install)
    note = await _take(outsider, "checkpoint")
    size = _size(note)
    tiles = [Tile(0, number) for number in range(full_tiles(size)[0])]
    tiles.append(Tile(0, len(tiles), widths(size)[0]))
    told = [await _take(outsider, tile.path) for tile in tiles]
    above = await _take(outsider, Tile(1, 0, widths(size)[1]).path)

    leaves = b"".join(told)
    hashes = [leaves[at : at + HASH] for at in range(0, len(leaves), HASH)]
    assert (len(hashes), _root(hashes)) == (size, verify.b64(note.split(b"\n")[2].decode(), HASH))
    assert above == b"".join(whole(tile) for tile in told[:-1])
    part = await outsider.get(Tile(0, 0, 7).path)
    assert (part.content, part.headers["Cache-Control"]) == (told[0][: 7 * HASH], "public, max-age=31536000, immutable")
    assert (WIDTH * HASH, part.headers["Content-Type"]) == (len(told[0]), "application/octet-stream")


def _root(hashes: list[bytes]) -> bytes:
    """Return the root over the hashes of leaves (RFC 6962, section 2.1)."""
    if len(hashes) == 1:
        return hashes[0]
    cut = verify.half(len(hashes))
    return verify.of_both(_root(hashes[:cut]), _root(hashes[cut:]))


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/000", "tile/0/000.p/200", "tile/0/00", "tile/00/000.p/1", "tile/0/x000/000.p/1", "tile/9/000.p/1"),
        *("tile/0/000.p/0", "tile/0/000.p/256", "tile/entries/000.p/1", "tile/0/0000.p/1", "tile/0/999", "nothing"),
    ],
)
async def test_what_is_no_tile_is_not_there(install: Install, outsider: httpx.AsyncClient, path: str) -> None:
    """No second spelling, nothing beyond the ledger's end, no entries; and nobody keeps that answer."""
    await fill(install, 5, dice(1))
    await sequencer.seal_now(install)

    answer = await outsider.get(path)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


async def test_before_the_first_checkpoint_there_is_none(outsider: httpx.AsyncClient) -> None:
    """It says to come back; sizes the ledger never had are refused."""
    assert (await outsider.get("checkpoint")).status_code == 503
    assert (await outsider.get("consistency/3/9")).status_code == 422
