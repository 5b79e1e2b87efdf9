"""Whom old tables of numbers located is judged by today's, and what was decided stays as it was."""

from __future__ import annotations

from backoffice.billing import service as billing
from backoffice.contacts.relocating import relocate
from backoffice.plumbing.install import Install, Work
from backoffice.relay import facts, service
from backoffice.relay.recording import Recorded
from backoffice.relay.replay import replay
from backoffice.relay.service import Letter
from tests.cast import CELIA, Shop, hold_registers, know, open_shop
from tests.contacts.test_relocating import put_old

BESIDE = "+13055550107"


async def _places(work: Work, shop: Shop, *addresses: str) -> list[frozenset[str]]:
    tokens = [work.vault.token("phone", address) for address in addresses]
    found = {row["token"]: row["id"] for row in await work.connection.fetch("SELECT token, id FROM contact")}
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    batch = (await facts.gather(work, shop.errand, [found[token] for token in tokens], lots)).batch
    return [batch.bases[member.base].places for member in batch.members]


async def _send(work: Work, shop: Shop) -> Recorded:
    lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
    contact_id = await work.connection.fetchval(
        "SELECT id FROM contact WHERE token = $1", work.vault.token("phone", CELIA)
    )
    return (await service.send(work, shop.errand, [Letter(contact_id)], lots))[0]


async def test_nobody_is_judged_by_what_old_tables_said(install: Install) -> None:
    """Before the walk as after it; who shares old whereabouts need not share the new ones."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        await hold_registers(work)
        for address in (CELIA, BESIDE):
            await put_old(work, shop.account_id, address)
        await put_old(work, shop.account_id, "+37126000001")
    async with install.unit_of_work() as work:
        before = await _places(work, shop, CELIA, BESIDE, "+37126000001")
        sent = await _send(work, shop)

    assert await relocate(install) is False

    both = frozenset({"US", "US-FL", "US-TX"})
    assert before == [both, both, frozenset({"LV", "EU"})]
    async with install.unit_of_work() as work:
        assert await _places(work, shop, CELIA, BESIDE, "+37126000001") == before
        again = await _send(work, shop)
        assert [one.bound.source for one in again.decision.findings] == [
            one.bound.source for one in sent.decision.findings
        ]


async def test_what_was_decided_is_made_again_of_what_was_stored_with_it(install: Install) -> None:
    """Also once everybody is located anew, and nobody knows any more where they were."""
    async with install.unit_of_work() as work:
        shop = await open_shop(work)
        await hold_registers(work)
        await know(work, shop, CELIA)
        decided = [await _send(work, shop)]
        await work.connection.execute("UPDATE contact SET whereabouts_id = $1", await _old(work, shop))
        decided.append(await _send(work, shop))
    await relocate(install)

    async with install.unit_of_work() as work:
        await work.connection.execute("DELETE FROM whereabouts")
        for one in decided:
            made = await replay(work, shop.account_id, one.decision_id)
            assert made.is_same
            assert made.stored


async def _old(work: Work, shop: Shop) -> int:
    """Return the number of whereabouts that old tables told of a number in Miami."""
    contact_id = await put_old(work, shop.account_id, BESIDE)
    number: int = await work.connection.fetchval("SELECT whereabouts_id FROM contact WHERE id = $1", contact_id)
    return number
