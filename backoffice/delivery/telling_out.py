"""Telling out: what accounts are to be told is posted to the addresses they named, until those have taken it.

Three loops: to webhooks that take what they are told; to those that lately didn't, a little each, so that nobody waits
for them; and the challenges that an address echoes before it is told anything. Two transactions a round, and the wire
outside of both. Killed in between, what was claimed is posted once more when its lease has ended.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from backoffice.delivery import naming
from backoffice.delivery.backoff import wait_before
from backoffice.delivery.dropin.failing import draft_in, written
from backoffice.delivery.limits import Limits
from backoffice.kernel.errors import BackofficeError, Refused, Unavailable
from backoffice.notices import carrying
from backoffice.notices.carrying import TRIED_FOR, Challenge, Due, Posted
from backoffice.notices.service import LOOP
from backoffice.notices.signing import hub_headers, standard_headers
from backoffice.plumbing import telling
from backoffice.plumbing.loops import Loop
from backoffice.plumbing.reaching import Reach

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

MOST = 64  # posted at once
MOST_EACH = 8  # of one webhook
LIMITS = Limits(first_wait=timedelta(seconds=5), longest_wait=timedelta(hours=6))
AGENT = {"User-Agent": "Backoffice-Webhooks/1", "Content-Type": "application/json"}


async def post(install: Install, reach: Reach, *, is_failing: bool = False) -> bool:
    """Post what is due, once each; tell whether there was anything. To a webhook that takes nothing, one at a time."""
    async with install.unit_of_work() as work:
        due = await carrying.claim(work, is_failing=is_failing, most=MOST, most_each=1 if is_failing else MOST_EACH)
        due = [await _whole(work, one) for one in due]
    if due:
        posted = await asyncio.gather(*(_post(install, reach, one) for one in due))
        async with install.unit_of_work() as work:
            await carrying.settle(work, posted)
    return bool(due)


async def challenge(install: Install, reach: Reach) -> bool:
    """Ask addresses that wait for it to echo a challenge; tell whether there were any."""
    async with install.unit_of_work() as work:
        asked = await carrying.claim_challenges(work, MOST_EACH)
    for one, fault in zip(asked, await asyncio.gather(*(_challenge(reach, one) for one in asked)), strict=True):
        async with install.unit_of_work() as work:
            await carrying.settle_challenge(work, one, fault, wait_before(one.attempt, one.webhook_id.bytes, LIMITS))
    return bool(asked)


def loops_of(reach: Reach) -> dict[str, Loop]:
    """Return the loops that tell out."""
    return {
        LOOP: Loop(partial(post, reach=reach), rests=0.5),
        "webhooks_failing": Loop(partial(post, reach=reach, is_failing=True), rests=2.0),
        "webhooks_unverified": Loop(partial(challenge, reach=reach), rests=1.0),
        "webhooks_purge": Loop(carrying.purge, rests=3600.0),
        "names_purge": Loop(naming.purge, rests=3600.0),
    }


async def _whole(work: Work, one: Due) -> Due:
    """Write out what is a draft; one that can't be, as its person is erased, has an empty body and is given up."""
    draft = draft_in(one.body) if one.form == "cloud_api" else None
    if draft is None:
        return one
    try:
        return one._replace(body=await written(work, one.account_id, draft))
    except BackofficeError as fault:
        telling.fault("webhook_unwritten", fault, delivery=one.id)
        return one._replace(body=b"")


async def _post(install: Install, reach: Reach, one: Due) -> Posted:
    if not one.body:
        return Posted(one, None, "subject_key_destroyed", TRIED_FOR)
    at = install.clock()
    is_standard = one.form == "standard"
    signed = (
        standard_headers(str(one.event_id), at, one.body, one.secrets)
        if is_standard
        else hub_headers(one.body, one.secrets[0])
    )
    wait = wait_before(one.attempt, one.id.bytes, LIMITS)
    try:
        status = (await reach.ask("POST", one.url, {**AGENT, **signed}, one.body)).status
    except (Refused, Unavailable) as why:
        return Posted(one, None, why.code, wait)
    fault = "" if 200 <= status < 300 else "address_refused"
    return Posted(one, status, fault, wait)


async def _challenge(reach: Reach, one: Challenge) -> str:
    """Return why an address has not echoed, or nothing where it has."""
    word = str(secrets.randbelow(10**10)).zfill(10)
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": word, "hub.verify_token": one.word})
    try:
        reply = await reach.ask(
            "GET", f"{one.url}{'&' if '?' in one.url else '?'}{query}", {"User-Agent": AGENT["User-Agent"]}
        )
    except (Refused, Unavailable) as why:
        return why.code
    fault = ""
    if (reply.status, reply.body.strip()) != (200, word.encode()):
        fault = "address_unverified"
    return fault
