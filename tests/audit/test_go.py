"""The Go team's transparency code, an outsider to us, judges our notes, proofs and tiles as we do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from backoffice.audit.merkle import Tree, prove_inclusion
from backoffice.audit.notes import encode64
from backoffice.audit.tiles import Edge, Tile, widths
from tests.audit.bad_notes import BAD_NOTES
from tests.audit.made import (
    LOG,
    NEXT,
    WITNESS,
    claims,
    count,
    court_judges,
    dice,
    forgeries,
    good_notes,
    judged,
    leaves,
    mutant,
)

KEYS = [LOG.key, NEXT.key, WITNESS.key]
_PACKAGES = Path("/usr/share/gocode")

pytestmark = pytest.mark.skipif(
    not (shutil.which("go") and (_PACKAGES / "src/golang.org/x/mod/sumdb").exists()),
    reason="Go or its sumdb is missing: apt-get install golang-go golang-golang-x-mod-dev",
)


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Go's judge, built from source that Debian ships."""
    made = tmp_path_factory.mktemp("go") / "judge"
    source = Path(__file__).parent / "go/main.go"
    paths = {"GOPATH": str(_PACKAGES), "GOCACHE": str(made.parent / "cache"), "GO111MODULE": "off"}
    subprocess.run(["go", "build", "-o", made, source], env=os.environ | paths, check=True)  # noqa: S603, S607
    return made


def ask(go: Path, *arguments: str | Path, told: str = "") -> list[str]:
    """Return the judge's answers, one a line."""
    done = subprocess.run([go, *arguments], input=told, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.splitlines()


def test_go_accepts_our_proofs_and_refuses_forged_ones(go: Path, tmp_path: Path) -> None:
    """Of trees of all shapes, and of a large one (a million leaves in CI)."""
    random, share = dice(6962), count(300, 10_000)
    sizes = [random.randrange(1, 300) for _ in range(8)] + [random.randrange(2_000, 5_000), count(20_003, 1_000_003)]
    true = [claim for size in sizes for claim in claims(size, share // 10, random)]
    forged = [forgery for claim in true for forgery in forgeries(claim, random)]
    forged = random.sample(forged, min(len(forged), share * 10))
    (tmp_path / "claims").write_bytes(b"".join(claim.packed() for claim in true + forged))

    answers = ask(go, "proofs", tmp_path / "claims")

    assert Counter(answers) == {"1": share, "0": len(forged)}
    assert answers == [str(int(claim.holds())) for claim in true + forged]
    assert len(forged) >= share * 9


def test_go_and_both_verifiers_agree_on_every_note(go: Path, tmp_path: Path) -> None:
    """Ours refuse where Go is lax (a second spelling of base64, one key twice, any length); else all three agree."""
    random, good = dice(1), good_notes()
    notes = [*good, *BAD_NOTES.values()]
    notes += [mutant(random.choice(good), random) for _ in range(count(300, 100_000))]

    verdicts = opened(go, tmp_path, notes)

    for note, verdict in zip(notes, verdicts, strict=True):
        assert (judged(note, KEYS) != "bad") == (court_judges(note, KEYS) != "bad") == (verdict == "ok"), note
    assert Counter(verdicts).keys() == {"ok", "bad", "loose"}
    assert min(Counter(verdicts).values()) > len(notes) // 200


def opened(go: Path, folder: Path, notes: Sequence[bytes]) -> list[str]:
    """Return Go's verdict on each note."""
    (folder / "notes").write_bytes(b"".join(len(note).to_bytes(4, "big") + note for note in notes))
    return ask(go, "notes", folder / "notes", *(key.vkey for key in KEYS))


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_536, 70_001])
def test_go_makes_the_same_proofs_from_our_tiles(go: Path, tmp_path: Path, size: int) -> None:
    """Our tiles are what C2SP says: Go reads them, has our root, and proves as we do."""
    made, random = leaves(size), dice(size)
    edge = Edge()
    parts = [(Tile(tile.level, tile.number), tile.hashes) for tile in edge.extend(made)]
    for level, width in enumerate(widths(size)):
        parts.append((Tile(level, size >> 8 * level + 8, width), edge.parts[level]))
    for tile, hashes in parts:
        if hashes:
            (tmp_path / tile.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / tile.path).write_bytes(hashes)
    (tmp_path / "root").write_bytes(edge.root())
    places = [random.randrange(size) for _ in range(20)]

    root, *proofs = ask(go, "tiles", tmp_path, str(size), told="\n".join(map(str, places)))

    node = Tree(made).node
    assert root == encode64(edge.root())
    assert proofs == [f"[{' '.join(map(encode64, prove_inclusion(place, size, node)))}]" for place in places]
