"""How campaigns are asked for: by the accounts whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from backoffice.campaigns import files, preview, service, store
from backoffice.campaigns.asking import CampaignToCreate, wanted_of
from backoffice.campaigns.report import MEDIA, Form, Report
from backoffice.campaigns.states import State
from backoffice.campaigns.telling import (
    CampaignTold,
    PreviewTold,
    Progress,
    progress_of,
    tell_campaign,
    tell_preview,
)
from backoffice.campaigns.watching import has_ended, look, watch
from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import Language
from backoffice.plumbing.http import LARGEST_UPLOAD, Caller, Once, uploaded
from backoffice.plumbing.install import Install, Work
from backoffice.policy.program import Verdict

LARGEST_BODY = 16 * 1024 * 1024  # bytes
LAST_SEEN = "Last-Event-ID"
_SSE = "text/event-stream"
_MOST_LISTED = 100


@post("/v1/campaigns", request_max_body_size=LARGEST_BODY)
async def create_campaign(data: JSONBody[CampaignToCreate], once: NamedDependency[Once]) -> Response[Progress]:
    """Create a campaign.

    Up to 10,000 recipients may be named here; `list_id` sends to the people whose newest list it is. With `file`, the
    file itself is handed in next. It is `ready` at once where few were named, else as soon as everybody is on it.
    """

    async def create(work: Work) -> Progress:
        return await progress_of(work, await service.create(work, once.account_id, wanted_of(data)))

    return await once(data, create)


@post(
    "/v1/campaigns/{campaign_id:uuid}/file",
    request_max_body_size=LARGEST_UPLOAD,
    opt={"upload": "text/csv", "example": "phone,first_name\n+37126000001,Anna\n+37126000002,Boriss\n"},
    status_code=202,
)
async def hand_in_file(
    request: Request[Any, Any, Any], campaign_id: FromPath[UUID], once: NamedDependency[Once]
) -> Response[Progress]:
    """Hand in the file of a campaign: up to 2,000,000 rows and 512 MB.

    Address, country, consent and opt-out are read as of every list; the other columns become the parameters of each
    person's message, under their headers. A file that can't be read as a whole is refused, and another may follow.
    """
    async with uploaded(request) as upload:
        await files.check(once.install, once.account_id, campaign_id, upload.file)

        async def take(work: Work) -> Progress:
            return await progress_of(work, await files.take(work, once.account_id, campaign_id, upload.file))

        return await once(upload.sha256, take)


class Page(msgspec.Struct, frozen=True):
    """Some of the account's campaigns; `next` is the cursor of those after them, none at the end."""

    campaigns: list[CampaignTold]
    next: UUID | None


@get("/v1/campaigns")
async def list_campaigns(
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    cursor: FromQuery[UUID | None] = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=_MOST_LISTED)] = 20,
) -> Page:
    """List the account's campaigns, youngest first; `cursor` is the `next` of the page before."""
    async with install.reading() as work:
        found = await store.list_campaigns(work, caller.account_id, before=cursor, state=in_state or "", count=limit)
        names = await service.names_of(work, found)
        told = [await tell_campaign(work, one, names[one.id]) for one in found]
    return Page(told, found[-1].id if len(found) == limit else None)


@get("/v1/campaigns/{campaign_id:uuid}")
async def get_campaign(
    campaign_id: FromPath[UUID], caller: NamedDependency[Caller], install: NamedDependency[Install]
) -> CampaignTold:
    """Tell a campaign, how far it is and how its sends stand."""
    async with install.reading() as work:
        campaign = await store.get_campaign(work, caller.account_id, campaign_id)
        return await tell_campaign(work, campaign, (await service.names_of(work, [campaign]))[campaign.id])


@post("/v1/campaigns/{campaign_id:uuid}/preview", status_code=202)
async def preview_campaign(campaign_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[PreviewTold]:
    """Judge everybody on a campaign who was not decided about, and record nothing.

    The answer is whole for up to 1,000 people; of more, ask for the preview until `ended_at` says that it is.
    """

    async def begin(work: Work) -> PreviewTold:
        begun = await preview.begin(work, once.account_id, campaign_id)
        campaign = await store.get_campaign(work, once.account_id, campaign_id)
        return await tell_preview(work, campaign, begun, once.language)

    return await once(None, begin)


@get("/v1/campaigns/{campaign_id:uuid}/preview")
async def get_preview(
    campaign_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
) -> PreviewTold:
    """Tell what the newest preview of a campaign has found so far."""
    async with install.reading() as work:
        found = await preview.get_preview(work, caller.account_id, campaign_id)
        campaign = await store.get_campaign(work, caller.account_id, campaign_id)
        return await tell_preview(work, campaign, found, language)


@post("/v1/campaigns/{campaign_id:uuid}/start", status_code=200)
async def start_campaign(campaign_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Progress]:
    """Start a campaign that is ready."""
    return await _turn(once, campaign_id, service.start)


@post("/v1/campaigns/{campaign_id:uuid}/pause", status_code=200)
async def pause_campaign(campaign_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Progress]:
    """Pause a campaign: nothing more of it leaves until it is resumed, but what is being handed over at this instant.

    What was decided stays queued and keeps its credits; nobody more is decided about. One that is `done` can be paused
    while something of it has not left.
    """
    return await _turn(once, campaign_id, service.pause)


@post("/v1/campaigns/{campaign_id:uuid}/resume", status_code=200)
async def resume_campaign(campaign_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Progress]:
    """Go on with a paused campaign: nobody is skipped, nobody comes twice.

    What was queued is judged anew before it leaves: who has opted out meanwhile gets nothing.
    """
    return await _turn(once, campaign_id, service.resume)


@post("/v1/campaigns/{campaign_id:uuid}/stop", status_code=200)
async def stop_campaign(campaign_id: FromPath[UUID], once: NamedDependency[Once]) -> Response[Progress]:
    """End a campaign: nothing more of it leaves. What has not left is stopped within seconds; its credits come back."""
    return await _turn(once, campaign_id, service.stop)


async def _turn(once: Once, campaign_id: UUID, verb: service.Verb) -> Response[Progress]:
    async def turn(work: Work) -> Progress:
        return await progress_of(work, await verb(work, once.account_id, campaign_id))

    return await once(None, turn)


@get("/v1/campaigns/{campaign_id:uuid}/events", opt={"answers": _SSE, "empty": 204})
async def watch_campaign(
    request: Request[Any, Any, Any],
    campaign_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
) -> Response[Any]:
    """Tell how far a campaign is, each second, as server-sent events, until it has ended.

    An event's data is what a campaign's progress is elsewhere. Come back with `Last-Event-ID`; 204 says that you have
    seen the end.
    """
    seen = _seen(request.headers.get(LAST_SEEN, ""))
    leaving = request.app.state.leaving
    progress = await look(install, caller.account_id, campaign_id)
    if has_ended(progress) and progress.version == seen:
        return Response(None, status_code=204)

    async def events() -> AsyncIterator[bytes]:
        async for one in watch(install, caller.account_id, campaign_id, seen=seen, leaving=leaving):
            yield b"id: %d\nevent: progress\ndata: %s\n\n" % (one.version, msgspec.json.encode(one))

    return Stream(events(), media_type=_SSE)


def _seen(header: str) -> int:
    if header and not (header.isascii() and header.isdecimal() and len(header) < 10):
        raise Invalid("event_unknown", field=LAST_SEEN)
    return int(header or 0)


@get("/v1/campaigns/{campaign_id:uuid}/report", opt={"answers": tuple(MEDIA.values())})
async def report_campaign(
    campaign_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    install: NamedDependency[Install],
    language: NamedDependency[Language],
    form: FromQuery[Form] = "csv",
    verdict: FromQuery[Verdict | None] = None,
) -> Stream:
    """Tell every send of a campaign with its verdict, its reasons and what became of it.

    `form` is csv, which no spreadsheet reads as formulas, or jsonl, an object a line; `verdict` keeps to one verdict.
    """
    async with install.reading() as work:
        campaign = await store.get_campaign(work, caller.account_id, campaign_id)
    report = Report(install, campaign, language, verdict or "")
    headers = {"Content-Disposition": f'attachment; filename="campaign-{campaign.id}.{form}"'}
    return Stream(report.lines(form), media_type=MEDIA[form], headers=headers)


ROUTES = [
    create_campaign,
    hand_in_file,
    list_campaigns,
    get_campaign,
    preview_campaign,
    get_preview,
    start_campaign,
    pause_campaign,
    resume_campaign,
    stop_campaign,
    watch_campaign,
    report_campaign,
]
