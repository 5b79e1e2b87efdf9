"""How a list is handed in: stated, previewed with its file, committed with the same file, and watched."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from backoffice.consent import importing, spool
from backoffice.consent.evidence import FormCopy, InboundMessage
from backoffice.consent.reading import Counts
from backoffice.consent.stated import Stated
from backoffice.contacts.facts import ListFacts
from backoffice.contacts.states import State
from backoffice.contacts.views import Short
from backoffice.plumbing.http import LARGEST_UPLOAD, Body, Caller, Once, uploaded
from backoffice.plumbing.install import Install, Work
from backoffice.policy.vocabulary import Purpose

_UPLOAD = {"upload": "text/csv", "example": "phone,consent_at,opted_out_at\n+37126000001,2026-01-02,\n+37126000002,,\n"}


class ListEvidence(Body, frozen=True, kw_only=True):
    """What proves the list's consents: sender and words, the attestation, copies of forms, messages by their ids."""

    sender: Short = ""
    words: Annotated[str, Meta(max_length=10_000)] = ""
    is_attested: bool = False
    form: list[FormCopy] = msgspec.field(default_factory=list)
    messages: dict[str, InboundMessage] = msgspec.field(default_factory=dict)


class ListToImport(Body, frozen=True, kw_only=True):
    """A list that is about to be handed in: how to read it, what is true of everybody on it, what proves its consents.

    `kind` is the column of addresses that is read; a list with both is imported twice. `country` reads numbers without
    `+`; `columns` names headers where ours don't fit. What `facts` leaves out is unknown, and holds what asks for it.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Literal["phone", "email"] = "phone"
    country: Annotated[str, Meta(max_length=2)] = ""
    encoding: Annotated[str, Meta(max_length=20)] = ""
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    facts: ListFacts = ListFacts()
    evidence: ListEvidence = ListEvidence()

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Shop and fair 2026",
        "country": "LV",
        "facts": {"is_own_customer": True, "is_told_of_source": True, "is_told_of_objection": True},
        "evidence": {"sender": "Baltic Lamp", "is_attested": True},
    }


class Begun(msgspec.Struct, frozen=True):
    """An import that waits for its file."""

    id: UUID


class RejectedRow(msgspec.Struct, frozen=True):
    """A line that can't be read, the field at fault, and why."""

    line: int
    field: str
    reason: str


class Previewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would add; `rejected` names the first lines of those that can't be read."""

    counts: Counts
    new: int
    known: int
    columns: dict[str, str]
    unknown_columns: list[str]
    rejected: list[RejectedRow]


class Taken(msgspec.Struct, frozen=True):
    """An import whose rows are being stored."""

    id: UUID
    state: State


class ImportTold(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: the lines that are stored, of about how many rows, and what they changed."""

    id: UUID
    list_id: UUID | None
    name: str
    state: State
    rows: int
    done_line: int
    counts: Counts
    fault: str | None
    ended_at: datetime | None


@post("/v1/contacts/imports")
async def state_list(data: JSONBody[ListToImport], once: NamedDependency[Once]) -> Response[Begun]:
    """State what a list is, before its file is handed in."""
    evidence = msgspec.to_builtins(data.evidence, order="sorted")  # the same statement has the same hash
    stated = Stated(
        name=data.name,
        kind=data.kind,
        region=data.country,
        encoding=data.encoding,
        columns=data.columns,
        facts=data.facts,
        evidence=evidence,
    )

    async def verb(work: Work) -> Begun:
        return Begun(await importing.state_list(work, once.account_id, stated))

    return await once(data, verb)


@post(
    "/v1/contacts/imports/{import_id:uuid}/preview", request_max_body_size=LARGEST_UPLOAD, opt=_UPLOAD, status_code=200
)
async def preview(
    import_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    channel: FromQuery[Literal["whatsapp", "sms", "voice", "email", ""]] = "",
    purpose: FromQuery[Purpose] = "marketing",
) -> Previewed:
    """Read a list's file and tell what it would add. Nothing of it is kept but its hash.

    Grades are those of each person's best consent for a send of this purpose over this channel.
    """
    async with uploaded(request) as upload, spool.on_disk(upload.file) as path:
        seen = await importing.preview(install, caller.account_id, import_id, path, channel=channel, purpose=purpose)
    return Previewed(
        counts=seen.counts,
        new=seen.new,
        known=seen.known,
        columns=seen.columns,
        unknown_columns=list(seen.unknown),
        rejected=[RejectedRow(*one) for one in seen.rejected],
    )


@post(
    "/v1/contacts/imports/{import_id:uuid}/commit", request_max_body_size=LARGEST_UPLOAD, opt=_UPLOAD, status_code=202
)
async def commit(
    import_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    once: NamedDependency[Once],
    install: NamedDependency[Install],
) -> Response[Taken]:
    """Hand in the file that was previewed, to be stored; it is kept sealed until that is done."""
    async with uploaded(request) as upload:

        async def verb(work: Work) -> Taken:
            await spool.enqueue(work, once.account_id, import_id, upload.sha256)
            return Taken(import_id, "committing")

        await spool.keep(install, once.account_id, import_id, upload.file, upload.sha256)
        return await once(upload.sha256.hex(), verb)


@get("/v1/contacts/imports/{import_id:uuid}")
async def get_import(
    import_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> ImportTold:
    """Tell how far an import is."""
    async with install.reading() as work:
        told = await importing.progress(work, caller.account_id, import_id)
    return ImportTold(**told._asdict())


ROUTES = [state_list, preview, commit, get_import]
