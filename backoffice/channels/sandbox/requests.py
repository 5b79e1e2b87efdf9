"""Requests, as the server hands them to the mind."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from backoffice.channels.sandbox.replies import Json, Problem


class Request(NamedTuple):
    """A request as it was read; header names in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def parts(self) -> list[str]:
        """The parts of its path."""
        return [part for part in urlsplit(self.target).path.split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        """Its query; of a name that comes twice, the last value."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def bearer(self) -> str:
        """Its bearer token, or nothing."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""

    def json(self) -> Json:
        """Return its body; raises Problem."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Problem(100, "The request body is not valid JSON.") from None
