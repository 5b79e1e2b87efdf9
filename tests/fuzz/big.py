"""`make fuzz ARGS=--big`: files at their limits, through the API and the job that reads them, on the real service.

One that is larger, one that is longer, and the longest that may be; it takes a while, and is run by hand.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import httpx

from backoffice.consent.import_views import ListToImport
from backoffice.consent.importing import MOST_ROWS
from backoffice.plumbing.http import LARGEST_UPLOAD
from tests.chaos.storm import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.service import Service
    from tests.fuzz.town import Town

PATIENCE = 3_600.0  # seconds for a list to be read
_LOOK = 1.0  # seconds
_PIECE = 1 << 20  # bytes
_MANY = 10_000  # rows written at once


def measure(service: Service, town: Town, rows: int = MOST_ROWS) -> dict[str, Any]:
    """Hand in files at their limits; return what was answered, how long it took, and the most memory of each part."""
    headers = {"Authorization": f"Bearer {town.key}"}
    with httpx.Client(base_url=service.url, headers=headers, timeout=PATIENCE) as http:
        told: dict[str, Any] = {"too_large": _preview(http, _zeros(LARGEST_UPLOAD + 1))[0]}
        say(f"{LARGEST_UPLOAD + 1} bytes: {told['too_large']}")
        with tempfile.TemporaryFile() as file:
            _write(file, rows + 1)
            told["too_long"] = _preview(http, _pieces(file))[0] if rows == MOST_ROWS else {}
            say(f"{rows + 1} rows: {told['too_long']}")
        with tempfile.TemporaryFile() as file:
            _write(file, rows)
            told["longest"] = _import(http, file)
    return told | {"megabytes": {name: _most_memory(part.pid) for name, part in service.parts.items()}}


def _import(http: httpx.Client, file: IO[bytes]) -> dict[str, Any]:
    began = time.monotonic()
    answer, place = _preview(http, _pieces(file))
    previewed = time.monotonic() - began
    say(f"previewed after {previewed:.0f} s: {answer}")
    taken = http.post(f"{place}/commit", content=_pieces(file), headers=_headers()).json()
    while (told := http.get(place).json())["state"] == taken["state"] and time.monotonic() - began < PATIENCE:
        time.sleep(_LOOK)
    seconds = {"preview": round(previewed, 1), "whole": round(time.monotonic() - began, 1)}
    return {"state": told["state"], "counts": told["counts"], "bytes": file.tell(), "seconds": seconds}


def _preview(http: httpx.Client, content: Iterator[bytes]) -> tuple[dict[str, Any], str]:
    """State a list and hand its file in; return the answer, or what was wrong with it, and where the import is."""
    place = http.post("/v1/contacts/imports", json=ListToImport.EXAMPLE, headers=_key()).json()["id"]
    answer = http.post(f"/v1/contacts/imports/{place}/preview", content=content, headers=_headers())
    told = answer.json()
    kept = {name: told[name] for name in ("code", "errors", "new", "known") if name in told}
    return {"status": answer.status_code, **kept}, f"/v1/contacts/imports/{place}"


def _headers() -> dict[str, str]:
    return {**_key(), "Content-Type": "text/csv"}


def _key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex()}


def _zeros(size: int) -> Iterator[bytes]:
    piece = b"0" * _PIECE
    for _ in range(size // _PIECE):
        yield piece
    yield piece[: size % _PIECE]


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def _write(file: IO[bytes], rows: int) -> None:
    """Write a list of people in Latvia, each with a mobile number of their own."""
    file.write(b"phone,country,consent_at,first_name\n")
    for start in range(0, rows, _MANY):
        places = range(start, min(start + _MANY, rows))
        file.write("".join(map(_line, places)).encode())


def _line(place: int) -> str:
    return f"+3712{place:07},LV,2026-01-02T10:00:00Z,Anna {place}\n"


def _most_memory(pid: int) -> int:
    """Return the most memory that a process and its own children have had, in megabytes."""
    found = [pid, *(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    lines = [line for one in found for line in Path(f"/proc/{one}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
