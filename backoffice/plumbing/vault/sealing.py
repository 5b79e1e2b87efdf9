"""Sealing: what is known of a subject, under a key of its own and bound to the one cell it was sealed for."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.vault.keys import KEY_BYTES, NONCE_BYTES, Ring, framed
from backoffice.plumbing.vault.tokens import DIGEST, Kind, token

_SUBJECT = b"subject"
_INDEX = b"index"
_ID = (16).to_bytes(4, "big")  # a UUID's length, as `framed` puts it


class Place(NamedTuple):
    """The table and the column that a sealed value belongs to."""

    table: str
    column: str


class WrappedKey(NamedTuple):
    """A subject's key as it is stored."""

    subject_id: UUID
    version: int
    wrapped: bytes


class Subject:
    """A person or an account, with the key under which all that is known of it is sealed; or with none any more."""

    __slots__ = ("_cipher", "_who", "id")

    def __init__(self, subject_id: UUID, key: bytes | None) -> None:
        self.id = subject_id
        self._who = _ID + subject_id.bytes + _ID
        self._cipher = None if key is None else AESGCM(key)

    @property
    def is_destroyed(self) -> bool:
        """Whether the key was destroyed: nothing can be sealed or opened for this subject any more."""
        return self._cipher is None

    def seal(self, place: Place, row_id: UUID, plaintext: bytes) -> bytes:
        """Seal a value for one column of one row; 28 bytes longer than it was."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._key().encrypt(nonce, plaintext, _where(place) + self._who + row_id.bytes)

    def open(self, place: Place, row_id: UUID, sealed: bytes) -> bytes:
        """Return the value; raises `sealed_unreadable` for another place, row or subject, or for changed bytes."""
        bound = _where(place) + self._who + row_id.bytes
        try:
            return self._key().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise BackofficeError(
                "sealed_unreadable", table=place.table, column=place.column, row=str(row_id), subject=str(self.id)
            ) from None

    def _key(self) -> AESGCM:
        if self._cipher is None:
            raise BackofficeError("subject_key_destroyed", subject=str(self.id))
        return self._cipher


class Vault:
    """The keys of an install: master keys to wrap with, index keys to look up and to recognise by.

    `version` is the master key that wraps what is new. It only grows, and only where the database says so: a newer one
    in the file waits for its rotation.
    """

    def __init__(self, ring: Ring, version: int, index_keys: Mapping[str, bytes]) -> None:
        self.ring = ring
        self.version = version
        self._index_keys = dict(index_keys)

    def token(self, kind: Kind, value: str) -> bytes:
        """Return the 16 bytes by which a number (E.164) or a mail address is found; `Invalid` for what is neither."""
        return token(self._index_keys[kind], kind, value)

    def digest(self, data: bytes) -> bytes:
        """Return 32 bytes by which something is known again that a plain hash wouldn't hide.

        A request's body or a provider's id of a message is a phone number and little else that can't be guessed.
        """
        return hmac.digest(self._index_keys[DIGEST], data, "sha256")

    def new_subject(self, subject_id: UUID) -> tuple[Subject, WrappedKey]:
        """Draw a key for a subject; return it ready for use, and as `store.add_subjects` stores it."""
        key = os.urandom(KEY_BYTES)
        wrapped = self.ring[self.version].wrap(_SUBJECT, subject_id.bytes, key)
        return Subject(subject_id, key), WrappedKey(subject_id, self.version, wrapped)

    def subject(self, subject_id: UUID, wrapped: bytes | None, version: int) -> Subject:
        """Return a subject ready for use from its stored key, or without one where it was destroyed.

        Raises `key_unreadable` where the key is another's or was changed, `master_key_missing` for a version that
        the file of master keys doesn't hold.
        """
        if wrapped is None:
            return Subject(subject_id, None)
        return Subject(subject_id, self.ring[version].unwrap(_SUBJECT, subject_id.bytes, wrapped))

    def rewrap(self, stored: WrappedKey, version: int) -> WrappedKey:
        """Return a subject's key wrapped by another master key."""
        name = stored.subject_id.bytes
        key = self.ring[stored.version].unwrap(_SUBJECT, name, stored.wrapped)
        return WrappedKey(stored.subject_id, version, self.ring[version].wrap(_SUBJECT, name, key))

    def turn_to(self, version: int) -> None:
        """Wrap what is new by this master key, unless a newer one is in use already."""
        self.version = max(self.version, version)


class WrappedSecret(NamedTuple):
    """An index key as it is stored."""

    name: str
    version: int
    wrapped: bytes


def wrap_index_key(ring: Ring, version: int, name: str, key: bytes) -> WrappedSecret:
    """Return an index key as it is to be stored."""
    return WrappedSecret(name, version, ring[version].wrap(_INDEX, name.encode(), key))


def unwrap_index_key(ring: Ring, stored: WrappedSecret) -> bytes:
    """Return an index key; raises `key_unreadable` or `master_key_missing`."""
    return ring[stored.version].unwrap(_INDEX, stored.name.encode(), stored.wrapped)


@cache
def _where(place: Place) -> bytes:
    return framed(b"v1", place.table.encode(), place.column.encode())
