"""The policy files on disk, and the library made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing.data import data_folder
from backoffice.policy.library import Library
from backoffice.policy.proving import Prover


def policies_folder() -> Path:
    """Return the folder of the policy files; raises NotFound where the install has none."""
    return data_folder("policies")


def read_policies(folder: Path) -> dict[str, str]:
    """Read every TOML file of a policies folder but scenarios, by its path inside; raises Invalid if not UTF-8."""
    files = {}
    for path in sorted(folder.rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(("scenarios/", "demo/")):
            files[name] = read_text(path)
    return files


def read_scenario_files(path: Path | None = None) -> dict[str, str]:
    """Read the scenarios of this install, with those of a file or folder in place of all but the bases."""
    own = policies_folder() / "scenarios"
    if path is None:
        return _texts(own)
    if not path.exists():
        raise NotFound("file_unreadable", file=str(path), why="no such file or folder")
    bases = {file: text for file, text in _texts(own).items() if file.startswith("bases")}
    chosen = _texts(path) if path.is_dir() else {path.name: read_text(path)}
    if not chosen:
        raise NotFound("file_unreadable", file=str(path), why="there is no .toml in it")
    return {**bases, **chosen}


def _texts(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): read_text(path) for path in sorted(folder.rglob("*.toml"))}


def read_bytes(path: Path) -> bytes:
    """Read a file as it is; raises NotFound with the file."""
    try:
        return path.read_bytes()
    except OSError as missing:
        raise NotFound("file_unreadable", file=str(path), why=missing.strerror) from None


def read_text(path: Path) -> str:
    """Read a UTF-8 file; raises NotFound or Invalid with the file and the byte that is wrong."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Invalid("file_not_utf8", file=str(path), byte=wrong.start) from None


@cache
def library() -> Library:
    """Load the policies of this install, once."""
    return Library(read_policies(policies_folder()))


@cache
def prover() -> Prover:
    """Return who runs cases by these policies, and keeps what was compiled for them."""
    return Prover(library())
