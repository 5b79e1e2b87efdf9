"""Campaigns of the cast's lamp shop: to people who are named, to a file of people who agreed, and what came of them."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backoffice.campaigns import files, service, store
from backoffice.campaigns.advancing import advance
from backoffice.campaigns.filling import Person
from backoffice.campaigns.loops import fill
from backoffice.campaigns.service import NewCampaign
from backoffice.campaigns.shapes import StoredCampaign
from backoffice.consent.stated import Stated
from backoffice.contacts.facts import ListFacts
from backoffice.relay.content import Template
from tests.cast import DECLARED, FORM, Shop

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

OFFER = Template(name="autumn_lamps", language="en")
STATED = Stated(
    name="Autumn",
    facts=ListFacts(is_own_customer=True, is_told_of_source=True, is_told_of_objection=True),
    evidence={"sender": "Baltic Lamp", "is_attested": True, "form": [msgspec.to_builtins(FORM)]},
)
HEADER = "phone,country,consent_at,evidence,opted_out_at,first_name,lamp"


def wanted(shop: Shop, **changed: Any) -> NewCampaign:  # noqa: ANN401  # fields
    """Return a campaign with the shop's offer."""
    return NewCampaign(
        **{
            "name": "Autumn",
            "sender_id": shop.sender_id,
            "channel": "whatsapp",
            "purpose": "marketing",
            "topic": "lamps",
            "declared": DECLARED,
            "template": OFFER,
            **changed,
        }
    )


def number(place: int) -> str:
    """Return a mobile number in Latvia, another for each place below a million."""
    return f"+37126{place:06}"


def named(count: int, start: int = 0) -> list[Person]:
    """Return people who are named, each with a parameter of their own."""
    return [Person(number(place), "", {"lamp": f"Lamp {place}"}) for place in range(start, start + count)]


def line(place: int, *, has_agreed: bool = True, opted_out_at: str = "", lamp: str = "") -> str:
    """Return a line of a file: somebody who agreed at the shop's checkout, or didn't."""
    consent = "2026-01-01T00:00:00Z,form:checkout-2025" if has_agreed else ","
    return f"{number(place)},LV,{consent},{opted_out_at},Anna {place},{lamp or f'Lamp {place}'}"


def csv_of(lines: Iterable[str]) -> io.BytesIO:
    """Return a file of these lines."""
    return io.BytesIO("\n".join((HEADER, *lines, "")).encode())


async def to_named(install: Install, shop: Shop, count: int, **changed: Any) -> StoredCampaign:  # noqa: ANN401
    """Create a campaign to people who are named, all of them on it."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, recipients=named(count), **changed))
    await fill(install, {"campaign": str(made.id)})
    return await look(install, made)


async def to_file(install: Install, shop: Shop, lines: Sequence[str], **changed: Any) -> StoredCampaign:  # noqa: ANN401
    """Create a campaign to the people of a file, and read the file."""
    made = await hand_in(install, shop, csv_of(lines), **changed)
    await fill(install, {"campaign": str(made.id)})
    return await look(install, made)


async def hand_in(install: Install, shop: Shop, file: io.BytesIO, **changed: Any) -> StoredCampaign:  # noqa: ANN401
    """Create a campaign and hand its file in."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, **{"file": STATED, **changed}))
    with spooled(file) as opened:
        await files.check(install, shop.account_id, made.id, opened)
        async with install.unit_of_work() as work:
            return await files.take(work, shop.account_id, made.id, opened)


@contextmanager
def spooled(file: io.BytesIO) -> Iterator[IO[bytes]]:
    """Lend a file as an upload has it."""
    with tempfile.SpooledTemporaryFile() as opened:
        opened.write(file.getvalue())
        opened.seek(0)
        yield opened


async def do(install: Install, verb: service.Verb, campaign: StoredCampaign) -> StoredCampaign:
    """Do a verb in a unit of work of its own."""
    async with install.unit_of_work() as work:
        return await verb(work, campaign.account_id, campaign.id)


async def look(install: Install, campaign: StoredCampaign) -> StoredCampaign:
    """Return a campaign as it is now."""
    async with install.reading() as work:
        return await store.get_campaign(work, campaign.account_id, campaign.id)


async def run(install: Install, campaign: StoredCampaign) -> StoredCampaign:
    """Advance a campaign to its end."""
    while await advance(install, campaign.id):
        pass
    return await look(install, campaign)


async def times(work: Work, campaign: StoredCampaign) -> Counter[UUID]:
    """Return how often each contact was sent to by a campaign."""
    rows = await work.connection.fetch("SELECT contact_id FROM send WHERE campaign_id = $1", campaign.id)
    return Counter(row["contact_id"] for row in rows)


async def people_of(work: Work, campaign: StoredCampaign) -> list[UUID]:
    """Return the contacts on a campaign, in order."""
    query = "SELECT contact_id FROM campaign_row WHERE campaign_id = $1 ORDER BY number"
    return [row["contact_id"] for row in await work.connection.fetch(query, campaign.id)]


async def assert_each_once(install: Install, campaign: StoredCampaign) -> None:
    """Each recipient was decided about exactly once: one send, one decision, one ledger entry, one count."""
    async with install.reading() as work:
        people = await people_of(work, campaign)
        assert await times(work, campaign) == Counter(people)
        decisions = await work.connection.fetchval(
            "SELECT count(*) FROM decision JOIN send ON send.id = send_id WHERE campaign_id = $1", campaign.id
        )
        entries = await work.connection.fetchval(
            "SELECT count(*) FROM ledger_entry JOIN send ON decision_id = ledger_entry.id WHERE campaign_id = $1",
            campaign.id,
        )
    now = await look(install, campaign)
    assert (decisions, entries, now.decided) == (len(people), len(people), len(people))
