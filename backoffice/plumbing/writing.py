"""Writing a file whole or not at all, one that lasts too, and telling a disk that is full."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backoffice.kernel.errors import Invalid

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_out_of_room(error: BaseException) -> bool:
    """Whether something failed because a disk is full: it can be tried again once there is room."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write to a neighbour and put it in place at the end; an error leaves what was there before.

    Raises Invalid where the path is no file, or can't be written to.
    """
    try:
        if path.exists() and not path.is_file():
            raise Invalid("file_unwritable", file=str(path), why="it is no regular file")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".backoffice-")
    except OSError as refused:
        raise Invalid("file_unwritable", file=str(path), why=refused.strerror) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except OSError as full:
        raise Invalid("file_unwritable", file=str(path), why=full.strerror) from None
    finally:
        Path(name).unlink(missing_ok=True)


def write_lasting(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put a file in place whole and lasting, for its owner only unless told; one that was there keeps its owner.

    Raises Invalid (`file_unwritable`).
    """
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=mode | (mode & 0o444) >> 2, parents=True, exist_ok=True)  # who may read may enter
        new.unlink(missing_ok=True)  # of a run that was killed
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            if path.exists():
                os.fchown(handle, path.stat().st_uid, path.stat().st_gid)
            file.write(content)
            file.flush()
            os.fsync(handle)
        new.replace(path)
        sync_folder(path.parent)
    except OSError as refused:
        raise Invalid("file_unwritable", file=str(path), why=refused.strerror) from None


def sync_folder(folder: Path) -> None:
    """Have the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
