"""The verifier that stands alone: one file, plain Python, three answers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from backoffice.audit import verify
from backoffice.audit.merkle import prove_consistency
from backoffice.audit.notes import Signer, sign_note
from backoffice.audit.proofs import write_hashes
from tests.audit.made import AT, EXAMPLE_KEY, EXAMPLE_NOTE, LOG, NEXT, WITNESS
from tests.audit.test_proofs import ENTRIES, TREE, checkpoint, proof_of

FILE = Path(verify.__file__)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as it is handed to a court: a copy of the verifier, proofs, checkpoints."""
    (tmp_path / "verify.py").write_bytes(FILE.read_bytes())
    (tmp_path / "proof").write_bytes(proof_of(577))
    (tmp_path / "bare").write_bytes(proof_of(577, carries=False))
    (tmp_path / "entry").write_bytes(ENTRIES[577])
    (tmp_path / "other").write_bytes(ENTRIES[578])
    for size in (400, 1000):
        (tmp_path / f"{size}").write_bytes(sign_note(checkpoint(size).body, [LOG, WITNESS], AT))
    (tmp_path / "hashes").write_bytes(write_hashes(prove_consistency(400, 1000, TREE.node)))
    (tmp_path / "example").write_bytes(EXAMPLE_NOTE)
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the copy with plain Python: isolated, without packages, in a folder of its own."""
    command = [sys.executable, "-I", "-S", "verify.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["proof", "proof"],
        ["proof", "proof", "--witness", WITNESS.key.vkey],
        ["proof", "proof", "--entry", "entry", "--key", NEXT.key.vkey],
        ["proof", "bare", "--entry", "entry"],
        ["consistency", "400", "1000", "hashes"],
        ["note", "1000"],
        ["note", "example", "--key", EXAMPLE_KEY],
    ],
)
def test_what_holds_is_verified(folder: Path, arguments: list[str]) -> None:
    """Exit status 0, and what was verified in words."""
    code, said = run(folder, *arguments, "--key", LOG.key.vkey)

    assert (code, said.splitlines()[-1]) == (0, "VERIFIED")


@pytest.mark.parametrize(
    "arguments",
    [
        ["proof", "proof", "--entry", "other", "--key", LOG.key.vkey],
        ["proof", "bare", "--key", LOG.key.vkey],
        ["proof", "proof", "--key", NEXT.key.vkey],
        ["proof", "proof", "--key", LOG.key.vkey, "--witness", Signer("w2.example", bytes(32), 4).key.vkey],
        ["proof", "1000", "--key", LOG.key.vkey],
        ["proof", "verify.py", "--key", LOG.key.vkey],
        ["consistency", "1000", "400", "hashes", "--key", LOG.key.vkey],
        ["consistency", "400", "1000", "entry", "--key", LOG.key.vkey],
        ["note", "entry", "--key", LOG.key.vkey],
        ["note", "example", "--key", LOG.key.vkey],
    ],
)
def test_what_does_not_hold_is_refused(folder: Path, arguments: list[str]) -> None:
    """Exit status 1, and why in words."""
    code, said = run(folder, *arguments)

    assert code == 1, said
    assert said.splitlines()[-1].startswith("NOT VERIFIED: ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["proof"],
        ["proof", "proof"],
        ["proof", "absent", "--key", LOG.key.vkey],
        ["proof", ".", "--key", LOG.key.vkey],
        ["proof", "proof", "--key", LOG.key.vkey[:-1]],
        ["proof", "proof", "--key", WITNESS.key.vkey],
        ["proof", "proof", "--key", LOG.key.vkey, "--witness", LOG.key.vkey],
        ["seal", "proof", "--key", LOG.key.vkey],
    ],
)
def test_wrong_use_is_told(folder: Path, arguments: list[str]) -> None:
    """Exit status 2: nothing was judged."""
    code, said = run(folder, *arguments)

    assert code == 2, said
    assert "VERIFIED" not in said


def test_it_needs_nothing_but_python() -> None:
    """It imports the standard library alone, and nothing in it is newer than Python 3.9."""
    tree = ast.parse(FILE.read_text(), feature_version=(3, 9))
    named = [each for each in ast.walk(tree) if isinstance(each, (ast.Import, ast.ImportFrom))]
    modules = {alias.name for each in named if isinstance(each, ast.Import) for alias in each.names}
    modules |= {each.module or "" for each in named if isinstance(each, ast.ImportFrom)}

    assert modules <= sys.stdlib_module_names
