"""How a list of stops is handed in over the wire: stated, counted, stored, and watched line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta

from backoffice.campaigns.report import MEDIA, Form
from backoffice.campaigns.states import State as CampaignState
from backoffice.consent import spool
from backoffice.consent.stops import importing
from backoffice.consent.stops.formats import Format
from backoffice.consent.stops.reading import Outcome
from backoffice.consent.stops.stated import StatedStops
from backoffice.consent.stops.states import State
from backoffice.consent.stops.weighing import Counts, Result
from backoffice.journeys import suppressing
from backoffice.plumbing.http import LARGEST_UPLOAD, Body, Caller, Once, uploaded
from backoffice.plumbing.install import Install, Work

_EXAMPLE = "contact_id,sender_id,status,date_of_consent\n+37126000001,MG1,opt-out,2026-05-01T10:00:00Z\n"
_UPLOAD = {"upload": "text/csv", "example": _EXAMPLE}
_COLUMNS = ("line", "outcome", "field", "reason", "is_in_campaign")


class StopsToImport(Body, frozen=True, kw_only=True):
    """A list of stops that is about to be handed in; its format goes by its headers where none is stated.

    `scope` and `channel` hold where a row names none. `country` reads numbers without `+`; `columns` names headers
    where ours don't fit.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    format: Literal["auto", "twilio", "onetrust", "mautic", "csv"] = "auto"
    scope: Literal["all", "marketing"] = "all"
    channel: Literal["all", "whatsapp", "sms", "voice", "email"] = "all"
    country: Annotated[str, Meta(max_length=2)] = ""
    encoding: Annotated[str, Meta(max_length=20)] = ""
    columns: dict[str, str] = msgspec.field(default_factory=dict)

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Opt-outs of the old system", "format": "auto", "country": "LV"}


class StopsBegun(msgspec.Struct, frozen=True):
    """An import of stops that waits for its file."""

    id: UUID


class StopsTaken(msgspec.Struct, frozen=True):
    """An import whose stops are being stored."""

    id: UUID
    state: State


class StopsCounted(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of a list: rows = new + known + not_opt_out + unreadable.

    `doubtful` rows are new or known, and something in them was taken the strict way; `reasons` counts what could not be
    read. `in_campaigns` people are in a campaign that is running or queued: nothing more of it reaches them.
    """

    rows: int
    new: int
    known: int
    not_opt_out: int
    unreadable: int
    doubtful: int
    stops: int
    in_campaigns: int
    reasons: dict[str, int]


class CampaignMet(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that has people of the list."""

    id: UUID
    name: str
    state: CampaignState
    people: int


class LineTold(msgspec.Struct, frozen=True):
    """What becomes of one line, with the field at fault and the reason's code where something can't be read."""

    line: int
    outcome: Outcome
    field: str
    reason: str
    is_in_campaign: bool


class StopsPreviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a list would add; `faults` names the first lines in which something can't be read."""

    format: Format
    counts: StopsCounted
    campaigns: list[CampaignMet]
    columns: dict[str, str]
    unknown_columns: list[str]
    faults: list[LineTold]


class StopsTold(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import of stops is: the lines that are stored, and what became of them."""

    id: UUID
    name: str
    state: State
    done_line: int
    counts: StopsCounted
    campaigns: list[CampaignMet]
    fault: str | None
    ended_at: datetime | None


@post("/v1/suppressions/imports")
async def state_stops(data: JSONBody[StopsToImport], once: NamedDependency[Once]) -> Response[StopsBegun]:
    """State what a list of stops is, before its file is handed in."""
    stated = StatedStops(
        name=data.name,
        form="" if data.format == "auto" else data.format,
        scope=data.scope,
        channel=data.channel,
        region=data.country,
        encoding=data.encoding,
        columns=data.columns,
    )

    async def verb(work: Work) -> StopsBegun:
        return StopsBegun(await importing.state_stops(work, once.account_id, stated))

    return await once(data, verb)


@post(
    "/v1/suppressions/imports/{stops_id:uuid}/preview",
    request_max_body_size=LARGEST_UPLOAD,
    opt=_UPLOAD,
    status_code=200,
)
async def preview_stops(
    stops_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
) -> StopsPreviewed:
    """Read a list of stops and tell what it would add. Nothing of it is kept."""
    async with install.reading() as work:
        stated = await importing.get_stated(work, caller.account_id, stops_id)
    async with uploaded(request) as upload, spool.on_disk(upload.file) as path:
        seen = await suppressing.preview(install, caller.account_id, stated, path)
    async with install.reading() as work:
        met = await _met(work, caller.account_id, seen.counts.campaigns)
    return StopsPreviewed(
        format=seen.form,
        counts=_counted(seen.counts),
        campaigns=met,
        columns=seen.columns,
        unknown_columns=list(seen.unknown),
        faults=[LineTold(*one) for one in seen.faults],
    )


@post(
    "/v1/suppressions/imports/{stops_id:uuid}/commit",
    request_max_body_size=LARGEST_UPLOAD,
    opt=_UPLOAD,
    status_code=202,
)
async def commit_stops(
    stops_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    once: NamedDependency[Once],
    install: NamedDependency[Install],
) -> Response[StopsTaken]:
    """Hand in a list of stops, to be stored; it is kept sealed until that is done."""
    async with uploaded(request) as upload:

        async def verb(work: Work) -> StopsTaken:
            await suppressing.enqueue(work, once.account_id, stops_id, upload.sha256)
            return StopsTaken(stops_id, "committing")

        await suppressing.keep(install, once.account_id, stops_id, upload.file, upload.sha256)
        return await once(upload.sha256.hex(), verb)


@get("/v1/suppressions/imports/{stops_id:uuid}")
async def get_stops(
    stops_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> StopsTold:
    """Tell how far an import of stops is, and which campaigns have people of its list."""
    async with install.reading() as work:
        told = await importing.progress(work, caller.account_id, stops_id)
        met = await _met(work, caller.account_id, told.counts.campaigns)
    return StopsTold(**{**told._asdict(), "counts": _counted(told.counts)}, campaigns=met)


@get("/v1/suppressions/imports/{stops_id:uuid}/lines", opt={"answers": tuple(MEDIA.values())})
async def list_lines(
    stops_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    form: FromQuery[Form] = "csv",
) -> Stream:
    """Tell what became of each line of a list, for thirty days; no line names a person.

    `form` is csv, which no spreadsheet reads as formulas, or jsonl, an object a line.
    """
    async with install.reading() as work:
        await importing.get_stated(work, caller.account_id, stops_id)
    parts = importing.list_results(install, caller.account_id, stops_id)
    headers = {"Content-Disposition": f'attachment; filename="stops-{stops_id}.{form}"'}
    return Stream(_lines(parts, form), media_type=MEDIA[form], headers=headers)


async def _lines(parts: AsyncIterator[list[Result]], form: Form) -> AsyncIterator[bytes]:
    if form == "csv":
        yield _csv([_COLUMNS])
    async for part in parts:
        if form == "csv":
            yield _csv(part)
        else:
            yield b"".join(msgspec.json.encode(one._asdict()) + b"\n" for one in part)


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    """Write rows of numbers and codes, none of which begins a formula."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _counted(counts: Counts) -> StopsCounted:
    return StopsCounted(**{name: getattr(counts, name) for name in StopsCounted.__struct_fields__})


async def _met(work: Work, account_id: UUID, campaigns: dict[str, int]) -> list[CampaignMet]:
    met = await suppressing.list_met(work, account_id, campaigns)
    return [CampaignMet(id=one.campaign_id, name=one.name, state=one.state, people=one.people) for one in met]


ROUTES = [state_stops, preview_stops, commit_stops, get_stops, list_lines]
