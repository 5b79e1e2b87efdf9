"""Writing: a file is there whole, or as it was before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backoffice.kernel.errors import Invalid
from backoffice.plumbing.writing import whole_file


def names(folder: Path) -> list[str]:
    """Return what is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, fault: BaseException) -> None:
    """Write half a file, then break off."""
    with whole_file(path) as file:
        file.write(b"half")
        raise fault


def test_a_file_is_put_in_place_when_it_is_whole(tmp_path: Path) -> None:
    """Until then its place is empty; then nothing else is left in the folder."""
    path = tmp_path / "x.jsonl"

    with whole_file(path) as file:
        file.write(b"one\n")
        assert not path.exists()

    assert path.read_bytes() == b"one\n"
    assert names(tmp_path) == ["x.jsonl"]


def test_a_file_of_that_name_is_replaced_whole(tmp_path: Path) -> None:
    """A shorter text leaves no rest of the longer one."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"longer than before")

    with whole_file(path) as file:
        file.write(b"short")

    assert path.read_bytes() == b"short"


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("before", [None, b"before"])
def test_what_breaks_off_leaves_what_was_there(
    tmp_path: Path, fault: type[BaseException], before: bytes | None
) -> None:
    """Nothing half written, whatever ended it, Ctrl-C included."""
    path = tmp_path / "x.jsonl"
    if before:
        path.write_bytes(before)

    with pytest.raises(fault):
        write(path, fault())

    assert names(tmp_path) == (["x.jsonl"] if before else [])
    assert before is None or path.read_bytes() == before


def test_a_full_disk_is_told_with_the_files_name(tmp_path: Path) -> None:
    """The system's own words say why."""
    path = tmp_path / "x.jsonl"

    with pytest.raises(Invalid, match="file_unwritable") as refused:
        write(path, OSError(28, "No space left on device"))

    assert refused.value.data == {"file": str(path), "why": "No space left on device"}
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", [".", "folder", "nowhere/x.jsonl", "file/x.jsonl", "a" * 300, "pipe"])
def test_a_place_that_takes_no_file_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    """A folder, a missing folder, a name too long, a device: what is there stays as it is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    before = names(tmp_path)

    with pytest.raises(Invalid, match="file_unwritable") as refused, whole_file(tmp_path / name):
        pytest.fail("nothing is asked for that can't be kept")

    assert refused.value.data["file"] == str(tmp_path / name)
    assert names(tmp_path) == before


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    """Lines tell of people."""
    with whole_file(tmp_path / "x.jsonl"):
        pass

    assert (tmp_path / "x.jsonl").stat().st_mode & 0o777 == 0o600
