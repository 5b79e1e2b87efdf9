"""Message ids as the Cloud API writes them, made of ours: a send's id stands in it, and nothing of the recipient."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

PREFIX = "wamid."
_OURS = b"BO\x01"  # the provider's own begin with other bytes
_LONGEST = 256  # characters


def wamid_of(send_id: UUID) -> str:
    """Return the id under which the Cloud API's integrations know a send.

    >>> wamid_of(UUID(int=1))
    'wamid.Qk8BAAAAAAAAAAAAAAAAAAAAAQ=='
    """
    return PREFIX + base64.b64encode(_OURS + send_id.bytes).decode()


def send_of(wamid: str) -> UUID | None:
    """Return the send whose id this is, or None for the provider's own and for what is none.

    >>> send_of(wamid_of(UUID(int=1))), send_of("wamid.HBgLMzcxMjYwMDAwMDE="), send_of("hello")
    (UUID('00000000-0000-0000-0000-000000000001'), None, None)
    """
    if not wamid.startswith(PREFIX) or len(wamid) > _LONGEST or not wamid.isascii():
        return None
    try:
        raw = base64.b64decode(wamid.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return None
    if not raw.startswith(_OURS) or len(raw) != len(_OURS) + 16:
        return None
    send_id = UUID(bytes=raw[len(_OURS) :])
    return send_id if wamid_of(send_id) == wamid else None  # Base64 writes the same in more than one way
