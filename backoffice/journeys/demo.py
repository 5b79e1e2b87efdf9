"""The demo: one shop with every operator, its list and its offer put on record by the rooms' own verbs, and sent.

A profile says what is true of account, message and list, as `backoffice judge` takes it; here each fact is recorded
by the verb of the room that owns it, and gathered again by the gate. Time stands still while people are decided
about, so that both roads judge one moment, and moves on only where couriers wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from backoffice.accounts import service as accounts
from backoffice.accounts.numbers import Names
from backoffice.accounts.statements import STATED
from backoffice.billing.service import grant_lot
from backoffice.campaigns import loops, store
from backoffice.campaigns import service as campaigns
from backoffice.campaigns.advancing import run_campaigns
from backoffice.campaigns.shapes import SendRow, StoredCampaign
from backoffice.consent import importing
from backoffice.consent.importing import Preview
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import KIND
from backoffice.contacts.rows import Row
from backoffice.contacts.service import record_register
from backoffice.journeys.judged import judged
from backoffice.journeys.offers import Offer, campaign_of, facts_of_list, found_of
from backoffice.plumbing.install import Install, Work
from backoffice.policy.facts import Register
from backoffice.relay.content import review
from backoffice.relay.judge import Counts, Judged
from backoffice.relay.profile import Profile

BY = "operator"
GROUND = "law"
"""Why channels are closed to the shop, where its profile closes any."""

LASTS = timedelta(days=365)
"""How long its credits can be spent."""

ON_THE_WAY = frozenset({"queued", "sending", "unknown"})
"""States of a send that time, or its provider, brings further by itself."""

_BREATH = 0.05  # seconds between two looks for what others do
_TICK = timedelta(seconds=1)

Step = Callable[[Install], Awaitable[bool]]


class OwnNumber(NamedTuple):
    """What a shop sends from, and what the provider calls it."""

    address: str
    names: Names = Names()  # frozen


class Shop(NamedTuple):
    """The shop as one operator's account, with its list and its campaign, not yet started."""

    operator: str
    account_id: UUID
    sender_id: UUID
    campaign_id: UUID
    seen: Preview


class Decided(NamedTuple):
    """What was decided of a shop's list, and how many decisions did not come out the same when made again."""

    counts: Counts
    unlike: int


class Sums(NamedTuple):
    """What became of a shop's campaign: how many were handed over, and how many of these were delivered."""

    sent: int
    delivered: int
    on_the_way: int


async def hold_registers(install: Install, profile: Profile) -> None:
    """Put on record the registers of people who want no messages; nobody of the list stands in one."""
    held = msgspec.convert(profile.account.get("registers", ()), tuple[Register, ...])
    for register in held:
        async with install.unit_of_work() as work:
            await record_register(work, register.name, min(register.as_of, work.at), [])


async def open_shop(install: Install, operator: str, number: OwnNumber, profile: Profile, offer: Offer) -> Shop:
    """Register the shop with an operator, put it in order, hand in its list and its offer."""
    async with install.unit_of_work() as work:
        account_id = await _register(work, operator, profile)
        await _state(work, account_id, profile, offer.channel)
        sender_id = await _link(work, account_id, number, profile, offer.channel)
    list_id, seen = await _hand_in(install, account_id, profile, offer)
    async with install.unit_of_work() as work:
        wanted = campaign_of(profile, offer, sender_id, list_id)
        campaign = await campaigns.create(work, account_id, wanted)
        await review(work, campaign.content_id, found_of(profile), by=BY)
    await loops.fill(install, {"campaign": str(campaign.id)})
    return Shop(operator, account_id, sender_id, campaign.id, seen)


async def _register(work: Work, operator: str, profile: Profile) -> UUID:
    facts = profile.account
    account_id = await accounts.register_account(
        work,
        operator,
        profile.list["sender"],
        facts["place"],
        facts["declared_use"],
        is_complete=facts["is_registered"],
    )
    account = await accounts.get_account(work, account_id)
    for document in sorted(facts["documents_accepted"]):
        shown = hashlib.sha256(f"{operator} {account.edition} {document}".encode()).digest()
        await accounts.accept_document(work, account_id, document, account.edition, "en", shown)
    await accounts.set_standing(work, account_id, facts["standing"], facts.get("standing_ground", ""))
    if closed := facts["restricted_channels"]:
        await accounts.restrict_channels(work, account_id, closed, GROUND)
    return account_id


async def _state(work: Work, account_id: UUID, profile: Profile, channel: str) -> None:
    for fact in sorted(profile.account.keys() & STATED):
        await accounts.state_fact(work, account_id, fact, profile.account[fact], BY)
    if count := profile.account["credits"]:
        await grant_lot(work, account_id, channel, count, work.at, work.at + LASTS)


async def _link(work: Work, account_id: UUID, number: OwnNumber, profile: Profile, channel: str) -> UUID:
    facts = profile.account
    return await accounts.link_number(
        work,
        account_id,
        channel,
        number.address,
        facts["sender_provider_type"],
        facts["sender_is_registered"],
        facts["sender_can_receive"],
        is_linked=facts["sender_is_linked"],
        is_banned=facts["sender_is_banned"],
        is_spoofed=facts["sender_is_spoofed"],
        is_halted=facts["sender_is_halted"],
        portfolio_room_at=facts["portfolio_room_at"],
        names=number.names,
    )


async def _hand_in(install: Install, account_id: UUID, profile: Profile, offer: Offer) -> tuple[UUID, Preview]:
    """Import the list as any account's; return its id, and what the preview counted."""
    stated = Stated(
        name=offer.contacts.stem,
        kind=KIND[offer.channel],
        region=profile.region,
        facts=facts_of_list(profile),
        evidence=profile.list,
    )
    async with install.unit_of_work() as work:
        import_id = await importing.state_list(work, account_id, stated)
    path = offer.contacts
    seen = await importing.preview(install, account_id, import_id, path, channel=offer.channel, purpose=offer.purpose)
    await importing.commit(install, account_id, import_id, path)
    async with install.reading() as work:
        progress = await importing.progress(work, account_id, import_id)
    if progress.list_id is None:
        raise RuntimeError("an import that was committed made no list")
    return progress.list_id, seen


async def decide_all(install: Install, shops: Sequence[Shop]) -> None:
    """Start every shop's campaign, and decide about all its people."""
    for shop in shops:
        async with install.unit_of_work() as work:
            await campaigns.start(work, shop.account_id, shop.campaign_id)
    while await run_campaigns(install):
        pass


async def count(install: Install, shop: Shop) -> Decided:
    """Count what was decided, as it is on record; each decision is made again of its stored facts."""
    told = shop.seen.counts
    counts = Counts(
        rows=told.merged + told.rejected,
        merged=told.merged,
        rejected=told.rejected,
        rejected_with_opt_out=told.rejected_with_opt_out,
        rejections=Counter(told.rejections),
    )
    unlike = 0
    async with install.reading() as work:
        async for send in _sends(work, await store.get_campaign(work, shop.account_id, shop.campaign_id)):
            seen = await judged(work, shop.account_id, send.decision_id)
            unlike += not seen.is_same
            grade = min((consent.grade for consent in seen.recipient.consents), default="none")
            counts.add(Judged(Row(line=send.number, key="", address=""), seen.recipient, seen.decision, grade))
    return Decided(counts, unlike)


async def _sends(work: Work, campaign: StoredCampaign) -> AsyncIterator[SendRow]:
    after: UUID | None = None
    while page := await store.list_sends(work, campaign, after, ""):
        after = page[-1].id
        for send in page:
            yield send


async def deliver_all(
    install: Install,
    advance: Callable[[timedelta], None],
    shops: Sequence[Shop],
    steps: Mapping[str, Step],
    is_quiet: Callable[[], bool] = lambda: True,
    patience: float = 120.0,
) -> dict[str, Sums]:
    """Do the steps of a worker until nothing is on its way any more, or for so many seconds; return the sums.

    `is_quiet` says whether the provider has told all it has to tell. `advance` moves the clock on while couriers wait.
    """
    ends_at = asyncio.get_running_loop().time() + patience
    while True:
        was_quiet = is_quiet()
        did = [await step(install) for step in steps.values()]
        sums = {shop.operator: await _sums(install, shop) for shop in shops}
        is_idle = was_quiet and not any(did) and not any(one.on_the_way for one in sums.values())
        if is_idle or asyncio.get_running_loop().time() > ends_at:
            return sums
        if not any(did):
            advance(_TICK)
            await asyncio.sleep(_BREATH)


async def _sums(install: Install, shop: Shop) -> Sums:
    async with install.reading() as work:
        campaign = await store.get_campaign(work, shop.account_id, shop.campaign_id)
        counted = await store.count_sends(work, campaign)
    on_the_way = sum(counted.sends.get(state, 0) for state in ON_THE_WAY)
    return Sums(counted.sends.get("sent", 0), counted.delivered, on_the_way)
