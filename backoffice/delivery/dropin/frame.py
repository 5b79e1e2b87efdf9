"""The frame of the drop-in door: who calls, in which version, and that each no is said in the Cloud API's words."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response

from backoffice.delivery.dropin.faults import UNKNOWN, GraphFault, fault_of
from backoffice.kernel.errors import NotFound
from backoffice.plumbing import telling
from backoffice.plumbing.http import PUBLIC, Caller
from backoffice.plumbing.http.callers import Callers
from backoffice.plumbing.http.faults import answer_fault, error_of

JSON = "application/json"
_VERSION = re.compile(r"v[1-9][0-9]{0,2}\.[0-9]{1,2}")


def answer_graph_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request in the Cloud API's form with whatever was raised; what is no such path, as everywhere else."""
    if not _VERSION.fullmatch(request.path_params.get("version", "")):
        return answer_fault(request, error)
    told = error if isinstance(error, GraphFault) else fault_of(error_of(error, request))
    trace: UUID = request.scope["state"]["request_id"]
    if told.code == UNKNOWN:
        telling.fault("fault", error, request=trace, route=request.scope.get("path_template", ""))
    return Response(msgspec.json.encode(told.told(trace)), status_code=told.status, media_type=JSON)


GRAPH: dict[str, Any] = {
    "opt": {**PUBLIC, "any_parameters": True},  # its caller is told no in its own words
    "exception_handlers": {Exception: answer_graph_fault},
}
"""How each of the door's handlers is declared."""


async def caller_in(request: Request[Any, Any, Any]) -> Caller:
    """Return whose program calls, by the key that it has for the provider's token."""
    if not _VERSION.fullmatch(request.path_params["version"]):
        raise NotFound("route_unknown")
    callers: Callers = request.app.state.callers
    caller = await callers.get(request.headers.get("authorization"))
    request.scope["state"]["caller"] = caller
    return caller
