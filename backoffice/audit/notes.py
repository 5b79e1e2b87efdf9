"""Signed notes and checkpoints, byte for byte as C2SP writes them (signed-note, tlog-checkpoint, tlog-cosignature).

A note is a text, an empty line, and a line for each signature: an em dash, the key's name, and in base64 the key's id
and the signature. One spelling of each is right; every other is refused, since two spellings make two documents.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backoffice.audit.merkle import HASH
from backoffice.kernel.errors import Invalid

ED25519 = 1
COSIGNATURE = 4
"""Types of signature: a log's own, and a witness's with its time."""

MOST_SIGNATURES = 100
MOST_BYTES = 1_000_000
"""What a note may be at most."""

_DASH = "— "
_PRIVATE = "PRIVATE+KEY+"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MOST = (1 << 63) - 1


class Key(NamedTuple):
    """A public key with the name and the type under which it signs."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that, with the name, tell which key has signed."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as it is handed to those who verify."""
        return f"{self.name}+{self.id.hex()}+{encode64(bytes([self.kind]) + self.public)}"

    def accepts(self, body: bytes, payload: bytes) -> bool:
        """Say whether the payload of a signature line is this key's signature of the body."""
        if self.kind == COSIGNATURE:
            body, payload = cosigned(body, payload[:8]), payload[8:]
        if not body or len(payload) != 64:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(payload, body)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key with its name: the log's, or a witness's own (one witness, one key)."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        if not is_name(name):
            raise Invalid("vkey_invalid", why="name")
        self.key = Key(name, kind, self._private.public_key().public_bytes_raw())

    @property
    def skey(self) -> str:
        """The private key as a line for a file that nobody else may read."""
        secret = encode64(bytes([self.key.kind]) + self._private.private_bytes_raw())
        return f"{_PRIVATE}{self.key.name}+{self.key.id.hex()}+{secret}"

    def sign(self, body: bytes, at: datetime | None = None) -> str:
        """Return the signature line of a body; a witness signs the moment too, to the second."""
        if self.key.kind == ED25519:
            return signature_line(self.key, self.raw_sign(body))
        if at is None:
            raise ValueError("a cosignature states its time")
        time = int(at.timestamp()).to_bytes(8, "big")
        return signature_line(self.key, time + self.raw_sign(cosigned(body, time)))

    def raw_sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self._private.sign(message)


class Signature(NamedTuple):
    """One signature line: whose it says it is, and what was signed with."""

    name: str
    key_id: bytes
    payload: bytes


class Note(NamedTuple):
    """A text with its last newline, and the signatures under it."""

    body: bytes
    signatures: tuple[Signature, ...]


class Checkpoint(NamedTuple):
    """The state of a log: its origin, the number of its leaves, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n".encode()


class Opened(NamedTuple):
    """A checkpoint that a key of its log has signed, and the witnesses that cosigned it, each with its time.

    Times are seconds since 1970.
    """

    checkpoint: Checkpoint
    witnesses: dict[Key, int]


def encode64(raw: bytes) -> str:
    """Return base64 as RFC 4648, section 4, writes it."""
    return b64encode(raw).decode()


def decode64(text: str) -> bytes:
    """Return the bytes of the one right spelling in base64; a ValueError for any other."""
    raw = b64decode(text.encode("ascii"), validate=True)
    if encode64(raw) != text:
        raise ValueError("not canonical")
    return raw


def decimal(text: str) -> int:
    """Return a size below 2**63, written without sign, blank or leading zero; a ValueError for any other."""
    if not _DECIMAL.fullmatch(text) or int(text) > _MOST:
        raise ValueError("no plain number")
    return int(text)


def read_vkey(text: str) -> Key:
    """Return the key that `name+id+key` tells of; raises Invalid (`vkey_invalid`)."""
    key_id, key = _key(text)
    if key.id.hex() != key_id:
        raise Invalid("vkey_invalid", why="id")
    return key


def read_skey(text: str) -> Signer:
    """Return the private key of a line that `Signer.skey` wrote; raises Invalid (`vkey_invalid`)."""
    if not text.startswith(_PRIVATE):
        raise Invalid("vkey_invalid", why="no private key")
    key_id, told = _key(text.removeprefix(_PRIVATE))
    signer = Signer(told.name, told.public, told.kind)
    if signer.key.id.hex() != key_id:
        raise Invalid("vkey_invalid", why="id")
    return signer


def _key(text: str) -> tuple[str, Key]:
    """Return what an encoded key says: its id and, in place of the public key, the 32 bytes that it holds."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = decode64(encoded)
    except ValueError:
        raise Invalid("vkey_invalid", why="base64") from None
    if not is_name(name):
        raise Invalid("vkey_invalid", why="name")
    if len(raw) != 1 + 32 or raw[0] not in (ED25519, COSIGNATURE):
        raise Invalid("vkey_invalid", why="type of key")
    return key_id, Key(name, raw[0], raw[1:])


def is_name(name: str) -> bool:
    """Say whether this can be the name of a key: a URL without its scheme, no blank and no plus in it.

    >>> is_name("ledger.example/2026"), is_name("a b"), is_name("")
    (True, False, False)
    """
    return bool(name) and not any(sign.isspace() or sign < " " or sign == "+" for sign in name)


def signature_line(key: Key, payload: bytes) -> str:
    """Return a signature as a line of a note."""
    return f"{_DASH}{key.name} {encode64(key.id + payload)}\n"


def cosigned(body: bytes, time: bytes) -> bytes:
    """Return what a witness signs: the time (eight bytes, seconds since 1970), then the body; nothing past 2**63."""
    seconds = int.from_bytes(time, "big")
    return b"cosignature/v1\ntime %d\n" % seconds + body if len(time) == 8 and seconds <= _MOST else b""


def sign_note(body: bytes, signers: Iterable[Signer], at: datetime | None = None) -> bytes:
    """Return the note of a body, signed by each; `at` is the time that witnesses among them state."""
    return body + b"\n" + "".join(signer.sign(body, at) for signer in signers).encode()


def read_note(data: bytes) -> Note:
    """Return what a note says and who says they have signed it; nothing is verified yet. Raises Invalid."""
    if len(data) > MOST_BYTES:
        raise Invalid("note_invalid", why="too long")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Invalid("note_invalid", why="UTF-8") from None
    if any(sign < " " and sign != "\n" for sign in text):
        raise Invalid("note_invalid", why="control character")
    head, parted, tail = text.rpartition("\n\n")
    if not parted or not tail.endswith("\n"):
        raise Invalid("note_invalid", why="no signatures after an empty line")
    return Note((head + "\n").encode(), read_signatures(tail))


def read_signatures(lines: str) -> tuple[Signature, ...]:
    """Return what signature lines hold, each ending in a newline; raises Invalid, also where a key comes twice."""
    found = [_signature(line) for line in lines[:-1].split("\n")]
    if len(found) > MOST_SIGNATURES:
        raise Invalid("note_invalid", why="too many signatures")
    if len({(each.name, each.key_id) for each in found}) < len(found):
        raise Invalid("note_invalid", why="two signatures of one key")
    return tuple(found)


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        raw = decode64(encoded)
    except ValueError:
        raise Invalid("note_invalid", why="base64 of a signature") from None
    if not line.startswith(_DASH) or not is_name(name) or len(raw) < 5:
        raise Invalid("note_invalid", why="signature line")
    return Signature(name, raw[:4], raw[4:])


def open_note(data: bytes, keys: Iterable[Key]) -> tuple[Note, dict[Key, Signature]]:
    """Return a note and the signatures of those keys; others' are passed over.

    Raises Invalid: `note_invalid`, `note_signature_wrong` for a known key's bad signature, `note_unsigned`.
    """
    note, known = read_note(data), {(key.name, key.id): key for key in keys}
    found = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key and not key.accepts(note.body, signature.payload):
            raise Invalid("note_signature_wrong", key=key.name)
        if key:
            found[key] = signature
    if not found:
        raise Invalid("note_unsigned")
    return note, found


def read_checkpoint(body: bytes) -> Checkpoint:
    """Return the checkpoint that a note's body is: three lines, no more. Raises Invalid (`checkpoint_invalid`)."""
    lines = body.decode().split("\n")
    if len(lines) != 4 or lines[3]:
        raise Invalid("checkpoint_invalid", why="three lines")
    origin, size, root = lines[:3]
    try:
        checkpoint = Checkpoint(origin, decimal(size), decode64(root))
    except ValueError:
        raise Invalid("checkpoint_invalid", why="size or root") from None
    if not origin or len(checkpoint.root) != HASH:
        raise Invalid("checkpoint_invalid", why="origin or root")
    return checkpoint


def open_checkpoint(data: bytes, keys: Iterable[Key]) -> Opened:
    """Return the checkpoint of a note that a key of its own log has signed, and which of the witnesses cosigned it.

    A log's key has the log's origin as its name; every cosignature among the keys given counts, for its time.
    Raises Invalid, as `open_note` and `read_checkpoint` do; `origin_other` when only others' keys have signed.
    """
    note, found = open_note(data, keys)
    checkpoint = read_checkpoint(note.body)
    if not any(key.kind == ED25519 and key.name == checkpoint.origin for key in found):
        raise Invalid("origin_other", origin=checkpoint.origin)
    witnesses = {key: found[key].payload[:8] for key in found if key.kind == COSIGNATURE}
    return Opened(checkpoint, {key: int.from_bytes(time, "big") for key, time in witnesses.items()})
