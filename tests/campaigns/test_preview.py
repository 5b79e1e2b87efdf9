"""Previewing: what would come of a campaign is what comes of it, and asking leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backoffice.campaigns import preview, service, store
from backoffice.campaigns.shapes import StoredPreview
from backoffice.campaigns.telling import PreviewTold, tell_preview
from backoffice.kernel.errors import NotFound, Refused
from tests.campaigns.making import do, line, look, named, run, to_file, to_named, wanted
from tests.cast import open_shop

if TYPE_CHECKING:
    from backoffice.campaigns.shapes import StoredCampaign
    from backoffice.plumbing.install import Install
    from tests.cast import Shop

TRACES = ("send", "decision", "judgement", "outcome", "outbox", "ledger_entry")


async def _begin(install: Install, campaign: StoredCampaign) -> StoredPreview:
    async with install.unit_of_work() as work:
        return await preview.begin(work, campaign.account_id, campaign.id)


async def _told(install: Install, campaign: StoredCampaign, language: str = "en") -> PreviewTold:
    async with install.reading() as work:
        found = await preview.get_preview(work, campaign.account_id, campaign.id)
        return await tell_preview(work, campaign, found, language)


def _job(begun: StoredPreview) -> dict[str, Any]:
    return {"campaign": str(begun.campaign_id), "preview": str(begun.id)}


async def _traces(install: Install) -> dict[str, int]:
    async with install.reading() as work:
        return {name: await work.connection.fetchval(f"SELECT count(*) FROM {name}") for name in TRACES}


async def test_a_preview_finds_what_comes_of_it_and_leaves_no_trace(install: Install, shop: Shop) -> None:
    """Three would go, two are denied for want of a consent: so it comes, and nothing was recorded before."""
    campaign = await to_file(install, shop, [line(place, has_agreed=place < 3) for place in range(5)])
    before = await _traces(install)

    begun = await _begin(install, campaign)

    told = await _told(install, campaign)
    assert await _traces(install) == before
    assert begun.ended_at
    assert (told.verdicts, told.judged, told.gone) == ({"allow": 3, "deny": 2}, 5, 0)
    assert {(one.count, one.verdict) for one in told.reasons} == {(2, "deny")}
    assert all(one.says and one.citation and one.source for one in told.reasons)
    assert told.gaps == []
    await do(install, service.start, campaign)
    ended = await run(install, campaign)
    assert (ended.allowed, ended.denied) == (3, 2)


async def test_reasons_are_told_in_the_language_of_whoever_asks(install: Install, shop: Shop) -> None:
    """The same findings, in other words."""
    campaign = await to_named(install, shop, 1)
    await _begin(install, campaign)

    english, latvian = await _told(install, campaign), await _told(install, campaign, "lv")

    assert [one.code for one in english.reasons] == [one.code for one in latvian.reasons]
    assert [one.says for one in english.reasons] != [one.says for one in latvian.reasons]


async def test_a_gap_is_told_with_how_many_wait_for_it(install: Install) -> None:
    """Nobody has stated whether the provider halted the number: both wait for that one fact."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, unstated=frozenset({"is_halted"}))
    campaign = await to_file(install, shop, [line(1), line(2)])

    await _begin(install, campaign)

    told = await _told(install, campaign)
    assert (told.verdicts, {(one.fact, one.count) for one in told.gaps}) == (
        {"hold": 2},
        {("account.sender_is_halted", 2)},
    )
    assert all(one.says for one in told.gaps)


async def test_the_credits_that_would_be_needed_are_told(install: Install) -> None:
    """Five may go, two are paid: three credits are missing, and three people would be denied for that."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work, operator="reseller", credits_=2)
    campaign = await to_file(install, shop, [line(place) for place in range(5)])

    await _begin(install, campaign)

    told = await _told(install, campaign)
    assert (told.credits.needed, told.credits.available, told.credits.missing) == (5, 2, 3)
    assert (told.verdicts["deny"], {one.code for one in told.reasons if one.verdict == "deny"}) == (
        3,
        {"out_of_credits"},
    )
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT sum(remaining) FROM credit_lot") == 2


async def test_terms_that_ask_for_no_credits_need_none(install: Install, shop: Shop) -> None:
    """Nothing is told of credits where no rule reads them."""
    campaign = await to_file(install, shop, [line(1)])

    await _begin(install, campaign)

    told = await _told(install, campaign)
    assert (told.credits.needed, told.credits.missing, told.verdicts) == (0, 0, {"allow": 1})


async def test_a_large_preview_goes_on_by_a_job_and_shows_how_far_it_is(install: Install, shop: Shop) -> None:
    """A thousand at once, the rest by a job, which goes on where it was; one that comes late does nothing."""
    campaign = await to_named(install, shop, 1_100)

    begun = await _begin(install, campaign)

    assert (begun.ended_at, begun.rows, (await _told(install, campaign)).judged) == (None, 1_100, 1_000)
    async with install.reading() as work:
        query = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'campaigns_preview'"
        assert await work.connection.fetchval(query) == 1
    for _ in range(2):
        await preview.go_on(install, _job(begun))
    told = await _told(install, campaign)
    assert (told.judged, sum(told.verdicts.values())) == (1_100, 1_100)
    assert told.ended_at


async def test_a_new_preview_takes_the_place_of_the_one_before(install: Install, shop: Shop) -> None:
    """The job of the first finds that it is no longer asked for."""
    campaign = await to_named(install, shop, 1_100)
    first = await _begin(install, campaign)
    second = await _begin(install, campaign)

    await preview.go_on(install, _job(first))

    assert (await _told(install, campaign)).judged == 1_000
    await preview.go_on(install, _job(second))
    assert (await _told(install, campaign)).judged == 1_100


async def test_a_preview_that_cant_go_on_says_why(install: Install, shop: Shop) -> None:
    """What the campaign says was lost while it was judged."""
    campaign = await to_named(install, shop, 1_100)
    begun = await _begin(install, campaign)
    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM content WHERE id = $1", campaign.content_id)

    await preview.go_on(install, _job(begun))

    told = await _told(install, campaign)
    assert (told.fault, told.ended_at is not None) == ("content_unknown", True)


async def test_only_those_who_were_not_decided_about_are_previewed(install: Install, shop: Shop) -> None:
    """Paused after a thousand of 1,100: a hundred are left; while it runs, nobody can say who."""
    from backoffice.campaigns.advancing import advance  # noqa: PLC0415

    campaign = await to_named(install, shop, 1_100)
    await do(install, service.start, campaign)
    await advance(install, campaign.id)
    with pytest.raises(Refused):
        await _begin(install, campaign)

    await do(install, service.pause, campaign)
    begun = await _begin(install, campaign)

    assert (begun.rows, begun.ended_at is not None, (await _told(install, campaign)).judged) == (100, True, 100)


async def test_another_accounts_campaign_has_no_preview(install: Install, shop: Shop) -> None:
    """Neither to be begun nor to be read."""
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
        theirs = await service.create(work, other.account_id, wanted(other, recipients=named(1)))
    await _begin(install, theirs)

    with pytest.raises(NotFound):
        async with install.unit_of_work() as work:
            await preview.begin(work, shop.account_id, theirs.id)
    async with install.reading() as work:
        with pytest.raises(NotFound):
            await preview.get_preview(work, shop.account_id, theirs.id)
        assert await store.find_preview(work, theirs.id)
    with pytest.raises(NotFound):
        async with install.reading() as work:
            await preview.get_preview(work, shop.account_id, (await look(install, theirs)).id)
