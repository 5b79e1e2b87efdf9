"""The project's own files, as the contract tests read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

_MADE = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "dist",
    "var",
}


def modules() -> dict[str, str]:
    """Return the text of every module of the product by its path from the root."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(ROOT.glob("backoffice/**/*.py"))
    }


def files() -> Iterator[Path]:
    """Yield every file that people wrote; what tools make is left out."""
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in _MADE]
        yield from (Path(folder, name) for name in names)
