"""Once: what a POST that changes something is given, so that it happens once however often it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response

from backoffice.plumbing.http.callers import caller_of
from backoffice.plumbing.http.problems import wanted_language
from backoffice.plumbing.idempotency import PATIENCE, Answer, Asked, fingerprint, idempotent, read_key
from backoffice.plumbing.install import Install, Work

HEADER = "Idempotency-Key"
_JSON = "application/json"

Told = TypeVar("Told")


class Once:
    """A request with its idempotency key. A view calls it with the body and the verb, and returns what it returns.

    It brings the answer's `language` along: a handler that takes one thing gets it sooner than one that takes two.
    """

    patience: ClassVar[float] = PATIENCE

    def __init__(self, install: Install, request: Request[Any, Any, Any]) -> None:
        self.install = install
        key = read_key(caller_of(request).account_id, request.headers.get(HEADER))
        self.key = key._replace(hash=install.vault.digest(key.hash))  # an account may call it by a phone number
        self.language = wanted_language(request.headers.get("accept-language", ""))
        self._method = request.method
        self._status: int = request.route_handler.status_code
        self._path = request.scope["path"] + "?" + request.scope["query_string"].decode("latin-1")

    @property
    def account_id(self) -> UUID:
        """Whose request it is."""
        return self.key.account_id

    def asked(self, body: object) -> Asked:
        """Return the request as it is known again; for a road that takes many requests into one transaction."""
        return Asked(self.key, self.install.vault.digest(fingerprint(self._method, self._path, body)))

    async def __call__(self, body: object, verb: Callable[[Work], Awaitable[Told]]) -> Response[Told]:
        """Do the verb in a unit of work of its own, and answer with what it tells; or answer what was answered before.

        The status is the handler's own.
        Raises Refused: `idempotency_key_reused` for another question, `idempotency_key_running` when the first is slow.
        """
        async with idempotent(self.install, self.asked(body), patience=self.patience) as request:
            if request.answer is None:
                request.answer = Answer(self._status, msgspec.json.encode(await verb(request.work)))
        return self.respond(request.answer)

    @staticmethod
    def respond(answer: Answer) -> Response[Any]:
        """Answer with the stored bytes, to the byte."""
        return Response(answer.body, status_code=answer.status, media_type=_JSON)
