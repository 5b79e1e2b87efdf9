"""The town of a storm: shops that may send, and people who all agreed to hear from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backoffice.accounts.numbers import Names
from backoffice.accounts.service import issue_key
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import find_or_add
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.bulk import Target, write
from tests.cast import LONG_AGO, Shop, hold_registers, know, open_shop
from tests.chaos.story import number_of

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.plumbing.install import Install, Work
    from tests.chaos.story import Plan

SLICE = 1_000
SPARE = 50  # credits that stay
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
    """A shop, the key of its program, and its people: those of its campaigns, one after the other, then the others.

    `code` is WhatsApp's name of its number; `known` finds a person's address by their token.
    """

    shop: Shop
    code: str
    key: str
    campaigns: list[list[str]]
    singles: list[str]
    known: dict[bytes, str]


async def build(install: Install, plan: Plan) -> list[Street]:
    """Open the shops, each with all its people, and a credit for each of them."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
    streets = [await _open(install, plan, place) for place in range(plan.shops)]
    async with install.reading() as work:
        await work.connection.execute("VACUUM ANALYZE")
    return streets


async def _open(install: Install, plan: Plan, place: int) -> Street:
    count = plan.campaigns * plan.recipients + plan.singles
    addresses = [f"+371{20_000_000 + place * 100_000 + number}" for number in range(count)]
    async with install.unit_of_work() as work:
        own = number_of(place)
        names = Names(own.phone_number_id, own.waba_id, own.portfolio)
        spare = SPARE + plan.stops  # each stop may be confirmed
        shop = await open_shop(work, credits_=count + spare, number=own.display_phone_number, names=names)
        key = await issue_key(work, shop.account_id)
        sample = (await know(work, shop, f"+3712888{place:04}")).id
    known: dict[bytes, str] = {}
    for start in range(0, count, SLICE):
        async with install.unit_of_work() as work:
            known |= await _know_all(work, shop, sample, addresses[start : start + SLICE])
    ends = range(plan.recipients, count - plan.singles + 1, plan.recipients)
    campaigns = [addresses[end - plan.recipients : end] for end in ends]
    return Street(shop, own.phone_number_id, key, campaigns, addresses[ends[-1] :], known)


async def _know_all(work: Work, shop: Shop, sample: UUID, addresses: list[str]) -> dict[bytes, str]:
    """Put people on record who agreed to the same words as the sample, and stand on its list; return their tokens."""
    refs = await find_or_add(work, shop.account_id, [Wanted("phone", one) for one in addresses])
    agreed = await work.connection.fetchrow("SELECT wording_id, grade FROM consent WHERE contact_id = $1", sample)
    ids = new_ids(work.at, len(refs))
    rows = [(one, shop.account_id, ref.id, *agreed, LONG_AGO, work.at) for one, ref in zip(ids, refs, strict=True)]
    await write(work.connection, [(CONSENT, rows)])
    await work.connection.execute(
        "UPDATE contact SET list_id = (SELECT list_id FROM contact WHERE id = $1) WHERE id = ANY($2::uuid[])",
        *(sample, [ref.id for ref in refs]),
    )
    return dict(zip((ref.token for ref in refs), addresses, strict=True))
