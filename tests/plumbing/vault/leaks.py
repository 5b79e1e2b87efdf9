"""Looking for people: whether anything that was planted can be read where no key is needed, in any usual spelling.

All planted values of a kind share a stem that nothing else has, so that one look finds a thousand of them.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import Install

Forms = dict[str, bytes]


def forms(stems: Iterable[str]) -> Forms:
    """Return each stem raw, reversed, in UTF-16, in base64 wherever it begins, and all of these in hexadecimal."""
    plain = {name: form for stem in stems for name, form in _plain(stem)}
    lower = {f"{name} in hex": form.hex().encode() for name, form in plain.items()}
    upper = {f"{name} in HEX": form.hex().upper().encode() for name, form in plain.items()}
    return plain | lower | upper


def _plain(stem: str) -> Iterator[tuple[str, bytes]]:
    raw = stem.encode()
    yield f"{stem} raw", raw
    yield f"{stem} reversed", raw[::-1]
    yield f"{stem} in UTF-16", stem.encode("utf-16-le")
    for ahead in range(3):
        encoded = base64.b64encode(bytes(ahead) + raw)
        yield f"{stem} in base64 +{ahead}", encoded[-(-ahead * 8 // 6) : (ahead + len(raw)) * 8 // 6]


def found(files: Iterable[Path], looked_for: Forms, *, at_once: int = 1 << 24) -> set[tuple[str, str]]:
    """Return the names of the files in which something planted can be read, each with the form it has there."""
    return {(path.name, form) for path in files for form in _in_file(path, looked_for, at_once)}


def _in_file(path: Path, looked_for: Forms, at_once: int) -> set[str]:
    overlap = max(map(len, looked_for.values()))
    seen, tail = set(), b""
    with path.open("rb") as file:
        while part := file.read(at_once):
            text = tail + part
            seen |= {name for name, form in looked_for.items() if form in text}
            tail = text[-overlap:]
    return seen


def files_in(*folders: Path) -> list[Path]:
    """Return every regular file in these folders, however deep."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


async def first_segment(install: Install) -> str:
    """Return the name of the write-ahead log's segment that is being written."""
    async with install.reading() as work:
        name: str = await work.connection.fetchval("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    return name


async def database_files(install: Install, server: EmbeddedServer, segment: str) -> list[Path]:
    """Return the server's files that can hold what was done since a segment: tables, the log ahead, its report."""
    async with install.reading() as work:
        await work.connection.execute("CHECKPOINT")
        number = await work.connection.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
    data = server.folder / "data"
    ahead = [path for path in (data / "pg_wal").iterdir() if path.is_file() and path.name >= segment]
    return [*ahead, *files_in(data / "base" / str(number)), server.folder / "report"]


async def dump(install: Install, server: EmbeddedServer, path: Path) -> Path:
    """Write all that the database holds to a file, as a backup does."""
    process = await asyncio.create_subprocess_exec(
        *(server.programs / "pg_dump", "--file", path, install.settings.database_url)
    )
    assert await process.wait() == 0
    return path
