"""One byte form for one value, so that its SHA-256 names it today and in ten years.

The form: JSON in UTF-8, keys sorted by code point, no spaces; numbers are whole, a decimal is a string without
trailing zeros, a moment a string in UTC ending in Z, a set is sorted. It never holds a float.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import msgspec

from backoffice.kernel.clock import as_utc
from backoffice.kernel.errors import Invalid


def canonical_json(value: object) -> bytes:
    """Return the one byte form of a value; `canonical_type` or `canonical_text` when it has none.

    Two values that are equal have the same bytes, also when their keys, sets or zones were written differently.

    >>> canonical_json({"b": [True, None], "a": Decimal("1.50")})
    b'{"a":"1.5","b":[true,null]}'
    """
    plain = _plain(value)
    try:
        return _dumps(plain).encode()
    except UnicodeEncodeError as error:
        raise Invalid("canonical_text", detail=error.reason) from None


def content_hash(value: object) -> str:
    """Return the name of a content: `sha256:` and 64 hex digits, of the bytes, or of a value's canonical form.

    >>> content_hash(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    content = value if isinstance(value, bytes) else canonical_json(value)
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _plain(value: object) -> object:
    plain: object
    match value:
        case Enum():
            plain = _plain(value.value)
        case msgspec.Struct():
            plain = _plain(msgspec.structs.asdict(value))
        case Mapping():
            plain = {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            plain = [_plain(item) for item in value]
        case set() | frozenset():
            plain = sorted((_plain(item) for item in value), key=_dumps)
        case None | int() | str():
            plain = value
        case _:
            plain = _text(value)
    return plain


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return as_utc(value).isoformat().removesuffix("+00:00") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return _decimal_text(value)
    if isinstance(value, UUID):
        return str(value)
    raise Invalid("canonical_type", type=type(value).__name__)


def _decimal_text(value: Decimal) -> str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return "0" if text in {"-0", ""} else text


def _key(key: object) -> str:
    if not isinstance(key, str) or isinstance(key, Enum):
        raise Invalid("canonical_key", type=type(key).__name__)
    return key


def _dumps(plain: object) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
