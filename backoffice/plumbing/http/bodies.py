"""Bodies: JSON read strictly, and what is wrong with one told by its field.

A number is no text and text is no number, an unknown field is refused, text holds no NUL (PostgreSQL has none), and
a moment is one that can be told in every zone. What somebody wrote is never repeated, only where it stood and what
belongs there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.typing import FieldDefinition

from backoffice.kernel.errors import Invalid
from backoffice.plumbing.telling import MASK

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_UPLOAD = 512 * 1024 * 1024  # bytes
_JSON = "application/json"

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_EDGE_OF_TIME = re.compile(rb'"(?:000[01]|9999)-\d\d-\d\d[Tt ]')
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Object missing required field `(?P<name>\w+)`"), "field_missing"),
    (re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL), "field_unknown"),
    (re.compile(r"Expected `(?P<expected>[\w| ]+)`, got `(?P<got>\w+)`"), "field_type"),
    (re.compile(r"Expected `\w+` (?P<expected>(?:of length )?[<>=]+ -?\d+(?:\.\d+)?)"), "field_limit"),
    (re.compile(r"Expected `\w+` (?P<expected>with a timezone component)"), "field_without_zone"),
    (re.compile(r"Expected `\w+` matching regex"), "field_pattern"),
    (re.compile(r"Invalid (?P<expected>UUID|RFC3339 encoded \w+|base64|decimal|ISO8601 duration)"), "field_format"),
    (re.compile(r"Invalid (?:enum )?value"), "field_value"),
    (re.compile(r"(?:Integer|Number|Timestamp|Duration).*(?:range|represent)"), "field_range"),
)


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request: these fields and no others. `EXAMPLE` is what the description shows and tests post."""

    EXAMPLE: ClassVar[dict[str, Any]] = {}


class StrictJson(AbstractDTO[Any]):
    """Reads the bodies of all handlers, by the type each declares for `data`."""

    _decoders: ClassVar[dict[str, msgspec.json.Decoder[Any]]] = {}

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: object = None
    ) -> None:
        """Keep a decoder of the declared type for a handler."""
        _ = backend_cls
        cls._decoders[handler_id] = msgspec.json.Decoder(field_definition.annotation)

    def decode_bytes(self, value: bytes) -> Any:  # noqa: ANN401  # the handler's type
        """Read a body; raises Invalid naming the field."""
        require_json(self.asgi_connection.headers.get("content-type", ""))
        return decode(value, self._decoders[self.asgi_connection.route_handler.handler_id])

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Iterator[DTOFieldDefinition]:  # type: ignore[override]
        """Nothing is transferred: the body is what the handler takes."""
        _ = model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Nothing is transferred."""
        _ = field_definition
        return False


def require_json(content_type: str) -> None:
    """Raise Invalid `media_type_unsupported` unless a body says it is JSON in UTF-8."""
    kind, _, rest = content_type.lower().partition(";")
    charset = rest.partition("charset=")[2].strip(' "')
    if kind.strip() != _JSON or charset not in ("", "utf-8"):
        raise Invalid("media_type_unsupported", known=[_JSON])


def decode(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:  # noqa: ANN401  # the decoder's type
    """Read a JSON body strictly; raises Invalid saying what is wrong and where.

    >>> decode(b'{"a": 1}', msgspec.json.Decoder(dict[str, int]))
    {'a': 1}
    """
    if not body.strip():
        raise Invalid("body_missing")
    if b"\\u0000" in body and _NUL.search(body):
        raise Invalid("text_with_nul")
    if _EDGE_OF_TIME.search(body):
        raise Invalid("moment_out_of_range")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise explained(str(error)) from None
    except UnicodeDecodeError:
        raise Invalid("body_not_utf8") from None
    except RecursionError:
        raise Invalid("body_too_deep") from None
    except msgspec.DecodeError:
        raise Invalid("body_not_json") from None


def explained(says: str, field: str = "") -> Invalid:
    """Return a reader's complaint as ours: its code, the field, what belongs there; never what stood there.

    >>> explained("Expected `int`, got `str` - at `$.rows[0].count`").data
    {'field': 'rows[0].count', 'expected': 'int', 'got': 'str'}
    """
    says, _, place = says.rpartition(" - at `$") if " - at `$" in says else (says, "", "")
    field = ".".join(part for part in (field, place.rstrip("`").removeprefix(".")) if part)
    for words, code in _WORDS:
        if found := words.match(says):
            told = found.groupdict()
            name = told.pop("name", None)
            if name is not None:
                field = ".".join(part for part in (field, shown_name(name)) if part)
            return Invalid(code, field=field, **told)
    return Invalid("field_invalid", field=field)


def shown_name(name: str) -> str:
    """Return the name of a field that somebody made up, if it can be one; a value in its place is not repeated."""
    return name if _NAME.fullmatch(name) else MASK
