"""Numbers as people write them: one number has one form, and what can't be read is told, never guessed."""

from __future__ import annotations

from itertools import product

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel import phone
from backoffice.kernel.errors import Invalid
from backoffice.kernel.phone import (
    describe,
    is_emergency,
    is_fictional,
    number_class,
    parse_phone,
    region_of,
)

_WORLD = [
    ("+37126000001", "26 000 001", "LV", "mobile"),
    ("+37167021111", "67021111", "LV", "fixed"),
    ("+994501234567", "050 123 45 67", "AZ", "mobile"),
    ("+14155550123", "(415) 555-0123", "US", "fixed_or_mobile"),
    ("+14165550123", "416-555-0123", "CA", "fixed_or_mobile"),
    ("+18005550123", "1-800-555-0123", "US", "toll_free"),
    ("+19002345678", "900 234 5678", "US", "premium"),
    ("+447400123456", "07400 123456", "GB", "mobile"),
    ("+4915123456789", "01512 3456789", "DE", "mobile"),
    ("+49301234567", "030/1234567", "DE", "fixed"),
    ("+393123456789", "312 345 6789", "IT", "mobile"),
    ("+390612345678", "06 1234 5678", "IT", "fixed"),
    ("+79161234567", "8 (916) 123-45-67", "RU", "mobile"),
    ("+77710009998", "8 771 000 9998", "KZ", "mobile"),
    ("+5511961234567", "(11) 96123-4567", "BR", "mobile"),
    ("+37061234567", "8 612 34567", "LT", "mobile"),
    ("+819012345678", "090-1234-5678", "JP", "mobile"),
    ("+33612345678", "06 12 34 56 78", "FR", "mobile"),
    ("+390669812345", "06 698 12345", "VA", "fixed"),
]


def refusal(text: str, region: str | None) -> str:
    """Return the code with which a text is refused."""
    with pytest.raises(Invalid) as refused:
        parse_phone(text, region)
    return refused.value.code


def spellings() -> set[str]:
    """Return ways of people, forms, sheets and address books to write +371 26000001."""
    prefixes = ["+371", "00371", "+ 371", "(+371)", "(00371)", "+(371)", "00 371", "\N{FULLWIDTH PLUS SIGN}371"]
    gaps = ["", " ", "-", ".", "\u00a0", "\u2009", "\N{NON-BREAKING HYPHEN}", "\N{EN DASH}", " - "]
    groups = [("26000001",), ("2600", "0001"), ("26", "000", "001"), ("26", "00", "00", "01"), ("(26)", "000001")]
    written = {first + gap + gap.join(group) for first, gap, group in product(prefixes, gaps, groups)}
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    wrapped = [f"'{text}" for text in written] + [f"  {text}\t" for text in written]
    marked = [f"\N{LEFT-TO-RIGHT EMBEDDING}{text}\N{POP DIRECTIONAL FORMATTING}" for text in written]
    return {*written, *wrapped, *marked, *(text.translate(arabic) for text in written)}


def test_hundreds_of_spellings_are_one_number() -> None:
    """However it is written, a stop on a number is found again (T14)."""
    written = spellings()

    assert len(written) >= 200
    assert {parse_phone(text, None) for text in written} == {"+37126000001"}
    assert {parse_phone(text, "US") for text in written} == {"+37126000001"}


@pytest.mark.parametrize("text", ["26000001", "26 000 001", "2600-0001", "٢٦٠٠٠٠٠١", "37126000001", "'371 26000001"])
def test_a_number_without_a_prefix_is_read_with_the_region(text: str) -> None:
    """A lost `+` is no harm where no national number is that long (T14)."""
    assert parse_phone(text, "LV") == "+37126000001"


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("994401234041", "AZ", "+994401234041"),
        ("13645550130", "US", "+13645550130"),
        ("79161234567", "RU", "+79161234567"),
    ],
)
def test_a_text_that_begins_with_the_country_code_is_international(text: str, region: str, e164: str) -> None:
    """It is taken so only because it is valid that way and isn't valid as a national number."""
    assert parse_phone(text, region) == e164


def test_two_valid_readings_are_ambiguous() -> None:
    """German national numbers may be this long, so nobody can say whether a `+` was lost."""
    assert refusal("4915123456682", "DE") == "number_ambiguous"


@pytest.mark.parametrize(("e164", "national", "region", "kind"), _WORLD)
def test_numbers_of_the_world_are_read_both_ways(e164: str, national: str, region: str, kind: str) -> None:
    """The international and the national writing are one number, of one country and one class."""
    assert parse_phone(e164, None) == parse_phone(national, region) == e164
    assert (region_of(e164), number_class(e164)) == (region, kind)


def test_each_country_has_a_number_that_is_read() -> None:
    """The library's own example of every country is read in both writings."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number(region) or phonenumbers.PhoneNumber()
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)

        assert parse_phone(e164, None) == parse_phone(national, region) == e164, region


@given(st.text("0123456789 -.()", min_size=7).filter(lambda text: any(map(str.isdigit, text))))
def test_a_country_is_never_guessed(text: str) -> None:
    """Without a prefix and a region no digits make a number."""
    with pytest.raises(Invalid):
        parse_phone(text.lstrip(" -.()0") or "1", None)


@given(st.one_of(st.text(), st.text("0123456789+-/.,;()'eE \n")))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    """Whatever stands in a cell, the answer is E.164 or a reason."""
    try:
        answer = parse_phone(text, "LV")
    except Invalid as refused:
        answer = refused.code

    assert answer.startswith("number_") or describe(answer).e164 == answer


@pytest.mark.parametrize(
    "text",
    [
        "26000001 / 26000002",
        "26000001, 26000002",
        "26000001;26000002",
        "26000001\n26000002",
        "26000001 26000002",
        "26000001 vai 26000002",
        "+37126000001+37126000002",
        "+371 26000001 (26000002)",
        "2600001/02",
    ],
)
def test_two_numbers_in_a_cell_are_ambiguous(text: str) -> None:
    """Nobody can say which of them the person meant."""
    assert refusal(text, "LV") == "number_ambiguous"


@pytest.mark.parametrize(
    "text", ["3.71212E+10", "3,71212E+10", "9.94401e11", "37126000001.0", "=+37126000001", "-37126000001"]
)
def test_what_a_spreadsheet_damaged_is_told(text: str) -> None:
    """Lost digits can't be had back; the person who has the list can."""
    assert refusal(text, "LV") == "number_damaged"


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "-", "########", "+371", "+3712600000", "+0037126000001", "371+26000001", "+1 800 FLOWERS", "12"],
)
def test_what_no_plan_knows_is_invalid(text: str) -> None:
    """Letters, too many or too few digits and a `+` inside are no number."""
    assert refusal(text, "LV") == "number_invalid"


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        ("26000001", None, "number_no_region"),
        ("26000001", "UK", "country_unknown"),
        ("112", "LV", "number_emergency"),
        ("112", None, "number_emergency"),
        ("911", "US", "number_emergency"),
        ("1188", "LV", "number_short"),
        ("0034", None, "number_invalid"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, region: str | None, code: str) -> None:
    """Each reason has its own remedy: a country column, a correction, or nothing at all."""
    assert refusal(text, region) == code


@pytest.mark.parametrize(
    ("text", "region", "dials"),
    [
        ("112", None, True),
        ("911", "LV", True),
        ("103", "AZ", True),
        ("١١٢", "AZ", True),
        ("999", "LV", False),
        ("1188", "LV", False),
    ],
)
def test_an_emergency_number_is_known_by_its_country(text: str, region: str | None, dials: bool) -> None:  # noqa: FBT001
    """112 and 911 dial an emergency service from any handset, others where they are one."""
    assert is_emergency(text, region) is dials


@pytest.mark.parametrize("e164", ["+12125550100", "+18005550199", "+14165550123", "+442079460123", "+447700900123"])
def test_a_number_of_films_is_fictional(e164: str) -> None:
    """The ranges that regulators keep free: the library calls the American ones valid."""
    assert is_fictional(e164)


@pytest.mark.parametrize("e164", ["+12125550099", "+12125550200", "+442079470123", "+37126000001"])
def test_a_number_beside_those_ranges_is_not(e164: str) -> None:
    """The ranges are exact."""
    assert not is_fictional(e164)


@pytest.mark.parametrize(
    ("e164", "regions"),
    [
        ("+37126000001", ("LV",)),
        ("+447400123456", ("GB",)),
        ("+447781123456", ("GG",)),
        ("+358412345678", ("FI", "AX")),
        ("+393123456789", ("IT", "VA")),
        ("+61412345678", ("AU", "CC", "CX")),
        ("+590690001234", ("GP", "BL", "MF")),
        ("+13055550123", ("US",)),
        ("+883510012345", ()),
    ],
)
def test_a_shared_code_names_every_country_it_may_mean(e164: str, regions: tuple[str, ...]) -> None:
    """Where the digits don't tell the countries of one code apart, each is a candidate."""
    assert describe(e164).regions == regions


def test_a_toll_free_american_number_may_be_of_25_countries() -> None:
    """+1 is one plan for 25 regions, and 800 is of none of them."""
    assert len(describe("+18005550123").regions) == len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]) == 25


@given(st.sampled_from([39, 44, 47, 61, 212, 262, 290, 358, 590, 599]), st.integers(10**5, 10**10))
def test_candidates_agree_with_the_library(code: int, national: int) -> None:
    """One pattern a country answers as the library's own question does."""
    number = phonenumbers.PhoneNumber(country_code=code, national_number=national)
    valid = {
        region
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        if phonenumbers.is_valid_number_for_region(number, region)
    }
    if phonenumbers.is_valid_number(number):
        assert set(describe(f"+{code}{national}").regions) == valid


@pytest.mark.parametrize("text", ["26000001", "+4407400123456", "+371", "112", ""])
def test_only_e164_is_described(text: str) -> None:
    """Numbers are read at the edge; inside there is one form."""
    with pytest.raises(Invalid, match="number_invalid"):
        describe(text)


_EXAMPLES = [
    phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in range(11)
    if (example := phonenumbers.example_number_for_type(region, kind))
]


@given(st.sampled_from(_EXAMPLES), st.integers(2, 8), st.text("0123456789", max_size=8))
def test_what_the_quick_way_takes_is_taken_by_the_long_one_as_it_stands(example: str, kept: int, rest: str) -> None:
    """A number in a country's plan has no other form, whatever prefixes its country knows."""
    for text in (example[:kept] + rest, example[:-1] + rest[:1]):
        if phone._E164.fullmatch(text) and phone._is_in_plan(text):  # the two ways are compared
            assert phone.describe(text).e164 == text
