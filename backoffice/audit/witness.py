"""A witness: somebody else's small process that has seen the ledger grow, and signs that it did (C2SP tlog-witness).

It runs where the operator can't reach it, with a file of its own: the newest checkpoint of each ledger it knows. It
signs a checkpoint only when that begins with the one it signed before, so two histories can't both have its name. Run
it with `granian --interface asgi --factory backoffice.audit.witness:app`; these tell it what to do:

BACKOFFICE_WITNESS_STORE | its file, made at the first start
BACKOFFICE_WITNESS_KEY   | the file of its private key, one line as `Signer.skey` writes it, of the cosignature type
BACKOFFICE_WITNESS_LOGS  | the verifier keys of the ledgers it knows, one a line
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backoffice.audit.merkle import is_consistent
from backoffice.audit.notes import (
    COSIGNATURE,
    Checkpoint,
    Key,
    Signer,
    decimal,
    open_note,
    read_checkpoint,
    read_note,
    read_skey,
    read_vkey,
    signature_line,
)
from backoffice.audit.proofs import read_hashes
from backoffice.kernel.clock import Clock, system_clock
from backoffice.kernel.errors import Invalid

MOST_BYTES = 64_000
"""What a request may be at most."""

SIZE_TYPE = "text/x.tlog.size"
"""The media type of an answer that states a size."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS seen"
    " (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL)"
)


class Asked(NamedTuple):
    """A request to cosign: from which size on the ledger is proved to have grown, how, and the newer checkpoint."""

    old: int
    hashes: tuple[bytes, ...]
    note: bytes


class Answer(NamedTuple):
    """What a witness answers: an HTTP status and a text."""

    status: int
    text: str = ""


class Witness:
    """A witness with its file, its key and the ledgers that it knows."""

    def __init__(self, store: Path, signer: Signer, keys: Sequence[Key], clock: Clock = system_clock) -> None:
        if signer.key.kind != COSIGNATURE:
            raise Invalid("vkey_invalid", why="type of key")
        self.store = store
        self.signer = signer
        self.keys = {origin: [key for key in keys if key.name == origin] for origin in {key.name for key in keys}}
        self.clock = clock
        with self._transaction() as file:
            file.execute(_TABLE)

    def add(self, body: bytes) -> Answer:
        """Cosign a checkpoint, or say why not; the statuses are those of the protocol."""
        try:
            asked = read_asked(body)
            checkpoint = read_checkpoint(read_note(asked.note).body)
        except Invalid:
            return Answer(400)
        if checkpoint.origin not in self.keys:
            return Answer(404)
        try:
            _, found = open_note(asked.note, self.keys[checkpoint.origin])
        except Invalid:
            return Answer(403)
        if asked.old > checkpoint.size:
            return Answer(400)
        signed = "".join(signature_line(key, signature.payload) for key, signature in found.items())
        return self._compare(asked._replace(note=checkpoint.body + b"\n" + signed.encode()), checkpoint)

    def newest(self, origin_hash: str) -> bytes | None:
        """Return the newest note that was cosigned of the ledger whose origin has this SHA-256, or None."""
        origin = next((each for each in self.keys if sha256(each.encode()).hexdigest() == origin_hash), None)
        with self._transaction() as file:
            found = file.execute("SELECT note FROM seen WHERE origin = ?", (origin,)).fetchone()
        return found[0] if found else None

    def _compare(self, asked: Asked, checkpoint: Checkpoint) -> Answer:
        """Compare with what was seen last, and see this: one after the other, whoever asks at the same time."""
        with self._transaction() as file:
            row = file.execute("SELECT size, root FROM seen WHERE origin = ?", (checkpoint.origin,)).fetchone()
            size, root = row or (0, b"")
            if asked.old != size or (row and checkpoint.size == size and checkpoint.root != root):
                return Answer(409, f"{size}\n")
            if not _has_grown(asked, checkpoint, root):
                return Answer(422)
            line = self.signer.sign(checkpoint.body, self.clock())
            file.execute(
                "INSERT INTO seen VALUES (?, ?, ?, ?)"
                " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
                (checkpoint.origin, checkpoint.size, checkpoint.root, asked.note + line.encode()),
            )
        return Answer(200, line)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file alone: what is read in it is still so when it is written. It lasts before anybody is told."""
        file = sqlite3.connect(self.store, timeout=30, isolation_level=None)
        try:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("BEGIN IMMEDIATE")
            yield file
            file.execute("COMMIT")
        finally:
            file.close()


def read_asked(body: bytes) -> Asked:
    """Return what a request asks; raises Invalid."""
    head, parted, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if not parted or not first.startswith("old "):
            raise Invalid("proof_invalid", why="old line")
        return Asked(decimal(first.removeprefix("old ")), read_hashes(lines), note)
    except ValueError:
        raise Invalid("proof_invalid", why="number or ASCII") from None


def _has_grown(asked: Asked, checkpoint: Checkpoint, root: bytes) -> bool:
    if asked.old == 0:
        return not asked.hashes
    return is_consistent(asked.old, checkpoint.size, asked.hashes, root, checkpoint.root)


def witness_app(witness: Witness) -> Litestar:
    """Return the witness as a web application: `/add-checkpoint`, and `/<sha256 of the origin>/checkpoint`."""

    @post("/add-checkpoint")
    async def add_checkpoint(request: Request[None, None, State]) -> Response[str]:
        answer = await asyncio.to_thread(witness.add, await request.body())
        headers = {"content-type": SIZE_TYPE} if answer.status == 409 else {}
        return Response(answer.text, status_code=answer.status, media_type=MediaType.TEXT, headers=headers)

    @get("/{origin_hash:str}/checkpoint", sync_to_thread=True)
    def checkpoint(origin_hash: FromPath[str]) -> Response[bytes]:
        note = witness.newest(origin_hash)
        if note is None:
            raise NotFoundException
        return Response(note, media_type=MediaType.TEXT)

    return Litestar([add_checkpoint, checkpoint], request_max_body_size=MOST_BYTES, openapi_config=None)


def app(environ: Mapping[str, str] = os.environ) -> Litestar:
    """Return the witness that the environment describes."""
    signer = read_skey(Path(environ["BACKOFFICE_WITNESS_KEY"]).read_text(encoding="utf-8").strip())
    keys = [read_vkey(line) for line in environ["BACKOFFICE_WITNESS_LOGS"].split()]
    return witness_app(Witness(Path(environ["BACKOFFICE_WITNESS_STORE"]), signer, keys))
