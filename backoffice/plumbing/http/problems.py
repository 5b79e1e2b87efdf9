"""Problems: every error as an outsider sees it (RFC 9457), in the caller's language and without anybody's data.

The code says what kind of error it is, for programs; `errors` names the fields; `instance` is the request's id, which
the log line has too. What somebody sent is not repeated, and what an error says of our own insides stays inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from uuid import UUID

import msgspec
from litestar import Response

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused, Unavailable
from backoffice.kernel.language import Language, choose_language
from backoffice.plumbing.messages import MESSAGES, error_text
from backoffice.plumbing.telling import MASK, masked
from backoffice.plumbing.translations import LANGUAGES, translator

MEDIA_TYPE = "application/problem+json"
FAULT = "fault"

STATUSES: dict[str, int] = {
    "body_missing": 400,
    "callback_unsigned": 401,
    "body_not_json": 400,
    "body_not_utf8": 400,
    "body_too_deep": 400,
    "body_too_large": 413,
    "idempotency_key_invalid": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_reused": 422,
    "key_missing": 401,
    "key_unknown": 401,
    "media_type_unsupported": 415,
    "method_unknown": 405,
    "request_unreadable": 400,
    "text_with_nul": 400,
    "webhook_word_unknown": 403,
}
"""Codes whose status is not that of their kind."""

KINDS: tuple[tuple[type[BackofficeError], int], ...] = (
    (Invalid, 422),
    (NotFound, 404),
    (Refused, 409),
    (Unavailable, 503),
)
RETRY_AFTER = {503: "2", 409: "1"}  # seconds
RETRIED = frozenset({"idempotency_key_running"})
"""Refusals that only time mends."""

_OURS = frozenset({"expected", "field", "got", "known", "most", "oldest"})  # what we put there ourselves
_THEIRS = frozenset({"detail", "file", "headers", "name", "reason", "text", "value", "why"})
_TOKEN = re.compile(r"[A-Za-z0-9_.:/\[\]-]{1,64}")
_WISH = re.compile(r"\s*([A-Za-z0-9-]{1,35})\s*(?:;\s*[qQ]=([01](?:\.\d{0,3})?))?\s*")
_MOST_WISHES = 20


class FieldFault(msgspec.Struct, frozen=True):
    """What is wrong with one field of a request."""

    field: str
    code: str
    says: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Problem details (RFC 9457): `code` for programs, `title` and `detail` for people, `instance` to ask us about."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldFault] = []


def status_of(error: BackofficeError) -> int:
    """Return the HTTP status of an error; one that is of no outsider's making is 500."""
    if error.code in STATUSES:
        return STATUSES[error.code]
    return next((status for kind, status in KINDS if isinstance(error, kind)), 500)


def problem_of(error: BackofficeError, request_id: UUID, language: Language) -> Problem:
    """Say an error to an outsider; one of our own is only called so, with the id to ask about."""
    translate = translator(language)
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        error = BackofficeError(FAULT)
    return Problem(
        type=f"/v1/problems/{error.code}",
        title=translate(MESSAGES.get(f"title_{status}", HTTPStatus(status).phrase)),
        status=status,
        detail=_says(error, translate),
        instance=f"urn:uuid:{request_id}",
        code=error.code,
        errors=[_field_fault(fault, translate) for fault in _faults(error)],
    )


def respond(error: BackofficeError, request_id: UUID, accept_language: str) -> Response[bytes]:
    """Answer a request with an error."""
    language = wanted_language(accept_language)
    problem = problem_of(error, request_id, language)
    headers = {"Content-Language": str(language), "Vary": "Accept-Language"}
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE or error.code in RETRIED:
        headers["Retry-After"] = RETRY_AFTER[problem.status]
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        known = error.data.get("known")
        headers["Allow"] = ", ".join(known) if isinstance(known, list) else ""
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


@lru_cache(maxsize=256)
def wanted_language(accept_language: str) -> Language:
    """Return the language that suits an `Accept-Language` best (RFC 9110, section 12.5.4); English when none does.

    >>> wanted_language("de, lv;q=0.7, ru;q=0.9, az;q=0")
    'ru'
    """
    wishes = [_WISH.fullmatch(part) for part in accept_language.split(",")[:_MOST_WISHES]]
    weighed = [(-float(wish[2] or 1), wish[1]) for wish in wishes if wish]
    wanted = [tag for weight, tag in sorted(weighed, key=lambda wish: wish[0]) if weight]
    return choose_language(wanted, LANGUAGES)


def _faults(error: BackofficeError) -> list[BackofficeError]:
    many = error.data.get("faults")
    if isinstance(many, (list, tuple)):
        return [one for one in many if isinstance(one, BackofficeError)]
    return [error] if error.data.get("field") else []


def _field_fault(error: BackofficeError, translate: Callable[[str], str]) -> FieldFault:
    return FieldFault(str(masked(str(error.data.get("field", "")))), error.code, _says(error, translate))


def _says(error: BackofficeError, translate: Callable[[str], str]) -> str:
    shown = {name: _shown(name, value) for name, value in error.data.items() if name != "faults"}
    return error_text(BackofficeError(error.code, **shown), translate)


def _shown(name: str, value: object) -> object:
    """Return what may be shown of an error's data: our own words, and codes; nothing that somebody wrote."""
    if name in _OURS:
        return value
    if name in _THEIRS:
        return MASK
    if isinstance(value, (list, tuple)):
        return [_shown(name, item) for item in value]
    if isinstance(value, str) and not _TOKEN.fullmatch(value):
        return MASK
    return masked(value)
