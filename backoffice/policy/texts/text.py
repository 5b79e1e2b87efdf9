"""The shape of a reason in words."""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True):
    """What stands in the way, and what the account can do about it; "" where only others or time can."""

    says: str
    remedy: str = ""
