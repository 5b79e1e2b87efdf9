"""Contact lists: opened once, read as a stream as often as needed; every row comes out typed or rejected with a reason.

A cell is data whatever it looks like: a formula or a script tag is never run, and first and last names aren't even
kept. What is left of a list in memory is one row.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, NoReturn

import msgspec

from backoffice.contacts.cells import ADDRESS_COLUMN, shown
from backoffice.contacts.columns import CONTACTS, Vocabulary, count_known, map_columns
from backoffice.contacts.encoding import scan
from backoffice.contacts.records import DELIMITERS, Record, delimiter_stated, parted, records
from backoffice.contacts.rows import Rejection, Row, RowReader
from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class OpenList(msgspec.Struct, frozen=True, kw_only=True):
    """A list that was opened, whatever it is of: how its bytes are read, and where its columns are.

    `columns` names the header of each of our columns that was found, `unknown` the headers that mean nothing to us.
    `sha256` names the very file, for the attestation and the report.
    """

    path: Path
    encoding: str
    sha256: str
    delimiter: str
    header_line: int
    headers: tuple[str, ...]
    places: dict[str, list[int]]
    changed_at: tuple[int, int]

    @property
    def columns(self) -> dict[str, str]:
        """Return the headers we read, by our columns, fit to be shown."""
        return {ours: ", ".join(shown(self.headers[place]) for place in found) for ours, found in self.places.items()}

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return the headers that mean nothing to us, fit to be shown."""
        known = {place for found in self.places.values() for place in found}
        return tuple(shown(header) for place, header in enumerate(self.headers) if place not in known)

    def records(self) -> Iterator[Record]:
        """Yield the records below the header in their order, as a stream.

        Raises `Invalid("file_changed")` when the file isn't the one that was opened.
        """
        self._refuse_a_change()
        with self.path.open(encoding=self.encoding, newline="") as file:
            for record in records(file, self.delimiter, len(self.headers)):
                if record.line > self.header_line:
                    yield record
        self._refuse_a_change()

    def _refuse_a_change(self) -> None:
        if _changed_at(self.path) != self.changed_at:
            raise Invalid("file_changed", file=self.path.name)


class ContactList(OpenList, frozen=True, kw_only=True):
    """A list of contacts to be read for a channel at a moment."""

    channel: str
    region: str | None
    at: datetime

    def read(self) -> Iterator[Row | Rejection]:
        """Yield each row of the list in its order, as a stream; raises as `records` does."""
        read = RowReader(self.channel, self.region, self.at, self.places, len(self.headers)).read
        return map(read, self.records())


def open_list(
    path: Path,
    *,
    channel: str,
    region: str | None,
    at: datetime,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> ContactList:
    """Open a contact list to be judged for a channel at a moment.

    `region` reads numbers of rows without a country that have no `+`; `mapping` states headers by our columns,
    `encoding` what the file is where it isn't UTF-8 and has no byte order mark. Raises `Invalid` with file, line and
    field for a list that can't be read as a whole: the codes of `encoding.scan` and `columns.map_columns`,
    `channel_without_address`, `header_missing`, `header_unreadable`, and `column_missing` for the channel's own column.
    """
    if channel not in ADDRESS_COLUMN:
        raise Invalid("channel_without_address", channel=channel, known=list(ADDRESS_COLUMN))
    stated, needed = mapping or {}, ADDRESS_COLUMN[channel]
    opened = open_any(path, stated, encoding, lambda _: CONTACTS)
    if needed not in opened.places:
        refuse_without(opened, needed)
    return ContactList(**msgspec.structs.asdict(opened), channel=channel, region=region, at=at)


def open_any(
    path: Path,
    stated: Mapping[str, str],
    encoding: str | None,
    words_of: Callable[[Sequence[str]], Vocabulary],
    words: Vocabulary = CONTACTS,
) -> OpenList:
    """Open a list of whatever kind: `words` find its delimiter, `words_of` its headers says what these mean.

    Raises `Invalid` with file, line and field for a list that can't be read as a whole: the codes of `encoding.scan`
    and `columns.map_columns`, `header_missing`, `header_unreadable`.
    """
    changed_at = _changed_at(path)
    scanned = scan(path, encoding)
    delimiter, header = _header(path, scanned.encoding, stated, words)
    headers = tuple(cell.strip() for cell in header.cells)
    return OpenList(
        path=path,
        encoding=scanned.encoding,
        sha256=scanned.sha256,
        delimiter=delimiter,
        header_line=header.line,
        headers=headers,
        places=map_columns(headers, stated, file=path.name, line=header.line, words=words_of(headers)),
        changed_at=changed_at,
    )


def refuse_without(opened: OpenList, needed: str) -> NoReturn:
    """Raise `column_missing` with the headers, unless none of them means anything: then the first line is a person."""
    found = [shown(cell) for cell in opened.headers] if opened.places else ["…"]
    raise Invalid("column_missing", file=opened.path.name, line=opened.header_line, field=needed, headers=found)


def _changed_at(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as fault:
        raise Invalid("file_unreadable", file=path.name, why=fault.strerror or "") from None
    if not S_ISREG(found.st_mode):  # a pipe can't be read twice
        raise Invalid("file_unreadable", file=path.name, why="it is no regular file")
    return found.st_mtime_ns, found.st_size


def _header(path: Path, encoding: str, stated: Mapping[str, str], words: Vocabulary) -> tuple[str, Record]:
    """Return the delimiter under which most headers mean something to us, and the header."""
    with path.open(encoding=encoding, newline="") as file:
        first = next((line for line in file if line.strip()), "")
        delimiter = delimiter_stated(first)
        skipped = 1 if delimiter else 0
        if not delimiter:
            cells = parted(first)
            delimiter = max(DELIMITERS, key=lambda sign: (count_known(cells[sign], stated, words), len(cells[sign])))
        file.seek(0)
        found = [record for _, record in zip(range(skipped + 1), records(file, delimiter), strict=False)]
    if len(found) <= skipped:
        raise Invalid("header_missing", file=path.name, line=1)
    if (header := found[-1]).fault:
        raise Invalid("header_unreadable", file=path.name, line=header.line, why=header.fault)
    return delimiter, header
