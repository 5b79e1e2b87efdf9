"""Relocating: nobody is judged by what old tables of numbers said, and everybody is located anew in time."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from backoffice.contacts import persons
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.locating import NOWHERE, Locator
from backoffice.contacts.merge import Place
from backoffice.contacts.persons import Told
from backoffice.contacts.relocating import relocate
from backoffice.contacts.service import add_contact, find_or_add, get_contact
from backoffice.contacts.whereabouts import WHEREABOUTS, is_current, locator, renewed
from backoffice.kernel.jurisdiction import Numbering, Whereabouts
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.policies import library
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.plumbing.vault.tokens import Kind
from backoffice.worker import LOOPS
from tests.cast import CELIA
from tests.contacts.rooms import register

FLORIDA = '305 = { states = ["US-FL"], zones = ["America/New_York"] }'
TEXAS = '305 = { states = ["US-TX"], zones = ["America/Chicago"] }'


def old_numbering(*changes: tuple[str, str]) -> Numbering:
    """Return the tables of this install with these rows as they may once have been."""
    texts = {file.removeprefix("numbers/"): text for file, text in library().files.items() if "numbers/" in file}
    for now, then in changes or ((FLORIDA, TEXAS),):
        assert sum(now in text for text in texts.values()) == 1
        texts = {file: text.replace(now, then) for file, text in texts.items()}
    return Numbering.from_toml(texts)


def once(address: str, place: Place | None = None, *changes: tuple[str, str], kind: Kind = "phone") -> Whereabouts:
    """Return where the owner of an address was by old tables."""
    return Locator(old_numbering(*changes), "LV").locate(kind, address, frozenset((place,)) if place else NOWHERE)


async def put_old(work: Work, account_id: UUID, address: str = CELIA, place: Place | None = None) -> UUID:
    """Put somebody on record as old tables located them."""
    told = Told(account_id, "phone", address, work.vault.token("phone", address), once(address, place))
    return (await persons.find_or_add(work, [told]))[told.key].id


async def where(work: Work, contact_id: UUID) -> Whereabouts:
    """Return where somebody is by what is on record."""
    number = await work.connection.fetchval("SELECT whereabouts_id FROM contact WHERE id = $1", contact_id)
    return (await WHEREABOUTS.recall(work, [number]))[number]


def test_what_todays_tables_told_stays_the_very_same() -> None:
    """Also where only who approved a table has changed."""
    told = locator("LV").locate("phone", CELIA)
    head = 'approved_by = "{}"\n\n[codes]\n'
    approved = old_numbering((head.format("unreviewed"), head.format("legal:liene")))

    assert renewed(told, "phone", CELIA) is told
    assert is_current(Locator(approved, "LV").locate("phone", CELIA))
    assert not is_current(once(CELIA))


def test_a_number_is_asked_anew_and_what_was_said_of_it_stays() -> None:
    """Miami was in Texas: both laws and both clocks count, for nobody knows that Texas wasn't declared."""
    found = renewed(once(CELIA), "phone", CELIA)

    assert is_current(found)
    assert found.places == {"US", "US-FL", "US-TX"}
    assert {name for place, name in found.zones if place == "US-FL"} == {"America/New_York"}
    assert ("US-TX", "America/Chicago") in found.zones
    assert (found.region, found.number_class) == ("US", once(CELIA).number_class)


def test_a_place_that_was_declared_is_declared_again() -> None:
    """With all zones it has now; what holds it comes along, and a place in the Union stays in it."""
    old = once("+37126000001", Place("GP", "", ""))
    now = locator("").locate("phone", "+37126000001", frozenset((Place("GP", "", ""),)))

    found = renewed(old, "phone", "+37126000001")

    assert (found.places, found.zones) == (now.places, now.zones)
    assert found.places == {"LV", "GP", "FR", "EU"}


def test_a_zone_that_a_postal_code_told_is_joined_by_all_of_its_state() -> None:
    """The code isn't kept, so nobody can tell what it would say now."""
    pensacola = Place("US", "FL", "32501")
    old = once("anna@example.com", pensacola, kind="email")

    found = renewed(old, "email", "anna@example.com")

    assert {name for _, name in old.zones} == {"America/Chicago"}
    assert {name for place, name in found.zones if place == "US-FL"} == {"America/Chicago", "America/New_York"}


@pytest.mark.parametrize("address", ["+883510012345", "+18005550100", ""])
def test_somebody_of_whom_no_place_is_known_is_still_anywhere(address: str) -> None:
    """A number of no country, one of any state, and an address that can't be opened any more."""
    old = once(address or "+883510012345")

    found = renewed(old, "phone", address)

    assert found.places == old.places
    assert set(found.zones) >= set(old.zones)
    assert is_current(found)


async def test_everybody_is_located_anew_some_at_a_time_and_once(install: Install) -> None:
    """Who is up to date isn't touched, whoever was erased keeps what was declared, and a second walk finds nobody."""
    async with install.unit_of_work() as work:
        account_id, other = await register(work), await register(work, name="Other Lamp")
        old = [await put_old(work, account_id), await put_old(work, other), await put_old(work, other, "+13055550107")]
        (fresh,) = await find_or_add(work, account_id, [Wanted("phone", "+13055550108")])
        await destroy_subject(work.connection, old[2], work.at)
        before = await work.connection.fetchrow("SELECT * FROM contact WHERE id = $1", fresh.id)

    steps = [await relocate(install, 2), await relocate(install, 2), await relocate(install, 2)]

    assert steps == [True, True, False]
    async with install.reading() as work:
        found = [(await where(work, one)).places for one in old]
        assert found == [{"US", "US-FL", "US-TX"}, {"US", "US-FL", "US-TX"}, {"US", "US-TX"}]
        assert all([is_current(await where(work, one)) for one in old])
        assert await work.connection.fetchrow("SELECT * FROM contact WHERE id = $1", fresh.id) == before
        stored = await work.connection.fetch("SELECT * FROM contact ORDER BY id")
    assert not await LOOPS["whereabouts"].step(install)
    async with install.reading() as work:
        assert await work.connection.fetch("SELECT * FROM contact ORDER BY id") == stored


async def test_a_walk_that_was_interrupted_goes_on_where_it_stood(install: Install) -> None:
    """And it has ended only when nobody is left."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
        old = [await put_old(work, account_id, f"+1305555010{last}") for last in range(5)]

    await relocate(install, 3)
    async with install.reading() as work:
        located = [is_current(await where(work, one)) for one in sorted(old)]
        (row,) = await work.connection.fetch("SELECT contact_id, ended_at FROM relocation")
    assert located == [True, True, True, False, False]
    assert tuple(row) == (sorted(old)[2], None)
    assert not await relocate(install, 3)

    async with install.reading() as work:
        assert all([is_current(await where(work, one)) for one in old])
        assert await work.connection.fetchval("SELECT ended_at IS NOT NULL FROM relocation")


async def test_who_is_written_to_again_is_located_anew_at_once(work: Work) -> None:
    """By the address at hand, together with what is said of them now; told so to the account too."""
    account_id = await register(work)
    contact_id = await put_old(work, account_id)
    assert (await get_contact(work, account_id, contact_id)).places == {"US", "US-FL", "US-TX"}

    ref = await add_contact(work, account_id, Wanted("phone", CELIA, "LV"), born_on=date(1990, 1, 1))

    assert (ref.id, ref.is_changed) == (contact_id, True)
    found = await where(work, contact_id)
    assert is_current(found)
    assert found.places == {"US", "US-FL", "US-TX", "LV", "EU"}
    again = await add_contact(work, account_id, Wanted("phone", CELIA, "LV"))
    assert not again.is_changed
