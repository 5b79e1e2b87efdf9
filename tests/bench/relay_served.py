"""What the load is put on: the web part as it is, the same with a transaction a request, and a hello-world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar, post
from litestar.params import JSONBody

from backoffice.accounts.service import find_caller
from backoffice.main import ROUTES, create_app
from backoffice.plumbing import telling
from backoffice.plumbing.http import Web, make_web
from backoffice.plumbing.install import open_install
from backoffice.plumbing.settings import read_settings
from backoffice.relay.intake import Intake
from backoffice.relay.sending import handle
from backoffice.relay.views import SendAsked

ALONE = 32  # transactions at a time, one a request


def product() -> Web:
    """Make the web part as it is served."""
    telling.start_telling()
    return create_app(settings=read_settings())


def one_by_one() -> Web:
    """Make the web part with a transaction for each request."""
    telling.start_telling()
    settings = read_settings()
    return make_web(lambda: open_install(settings, most_connections=ALONE + 4), ROUTES, find_caller, [_alone])


@asynccontextmanager
async def _alone(app: Litestar) -> AsyncIterator[None]:
    intake = app.state.intake = Intake(partial(handle, app.state.install), lanes=ALONE, most=1, each=ALONE)
    try:
        yield
    finally:
        await intake.close()


@post("/v1/sends", status_code=202)
async def hello(data: JSONBody[SendAsked]) -> dict[str, Any]:
    """Read the same body, and say hello."""
    return {"hello": data.to}


def world() -> Litestar:
    """Make the hello-world."""
    return Litestar([hello], openapi_config=None)
