"""The wire: JSON that our HTTP adapter and the sandbox speak, and the signature of callbacks.

POST /messages            | an `Order`; 200 `Taken`, 4xx and 5xx `Fault`, `Retry-After` in seconds
GET /messages/{reference} | 200 `Kept`; 404 for certain never taken; anything else: can't tell
callback                  | a `Post` of `Event`s, `X-Hub-Signature-256: sha256=` and HMAC-SHA256 over the raw bytes
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from backoffice.channels.port import Status

SIGNATURE = "X-Hub-Signature-256"

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is handed in."""

    reference: UUID
    channel: str
    sender: str
    to: str
    text: str = ""
    template: str = ""
    language: str = ""
    parameters: Mapping[str, str] = {}


class Taken(msgspec.Struct, frozen=True):
    """The provider's id of a message it took."""

    id: str


class Error(msgspec.Struct, frozen=True):
    """Why a message was not taken."""

    code: int
    message: str = ""


class Fault(msgspec.Struct, frozen=True):
    """An answer that is no."""

    error: Error


class Kept(msgspec.Struct, frozen=True):
    """What the provider keeps of a message."""

    id: str
    status: Status
    code: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A message's status since a moment; `code` of a failure, 0 for none."""

    id: str
    reference: UUID
    status: Status
    at: Moment
    code: int = 0


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A callback: events of one sender's messages, in any order."""

    channel: str
    sender: str
    statuses: tuple[Event, ...] = ()


def sign(secret: bytes, raw: bytes) -> str:
    """Return the signature of a callback's bytes.

    >>> sign(b"secret", b"{}")[:20]
    'sha256=77325902caca8'
    """
    return "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()


def is_signed(secret: bytes, raw: bytes, signature: str) -> bool:
    """Tell, in the same time for every wrong guess, whether whoever knows the secret wrote these bytes.

    Without a secret nothing is signed.
    """
    return bool(secret) and hmac.compare_digest(sign(secret, raw).encode(), signature.encode())
