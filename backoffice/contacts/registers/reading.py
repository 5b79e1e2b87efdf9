"""Reading: a register's files as their keepers hand them out, line by line, and which lines can't be read.

Seen in November 2026: the national do-not-call list comes a file an area code, a line `512,5550100` or ten digits
(telemarketing.donotcall.gov); the carriers' mail domains a domain a line (fcc.gov). Where a line has more cells, the
first that is an address counts, and the first ISO date beside it says since when. A first line of words is a header.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from backoffice.contacts.addresses import CHANNELS
from backoffice.contacts.cells import address_of, fold_email, moments
from backoffice.contacts.domains import CARRIER_DOMAINS, domain_token
from backoffice.contacts.encoding import scan
from backoffice.contacts.registers.store import Listed
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault import Vault

BATCH = 10_000  # lines in memory
MOST_FAULTS = 100
"""How many lines at fault are named; all are counted."""

ALLOWED = 0.01
"""The share of lines that may be unreadable; with more of them the file is another than it is taken for."""

_CELLS = re.compile(r"[,;\t|]")
_AREA, _LOCAL = re.compile(r"\d{3}", re.ASCII), re.compile(r"\d{7}", re.ASCII)
_REGIONS = {"us": "US", "az": "AZ", "lv": "LV", "reassigned": "US"}
_MAILS = frozenset({"az_mail"})


class Fault(NamedTuple):
    """A line in which no address can be read, and why; nothing of what stands in it."""

    file: str
    line: int
    reason: str


class Reading:
    """A register that is being read; `lines`, `unreadable` and `faults` grow with it."""

    def __init__(self, name: str, paths: Sequence[Path], vault: Vault, at: datetime, encoding: str = "") -> None:
        self.name, self.lines, self.unreadable = name, 0, 0
        self.faults: list[Fault] = []
        self._paths, self._vault, self._at, self._encoding = paths, vault, at, encoding
        self._region = _REGIONS.get(name.partition("_")[0])

    async def batches(self) -> AsyncIterator[list[Listed]]:
        """Yield what is listed, some thousand lines at a time, read in another thread.

        Raises Invalid for a file that can't be read as a whole, for one in which nothing is listed (`register_empty`),
        and at the end where too many lines could not be read (`register_unreadable`).
        """
        entries = self._entries()
        while batch := await asyncio.to_thread(lambda: list(islice(entries, BATCH))):
            yield batch
        if self.lines == self.unreadable:
            raise Invalid("register_empty", file=self._paths[0].name)
        if self.unreadable > ALLOWED * self.lines:
            told = {"count": self.unreadable, "line": self.faults[0].line}
            raise Invalid("register_unreadable", file=self.faults[0].file, **told)

    def _entries(self) -> Iterator[Listed]:
        for path in self._paths:
            encoding = scan(path, self._encoding or None).encoding
            with path.open(encoding=encoding) as file:
                for number, line in enumerate(file, 1):
                    if cells := [cell.strip().strip('"').strip() for cell in _CELLS.split(line) if cell.strip()]:
                        yield from self._entry(path.name, number, cells)

    def _entry(self, file: str, number: int, cells: list[str]) -> Iterator[Listed]:
        if len(cells) > 1 and _AREA.fullmatch(cells[0]) and _LOCAL.fullmatch(cells[1]):
            cells = [cells[0] + cells[1], *cells[2:]]
        reason = ""
        for place, cell in enumerate(cells):
            try:
                token = self._token(cell)
            except Invalid as fault:
                reason = reason or fault.code
                continue
            self.lines += 1
            yield token, self._since(cells[:place] + cells[place + 1 :])
            return
        if number == 1 and not any(sign.isdigit() for cell in cells for sign in cell):
            return  # a header
        self.lines += 1
        self.unreadable += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(file, number, reason))

    def _token(self, cell: str) -> bytes:
        if self.name == CARRIER_DOMAINS:
            return domain_token(self._vault, fold_email(f"x@{cell.removeprefix('@')}").partition("@")[2])
        if self.name in _MAILS:
            return self._vault.token("email", address_of(cell, "email", None))
        return self._vault.token("phone", address_of(cell, CHANNELS["phone"][0], self._region))

    def _since(self, cells: Sequence[str]) -> datetime | None:
        """Return the earliest moment that a date in one of these cells can mean."""
        for cell in cells:
            with suppress(Invalid):
                return min(moments(cell, "since")[0], self._at)
        return None
