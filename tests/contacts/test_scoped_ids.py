"""WhatsApp's id of a person for one business: found by its token, at home in its country, known by other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backoffice.contacts.addresses import Wanted, kind_on, read_address
from backoffice.contacts.aliases import add_aliases, list_aliases
from backoffice.contacts.service import find_or_add, get_contact
from backoffice.contacts.whereabouts import locator
from backoffice.kernel.errors import Invalid
from tests.cast import ANNA
from tests.contacts.rooms import register

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

OWN, OF_GROUP = "LV.13491208655302741918", "US.ENT.11815799212886844830"


@pytest.mark.parametrize(
    ("written", "places", "region"),
    [(OWN, {"LV", "EU"}, "LV"), (OF_GROUP, {"US", "US-unknown"}, "US"), ("ZZ.1", {"global"}, "ZZ")],
)
def test_an_id_says_from_which_country_the_number_is(written: str, places: set[str], region: str) -> None:
    """What holds for numbers from the US holds for ids from there (PL-WA-04); a country nobody knows has no pack."""
    where = locator("LV").locate("scoped_id", read_address("scoped_id", written))

    assert places <= where.places
    assert where.region == region


@pytest.mark.parametrize("written", ["lv.1", "LV.", "LV.1/2", "LV1", "L.1", "LV." + "1" * 129, "LV.ENT.", ""])
def test_what_is_no_id_is_refused(written: str) -> None:
    """Capitals count, and so does the length."""
    with pytest.raises(Invalid, match="scoped_id_invalid"):
        read_address("scoped_id", written)


def test_an_id_is_an_address_of_whatsapp_alone() -> None:
    """Elsewhere it is a number that can't be read."""
    assert (kind_on("whatsapp", OWN), kind_on("sms", OWN), kind_on("whatsapp", ANNA)) == ("scoped_id", "phone", "phone")


async def test_a_person_with_an_id_is_a_contact_of_its_own(work: Work) -> None:
    """Found again by it, and its address sealed as any other."""
    account_id = await register(work)
    (one,) = await find_or_add(work, account_id, [Wanted("scoped_id", OWN)])
    (again,) = await find_or_add(work, account_id, [Wanted("scoped_id", f" {OWN} ")])
    contact = await get_contact(work, account_id, one.id)

    assert (one.id, contact.kind, contact.address) == (again.id, "scoped_id", OWN)


async def test_names_of_one_person_are_known_to_their_account_alone(work: Work) -> None:
    """However many, and however they came together; what is known already is no news."""
    account_id, other = await register(work), await register(work)
    first, second, third = b"1" * 16, b"2" * 16, b"3" * 16
    news = await add_aliases(work, account_id, [first, second])
    more = await add_aliases(work, account_id, [third, second])

    assert (news, more) == ([first, second], [first, second, third])
    assert await add_aliases(work, account_id, [second, first]) == []
    assert await add_aliases(work, account_id, [first]) == []
    assert await list_aliases(work, account_id, [first]) == [first, second, third]
    assert await list_aliases(work, other, [first]) == [first]
