"""Numbers as people write them, read once at the edge into E.164 or refused with a reason; never guessed.

A number is what a stop, a consent and a law hang on: two spellings of one number are one number, and a spelling
that may mean two numbers is none. What a spreadsheet has damaged is told, not repaired.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType, shortnumberinfo

from backoffice.kernel.errors import Invalid

_CLASSES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
}
_GEOGRAPHIC = {"mobile", "fixed", "fixed_or_mobile"}
_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DAMAGED = re.compile(
    r"[-=].*\d.*"  # a formula, or what a sheet made of one
    r"|[\d.,]+[eE][-+]?\d+"  # 3.71212E+10
    r"|\d{7,}[.,]0{1,2}",  # a number kept as a fraction
    re.DOTALL,
)
_BETWEEN_NUMBERS = re.compile(r"[,;|/\n]|[^\W\d_]+|(?<=\d)(?=[ (]*\+)")
_ENDINGS = re.compile(r"(?:\d\D*){7}/ *\d|/ *\d{1,3}$")  # 2600001/02: one number and the end of another
_WRITTEN = re.compile(r"[ (]*\+?[\d ().\-]*\d[\d ().\-]*(?:/[\d .\-]+)?")  # 030/123456: a slash after an area code
_EVERYWHERE = {"112", "911"}
_FICTION = re.compile(
    r"\+1\d{3}55501\d\d"  # NANP: 555-0100 to 555-0199 in every area code
    r"|\+44(?:1(?:1[3-8]|[2-6]1)4960|1914980|2079460|2896496|2920180|1632960"
    r"|7700900|8081570|9098790|3069990)\d{3}"  # Ofcom: numbers for drama
)


class Number(NamedTuple):
    """A number that exists in somebody's plan, with what its digits alone tell.

    `region` is the country the plan names first, "" where the number belongs to none (+883, +800); `regions` are
    all countries it may belong to: +61 4… may be of Australia or of two of its islands, a toll-free +1 of 25.
    """

    e164: str
    region: str
    regions: tuple[str, ...]
    number_class: str


def parse_phone(text: str, region: str | None) -> str:
    """Return the E.164 form of a number as written in a cell or a form.

    A number with `+` or `00` says its country itself; `region` is used only for one without. Digits of any script,
    spaces, dashes, dots, brackets, a leading apostrophe and the invisible marks of address books are accepted.

    Without a prefix each reading is tried: as a number of `region` (its own trunk and international prefixes
    included), and, where the text begins with the country code of `region`, as an international number that lost
    its `+`. Exactly one must be valid: "37121234567" in LV and "994401234041" in AZ are international, since no
    national number is that long; were both readings valid and different, the text is ambiguous.

    Raises `Invalid`: `number_invalid` (no plan knows it), `number_no_region` (no prefix, no region),
    `number_ambiguous` (two numbers, or two readings), `number_damaged` (a spreadsheet made it a formula, a
    fraction or 3.71212E+10), `number_emergency` and `number_short` (112, 1188: no E.164 exists, so nothing can be
    sent; the codes tell the class), `country_unknown`.

    >>> parse_phone("2600-0001", "LV"), parse_phone("0037126000001", None)
    ('+37126000001', '+37126000001')
    """
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid("country_unknown", country=region)
    if _E164.fullmatch(text):
        if _is_in_plan(text):
            return text
        if number := _look_up(text):
            return number.e164
    written = _plain(text)
    _refuse_what_is_no_number(written, region)
    readings = _readings(written, region)
    if len(readings) != 1:
        raise _why_unreadable(written, region, readings)
    return readings.pop()


def number_class(e164: str) -> str:
    """Return mobile, fixed, fixed_or_mobile, toll_free, premium or other (personal, voip, shared cost, pager).

    Emergency and short numbers have no E.164 form: `parse_phone` names those classes in its refusal.
    """
    return describe(e164).number_class


def region_of(e164: str) -> str:
    """Return the country of a number, "" for a number of no country.

    >>> region_of("+14165550123"), region_of("+883510012345")
    ('CA', '')
    """
    return describe(e164).region


def is_fictional(e164: str) -> bool:
    """Whether a number is set aside for films and tests: NANP 555-0100 to 0199, and Ofcom's drama numbers.

    >>> is_fictional("+12125550123"), is_fictional("+12125550200")
    (True, False)
    """
    return _FICTION.fullmatch(e164) is not None


def is_geographic(number: Number) -> bool:
    """Whether the digits point to a place: no toll-free, premium or personal number does."""
    return number.number_class in _GEOGRAPHIC


def is_emergency(text: str, region: str | None) -> bool:
    """Whether a text dials an emergency service in `region`; 112 and 911 do from any handset (3GPP TS 22.101).

    >>> is_emergency("1 1 2", "LV"), is_emergency("999", "GB"), is_emergency("999", "LV")
    (True, True, False)
    """
    return _dials_emergency(_digits(_plain(text)), region)


def describe(e164: str) -> Number:
    """Return what the digits of a number tell; raises `Invalid("number_invalid")` for what is no valid E.164."""
    number = _look_up(e164)
    if number is None or number.e164 != e164:
        raise Invalid("number_invalid")
    return number


def _dials_emergency(digits: str, region: str | None) -> bool:
    if digits in _EVERYWHERE:
        return True
    return region is not None and len(digits) <= 6 and bool(shortnumberinfo.is_emergency_number(digits, region))


@lru_cache(maxsize=4096)  # parsing is the dear half of a look-up; a row is asked about several times in a row
def _look_up(international: str) -> Number | None:
    """Read "+" and digits; None where no plan has such a number."""
    parsed = _parsed(international, None)
    if parsed is None:
        return None
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return None
    region = phonenumbers.region_code_for_number(parsed) or "001"
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    named = _CLASSES.get(kind, "other")
    regions = _regions(parsed, region, named)
    return Number(e164, "" if region == "001" else region, regions, named)


def _regions(parsed: phonenumbers.PhoneNumber, region: str, named: str) -> tuple[str, ...]:
    if region == "001":
        return ()
    sharing = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[parsed.country_code or 0]
    if len(sharing) == 1 or (parsed.country_code == 1 and named in _GEOGRAPHIC):  # an area code has one country
        return (region,)
    national = phonenumbers.national_significant_number(parsed)
    return tuple(other for other in sharing if other == region or _plan(other).fullmatch(national))


def _is_in_plan(e164: str) -> bool:
    """Whether the digits behind a country's code are a whole number of its plan: nothing is left to be read into them.

    The quick way for what is in its one form already, as most numbers are.
    """
    for length in (2, 3, 4):
        if regions := phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(e164[1:length])):
            return any(_plan(region).fullmatch(e164, length) for region in regions if region != "001")
    return False


@cache
def _plan(region: str) -> re.Pattern[str]:
    """All national numbers of a country in one pattern: three times faster than the library's own question."""
    metadata = PhoneMetadata.metadata_for_region(region)
    kinds = (getattr(metadata, kind) for kind in _KINDS)
    patterns = (kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _plain(text: str) -> str:
    """Bring the signs of every script and keyboard to digits, `+ - ( ) .`, space and what else was written."""
    return "".join(map(_sign, text.strip())).strip().lstrip("'’‘`´ʼ").strip()


def _sign(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Zs":
            return " "
        case "Pd":
            return "-"
    return _ALIKE.get(char, char)


_ALIKE = {"\t": " ", "\N{MINUS SIGN}": "-", "\N{FULLWIDTH PLUS SIGN}": "+", "\N{SMALL PLUS SIGN}": "+"} | dict(
    zip("[]（）．", "()().", strict=True),
)


def _digits(written: str) -> str:
    return re.sub(r"\D", "", written)


def _refuse_what_is_no_number(written: str, region: str | None) -> None:
    if _DAMAGED.fullmatch(written):
        raise Invalid("number_damaged")
    if _dials_emergency(_digits(written), region):
        raise Invalid("number_emergency", country=region)
    if sum(len(_digits(part)) > 5 for part in _BETWEEN_NUMBERS.split(written)) > 1 or _ENDINGS.search(written):
        raise Invalid("number_ambiguous")
    if not _WRITTEN.fullmatch(written):
        raise Invalid("number_invalid")


def _readings(written: str, region: str | None) -> set[str]:
    """Return each valid number that the text can mean."""
    digits = _digits(written)
    meant = ["+" + digits] if "+" in written else list(_without_plus(digits, region))
    return {number.e164 for each in meant if (number := _look_up(each))}


def _without_plus(digits: str, region: str | None) -> list[str]:
    meant = ["+" + digits[2:]] if digits.startswith("00") else []
    if region is None:
        return meant
    if digits.startswith(str(phonenumbers.country_code_for_region(region))):
        meant.append("+" + digits)
    if national := _parsed(digits, region):
        meant.append(phonenumbers.format_number(national, PhoneNumberFormat.E164))
    return meant


def _why_unreadable(written: str, region: str | None, readings: set[str]) -> Invalid:
    digits = _digits(written)
    if readings or _holds_two(written, region):
        return Invalid("number_ambiguous")
    if "+" in written or digits.startswith("00"):
        return Invalid("number_invalid")
    if region is None:
        return Invalid("number_no_region")
    short = _parsed(digits, region)
    if short and shortnumberinfo.is_valid_short_number_for_region(short, region):
        return Invalid("number_short", country=region)
    return Invalid("number_invalid")


def _holds_two(written: str, region: str | None) -> bool:
    """Whether some space parts the text into two valid numbers."""
    words = written.split()
    halves = ((" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words)))
    return any(_readings(one, region) and _readings(other, region) for one, other in halves)
