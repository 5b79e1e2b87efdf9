"""The frame around every request: an id, a log line, a count, headers for browsers, and always an answer."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar import Litestar, Request

from backoffice.kernel.clock import system_clock
from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.kernel.ids import new_id
from backoffice.plumbing import metrics, telling
from backoffice.plumbing.http.callers import Caller
from backoffice.plumbing.http.faults import answer_fault

if TYPE_CHECKING:
    from litestar.types import Message, Receive, Scope, Send

QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Routes that machines ask all day: told only when they fail."""

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
UNMATCHED = "unmatched"


class Web(Litestar):
    """The web part of an install."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # as ASGI has them
        """Serve one request, or the process's start and end."""
        if scope["type"] == "http":
            await _Exchange(scope, new_id(system_clock)).run(super().__call__, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, request_id: UUID) -> None:
        self._scope = scope
        self._id = request_id
        self._status = 0
        self._began = perf_counter()
        scope.setdefault("state", {})["request_id"] = request_id

    async def run(self, app: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401  # an ASGI app
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                present = {name for name, _ in message["headers"]}
                added = [header for header in HEADERS if header[0] not in present]
                own = (b"x-request-id", str(self._id).encode())
                message["headers"] = [*message["headers"], *added, own]
            await send(message)

        try:
            if b"%00" in self._scope.get("raw_path", b"") or b"%00" in self._scope["query_string"]:
                await self._refuse(app, Invalid("text_with_nul"), receive, sending)
            else:
                await app(self._scope, receive, sending)
        except Exception as error:  # noqa: BLE001  # the framework's own handlers failed, or an answer that had begun
            telling.fault("fault", error, request=self._id, route=self._route)
            if self._status:
                raise BrokenAnswerError(str(self._id)) from None
            await self._refuse(app, BackofficeError("fault"), receive, sending)
        finally:
            self._tell()

    async def _refuse(self, app: Any, error: Exception, receive: Receive, send: Send) -> None:  # noqa: ANN401
        self._scope["litestar_app"] = self._scope["app"] = getattr(app, "__self__", app)
        request: Request[Any, Any, Any] = Request(self._scope, receive, send)
        answer = answer_fault(request, error).to_asgi_response(app=None, request=request)
        await answer(self._scope, receive, send)

    @property
    def _route(self) -> str:
        return self._scope.get("path_template") or UNMATCHED

    def _tell(self) -> None:
        seconds, method = perf_counter() - self._began, str(self._scope.get("method"))
        metrics.count_request(method, self._route, self._status, seconds)
        if self._route in QUIET and self._status < 400:
            return
        caller = self._scope["state"].get("caller")
        account = {"account": caller.account_id} if isinstance(caller, Caller) else {}
        told = {"request": self._id, "method": method, "route": self._route, "status": self._status}
        telling.info("request", **told, seconds=round(seconds, 6), **account)


class BrokenAnswerError(Exception):
    """An answer that had begun could not be finished; why is in the log lines, under the request's id."""
