"""Log lines: what the program tells those who run it, one JSON object a line on standard error, and never of persons.

A line names what happened, the request or the loop, the route's template, a status, a duration, an account. What may
name a person has no place in it: no body, no address, no name, no header's value, no path with its values. Whoever
writes a line keeps to that; the wall here is the second one: fields that could hold such a thing are dropped, and
what looks like a phone number or a mail address becomes `…` wherever it stands.

An error is told by its types and by file and line of its stack, without the values that Python's own traceback and
an error's own words would bring along.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any
from uuid import UUID

import msgspec

from backoffice.kernel.clock import system_clock
from backoffice.kernel.errors import BackofficeError

MASK = "…"
NEVER = frozenset(
    {
        *(
            "address",
            "addresses",
            "authorization",
            "body",
            "contact",
            "cookie",
            "email",
            "emails",
            "first_name",
            "from",
        ),
        *("from", "headers", "key", "last_name", "name", "payload", "person", "phone", "phones", "query", "recipient"),
        *("recipients", "text", "to", "token", "url"),
    }
)
"""Fields that no line has."""

_SIZES = frozenset({"bytes", "rows", "size"})  # whole numbers as long as a phone number, and none
_LONG = 10**7  # a whole number from here on may be a phone number
_LONGEST = 500  # characters of one value
_MOST_FRAMES = 20
_UUID = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
_DAY = r"\b(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?"
_MARKED = re.compile(
    rf"(?P<safe>{_UUID}|{_DAY}(?:{_TIME})?(?!\d))"
    r"|[^\s@<>\"']{1,64}@[^\s@<>\"']+"
    r"|\+?\d(?:[ ().\-/\u00a0]{0,3}\d){6,}"
)


def masked(value: object) -> Any:  # noqa: ANN401  # whatever JSON can hold
    """Return a value as a line may hold it; ids and moments stay, what looks like a number or an address goes.

    >>> masked("sent to +371 2000-0000 by anna@example.org at 2026-11-20T08:30:00Z")
    'sent to … by … at 2026-11-20T08:30:00Z'
    """
    told: Any = type(value).__name__
    match value:
        case None | bool() | float():
            told = value
        case int():
            told = value if abs(value) < _LONG else MASK
        case str():
            told = _MARKED.sub(lambda found: found["safe"] or MASK, value[:_LONGEST])
        case UUID() | datetime() | date():
            told = str(value)
        case Mapping():
            told = {str(masked(str(name))): masked(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            told = [masked(item) for item in value]
    return told


def info(event: str, **fields: object) -> None:
    """Tell that something happened as it should."""
    _tell("info", event, fields)


def warn(event: str, **fields: object) -> None:
    """Tell of something that somebody should look at."""
    _tell("warning", event, fields)


def fault(event: str, error: BaseException, **fields: object) -> None:
    """Tell of an error nobody caught: what kind, and where."""
    _tell("error", event, fields | fault_of(error))


def fault_of(error: BaseException) -> dict[str, object]:
    """Return what may be told of an error: its type and code, the types that led to it, and file and line.

    >>> fault_of(BackofficeError("file_empty"))
    {'error': 'BackofficeError', 'code': 'file_empty', 'after': [], 'stack': []}
    """
    code = {"code": error.code} if isinstance(error, BackofficeError) else {}
    earlier = list(_earlier(error))
    causes = [error, *(one for one in earlier if one is not error.__context__ or one is error.__cause__)]
    stack = [frame for one in causes for frame in _frames(one.__traceback__)]
    return {
        "error": _type_of(error),
        **code,
        "after": [_type_of(one) for one in earlier],
        "stack": stack[:_MOST_FRAMES],
    }


class Library(logging.Handler):
    """Takes what libraries tell through Python's own logging: the unfilled message, never the values filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a library's line as one of ours."""
        error = record.exc_info[1] if record.exc_info else None
        told = fault_of(error) if error else {}
        level = "error" if record.levelno >= logging.ERROR else "warning"
        if record.levelno < logging.WARNING:
            level = "info"
        says = str(record.msg).partition("\n")[0][:200]  # asyncio's further lines repeat what an error says
        _tell(level, "library", {"library": record.name, "says": says, **told})


def start_telling() -> None:
    """Make every line of this process one of ours, those of libraries too."""
    root = logging.getLogger()
    root.handlers[:] = [Library()]
    root.setLevel(logging.WARNING)


LIBRARIES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"class": "backoffice.plumbing.telling.Library"}},
    "root": {"level": "WARNING", "handlers": ["lines"]},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
}
"""The same, as a configuration for those who want to be told it."""


def _tell(level: str, event: str, fields: Mapping[str, object]) -> None:
    """Write a line behind the wall, on what is standard error by then."""
    told: dict[str, Any] = {"at": system_clock().isoformat(timespec="milliseconds"), "level": level}
    for name, value in (*fields.items(), ("event", event)):
        if name not in NEVER:
            told[name] = value if name in _SIZES and isinstance(value, int) else masked(value)
    sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
    sys.stderr.flush()


def _type_of(error: BaseException) -> str:
    kind = type(error)
    return (
        kind.__name__
        if kind.__module__ in ("builtins", "backoffice.kernel.errors")
        else f"{kind.__module__}.{kind.__name__}"
    )


def _earlier(error: BaseException) -> Iterator[BaseException]:
    """Yield what led to an error, each once: its causes, and what a group is a group of."""
    seen, waiting = {id(error)}, [error]
    while waiting:
        one = waiting.pop(0)
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        for earlier in (*inner, one.__cause__ or one.__context__):
            if earlier is not None and id(earlier) not in seen:
                seen.add(id(earlier))
                waiting.append(earlier)
                yield earlier


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame, line in walk_tb(trace):
        file = "/".join(Path(frame.f_code.co_filename).parts[-3:])
        yield f"{file}:{line} in {frame.f_code.co_name}"
