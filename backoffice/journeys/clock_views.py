"""How the sandbox's clock is read and moved; on any other install both are refused (409, `clock_is_real`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from backoffice.journeys import clock
from backoffice.plumbing.http import Body, Caller, Once
from backoffice.plumbing.install import Install, Work


class ClockToMove(Body, frozen=True, kw_only=True):
    """Where the sandbox's clock is moved to: just one of a moment, and a length of time as ISO 8601 writes it."""

    at: Annotated[datetime, Meta(tz=True)] | None = None
    advance: timedelta | None = None

    EXAMPLE: ClassVar[dict[str, Any]] = {"advance": "PT8H"}


class ClockTold(msgspec.Struct, frozen=True):
    """The moment at which the sandbox is."""

    at: datetime


class ClockMoved(msgspec.Struct, frozen=True):
    """The moment at which the sandbox was, and the one to which it was moved."""

    was: datetime
    at: datetime


@get("/sandbox/clock")
async def get_clock(caller: NamedDependency[Caller], install: NamedDependency[Install]) -> ClockTold:
    """Tell what time it is in the sandbox."""
    del caller
    return ClockTold(clock.clock_of(install)())


@post("/sandbox/clock", status_code=200)
async def move_clock(data: JSONBody[ClockToMove], once: NamedDependency[Once]) -> Response[ClockMoved]:
    """Move the sandbox's clock on; what is due by then happens within a second. It never goes back."""

    async def verb(work: Work) -> ClockMoved:
        return ClockMoved(*await clock.move_clock(work, at=data.at, by=data.advance))

    await clock.be_still(once.install)
    answer = await once(data, verb)
    await clock.settle(once.install)
    return answer


ROUTES = [get_clock, move_clock]
