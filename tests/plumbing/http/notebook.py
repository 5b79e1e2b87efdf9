"""A small room for tests: notes, kept as marks, and routes that fail in every way there is."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import httpx
import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused, Unavailable
from backoffice.plumbing.http import LARGEST_UPLOAD, PUBLIC, Body, Caller, Once, Web, make_web, uploaded
from backoffice.plumbing.install import Install, Work

MIRDZA = UUID("019a3cb9-6000-7000-8000-00000000000a")
TOFIG = UUID("019a3cb9-6000-7000-8000-00000000000b")
SECRETS = {"mirdza-secret": MIRDZA, "tofig-secret": TOFIG}
AS_MIRDZA = {"Authorization": "Bearer mirdza-secret"}
AS_TOFIG = {"Authorization": "Bearer tofig-secret"}


async def find_caller(_: Work, secret: str) -> UUID | None:
    """Know two accounts."""
    return SECRETS.get(secret)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a note."""

    text: Annotated[str, Meta(max_length=100)]
    weight: Annotated[int, Meta(ge=0, le=1000)] = 0


class NoteToTake(Body, frozen=True, kw_only=True):
    """A note to be taken."""

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    color: Literal["red", "green"] = "red"
    lines: Annotated[tuple[Line, ...], Meta(max_length=10)] = ()
    price: Decimal | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    on: Annotated[datetime, Meta(tz=True)] | None = None
    by: UUID | None = None
    extra: Any = None

    EXAMPLE: ClassVar[dict[str, Any]] = {"title": "Buy ink", "lines": [{"text": "black", "weight": 2}]}


class Note(msgspec.Struct, frozen=True):
    """A note that was taken."""

    id: UUID


class Gates:
    """Lets a test hold the verb of a note open, and see how many are inside."""

    def __init__(self) -> None:
        self.entered = asyncio.Semaphore(0)
        self.open = asyncio.Event()
        self.open.set()


GATES: list[Gates] = []


async def take_note(work: Work, title: str) -> Note:
    """Take a note, once the gate is open."""
    note = Note(work.new_id())
    await work.connection.execute("INSERT INTO mark VALUES ($1, $2, $3)", f"note:{note.id}", "note", work.at)
    if title == "slow":
        GATES[-1].entered.release()
        await GATES[-1].open.wait()
    if title == "refused":
        raise Refused("standing_refused")
    return note


@post("/v1/notes")
async def add_note(data: JSONBody[NoteToTake], once: NamedDependency[Once]) -> Response[Note]:
    """Take a note.

    It is taken once.
    """
    return await once(data, lambda work: take_note(work, data.title))


@post("/v1/notes/check", status_code=200)
async def check_note(data: JSONBody[NoteToTake]) -> NoteToTake:
    """Say the note again and change nothing."""
    return data


@get("/v1/notes")
async def list_notes(
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 10,
    color: FromQuery[Literal["red", "green"] | None] = None,
) -> list[str]:
    """List notes."""
    async with install.reading() as work:
        rows = await work.connection.fetch("SELECT name FROM mark WHERE value = 'note' LIMIT $1", limit)
    return [str(caller.account_id), str(color), *(row["name"] for row in rows)]


@get("/v1/notes/{note_id:uuid}")
async def get_note(note_id: FromPath[UUID]) -> Note:
    """Get a note."""
    return Note(note_id)


@get("/v1/words/{word:str}", opt=PUBLIC)
async def get_word(word: FromPath[str]) -> str:
    """Say a word again, by itself."""
    return word


ERRORS: dict[str, Exception] = {
    "invalid": Invalid("email_invalid", field="email", value="anna@example.org"),
    "not_found": NotFound("clause_unknown", clause="wasync/5.2"),
    "refused": Refused("standing_refused"),
    "unavailable": Unavailable("database_away", why="anna@example.org"),
    "full": OSError(errno.ENOSPC, "no room for anna@example.org"),
    "own": BackofficeError("canonical_type", type="Anna Berzina"),
    "unforeseen": ValueError("anna@example.org has +371 20000000"),
    "many": Invalid(
        "request_invalid", faults=[Invalid("field_missing", field="a"), Invalid("email_invalid", field="b")]
    ),
}


@get("/v1/faults/{kind:str}", opt=PUBLIC)
async def fail(kind: FromPath[str]) -> None:
    """Fail."""
    try:
        _ = dict[str, str]()["+37120000000"]
    except KeyError as earlier:
        raise ERRORS[kind] from earlier


@get("/v1/broken", opt=PUBLIC)
async def break_off() -> Stream:
    """Begin to answer, and fail."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError("anna@example.org")

    return Stream(pieces())


@post("/v1/files", request_max_body_size=LARGEST_UPLOAD, opt={"upload": "text/csv"}, status_code=200)
async def take_file(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Take a file."""
    async with uploaded(request) as upload:
        whole = upload.file.read()
        return {"size": upload.size, "is_whole": sha256(whole).digest() == upload.sha256}


@post("/v1/small-files", request_max_body_size=1000, opt={"upload": "text/csv"}, status_code=200)
async def take_small_file(request: Request[Any, Any, Any]) -> dict[str, int]:
    """Take a small file."""
    async with uploaded(request) as upload:
        return {"size": upload.size}


ROUTES = [
    add_note,
    check_note,
    list_notes,
    get_note,
    get_word,
    fail,
    break_off,
    take_file,
    take_small_file,
]


def notebook(install: Install) -> Web:
    """Make the web part of the notebook."""
    return make_web(lambda: nullcontext(install), ROUTES, find_caller)


def closed_notebook() -> Web:
    """Make a web part that is never opened."""

    def opening() -> AbstractAsyncContextManager[Install]:
        raise AssertionError("it was opened")

    return make_web(opening, ROUTES, find_caller)


@asynccontextmanager
async def asking(web: Web, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the web part without a wire."""
    transport = httpx.ASGITransport(app=web, raise_app_exceptions=False)
    async with (
        web.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://backoffice.test", headers=headers) as http,
    ):
        yield http
