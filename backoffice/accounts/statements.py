"""Statements: facts of an account that no column of any room holds, so that somebody states them.

The list is closed: what a column answers can't be stated beside it. A value has the type that the gate reads, and every
text in it is a code: no statement can hold a person's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import Account, Register

OWN: frozenset[str] = frozenset(
    {
        *("places", "is_registered", "standing", "standing_ground", "restricted_channels", "documents_accepted"),
        *("declared_use", "sender_provider_type", "sender_is_registered", "sender_is_linked", "sender_is_banned"),
        *("sender_is_spoofed", "sender_can_receive", "sender_is_halted", "portfolio_room_at"),
    }
)
"""Facts that columns of this room answer."""

ELSEWHERE: frozenset[str] = frozenset({"credits", "registers", "usage_count"})
"""Facts that another room's columns answer: credit lots, registers held, sends."""

STATED: frozenset[str] = frozenset(Account.__struct_fields__) - OWN - ELSEWHERE
"""Facts that are stated."""

_TYPES = {name: kind for name, kind in get_type_hints(Account, include_extras=True).items() if name in STATED}
_DECODERS = {name: msgspec.msgpack.Decoder(kind) for name, kind in _TYPES.items()}
_CODE = re.compile(r"[A-Za-z0-9_.:-]{0,64}", re.ASCII)
_FRACTIONS = frozenset({"mail_complaint_rate"})


def encode_statement(fact: str, value: object) -> bytes:
    r"""Return a fact's value as stored; raises Invalid for no fact that is stated, or a value it can't have.

    >>> encode_statement("has_paid_plan", True)
    b'\xc3'
    """
    if fact not in STATED:
        raise Invalid("fact_not_stated", field=f"account.{fact}", known=", ".join(sorted(STATED)))
    try:
        made = msgspec.convert(value, _TYPES[fact])
        stored = msgspec.msgpack.encode(made, order="deterministic")
        if all(_is_sound(part, fact) for part in _parts(_DECODERS[fact].decode(stored))):
            return stored
    except (msgspec.ValidationError, OverflowError, ValueError):
        pass
    raise Invalid("fact_invalid", field=f"account.{fact}")


def decode_statement(fact: str, stored: bytes) -> Any:  # noqa: ANN401  # a fact of any type
    """Return a stored fact's value.

    >>> sorted(decode_statement("entitlements", encode_statement("entitlements", ["whatsapp", "sms"])))
    ['sms', 'whatsapp']
    """
    return _DECODERS[fact].decode(stored)


def _parts(value: object) -> Iterator[object]:
    """Yield what a value is made of."""
    match value:
        case frozenset() | tuple():
            for item in value:
                yield from _parts(item)
        case Register():
            yield from (value.name, value.as_of)
        case _:
            yield value


def _is_sound(part: object, fact: str) -> bool:
    match part:
        case str():
            return _CODE.fullmatch(part) is not None
        case Decimal():
            return part.is_finite() and 0 <= part <= (1 if fact in _FRACTIONS else part)
        case int():  # a bool too
            return part >= 0
        case datetime():
            return part.tzinfo is UTC
        case _:
            return False
