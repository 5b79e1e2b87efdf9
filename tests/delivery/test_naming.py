"""Names: what the provider calls a message is kept where it is needed, sealed, and replaces ours on the way out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from backoffice.delivery import naming
from backoffice.delivery.naming import KEPT_FOR, Named
from backoffice.delivery.wamid import wamid_of
from backoffice.kernel.clock import SteppingClock
from backoffice.notices import service
from backoffice.notices.states import Form
from backoffice.notices.store import list_listeners
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import destroy_subject
from tests.notices.places import URL, WORD, register_shop

SEND, OTHER = UUID(int=1), UUID(int=2)
CALLED = "wamid.HBgLMzcxMjYwMDAwMDE="


async def _listen(work: Work, form: Form = "cloud_api") -> UUID:
    shop = await register_shop(work)
    await service.register(work, shop, form, URL, challenge=WORD if form == "cloud_api" else "")
    return shop


async def _note(work: Work, *named: Named) -> None:
    await naming.note(work, named, await list_listeners(work, {one.account_id for one in named}))


async def test_a_name_is_kept_for_who_is_told_in_the_providers_form(work: Work) -> None:
    """And found both ways; nothing lies in clear."""
    shop = await _listen(work)
    await _note(work, Named(SEND, shop, CALLED), Named(OTHER, shop, ""))
    stored = await work.connection.fetchval("SELECT string_agg(m::text, '') FROM provider_message m")

    assert await naming.provider_names(work, shop, [SEND, OTHER]) == {SEND: CALLED}
    assert await naming.own_names(work, shop, [CALLED, "wamid.x"]) == {CALLED: wamid_of(SEND)}
    assert CALLED.encode().hex() not in stored
    assert CALLED not in stored


async def test_the_first_name_stays(work: Work) -> None:
    """However often it is told."""
    shop = await _listen(work)
    await _note(work, Named(SEND, shop, CALLED))
    await _note(work, Named(SEND, shop, "wamid.second"))

    assert await naming.provider_names(work, shop, [SEND]) == {SEND: CALLED}


async def test_nobody_else_finds_it_and_for_nobody_else_it_is_kept(work: Work) -> None:
    """Another account, one that is told in our own form, one whose key is destroyed."""
    shop, standard, gone = await _listen(work), await _listen(work, "standard"), await _listen(work)
    await destroy_subject(work.connection, gone, work.at)
    await _note(work, Named(SEND, standard, CALLED), Named(OTHER, gone, CALLED), Named(UUID(int=3), shop, CALLED))

    assert await naming.provider_names(work, standard, [SEND, UUID(int=3)]) == {}
    assert await naming.own_names(work, standard, [CALLED]) == {}
    assert await work.connection.fetchval("SELECT count(*) FROM provider_message") == 1


async def test_names_are_forgotten_after_ninety_days(install: Install, clock: SteppingClock) -> None:
    """Not before."""
    async with install.unit_of_work() as work:
        shop = await _listen(work)
        await _note(work, Named(SEND, shop, CALLED))
    for wait, kept in ((KEPT_FOR - timedelta(seconds=1), {SEND}), (timedelta(seconds=2), set())):
        clock.advance(wait)
        assert not await naming.purge(install)
        async with install.reading() as work:
            assert set(await naming.provider_names(work, shop, [SEND])) == kept


@pytest.mark.parametrize("part", ["context", "reaction"])
def test_ours_is_replaced_on_the_way_out(part: str) -> None:
    """What is the provider's already stays."""
    ours = {"type": "text", part: {"message_id": wamid_of(SEND), "emoji": "x"}}
    theirs = {"type": "text", part: {"message_id": CALLED}}

    assert naming.named_in(ours) == {SEND}
    assert naming.named_in(theirs) == set()
    assert naming.renamed(ours, {SEND: CALLED}) == {"type": "text", part: {"message_id": CALLED, "emoji": "x"}}
    assert naming.renamed(theirs, {}) == theirs


def test_an_answer_to_what_has_no_name_yet_goes_without_what_it_answers_to() -> None:
    """A reaction to it can't: the provider refuses it."""
    answer = {"type": "text", "context": {"message_id": wamid_of(SEND)}}
    reaction = {"type": "reaction", "reaction": {"message_id": wamid_of(SEND)}}

    assert naming.renamed(answer, {}) == {"type": "text"}
    assert naming.renamed(reaction, {}) == reaction
