"""The floors of the house: rooms import down, never up, and the spine reads and writes nothing."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.house import ROOT, modules

_PURE = ("backoffice/kernel/", "backoffice/policy/")
_WORLD = {"open", "input", "print"}


def walk_floors(root: Path) -> tuple[int, str]:
    """Run import-linter on the house at `root`; return its exit code and its report."""
    linter = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(  # noqa: S603  # our own linter, on our own tree
        [linter, "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return told.returncode, told.stdout + told.stderr


def touches(text: str) -> list[str]:
    """Name the built-in functions called that reach for files, screen or keyboard."""
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [call.id for call in calls if isinstance(call, ast.Name) and call.id in _WORLD]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the house that a test may spoil."""
    shutil.copytree(ROOT / "backoffice", tmp_path / "backoffice", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_keeps_to_its_floor() -> None:
    """All contracts of pyproject.toml are kept."""
    code, report = walk_floors(ROOT)

    assert code == 0, report


@pytest.mark.parametrize(
    ("file", "text", "broken"),
    [
        ("kernel/planted.py", "import backoffice.relay", "Floors"),
        ("attic/__init__.py", "", "attic"),
        ("policy/planted.py", "import os", "pure"),
        ("kernel/planted.py", "import asyncio", "pure"),
        ("relay/planted.py", "import backoffice.relay.planted_too", "circles"),
    ],
)
def test_a_planted_breach_is_found(copy: Path, file: str, text: str, broken: str) -> None:
    """An import upwards, an unlisted room, I/O in the spine and a circle all fail the check."""
    (copy / "backoffice" / file).parent.mkdir(exist_ok=True)
    (copy / "backoffice" / file).write_text(text, encoding="utf-8")
    (copy / "backoffice/relay/planted_too.py").write_text("import backoffice.relay.planted", encoding="utf-8")

    code, report = walk_floors(copy)

    assert code == 1, report
    assert any(broken in line for line in report.splitlines() if "BROKEN" in line or "attic" in line), report


@pytest.mark.parametrize("text", ["open('x')", "def f():\n    print('x')", "x = [input()]"])
def test_a_call_that_touches_the_world_is_found(text: str) -> None:
    """Files, screen and keyboard can be reached without an import."""
    assert touches(text)


@pytest.mark.parametrize("text", ["window.open", "p.open < 3", "book.open()", "reopen(x)"])
def test_a_field_named_open_touches_nothing(text: str) -> None:
    """An opening hour is no file."""
    assert touches(text) == []


def test_the_spine_touches_nothing() -> None:
    """Kernel and policy are handed contents; they open, print and ask nothing."""
    spine = {path: touches(text) for path, text in modules().items() if path.startswith(_PURE)}

    assert {path: calls for path, calls in spine.items() if calls} == {}
