"""Uploads: files too large for memory, taken piece by piece into a nameless file that goes when it is closed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

import msgspec
from litestar import Request

from backoffice.kernel.errors import Invalid

_PIECE = 1024 * 1024  # bytes written at once
_SMALL = 1024 * 1024  # bytes that stay in memory


class Upload(msgspec.Struct, frozen=True):
    """A file as it came, read from its start."""

    file: IO[bytes]
    sha256: bytes
    size: int


@asynccontextmanager
async def uploaded(request: Request[Any, Any, Any]) -> AsyncIterator[Upload]:
    """Take the request's raw body as a file; raises Invalid: `body_missing`, `body_too_large` past the route's limit.

    The route says `request_max_body_size=LARGEST_UPLOAD`, and `opt={"upload": "text/csv", "example": …}` for its
    description.
    """
    digest, size, pending = hashlib.sha256(), 0, bytearray()
    with tempfile.SpooledTemporaryFile(max_size=_SMALL) as file:
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
            pending += piece
            if len(pending) >= _PIECE:
                await asyncio.to_thread(file.write, bytes(pending))
                pending.clear()
        await asyncio.to_thread(file.write, bytes(pending))
        if not size:
            raise Invalid("body_missing")
        file.seek(0)
        yield Upload(file, digest.digest(), size)
