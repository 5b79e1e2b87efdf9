"""Faults: whatever was raised, as an error of ours."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Unavailable
from backoffice.plumbing import telling
from backoffice.plumbing.http.bodies import LARGEST_BODY, explained
from backoffice.plumbing.http.problems import FAULT, respond, status_of
from backoffice.plumbing.writing import is_out_of_room


def answer_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request with whatever was raised; what is of our own making is told in a log line too."""
    told = error_of(error, request)
    request_id = request.scope["state"]["request_id"]
    if status_of(told) == HTTPStatus.INTERNAL_SERVER_ERROR:
        telling.fault("fault", error, request=request_id, route=request.scope.get("path_template", ""))
    return respond(told, request_id, request.headers.get("accept-language", ""))


def error_of(error: Exception, request: Request[Any, Any, Any]) -> BackofficeError:
    """Return an exception as an error of ours; what nobody foresaw is `fault`."""
    told = BackofficeError(FAULT)
    match error:
        case BackofficeError():
            told = error
        case OSError() if is_out_of_room(error):
            told = Unavailable("disk_full")
        case ValidationException():
            told = _validation(error.extra)
        case NotFoundException():
            told = NotFound("route_unknown")
        case MethodNotAllowedException():
            allowed = (error.headers or {}).get("allow", "").split(", ")
            told = Invalid("method_unknown", known=sorted(set(allowed) - {"OPTIONS"}))
        case RequestEntityTooLarge():
            told = Invalid("body_too_large", most=_most(request))
        case HTTPException(status_code=status) if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            told = Invalid("request_unreadable")
    return told


def _validation(extra: object) -> BackofficeError:
    """Return what the framework says of parameters, field by field."""
    faults = [_parameter(one) for one in extra if isinstance(one, Mapping)] if isinstance(extra, list) else []
    if len(faults) == 1:
        return faults[0]
    return Invalid("request_invalid", faults=faults) if faults else Invalid("request_unreadable")


def _parameter(told: Mapping[str, Any]) -> Invalid:
    field, says = str(told.get("key", "")), str(told.get("message", ""))
    if field == "data":
        return Invalid("body_missing")
    if says == repr(field):  # the framework's word for one that is not there
        return Invalid("field_missing", field=field)
    return explained(says, field)


def _most(request: Request[Any, Any, Any]) -> int:
    handler = request.scope.get("route_handler")
    most = handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else None
    return most or LARGEST_BODY
