"""How a list's bytes become text: told by a mark at its start, proved by strict UTF-8, or stated; never guessed.

A byte above 127 is another letter in each code page. A wrong guess would turn the words a person agreed to into
other words, so a file that isn't UTF-8 is refused with the place of the first such byte until somebody says what
it is.
"""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING

import msgspec

from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

CODE_PAGES = ("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257")
STATABLE = ("utf-8", "utf-16-le", "utf-16-be", *CODE_PAGES)
"""The encodings a list may be stated to have; a byte order mark says it for the file."""

_CHUNK = 1 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OTHER_FILES = {
    b"PK\x03\x04": "xlsx",
    b"\xd0\xcf\x11\xe0": "xls",
    b"\x1f\x8b": "gzip",
    b"%PDF": "pdf",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"SQLite": "sqlite",
}


class Scanned(msgspec.Struct, frozen=True):
    """What one reading of the whole file proved: its encoding and the SHA-256 that names it."""

    encoding: str
    sha256: str


def scan(path: Path, stated: str | None) -> Scanned:
    """Read the file once from end to end and return its encoding and hash.

    Raises `Invalid` with the file: `file_unreadable`, `file_empty`, `file_is_no_list` (with its kind: a workbook has
    to be saved as CSV first), `encoding_unknown` (an encoding nobody may state), `encoding_invalid` (with line and
    byte offset, what was tried and what may be stated), `line_too_long` (a mebibyte without a line end is no list).
    """
    if stated is not None and stated not in STATABLE:
        raise Invalid("encoding_unknown", file=path.name, encoding=stated, known=list(STATABLE))
    try:
        return _scan(path, stated)
    except OSError as fault:
        raise Invalid("file_unreadable", file=path.name, why=fault.strerror or type(fault).__name__) from None


def _scan(path: Path, stated: str | None) -> Scanned:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        start = file.read(_CHUNK)
        encoding = _encoding(path.name, start, stated)
        text = _Text(path.name, encoding)
        chunk = start
        while chunk:
            digest.update(chunk)
            text.add(chunk)
            chunk = file.read(_CHUNK)
        text.end()
    return Scanned(encoding, digest.hexdigest())


def _encoding(file: str, start: bytes, stated: str | None) -> str:
    if not start:
        raise Invalid("file_empty", file=file)
    for magic, kind in _OTHER_FILES.items():
        if start.startswith(magic):
            raise Invalid("file_is_no_list", file=file, kind=kind)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Invalid("encoding_unknown", file=file, encoding="utf-32", known=list(STATABLE))
    marked = next((encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None)
    return marked or stated or "utf-8"


class _Text:
    """The file as it is decoded: where each chunk begins, in bytes and lines."""

    def __init__(self, file: str, encoding: str) -> None:
        self.file, self.encoding = file, encoding
        self.decoder = codecs.getincrementaldecoder(encoding)("strict")
        self.offset, self.line, self.open_line = 0, 1, 0

    def add(self, chunk: bytes) -> None:
        text = self.decode(chunk, is_last=False)
        self.offset += len(chunk)
        self.line += _line_ends(text)
        last_end = max(text.rfind("\n"), text.rfind("\r"))
        self.open_line = self.open_line + len(text) if last_end < 0 else len(text) - last_end
        if self.open_line > _CHUNK:
            raise Invalid("line_too_long", file=self.file, line=self.line, most=_CHUNK)

    def end(self) -> None:
        self.decode(b"", is_last=True)

    def decode(self, chunk: bytes, *, is_last: bool) -> str:
        kept = len(self.decoder.getstate()[0])
        try:
            return self.decoder.decode(chunk, is_last)
        except UnicodeDecodeError as fault:
            before = fault.object[: fault.start].decode(fault.encoding, "ignore")
            raise Invalid(
                "encoding_invalid",
                file=self.file,
                line=self.line + _line_ends(before),
                offset=self.offset - kept + fault.start,
                tried=self.encoding,
                may_be_stated=list(STATABLE),
            ) from None


def _line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")
