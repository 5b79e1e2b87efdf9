"""Cells of a list: moments, opt-outs and addresses, each read strictly or refused with a code; nothing is guessed.

A date without a time, or a time without a zone, may mean any moment at which somewhere on Earth the clock shows it.
Where the order of acts decides, the person's stop must win: a consent counts from the earliest such moment
(UTC+14), an opt-out from the latest (UTC-12), and of two acts at one moment the opt-out is the later.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

from phonenumbers import SUPPORTED_REGIONS

from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import fold
from backoffice.kernel.phone import parse_phone
from backoffice.policy.facts import NEVER

ADDRESS_COLUMN = {"whatsapp": "phone", "sms": "phone", "voice": "phone", "email": "email"}
"""The column that holds a channel's address."""

PERSON_TYPES = frozenset({"natural", "legal", "named_at_legal"})

FIRST_ACT = datetime(1971, 1, 1, tzinfo=UTC)
"""No act of a person is older: 1970-01-01 and 0001-01-01 are what programs write where they know no date."""

_FIRST_ZONE, _LAST_ZONE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
_DAY = timedelta(days=1)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_YES = frozenset(
    map(fold, ("yes", "y", "true", "t", "1", "x", "stop", "stopped", "jā", "bəli", "да", "стоп", "imtina"))
)
_NO = frozenset(map(fold, ("no", "n", "false", "f", "0", "-", "n/a", "null", "none", "nē", "yox", "xeyr", "нет")))
_LONGEST_MARK = 9  # characters of a yes or a no
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})", re.ASCII)
_SHORTEST = 7  # signs of a number with its +, of which no token is made
_TWO_DOMAINS = frozenset("ßς\u200c\u200d")


def moments(cell: str, field: str) -> tuple[datetime, datetime]:
    """Return the earliest and the latest moment, in UTC, that an ISO instant, time or date can mean.

    Anything else is `date_invalid`: which of 03/04/2025 is the month is nobody's to guess.

    >>> [str(moment) for moment in moments("2026-03-20T09:00:00+02:00", "consent_at")]
    ['2026-03-20 07:00:00+00:00', '2026-03-20 07:00:00+00:00']
    >>> [str(moment) for moment in moments("2026-03-20", "consent_at")]
    ['2026-03-19 10:00:00+00:00', '2026-03-21 12:00:00+00:00']
    """
    shape = _MOMENT.fullmatch(cell)
    if shape is None:
        raise Invalid("date_invalid", field=field)
    try:
        moment = datetime.fromisoformat(cell)
        if shape["zone"]:
            moment = moment.astimezone(UTC)
            return moment, moment
        last = moment if shape["time"] else moment + _DAY
        return moment.replace(tzinfo=_FIRST_ZONE).astimezone(UTC), last.replace(tzinfo=_LAST_ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("date_invalid", field=field) from None


def earliest(cell: str, field: str, at: datetime) -> datetime:
    """Return the earliest moment the cell can mean, NEVER for an empty one.

    After `at` it is `date_in_future`, before `FIRST_ACT` `date_too_early`.
    """
    return _acted(cell, field, at)[0] if cell else NEVER


def opt_out(cell: str, field: str, at: datetime) -> datetime:
    """Return the latest moment, up to `at`, at which the person said stop; NEVER for none.

    A plain yes is an opt-out without a date and counts as said just now, a plain no is none. A date that can't be
    read, lies after `at` or before `FIRST_ACT`, is refused; whoever refuses the row counts it as an opt-out all the
    same.
    """
    if not cell:
        return NEVER
    if len(cell) <= _LONGEST_MARK and (mark := fold(cell)) in _YES | _NO:
        return at if mark in _YES else NEVER
    return min(_acted(cell, field, at)[1], at)


def is_no(cell: str) -> bool:
    """Whether a cell is a plain no, as `opt_out` reads it.

    >>> is_no("nē"), is_no("2026-01-02"), is_no("yes")
    (True, False, False)
    """
    return len(cell) <= _LONGEST_MARK and fold(cell) in _NO


def said_by(cell: str, field: str, at: datetime) -> datetime | None:
    """Return the latest moment, up to `at`, that a date can mean; None for a plain yes, which names none.

    Raises as `opt_out` does for what is no date, lies after `at` or before `FIRST_ACT`.
    """
    if len(cell) <= _LONGEST_MARK and fold(cell) in _YES:
        return None
    return min(_acted(cell, field, at)[1], at)


def _acted(cell: str, field: str, at: datetime) -> tuple[datetime, datetime]:
    first, last = moments(cell, field)
    if first > at:
        raise Invalid("date_in_future", field=field)
    if last < FIRST_ACT:
        raise Invalid("date_too_early", field=field)
    return first, last


def born_on(cell: str, field: str, at: datetime) -> date | None:
    """Return the day of birth, None for an empty cell; `date_invalid` where it is no ISO date."""
    if not cell:
        return None
    if moments(cell, field)[0] > at:
        raise Invalid("date_in_future", field=field)
    return date.fromisoformat(cell[:10])


def country_of(cell: str) -> str:
    """Return the two letters of a country in capitals, "" for an empty cell, else `country_invalid` or `_unknown`."""
    if cell and not (len(cell) == 2 and cell.isascii() and cell.isalpha()):
        raise Invalid("country_invalid", field="country")
    if cell and cell.upper() not in SUPPORTED_REGIONS:
        raise Invalid("country_unknown", field="country")
    return cell.upper()


def person_type_of(cell: str) -> str:
    """Return natural, legal or named_at_legal; an empty cell is a natural person (the strict reading)."""
    if cell and cell not in PERSON_TYPES:
        raise Invalid("person_type_invalid", field="person_type")
    return cell or "natural"


def address_of(cell: str, channel: str, region: str | None) -> str:
    """Return the channel's address as it is compared: E.164 for phones, the folded address for mail.

    `region` reads numbers without a `+`. Refused with the reader's own code and its field: phone, email or country;
    a number of fewer than seven digits, which some plans have for firms, is `number_short`.
    """
    field = ADDRESS_COLUMN[channel]
    if not cell:
        raise Invalid("number_missing" if field == "phone" else "email_missing", field=field)
    if field == "email":
        return fold_email(cell)
    try:
        number = str(parse_phone(cell, region))
    except Invalid as fault:
        raise Invalid(fault.code, field="country" if fault.code == "country_unknown" else field) from None
    if len(number) <= _SHORTEST:
        raise Invalid("number_short", field=field)
    return number


def fold_email(cell: str) -> str:
    """Return the address as suppressions compare it: trimmed, in small letters, its domain in ASCII (RFC 3490).

    An address without a sane shape (one `@`, a domain with a dot, RFC 5321's lengths) is `email_invalid`, and so is
    a domain whose ß, ς or joiner means one domain by RFC 3490 and another by RFC 5891, and a letter before the `@`
    that is only another look of letters, as ﬁ is of fi: two people could look like one.

    >>> fold_email(" Anna@Пример.РФ ")
    'anna@xn--e1afmkfd.xn--p1ai'
    """
    local, _, domain = unicodedata.normalize("NFC", cell.strip()).lower().rpartition("@")
    if not domain.isascii():
        domain = _ascii(domain)
    is_sane = len(local.encode()) <= 64 and len(domain) <= 253 and unicodedata.is_normalized("NFKC", local)
    if not is_sane or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise Invalid("email_invalid", field="email")
    return f"{local}@{domain}"


def shown(text: str) -> str:
    r"""Return somebody's text as a terminal or a report may show it: one line, nothing that steers, at most 80 signs.

    >>> shown("A\x1b[2J\nB")
    'A�[2J�B'
    """
    cut = text if len(text) <= 80 else text[:79] + "…"
    return cut if cut.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in cut)


def _ascii(domain: str) -> str:
    if _TWO_DOMAINS & set(domain):
        return ""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
