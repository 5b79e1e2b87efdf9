"""Asking a witness to cosign the newest checkpoint, and keeping its signature with it.

A witness that knows more than we do, or another history, says that this ledger was set back or rewritten: nothing
that the database or this machine says can outweigh that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx

from backoffice.audit import store
from backoffice.audit.keys import open_keys
from backoffice.audit.notes import Checkpoint, Key, decimal, encode64, open_checkpoint
from backoffice.audit.proving import growth
from backoffice.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_PATIENCE = 10.0  # seconds


class Asking:
    """Asks one witness, and remembers from which size on it has to be shown that the ledger grew."""

    def __init__(self, url: str, key: Key, http: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.http = http
        self.seen = 0

    async def cosign(self, work: Work) -> bool:
        """Have the newest checkpoint cosigned, and keep it; say whether that was still to be done.

        Raises Unavailable: `witness_away`, `witness_refuses` (with its status), and the alarms `ledger_behind_witness`
        (it has seen more entries than there are) and `ledger_disowned` (it has seen others).
        """
        note = await store.find_checkpoint(work.connection)
        if note is None:
            return False
        keys = open_keys(work.install.settings).public
        opened = open_checkpoint(note, [*keys, self.key])
        if self.key in opened.witnesses:
            return False
        lines = await self._ask(work, opened.checkpoint, note)
        return await store.put_note(work.connection, opened.checkpoint.size, note, self._joined(note, lines, keys))

    async def _ask(self, work: Work, checkpoint: Checkpoint, note: bytes) -> bytes:
        """Ask from the size that the witness is thought to have seen, and once more from the one that it tells."""
        for _ in range(2):
            hashes = await growth(work.connection, self.seen, checkpoint.size)
            lines = "".join(f"{encode64(each)}\n" for each in hashes)
            answer = await self._post(f"old {self.seen}\n{lines}\n".encode() + note)
            if answer.status_code == httpx.codes.OK:
                self.seen = checkpoint.size
                return answer.content
            if answer.status_code != httpx.codes.CONFLICT or not self._learns(answer.text, checkpoint.size):
                break
        if answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
            raise Unavailable("ledger_disowned", witness=self.key.name, size=checkpoint.size)
        raise Unavailable("witness_refuses", witness=self.key.name, status=answer.status_code)

    def _learns(self, told: str, size: int) -> bool:
        """Take up the size that the witness tells; say whether it is another than we thought."""
        try:
            seen = decimal(told.removesuffix("\n"))
        except ValueError:
            return False
        if seen > size:
            raise Unavailable("ledger_behind_witness", witness=self.key.name, size=size, seen=seen)
        before, self.seen = self.seen, seen
        return seen != before

    async def _post(self, body: bytes) -> httpx.Response:
        try:
            return await self.http.post(f"{self.url}/add-checkpoint", content=body, timeout=_PATIENCE)
        except httpx.HTTPError as fault:
            raise Unavailable("witness_away", witness=self.key.name, why=type(fault).__name__) from None

    def _joined(self, note: bytes, lines: bytes, keys: Sequence[Key]) -> bytes:
        """Return the note with the witness's signature of it; whatever else it answered is left out."""
        for line in lines.splitlines(keepends=True):
            try:
                if self.key in open_checkpoint(note + line, [*keys, self.key]).witnesses:
                    return note + line
            except Invalid:
                continue
        raise Unavailable("witness_refuses", witness=self.key.name, status=httpx.codes.OK)
