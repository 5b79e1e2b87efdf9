"""The web part, put together: routes of the rooms in one frame, with who asks, one language, and errors that say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.routes import HTTPRoute

from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import Language
from backoffice.plumbing.http.bodies import LARGEST_BODY, StrictJson, shown_name
from backoffice.plumbing.http.callers import Caller, Callers, FindCaller, admit, caller_of
from backoffice.plumbing.http.faults import answer_fault
from backoffice.plumbing.http.frame import Web
from backoffice.plumbing.http.once import Once
from backoffice.plumbing.http.pages import PAGES
from backoffice.plumbing.http.problems import wanted_language
from backoffice.plumbing.install import Install

Opening = Callable[[], AbstractAsyncContextManager[Install]]
"""Opens the install that a web part serves, for as long as it serves."""

Part = Callable[[Litestar], AbstractAsyncContextManager[None]]
"""Something that lives as long as the web part: it finds the install in the app's state."""


def make_web(opening: Opening, routes: Sequence[Any], find: FindCaller, parts: Sequence[Part] = ()) -> Web:
    """Return the web part of an install: its rooms' routes, and what it says of itself.

    What a handler may take: `install`, `caller`, `once`, `language` (each `NamedDependency[…]`), `data: JSONBody[…]`
    with a `Body`, path and query parameters, `request`. What streams until it is told to stop looks at the event
    `request.app.state.leaving`.
    """

    @asynccontextmanager
    async def opened(app: Litestar) -> AsyncIterator[None]:
        async with opening() as install:
            app.state.install, app.state.callers = install, Callers(install, find)
            yield

    web = Web(
        route_handlers=[*PAGES, *routes],
        dependencies={
            "install": Provide(_install, sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
            "once": Provide(_once, sync_to_thread=False),
            "language": Provide(_language, sync_to_thread=False),
        },
        before_request=let_in,  # a guard is handed a copy of its handler, made for each request
        exception_handlers={Exception: answer_fault},
        lifespan=[opened, *parts],
        dto=StrictJson,
        return_dto=None,
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )
    web.state.parameters, web.state.leaving = _parameters(web), asyncio.Event()
    web.state.methods = {
        route.path_format: sorted(set(route.route_handler_map) - {"OPTIONS"})
        for route in web.routes
        if isinstance(route, HTTPRoute)
    }
    return web


async def let_in(request: Request[Any, Any, Any]) -> None:
    """Let in whom we know, with parameters that the route knows: a filter misspelt would show everything.

    OPTIONS is refused as any other method that is not there: the framework answers it with half of the methods.
    """
    if request.method == "OPTIONS":
        raise Invalid("method_unknown", known=request.app.state.methods[request.scope["path_template"]])
    await admit(request, request.route_handler)
    if request.scope["query_string"] and not request.route_handler.opt.get("any_parameters"):
        known = request.app.state.parameters[request.route_handler.fn]
        strange = [name for name in request.query_params if name not in known]
        faults = [Invalid("field_unknown", field=shown_name(name)) for name in strange]
        if faults:
            raise faults[0] if len(faults) == 1 else Invalid("request_invalid", faults=faults)


def _parameters(web: Web) -> dict[Any, set[str]]:
    """Return the query parameters that each handler knows, by its function; `opt` may name more."""
    known: dict[Any, set[str]] = {}
    for route in web.routes:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                names = known.setdefault(handler.fn, set(handler.opt.get("parameters", ())))
                names.update(one.field_alias for one in model.expected_query_params)
    return known


def _install(request: Request[Any, Any, Any]) -> Install:
    install: Install = request.app.state.install
    return install


def _caller(request: Request[Any, Any, Any]) -> Caller:
    return caller_of(request)


def _once(request: Request[Any, Any, Any]) -> Once:
    return Once(_install(request), request)


def _language(request: Request[Any, Any, Any]) -> Language:
    return wanted_language(request.headers.get("accept-language", ""))
