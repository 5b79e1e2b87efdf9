"""Contacts one by one: one address is one contact, under a key of its own, and statements only add."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from asyncpg.connection import LoggedQuery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.contacts.addresses import Wanted, kind_of, person_token, read_address
from backoffice.contacts.facts import registers
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import (
    add_contact,
    find_or_add,
    find_or_add_each,
    get_contact,
    record_inbound,
    record_provider_error,
    record_register,
    record_request,
    record_unclear_stop,
)
from backoffice.contacts.whereabouts import WHEREABOUTS
from backoffice.kernel.errors import Invalid, NotFound, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import destroy_subject
from tests.contacts.rooms import entries, register

ANNA = "+37126000001"
ZERO = {0x30: "0", 0x660: "٠", 0x6F0: "۰", 0x966: "०", 0xFF10: "０"}


def spellings() -> list[str]:
    """Return 200 ways to write one number, each in use somewhere."""
    parts = [
        ("26", "000", "001"),
        ("260", "00", "001"),
        ("26000001",),
        ("2600", "0001"),
        ("26", "00", "00", "01"),
        ("2", "6000001"),
    ]
    signs = [" ", "-", ".", "\u00a0", " - "]
    heads = ["+371 ", "00371 ", "+371-", "(+371) ", "\u200e+371 ", "'+371", "＋371 ", " +371\t"]
    made = [head + sign.join(part) for head, part, sign in product(heads, parts, signs)]
    scripts = [ANNA.translate({0x30 + digit: first + digit for digit in range(10)}) for first in ZERO]
    return list(dict.fromkeys([*scripts, ANNA, "26000001", "26 000 001", "371 26000001", *made]))[:200]


async def test_two_hundred_spellings_of_a_number_reach_one_contact(work: Work) -> None:
    """By whatever verb and in whatever script the number comes, it has one token and one contact."""
    account_id = await register(work)
    written = spellings()

    refs = await find_or_add(work, account_id, [Wanted("phone", one, "LV") for one in written])
    alone = [await add_contact(work, account_id, Wanted("phone", one, "lv")) for one in written]

    assert len(written) == len(set(written)) == 200
    assert {(ref.id, ref.token) for ref in (*refs, *alone)} == {(refs[0].id, refs[0].token)}
    assert {person_token(work.vault, one, "LV") for one in written} == {refs[0].token}
    assert await work.connection.fetchval("SELECT count(*) FROM contact") == 1


@given(local=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), upper=st.booleans(), spaces=st.integers(0, 2))
def test_a_mail_address_is_one_however_it_is_written(local: str, upper: bool, spaces: int) -> None:  # noqa: FBT001
    """Case, spaces around it and the script of its domain make no other address."""
    plain = f"{local}@xn--e1afmkfd.xn--p1ai"
    written = f"{local}@Пример.РФ"

    told = " " * spaces + (written.upper() if upper else written)

    assert kind_of(told) == "email"
    assert read_address("email", told) == plain


async def test_what_names_a_person_is_stored_sealed_and_opened_for_its_account_only(work: Work) -> None:
    """No column holds the address in clear, and another account is told of nobody."""
    account_id, other = await register(work), await register(work, name="Other Lamp")

    ref = await add_contact(work, account_id, Wanted("phone", ANNA), born_on=date(1990, 5, 1))

    row = await work.connection.fetchrow("SELECT * FROM contact WHERE id = $1", ref.id)
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert b"26000001" not in stored
    assert b"1990" not in stored
    contact = await get_contact(work, account_id, ref.id)
    assert (contact.address, contact.born_on) == (ANNA, date(1990, 5, 1))
    with pytest.raises(NotFound) as refused:
        await get_contact(work, other, ref.id)
    assert refused.value.code == "contact_unknown"


async def test_one_address_is_another_contact_of_another_account(work: Work) -> None:
    """Two accounts know one person by one token and by contacts of their own, with commitments of their own."""
    one, other = await register(work), await register(work, name="Other Lamp")

    mine, theirs = await find_or_add_each(work, [(one, Wanted("phone", ANNA)), (other, Wanted("phone", ANNA))])

    assert mine.token == theirs.token
    assert mine.id != theirs.id
    assert mine.commitment != theirs.commitment


async def _statements(work: Work, account_id: UUID, wanted: list[Wanted]) -> tuple[list[str], list[ContactRef]]:
    asked: list[str] = []

    def note(query: LoggedQuery) -> None:
        asked.append(query.query)

    with work.connection.query_logger(note):
        refs = await find_or_add(work, account_id, wanted)
    return asked, refs


async def test_known_contacts_cost_one_statement_however_many_they_are(install: Install) -> None:
    """A batch of whom nothing new is said reads once and writes nothing."""
    wanted = [Wanted("phone", f"+3712600{number:04d}", "LV") for number in range(500)]
    async with install.unit_of_work() as work:
        account_id = await register(work)
        added = await find_or_add(work, account_id, wanted)
    async with install.unit_of_work() as work:
        await find_or_add(work, account_id, wanted[:1])  # whereabouts are remembered from their first reading on

    async with install.unit_of_work() as work:
        asked, refs = await _statements(work, account_id, wanted)

    assert len(asked) == 1
    assert [ref.id for ref in refs] == [ref.id for ref in added]
    assert all(ref.is_new for ref in added)
    assert not any(ref.is_new or ref.is_changed for ref in refs)


async def test_a_wrong_address_names_its_place_and_adds_nobody(work: Work) -> None:
    """The whole batch is refused, so whoever made it can mend it."""
    account_id = await register(work)

    with pytest.raises(Invalid) as refused:
        await find_or_add(work, account_id, [Wanted("phone", ANNA), Wanted("phone", "12")])

    assert (refused.value.code, refused.value.data) == ("number_no_region", {"field": "phone", "place": 1})
    assert await work.connection.fetchval("SELECT count(*) FROM contact") == 0


async def test_what_is_declared_only_adds_places(work: Work) -> None:
    """A Latvian number whose owner is said to be in Florida stands under both laws from then on."""
    account_id = await register(work)
    first = (await find_or_add(work, account_id, [Wanted("phone", ANNA)]))[0]

    again = (await find_or_add(work, account_id, [Wanted("phone", ANNA, "US", "FL")]))[0]
    third = (await find_or_add(work, account_id, [Wanted("phone", ANNA)]))[0]

    assert first.is_new
    assert (again.id, again.is_changed, third.is_changed) == (first.id, True, False)
    assert (await get_contact(work, account_id, first.id)).places >= {"LV", "EU", "US-FL", "US"}


async def test_a_mail_address_without_a_country_counts_as_where_its_account_is(work: Work) -> None:
    """A mail address tells no place; nobody is nowhere."""
    account_id = await register(work, "US-FL")

    ref = (await find_or_add(work, account_id, [Wanted("email", "anna@example.com")]))[0]

    assert (await get_contact(work, account_id, ref.id)).places == {"US", "US-FL"}


async def test_a_person_is_natural_unless_every_statement_says_otherwise(work: Work) -> None:
    """A send that says nothing of the type changes nothing; a contradiction is read strictly."""
    account_id = await register(work)
    ref = await add_contact(work, account_id, Wanted("email", "info@example.com"), person_type="legal")

    await find_or_add(work, account_id, [Wanted("email", "info@example.com")])
    assert (await get_contact(work, account_id, ref.id)).person_type == "legal"
    await add_contact(work, account_id, Wanted("email", "info@example.com"), person_type="named_at_legal")

    assert (await get_contact(work, account_id, ref.id)).person_type == "natural"


async def test_the_youngest_birth_that_was_stated_counts(work: Work) -> None:
    """A later statement can make somebody younger and never older."""
    account_id = await register(work)
    for born_on in (None, date(2010, 1, 1), date(2012, 1, 1), date(1980, 1, 1)):
        ref = await add_contact(work, account_id, Wanted("phone", ANNA), born_on=born_on)

    assert (await get_contact(work, account_id, ref.id)).born_on == date(2012, 1, 1)
    with pytest.raises(Invalid):
        await add_contact(work, account_id, Wanted("phone", ANNA), born_on=date(2030, 1, 1))


async def test_each_add_that_changes_something_is_an_entry_that_names_nobody(work: Work) -> None:
    """Ids and a commitment, and nothing where nothing changed."""
    account_id = await register(work)
    for country in ("", "", "US"):
        ref = await add_contact(work, account_id, Wanted("phone", ANNA, country))

    told = await entries(work, "contacts:")

    assert sorted(entry["kind"] for entry in told) == ["contacts:contact:added", "contacts:contact:changed"]
    assert {entry["contact"] for entry in told} == {str(ref.id)}
    assert {entry["person"] for entry in told} == {ref.commitment.hex()}
    assert "26000001" not in str(told)


async def test_an_address_wanted_by_twenty_at_once_becomes_one_contact_with_one_key(install: Install) -> None:
    """Whoever comes late finds what the first one added; no second key can open anything."""
    async with install.unit_of_work() as work:
        account_id = await register(work)

    async def add(number: int) -> list[ContactRef]:
        wanted = [Wanted("phone", f"+3712600000{(number + each) % 5}") for each in range(5)]
        async with install.unit_of_work() as work:
            return await find_or_add(work, account_id, wanted)

    found = await asyncio.gather(*(add(number) for number in range(20)))

    ids = {ref.id for refs in found for ref in refs}
    async with install.reading() as work:
        assert {row["id"] for row in await work.connection.fetch("SELECT id FROM contact")} == ids
        keys = await work.connection.fetch("SELECT subject_id FROM vault_key WHERE wrapped IS NOT NULL")
    assert len(ids) == 5
    assert {row["subject_id"] for row in keys} == ids | {account_id}


async def test_two_who_add_places_at_once_lose_neither(install: Install) -> None:
    """Who comes second adds to what the first one wrote."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
        ref = await add_contact(work, account_id, Wanted("phone", ANNA))

    async def declare(country: str) -> None:
        async with install.unit_of_work() as work:
            await find_or_add(work, account_id, [Wanted("phone", ANNA, country)])

    await asyncio.gather(*map(declare, ("DE", "AZ", "US", "GB", "EE", "BR")))

    async with install.reading() as work:
        places = (await get_contact(work, account_id, ref.id)).places
    assert places >= {"LV", "DE", "AZ", "US", "GB", "EE", "BR"}


async def test_an_erased_contact_is_not_opened(work: Work) -> None:
    """Without the key there is nothing to show, and that is said."""
    account_id = await register(work)
    ref = await add_contact(work, account_id, Wanted("phone", ANNA))
    await destroy_subject(work.connection, ref.id, work.at)

    with pytest.raises(NotFound) as refused:
        await get_contact(work, account_id, ref.id)

    assert refused.value.code == "contact_erased"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)))
async def test_the_newest_inbound_and_error_count_in_whatever_order_they_are_told(work: Work, order: list[int]) -> None:
    """Callbacks come late and twice."""
    account_id = await register(work)
    ref = await add_contact(work, account_id, Wanted("phone", f"+37126{len(order)}00009"))
    await work.connection.execute(
        "UPDATE contact SET last_inbound_at = NULL, provider_error = 0, provider_error_at = NULL"
    )

    for number in order:
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
        await record_inbound(work, ref.id, at)
        await record_provider_error(work, ref.id, number, at)

    row = await work.connection.fetchrow(
        "SELECT last_inbound_at, provider_error, provider_error_at FROM contact WHERE id = $1", ref.id
    )
    newest = datetime(2026, 11, 1, 3, tzinfo=UTC)
    assert tuple(row) == (newest, 3, newest)


async def test_the_newest_request_counts_and_the_oldest_unclear_stop(work: Work) -> None:
    """What may be a stop holds from the first moment it was said, until it is decided."""
    ref = await add_contact(work, await register(work), Wanted("phone", ANNA))
    days = [datetime(2026, 11, number, tzinfo=UTC) for number in (2, 1, 3)]
    query = "SELECT last_request_at, unclear_stop_at FROM contact WHERE id = $1"

    for at in days:
        await record_request(work, ref.id, at)
        await record_unclear_stop(work, ref.id, at)

    assert tuple(await work.connection.fetchrow(query, ref.id)) == (days[2], days[1])
    await record_unclear_stop(work, ref.id, None)
    assert tuple(await work.connection.fetchrow(query, ref.id)) == (days[2], None)


async def test_a_register_of_today_takes_the_place_of_yesterdays(work: Work) -> None:
    """Who is on it no longer is listed no longer; older data than what is held is refused."""
    yesterday, today = work.at - timedelta(days=1), work.at - timedelta(hours=1)
    one, two, three = (bytes([number]) * 16 for number in range(3))
    await record_register(work, "us_dnc", yesterday, [(one, yesterday), (two, yesterday)])
    await record_register(work, "us_tx_no_call", yesterday, [(one, yesterday)])

    await record_register(work, "us_dnc", today, [(two, today), (three, today), (three, yesterday)])

    rows = await work.connection.fetch("SELECT token, since FROM listing WHERE register = 'us_dnc' ORDER BY token")
    assert [tuple(row) for row in rows] == [(two, today), (three, yesterday)]
    assert [(held.name, held.as_of) for held in await registers(work)] == [
        ("us_dnc", today),
        ("us_tx_no_call", yesterday),
    ]
    assert await work.connection.fetchval("SELECT count(*) FROM listing WHERE token = $1", one) == 1
    with pytest.raises(Refused):
        await record_register(work, "us_dnc", yesterday, [])
    with pytest.raises(Invalid):
        await record_register(work, "us_dnc", work.at + timedelta(days=1), [])


async def test_a_number_that_was_rolled_back_is_never_trusted(install: Install) -> None:
    """What a transaction that failed had kept is kept anew by the next one."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
    wanted = [Wanted("phone", ANNA, "EE")]
    with pytest.raises(ZeroDivisionError):
        async with install.unit_of_work() as work:
            await find_or_add(work, account_id, wanted)
            _ = 1 / 0

    async with install.unit_of_work() as work:
        (ref,) = await find_or_add(work, account_id, wanted)

    async with install.reading() as work:
        number = await work.connection.fetchval("SELECT whereabouts_id FROM contact WHERE id = $1", ref.id)
        assert (await WHEREABOUTS.recall(work, [number]))[number].places >= {"LV", "EE"}
        assert await work.connection.fetchval("SELECT count(*) FROM whereabouts") == 1


async def test_a_number_that_nobody_gave_leads_nowhere(work: Work) -> None:
    """A contact without whereabouts would stand under no law."""
    with pytest.raises(NotFound):
        await WHEREABOUTS.recall(work, [2_000_000_000])
