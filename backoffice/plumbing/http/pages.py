"""What the web part says of itself: the API's description, a page to read it by, problems by code, health, metrics.

The page is two files of our own and asks nobody else for anything; it may run its script and its style, and no others.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from backoffice.kernel.errors import BackofficeError, NotFound
from backoffice.kernel.language import Language
from backoffice.plumbing import health, metrics
from backoffice.plumbing.http.callers import PUBLIC
from backoffice.plumbing.http.openapi import describe
from backoffice.plumbing.http.problems import STATUSES
from backoffice.plumbing.install import Install
from backoffice.plumbing.messages import MESSAGES, TITLES
from backoffice.plumbing.translations import translator

_FOLDER = Path(__file__).parent / "page"
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_DAY = "public, max-age=86400"


class ProblemKind(msgspec.Struct, frozen=True):
    """A kind of problem: its code, and what it says, with the places of its data in braces."""

    code: str
    says: str


KINDS = {code: says for code, says in MESSAGES.items() if code not in TITLES}
"""What each kind of problem says; a status's title is none."""


@get("/v1/openapi.json", opt=PUBLIC, include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe the API."""
    state = request.app.state
    if "description" not in state:
        state["description"] = msgspec.json.encode(describe(request.app))
    return Response(state["description"], media_type=MediaType.JSON)


@get("/v1/docs", opt=PUBLIC, include_in_schema=False)
async def docs() -> Response[bytes]:
    """Show the description to a person."""
    page, policy = _page()
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "DENY"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


@get("/v1/docs/page.js", opt=PUBLIC, include_in_schema=False)
async def script() -> Response[bytes]:
    """Give the page its script."""
    return Response(_file("page.js"), media_type="text/javascript; charset=utf-8", headers={"Cache-Control": _DAY})


@get("/v1/problems", opt=PUBLIC)
async def list_problems(language: NamedDependency[Language]) -> list[ProblemKind]:
    """List the kinds of problem that errors name, in the language of `Accept-Language`."""
    translate = translator(language)
    return [ProblemKind(code, translate(says)) for code, says in sorted(KINDS.items())]


@get("/v1/problems/{code:str}", opt=PUBLIC)
async def get_problem(code: FromPath[str], language: NamedDependency[Language]) -> ProblemKind:
    """Say what a kind of problem means."""
    if code not in KINDS and code not in STATUSES:
        raise NotFound("problem_unknown")
    return ProblemKind(code, translator(language)(KINDS.get(code, "")))


@get("/health/live", opt=PUBLIC, include_in_schema=False)
async def live() -> dict[str, bool]:
    """Say that the process answers."""
    return {"is_live": True}


@get("/health/ready", opt=PUBLIC, include_in_schema=False)
async def ready(install: NamedDependency[Install]) -> Response[health.Health]:
    """Say whether the process can do its work, check by check."""
    found = await health.check_health(install)
    return Response(found, status_code=200 if found.is_ready else 503)


@get("/metrics", opt=PUBLIC, include_in_schema=False)
async def show_metrics(install: NamedDependency[Install]) -> Response[bytes]:
    """Give Prometheus its figures."""
    return Response(await metrics.written(install), media_type=metrics.MEDIA_TYPE)


PAGES = [openapi, docs, script, list_problems, get_problem, live, ready, show_metrics]


@cache
def _page() -> tuple[bytes, str]:
    """Return the page, and the policy that lets just its own script and style run."""
    page = _file("page.html")
    style = _STYLE.search(page.decode())
    if style is None:
        raise BackofficeError("page_without_style")
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    own = f"script-src 'self'; style-src 'sha256-{digest}'; connect-src 'self'; base-uri 'none'; form-action 'none'"
    return page, f"default-src 'none'; {own}; frame-ancestors 'none'"


@cache
def _file(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
