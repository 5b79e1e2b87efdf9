"""Sending: requests for single sends, decided and recorded together in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from backoffice.billing.service import lock_lots
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import find_or_add_read
from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.idempotency import Answer, Key, Stored, answer_again, claim_keys, store_answers
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.tokens import Kind
from backoffice.relay.content import Template, keep_content
from backoffice.relay.intake import Request
from backoffice.relay.recording import Errand, Recorded
from backoffice.relay.service import Letter, send
from backoffice.relay.telling import told

ACCEPTED = 202


class SendRequest(Request, frozen=True, kw_only=True):
    """One single send as it was asked for, its parts read and normalised."""

    kind: Kind
    country: str
    sender_id: UUID
    channel: str
    purpose: str
    topic: str
    facts: dict[str, Any]
    template: Template | None
    text: str
    parameters: dict[str, str]
    message: dict[str, Any]
    due_at: datetime | None
    language: str
    tag: str = ""  # the account's own word, which comes back with each status


async def handle(install: Install, requests: Sequence[SendRequest]) -> list[Answer | BackofficeError]:
    """Decide and record a batch of single sends; requests whose keys are known get the answers they got."""
    async with install.unit_of_work() as work:
        claimed = await claim_keys(work.connection, [request.asked for request in requests], work.at)
        fresh = [request for request in requests if claimed[request.asked.key] is None]
        made: dict[Key, Answer] = {}
        if fresh:
            recorded = await _send_all(work, fresh)
            made = {request.asked.key: _answer(one, request) for request, one in zip(fresh, recorded, strict=True)}
            await store_answers(work.connection, made)
    return [made.get(request.asked.key) or _again(request, claimed) for request in requests]


def _answer(recorded: Recorded, request: SendRequest) -> Answer:
    return Answer(ACCEPTED, msgspec.json.encode(told(recorded, request.language)))


def _again(request: SendRequest, claimed: dict[Key, Stored | None]) -> Answer | BackofficeError:
    stored = claimed[request.asked.key]
    if stored is None:
        raise RuntimeError("a request that is new got no answer")
    try:
        return answer_again(request.asked, stored)
    except BackofficeError as refused:
        return refused


async def _send_all(work: Work, requests: Sequence[SendRequest]) -> list[Recorded]:
    """Send each request on its errand; those with the same errand are judged together."""
    lots = await lock_lots(work, {(request.asked.key.account_id, request.channel) for request in requests})
    people = await find_or_add_read(
        work, [(one.asked.key.account_id, Wanted(one.kind, one.to, one.country)) for one in requests]
    )
    errands: dict[Errand, list[int]] = defaultdict(list)
    for place, request in enumerate(requests):
        errands[await _errand(work, request)].append(place)
    made: dict[int, Recorded] = {}
    for errand, places in errands.items():
        letters = [Letter(people[place].id, _payload(requests[place])) for place in places]
        made |= dict(zip(places, await send(work, errand, letters, lots), strict=True))
    return [made[place] for place in range(len(requests))]


async def _errand(work: Work, request: SendRequest) -> Errand:
    return await errand_of(
        work,
        request.asked.key.account_id,
        request.facts,
        request.template,
        sender_id=request.sender_id,
        channel=request.channel,
        purpose=request.purpose,
        topic=request.topic,
        due_at=request.due_at,
    )


async def errand_of(
    work: Work,
    account_id: UUID,
    facts: dict[str, Any],
    template: Template | None,
    *,
    sender_id: UUID,
    channel: str,
    purpose: str,
    topic: str,
    due_at: datetime | None,
) -> Errand:
    """Keep the content of a single send and return its errand."""
    content_id, sha256 = await keep_content(work, account_id, facts, template)
    return Errand(
        account_id=account_id,
        sender_id=sender_id,
        content_id=content_id,
        content_sha256=sha256,
        channel=channel,
        purpose=purpose,
        topic=topic,
        due_at=due_at,
    )


def _payload(request: SendRequest) -> bytes | None:
    return payload(request.text, request.parameters, request.message, request.tag)


def payload(
    text: str,
    parameters: Mapping[str, str] = MappingProxyType({}),
    message: Mapping[str, Any] = MappingProxyType({}),
    tag: str = "",
) -> bytes | None:
    """Return what only one person's message says; a template without parameters says nothing of its own."""
    said = {"text": text, "parameters": dict(parameters), "message": dict(message), "tag": tag}
    own = {name: value for name, value in said.items() if value}
    return msgspec.json.encode(own) if own else None
