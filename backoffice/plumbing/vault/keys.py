"""Master keys: a file with one line `version:base64` each, written whole and for its owner's eyes only."""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backoffice.kernel.errors import BackofficeError, Invalid, Unavailable
from backoffice.plumbing.writing import sync_folder, write_lasting

KEY_BYTES = 32
NONCE_BYTES = 12
_LAST_VERSION = 32_767  # smallint
_LINE = re.compile(r"([1-9]\d{0,4}):([A-Za-z0-9+/]{43}=)", re.ASCII)


class KeySettings(Protocol):
    """What the vault needs to know of an install: where its master keys are, and whether it may make one."""

    @property
    def master_key_file(self) -> Path | str | None:
        """The file of the master keys; none means `keys/master` among the install's data."""

    @property
    def data(self) -> Path:
        """The folder of the install's own files."""

    @property
    def mode(self) -> str:
        """Either sandbox, where a missing master key is made, or live, where it refuses to start."""


def framed(*parts: bytes) -> bytes:
    r"""Join parts, each behind its length in four bytes, so that no two lists of parts look alike.

    >>> framed(b"a", b"bc")
    b'\x00\x00\x00\x01a\x00\x00\x00\x02bc'
    """
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@cache
def _head(kind: bytes) -> bytes:
    return framed(b"v1", kind)


def check_value(key: bytes, name: str) -> str:
    """Return what may be stored in clear to recognise a key: a keyed hash that tells nothing of it."""
    return hmac.digest(key, framed(b"backoffice key check v1", name.encode()), "sha256").hex()


class Master:
    """One version of the master key. It wraps other keys, up to 2^32 of them (NIST SP 800-38D, 8.3)."""

    __slots__ = ("_cipher", "_told", "check", "version")

    def __init__(self, version: int, key: bytes) -> None:
        self.version = version
        self.check = check_value(key, f"master:{version}")
        self._cipher = AESGCM(key)
        self._told = framed(version.to_bytes(2, "big"))

    def wrap(self, kind: bytes, name: bytes, key: bytes) -> bytes:
        """Wrap a key so that it is unwrapped only by this version, and only as the key of this kind and name."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, self._bound(kind, name))

    def unwrap(self, kind: bytes, name: bytes, wrapped: bytes) -> bytes:
        """Return the key; raises `key_unreadable` for what was wrapped otherwise, or was changed."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._bound(kind, name))
        except (InvalidTag, ValueError):
            raise BackofficeError("key_unreadable", version=self.version) from None

    def _bound(self, kind: bytes, name: bytes) -> bytes:
        return _head(kind) + len(name).to_bytes(4, "big") + name + self._told  # `framed`, a thousand times a batch


class Ring:
    """The master keys of a file by their versions; the file is read again for a version that isn't known yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._masters = _read(path)

    def __contains__(self, version: int) -> bool:
        """Whether the file holds this version."""
        if version not in self._masters:
            self._masters = _read(self.path)
        return version in self._masters

    def __getitem__(self, version: int) -> Master:
        """Return a master key; raises `master_key_missing` where the file doesn't hold this version."""
        master = self._masters.get(version)
        if master is None and version not in self:
            raise Unavailable("master_key_missing", file=str(self.path), version=version)
        return master or self._masters[version]

    def newest(self) -> int:
        """Return the highest version in the file as it is now."""
        self._masters = _read(self.path)
        return max(self._masters)

    def add(self) -> int:
        """Draw a master key one version above the newest, put it into the file, and return its version."""
        version = self.newest() + 1
        write_lasting(self.path, f"{_text(self.path).rstrip()}\n{_line(version)}".encode())
        return version

    def remove(self, version: int) -> None:
        """Take a master key out of the file: nothing that it wrapped can ever be opened again."""
        kept = [line for line in _text(self.path).split() if int(line.partition(":")[0]) != version]
        write_lasting(self.path, ("\n".join(kept) + "\n").encode())
        self._masters = _read(self.path)


def key_file(settings: KeySettings) -> Path:
    """Return where the master keys of an install are."""
    return Path(settings.master_key_file or settings.data / "keys" / "master")


def make_master(path: Path) -> None:
    """Make a file with a first master key, readable for its owner only, in a folder that only its owner may enter."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
    except OSError as refused:
        raise Invalid("file_unwritable", file=str(path), why=refused.strerror) from None
    write_lasting(path, _line(1).encode())


def _line(version: int) -> str:
    return f"{version}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("ascii", "replace")
    except OSError as missing:
        raise Unavailable("master_key_unreadable", file=str(path), why=missing.strerror) from None


def _read(path: Path) -> dict[int, Master]:
    masters: dict[int, Master] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if line.strip():
            master = _master(line.strip())
            if master is None or master.version in masters:
                raise Invalid("master_key_invalid", file=str(path), line=number)
            masters[master.version] = master
    if not masters:
        raise Invalid("master_key_invalid", file=str(path), line=1)
    return masters


def _master(line: str) -> Master | None:
    shape = _LINE.fullmatch(line)
    if shape is None or not 1 <= int(shape[1]) <= _LAST_VERSION:
        return None
    return Master(int(shape[1]), base64.b64decode(shape[2]))  # 43 signs and the = are 32 bytes
