"""Writing a file whole or not at all, and telling a disk that is full."""

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
