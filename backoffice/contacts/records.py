"""Records of a delimited text, each with the line where it starts; a stray quote costs its own line and no other.

An open quote swallows whatever follows, other people's opt-outs included. So a record that ends wrong over several
lines is given up line by line: its first line is faulty, the others are read again.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = (",", ";", "\t", "|")

_STATED = re.compile(r'"?sep=([,;\t|])"?\s*')


class Record(NamedTuple):
    """One record: the line where it starts, its cells, and the code of what is wrong with its form, or ""."""

    line: int
    cells: list[str]
    fault: str


class _Lines:
    """Lines of a file, some of them read again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.lines)
        self.taken.append(line)
        return line


def records(lines: Iterable[str], delimiter: str, width: int | None = None) -> Iterator[Record]:
    """Yield the records of these lines; empty lines are none.

    Faults: `columns_count` (not `width` cells), `quote_not_closed`, `quote_misplaced`, `cell_too_long` (over 131,072
    signs), `nul_byte`. The cells of a record with a quote at fault are its first line, parted at every delimiter.
    """
    source = _Lines(lines)
    taken = source.taken
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    line = 1
    while True:
        taken.clear()
        try:
            cells, fault = next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, fault = [], "cell_too_long" if "field larger" in str(error) else "quote_misplaced"
        if len(cells) != width and width is not None and cells:
            fault = "columns_count"
        if fault and (len(taken) > 1 or not cells):
            fault = "quote_not_closed" if len(taken) > 1 else fault
            source.again.extendleft(taken[:0:-1])
            del taken[1:]
            cells = taken[0].rstrip("\r\n").replace('"', "").split(delimiter)
        if "\0" in taken[0] or (len(taken) > 1 and any("\0" in part for part in taken)):
            fault = fault or "nul_byte"
        if cells:
            yield Record(line, cells, fault)
        line += len(taken)


def delimiter_stated(line: str) -> str | None:
    """Return the delimiter that a spreadsheet states in a first line of its own.

    >>> delimiter_stated("sep=;")
    ';'
    """
    stated = _STATED.fullmatch(line)
    return stated[1] if stated else None


def parted(line: str) -> dict[str, list[str]]:
    """Return the cells of one line under each delimiter."""
    return {sign: next(csv.reader([line[:100_000]], delimiter=sign), []) for sign in DELIMITERS}
