"""The town of the relay's bench: shops that may send, and everybody who agreed to hear from them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from backoffice.accounts.numbers import Names
from backoffice.billing import service as billing
from backoffice.consent.service import suppress
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import find_or_add
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.bulk import Target, write
from backoffice.plumbing.install import Install, Work
from tests.cast import ANNA, LONG_AGO, Shop, hold_registers, know, open_shop

WABA = "102290129340398"  # the business account that WhatsApp has all shops' numbers in
CREDITS = 1_000_000_000
SLICE = 1_000
FIRST = 20_000_000  # of the numbers' eight digits
CONSENT = Target(
    "consent",
    {
        "id": "uuid",
        "account_id": "uuid",
        "contact_id": "uuid",
        "wording_id": "int",
        "grade": "text",
        "given_at": "timestamptz",
        "recorded_at": "timestamptz",
    },
)


class Street(NamedTuple):
    """A shop and its people, in the order in which its list has them."""

    shop: Shop
    people: list[UUID]


def number_of(shop: int) -> str:
    """Return the number that a shop sends from."""
    return f"+3712999{shop:04d}"


def code_of(shop: int) -> str:
    """Return what WhatsApp calls the number of a shop."""
    return f"10654035224{shop:04d}"


async def build(install: Install, shops: int, people: int) -> list[Street]:
    """Open shops, each with so many people who agreed once; one in twenty has said stop to somebody else."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        opened = [
            await open_shop(work, credits_=CREDITS, number=number_of(number), names=Names(code_of(number), WABA))
            for number in range(shops)
        ]
        known = [await know(work, shop, ANNA) for shop in opened]
    streets = []
    for shop, sample in zip(opened, known, strict=True):
        street: list[UUID] = []
        for start in range(0, people, SLICE):
            async with install.unit_of_work() as work:
                street += await _move_in(work, shop, sample.id, range(start, min(start + SLICE, people)))
        streets.append(Street(shop, street))
    async with install.reading() as work:
        await work.connection.execute("VACUUM ANALYZE")
    return streets


async def _move_in(work: Work, shop: Shop, sample: UUID, numbers: range) -> list[UUID]:
    wanted = [Wanted("phone", f"+371{FIRST + number}") for number in numbers]
    refs = await find_or_add(work, shop.account_id, wanted)
    agreed = await work.connection.fetchrow("SELECT wording_id, grade FROM consent WHERE contact_id = $1", sample)
    ids = new_ids(work.at, len(refs))
    rows = [
        (consent, shop.account_id, ref.id, *agreed, LONG_AGO, work.at) for consent, ref in zip(ids, refs, strict=True)
    ]
    await write(work.connection, [(CONSENT, rows)])
    await work.connection.execute(
        "UPDATE contact SET list_id = (SELECT list_id FROM contact WHERE id = $1) WHERE id = ANY($2::uuid[])",
        *(sample, [ref.id for ref in refs]),
    )
    for ref in refs[::20]:
        await suppress(work, ref.token, account_id=_ELSEWHERE, scope="all", reason="account")
    return [ref.id for ref in refs]


(_ELSEWHERE,) = new_ids(LONG_AGO, 1)  # another account: the stop is looked at, and isn't ours


async def top_up(work: Work, shop: Shop) -> None:
    """Never run out of credits."""
    await billing.grant_lot(work, shop.account_id, "whatsapp", CREDITS, work.at, work.at + timedelta(days=90))
