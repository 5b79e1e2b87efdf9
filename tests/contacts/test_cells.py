"""Cells: moments read strictly, opt-outs never lost, addresses as suppressions compare them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, example_number_for_type, format_number

from backoffice.contacts.cells import (
    address_of,
    born_on,
    country_of,
    earliest,
    fold_email,
    moments,
    opt_out,
    person_type_of,
    shown,
)
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault.tokens import normalised
from backoffice.policy.facts import NEVER
from tests.trying import DEAR

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-20T07:00:00Z",
        "2026-03-20 07:00:00+00",
        "2026-03-20T09:00+02:00",
        "2026-03-20T09:00:00+0200",
        "2026-03-19T21:00:00.000000-10:00",
    ],
)
def test_an_instant_is_read_in_every_iso_spelling(cell: str) -> None:
    """Zones, seconds and the space some databases write are read as the one moment they mean."""
    assert moments(cell, "x") == (datetime(2026, 3, 20, 7, tzinfo=UTC),) * 2


@pytest.mark.parametrize(
    "cell",
    [
        *("12/11/2025", "31.02.2025", "2025-13-01", "2025-02-30", "yesterday", "1735689600", "45000", "20260320"),
        *("2026-W12-5", "2026-03-20T24:00:00Z", "2026-03-20x07:00Z", "٢٠٢٦-٠٣-٢٠", "0001-01-01", "9999-12-31", "1/0"),
        *("2026-03-20T07:00:00Z ", "=NOW()", "2026-03-20T07:00:61Z"),
    ],
)
def test_any_other_date_is_refused_and_not_guessed(cell: str) -> None:
    """Day-first, month-first, serial numbers and impossible days are date_invalid."""
    with pytest.raises(Invalid) as refused:
        moments(cell, "consent_at")

    assert (refused.value.code, refused.value.data) == ("date_invalid", {"field": "consent_at"})


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001
def test_a_time_without_a_zone_spans_every_zone(local: datetime, hours: int) -> None:
    """Whatever zone was meant, the moment lies between the two that are returned."""
    first, last = moments(local.isoformat(sep=" ", timespec="seconds"), "x")

    meant = local.replace(microsecond=0, tzinfo=UTC) - timedelta(hours=hours)
    assert first <= meant <= last


def test_of_two_acts_on_one_day_the_opt_out_is_the_later() -> None:
    """A consent counts from the earliest moment its day can mean, an opt-out from the latest."""
    assert earliest("2026-03-20", "consent_at", AT) < opt_out("2026-03-20", "opted_out_at", AT)
    assert earliest("2026-03-20T10:00", "consent_at", AT) < opt_out("2026-03-20T10:00", "opted_out_at", AT)


def test_an_opt_out_of_today_counts_up_to_now() -> None:
    """The latest moment of an unfinished day is the moment of judging."""
    assert opt_out("2026-11-20", "opted_out_at", AT) == AT


@pytest.mark.parametrize("read", [earliest, opt_out, born_on])
def test_a_future_date_is_refused(read: object) -> None:
    """What hasn't happened yet was never recorded: date_in_future."""
    assert callable(read)
    with pytest.raises(Invalid, match="date_in_future"):
        read("2026-11-22", "x", AT)


@pytest.mark.parametrize("read", [earliest, opt_out])
@pytest.mark.parametrize(
    "cell", ["1970-01-01T00:00:00Z", "1970-01-01", "1970-01-01 02:00:00+02", "1969-12-31 16:00", "0001-01-01T00:00:00Z"]
)
def test_a_date_that_stands_for_none_is_refused(read: object, cell: str) -> None:
    """What programs write where they know no date is no act of anybody: date_too_early; a birthday it may be."""
    assert callable(read)
    with pytest.raises(Invalid, match="date_too_early"):
        read(cell, "x", AT)

    assert read("1971-01-02", "x", AT) > NEVER
    assert born_on("1970-01-01", "birth_date", AT) == date(1970, 1, 1)


@pytest.mark.parametrize("cell", ["yes", "TRUE", "1", "x", "Jā", "bəli", "да", "STOP", "İMTİNA"])
def test_a_plain_yes_is_an_opt_out_as_of_now(cell: str) -> None:
    """An opt-out without a date is the strongest: nothing on record is later."""
    assert opt_out(cell, "opted_out_at", AT) == AT


@pytest.mark.parametrize("cell", ["", "no", "False", "0", "-", "n/a", "NULL", "nē", "yox", "нет"])
def test_a_plain_no_is_no_opt_out(cell: str) -> None:
    """A flag that says no stops nobody."""
    assert opt_out(cell, "opted_out_at", AT) == NEVER


def test_a_birthday_is_a_day() -> None:
    """A day of birth has no zone; an empty cell is no birthday."""
    assert born_on("2013-11-20", "birth_date", AT) == date(2013, 11, 20)
    assert born_on("", "birth_date", AT) is None


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("  Anna@Example.COM ", "anna@example.com"),
        ("ПОЧТА@пример.рф", "почта@xn--e1afmkfd.xn--p1ai"),
        ("līga.o'neill+x@пример.рф", "līga.o'neill+x@xn--e1afmkfd.xn--p1ai"),
        ("aija@XN--E1AFMKFD.XN--P1AI", "aija@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_an_email_address_is_folded(cell: str, address: str) -> None:
    """Case, space around and the spelling of the domain don't make another address."""
    assert fold_email(cell) == address


@pytest.mark.parametrize(
    "cell",
    [
        *("not-an-email", "a@b", "@example.com", "a@", "a b@example.com", "a@@example.com", "a@example..com"),
        *("Anna <anna@example.com>", "a@example.com;b@example.com", ".a@example.com", "a@-x.com", "a@x.c"),
        *("x" * 65 + "@example.com", "a@" + "x" * 64 + ".com", "a\n@example.com", "a@exam\u200cple.com", "a@straße.de"),
    ],
)
def test_an_address_without_a_sane_shape_is_refused(cell: str) -> None:
    """Whatever may mean no address, two addresses or two domains is email_invalid."""
    with pytest.raises(Invalid, match="email_invalid"):
        fold_email(cell)


@DEAR
@given(st.emails())
def test_folding_an_address_twice_changes_nothing(address: str) -> None:
    """A folded address is its own key."""
    try:
        folded = fold_email(address)
    except Invalid:
        return
    assert fold_email(folded) == folded


@pytest.mark.parametrize("cell", ["26000001", "+371 2600-0001", "0037126000001", "'+37126000001"])
def test_every_spelling_of_a_number_is_one_address(cell: str) -> None:
    """A suppressed number is met again in whatever format the next list writes it (T14)."""
    assert address_of(cell, "sms", "LV") == "+37126000001"


@pytest.mark.parametrize(
    ("cell", "channel", "region", "code", "field"),
    [
        ("", "whatsapp", "LV", "number_missing", "phone"),
        ("", "email", "LV", "email_missing", "email"),
        ("26000001", "sms", None, "number_no_region", "phone"),
        ("3.71212E+10", "sms", "LV", "number_damaged", "phone"),
        ("26000001", "sms", "XX", "country_unknown", "country"),
    ],
)
def test_an_unreadable_address_is_refused_with_its_field(
    cell: str, channel: str, region: str | None, code: str, field: str
) -> None:
    """The code is that of the reader of numbers; the field is the column at fault."""
    with pytest.raises(Invalid) as refused:
        address_of(cell, channel, region)

    assert (refused.value.code, refused.value.data["field"]) == (code, field)


def test_whatever_is_read_as_a_number_has_a_token() -> None:
    """In every country and of every kind: a firm's four digits in Iran are refused, not passed on."""
    refused = set()
    for region, kind in product(sorted(SUPPORTED_REGIONS), range(11)):
        if example := example_number_for_type(region, kind):
            written = format_number(example, PhoneNumberFormat.E164)
            try:
                assert normalised("phone", address_of(written, "sms", None)) == written
            except Invalid as fault:
                refused.add((written, fault.code))

    assert refused == {("+989601", "number_short")}


@given(st.text(st.characters(categories=["L", "N", "M"]), min_size=1, max_size=4))
def test_two_mail_addresses_that_are_read_never_share_a_token(local: str) -> None:
    """What is only another look of letters is refused, or a stop of one address would be another's."""
    try:
        address = fold_email(f"{local}@example.com")
    except Invalid:
        return
    assert normalised("email", address) == address


@pytest.mark.parametrize("local", ["ﬁnn", "ａnna", "ⅳ", "anna²"])
def test_another_look_of_letters_is_refused(local: str) -> None:
    """Two people could look like one."""
    with pytest.raises(Invalid, match="email_invalid"):
        fold_email(f"{local}@example.com")


def test_countries_and_kinds_of_person_are_taken_from_closed_lists() -> None:
    """Two letters for a country; natural is what an empty cell means."""
    assert (country_of("lv"), country_of("")) == ("LV", "")
    assert (person_type_of(""), person_type_of("legal")) == ("natural", "legal")
    with pytest.raises(Invalid, match="country_invalid"):
        country_of("Latvija")
    with pytest.raises(Invalid, match="person_type_invalid"):
        person_type_of("robot")


@given(st.text())
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    """No text of a list can steer a terminal or flood a report."""
    assert shown(text).isprintable()
    assert len(shown(text)) <= 80
