"""Chance that can be repeated: what happens to a message depends on the seed, the matter and the message alone."""

from __future__ import annotations

import hashlib


def draw(seed: int, what: str, key: str) -> float:
    """Draw a number from 0 to below 1; the same question is answered the same.

    >>> draw(1, "drop", "a/1") == draw(1, "drop", "a/1") != draw(2, "drop", "a/1")
    True
    """
    drawn = hashlib.blake2b(f"{seed}/{what}/{key}".encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(drawn, "big") / (1 << 56)
