"""Creating: what a campaign says, whom it is sent to, and what it can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backoffice.campaigns import service, store
from backoffice.campaigns.filling import MOST_NAMED, Person
from backoffice.campaigns.loops import fill
from backoffice.consent import importing
from backoffice.consent.spool import on_disk
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.imports.store import add_members
from backoffice.contacts.service import add_contact, find_or_add, get_contact, unlist
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.vault.store import load_subjects
from backoffice.relay.service import PAYLOAD
from tests.campaigns.making import (
    STATED,
    csv_of,
    do,
    line,
    look,
    named,
    number,
    people_of,
    run,
    spooled,
    to_file,
    to_named,
    wanted,
)
from tests.cast import know, open_shop

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from backoffice.plumbing.install import Install, Work
    from tests.cast import Shop


async def _entries(work: Work, kind: str) -> list[dict[str, Any]]:
    rows = await work.connection.fetch("SELECT body FROM ledger_entry ORDER BY id")
    found: list[dict[str, Any]] = [msgspec.json.decode(row["body"]) for row in rows]
    return [one for one in found if one["kind"] == kind]


async def test_few_people_are_on_it_at_once(install: Install, shop: Shop) -> None:
    """It is ready in the transaction that makes it; its name is sealed, and the ledger knows it by its id."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, name="Autumn lamps", recipients=named(3)))

    async with install.reading() as work:
        assert (made.state, (await store.get_campaign(work, shop.account_id, made.id)).rows) == ("ready", 3)
        assert b"Autumn" not in made.name
        assert await service.names_of(work, [made]) == {made.id: "Autumn lamps"}
        (entry,) = await _entries(work, "campaigns:campaign:created")
    assert (entry["campaign"], entry["channel"], entry["source"]) == (str(made.id), "whatsapp", "recipients")


async def test_many_people_are_put_on_it_by_a_job_and_nothing_in_clear_waits_for_it(
    install: Install, shop: Shop
) -> None:
    """What was handed in lies sealed until the job has read it, then it is gone; a second job changes nothing."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, recipients=named(1_001)))
    async with install.reading() as work:
        parts = await work.connection.fetch("SELECT body FROM campaign_part")
        assert (made.state, len(parts)) == ("importing", 2)
        assert not any(number(0).encode() in part["body"] or b"Lamp" in part["body"] for part in parts)
        jobs = await work.connection.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'campaigns_fill'")
        assert jobs == 1

    for _ in range(2):
        await fill(install, {"campaign": str(made.id)})

    assert ((await look(install, made)).state, (await look(install, made)).rows) == ("ready", 1_001)
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM campaign_part") == 0
        assert len(set(await people_of(work, made))) == 1_001


async def test_whoever_is_named_twice_is_on_it_once(install: Install, shop: Shop) -> None:
    """Two spellings of one number are one person; the first one's parameters stand."""
    people = [Person("+371 2600-0001", "", {"lamp": "first"}), Person("26000001", "LV", {"lamp": "second"})]
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, recipients=people))
        (row,) = await store.list_rows(work, made, 0)
        assert (await store.get_campaign(work, shop.account_id, made.id)).rows == 1
        assert row.number == 1


async def test_what_only_one_message_says_reaches_that_message_and_no_other(install: Install, shop: Shop) -> None:
    """Parameters are sealed under the person's key from the row to the send, and never lie in clear."""
    people = [Person(number(place), "", {"lamp": f"Lamp {place}"}) for place in range(3)]
    async with install.unit_of_work() as work:
        for person in people:
            await know(work, shop, person.to)
        made = await service.create(work, shop.account_id, wanted(shop, recipients=people))
        rows = await store.list_rows(work, made, 0)
        assert all(row.payload and b"Lamp" not in row.payload for row in rows)
    await do(install, service.start, made)
    await run(install, made)

    async with install.reading() as work:
        places = {contact_id: place for place, contact_id in enumerate(await people_of(work, made))}
        sends = await work.connection.fetch("SELECT id, contact_id, payload FROM send")
        subjects = await load_subjects(work.connection, work.vault, places)
        for send in sends:
            opened = subjects[send["contact_id"]].open(PAYLOAD, send["id"], send["payload"])
            assert msgspec.json.decode(opened)["parameters"] == {"lamp": f"Lamp {places[send['contact_id']]}"}
    assert len(sends) == 3


async def test_everybody_whose_address_cant_be_read_is_named(install: Install, shop: Shop) -> None:
    """Two of four can't be read: both are told by their place, and nobody is put on record."""
    people = [Person(number(1), "", {}), Person("12", "", {}), Person(number(2), "XX", {}), Person(number(3), "", {})]

    with pytest.raises(Invalid) as refused:
        async with install.unit_of_work() as work:
            await service.create(work, shop.account_id, wanted(shop, recipients=people))

    told: Any = refused.value.data["faults"]
    assert [fault.data["field"] for fault in told] == ["recipients[1].to", "recipients[2].country"]
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM contact") == 0


async def test_a_campaign_says_whom_and_what_in_one_way_only(work: Work) -> None:
    """No source or two, no words or two, more than can be named, another channel than the number's: all refused."""
    shop = await open_shop(work)
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "campaign_source_unclear"),
        ({"recipients": named(1), "file": STATED}, "campaign_source_unclear"),
        ({"recipients": named(1), "template": None}, "campaign_says_nothing"),
        ({"recipients": named(1), "text": "Lamps"}, "campaign_says_nothing"),
        ({"recipients": named(MOST_NAMED + 1)}, "recipients_too_many"),
        ({"recipients": named(1), "channel": "sms"}, "number_of_other_channel"),
        ({"recipients": named(1), "channel": "push"}, "channel_without_address"),
        ({"recipients": named(1), "name": " "}, "name_invalid"),
        ({"recipients": named(1), "name": "Lamps\n"}, "name_invalid"),
        ({"recipients": named(1), "name": "x" * 201}, "name_invalid"),
    ]
    for changed, code in refused:
        with pytest.raises(Invalid) as fault:
            await service.create(work, shop.account_id, wanted(shop, **changed))
        assert fault.value.code == code


async def test_another_accounts_campaign_number_and_list_are_none(install: Install, shop: Shop) -> None:
    """Nobody learns of another's by guessing ids."""
    async with install.unit_of_work() as work:
        other = await open_shop(work, number="+37129999902")
        theirs = await service.create(work, other.account_id, wanted(other, recipients=named(1)))
    list_id = await _list(install, other, [line(1)])

    verbs: tuple[service.Verb, ...] = (service.start, service.pause, service.resume, service.stop)
    for verb in verbs:
        with pytest.raises(NotFound):
            async with install.unit_of_work() as work:
                await verb(work, shop.account_id, theirs.id)
    strange: list[dict[str, Any]] = [{"sender_id": other.sender_id, "recipients": named(1)}, {"list_id": list_id}]
    for changed in strange:
        with pytest.raises(NotFound):
            async with install.unit_of_work() as work:
                await service.create(work, shop.account_id, wanted(shop, **changed))
    assert (await look(install, theirs)).state == "ready"


async def test_a_list_that_was_imported_brings_its_people_of_the_right_kind(install: Install, shop: Shop) -> None:
    """Three of the list are on it; somebody who isn't on the list is not, nor is a list that isn't there yet."""
    list_id = await _list(install, shop, [line(place) for place in (1, 2, 3)])
    async with install.unit_of_work() as work:
        await add_contact(work, shop.account_id, Wanted("phone", number(4)))
        made = await service.create(work, shop.account_id, wanted(shop, list_id=list_id))
    await fill(install, {"campaign": str(made.id)})

    ready = await look(install, made)
    assert (ready.state, ready.rows) == ("ready", 3)
    await do(install, service.start, ready)
    assert (await run(install, ready)).allowed == 3
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE contact_list SET imported_at = NULL WHERE id = $1", list_id)
        with pytest.raises(Refused):
            await service.create(work, shop.account_id, wanted(shop, list_id=list_id))


async def test_a_list_keeps_the_people_who_came_again_with_a_newer_one(install: Install, shop: Shop) -> None:
    """Each list has all it named, each person once, also who stands in both and whom only the other brought."""
    older = await _list(install, shop, [line(1), line(2), line(1)])
    newer = await _list(install, shop, [line(3), line(2)])
    filled = {}
    for list_id in (older, newer):
        async with install.unit_of_work() as work:
            made = await service.create(work, shop.account_id, wanted(shop, list_id=list_id))
        await fill(install, {"campaign": str(made.id)})
        async with install.reading() as work:
            contacts = [await get_contact(work, shop.account_id, one) for one in await people_of(work, made)]
        filled[list_id] = sorted(contact.address for contact in contacts)

    assert filled == {older: [number(1), number(2)], newer: [number(2), number(3)]}


async def test_a_long_list_is_walked_to_its_end(install: Install, shop: Shop) -> None:
    """People are taken a piece at a time, and a piece that was taken before a crash is not taken again."""
    list_id = await _list(install, shop, [line(1)])
    async with install.unit_of_work() as work:
        people = [Wanted("phone", number(place)) for place in range(2, store.LISTED + 3)]
        refs = await find_or_add(work, shop.account_id, people)
        await add_members(work, list_id, [ref.id for ref in refs])
        made = await service.create(work, shop.account_id, wanted(shop, list_id=list_id))
        assert await store.add_listed(work, made, "phone") == (store.LISTED, store.LISTED)
        await store.count_rows(work, made.id, store.LISTED)

    await fill(install, {"campaign": str(made.id)})

    ready = await look(install, made)
    assert (ready.state, ready.rows) == ("ready", store.LISTED + 2)
    async with install.reading() as work:
        assert len(set(await people_of(work, made))) == store.LISTED + 2


async def test_a_list_without_anybody_fails_the_campaign(install: Install, shop: Shop) -> None:
    """Its people were erased, so there is nobody left to send to."""
    list_id = await _list(install, shop, [line(1)])
    async with install.unit_of_work() as work:
        await unlist(work, [row["id"] for row in await work.connection.fetch("SELECT id FROM contact")])
        made = await service.create(work, shop.account_id, wanted(shop, list_id=list_id))

    await fill(install, {"campaign": str(made.id)})

    ended = await look(install, made)
    assert (ended.state, ended.fault, ended.rows) == ("failed", "campaign_without_recipients", 0)


async def test_what_a_campaign_knows_of_its_message_is_fixed_at_its_start(install: Install, shop: Shop) -> None:
    """Its size; that its words are new, then repeated; and how long ago the last one was started."""
    first, second = await to_named(install, shop, 2), await to_named(install, shop, 3)
    third = await to_named(install, shop, 1, template=None, text="Lamps at half the price")

    assert await _facts(install, first) == (2, False, "P3650D")
    async with install.unit_of_work() as work:
        await work.connection.execute("UPDATE campaign SET started_at = started_at - interval '1 day'")
    size, repeats, pause = await _facts(install, second)
    assert (size, repeats, pause.partition("T")[0]) == (3, True, "P1D")
    assert (await _facts(install, third))[1] is False


async def _facts(install: Install, campaign: Any) -> tuple[int, bool, str]:  # noqa: ANN401
    started = await do(install, service.start, campaign)
    async with install.reading() as work:
        stored = await work.connection.fetchval("SELECT facts FROM content WHERE id = $1", started.content_id)
    facts = msgspec.msgpack.decode(stored)
    assert started.content_id != campaign.content_id
    return facts["recipients_count"], facts["repeats_text"], facts["since_last_batch"]


async def test_what_staff_found_of_its_content_goes_along_at_the_start(install: Install, shop: Shop) -> None:
    """The offer was reviewed before; the campaign's own content is approved from its first slice on."""
    campaign = await to_file(install, shop, [line(1)])
    assert campaign.content_id == shop.errand.content_id

    await do(install, service.start, campaign)

    assert (await run(install, campaign)).allowed == 1


async def _list(install: Install, shop: Shop, lines: list[str]) -> UUID:
    """Import a list, as an account does."""
    async with install.unit_of_work() as work:
        import_id = await importing.state_list(work, shop.account_id, STATED)
    with spooled(csv_of(lines)) as file:
        async with on_disk(file) as path:
            await importing.preview(install, shop.account_id, import_id, path)
            await importing.commit(install, shop.account_id, import_id, path)
    async with install.reading() as work:
        list_id = (await importing.progress(work, shop.account_id, import_id)).list_id
    assert list_id
    return list_id


async def test_a_campaign_that_is_not_there_is_not_filled(install: Install) -> None:
    """A job that comes late, or twice, does nothing."""
    (nobody,) = new_ids(install.clock(), 1)

    await fill(install, {"campaign": str(nobody)})

    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM campaign") == 0
