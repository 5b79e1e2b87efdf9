"""Columns of a list: which of the sender's headers means which of ours, in four languages or as stated.

A header is compared folded and without spaces and signs. Two headers that mean one column are refused, not chosen
between; only opt-outs are gathered from every column that speaks of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.contacts.cells import shown
from backoffice.kernel.errors import Invalid
from backoffice.kernel.language import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLUMNS: dict[str, str] = {
    "external_id": "id, contact id, customer id, client id, user id, record id, klienta id, kods, müştəri id, код, ид",
    "phone": (
        "phone number, phone no, mobile, mobile phone, mobile number, cell, cell phone, telephone, tel, msisdn, "
        "whatsapp number, tālrunis, tālruņa numurs, telefons, telefona numurs, mobilais, mobilais tālrunis, tel nr, "
        "telefon, telefon nömrəsi, mobil, mobil nömrə, nömrə, телефон, номер телефона, мобильный, "
        "мобильный телефон, номер, тел"
    ),
    "email": (
        "email address, e-mail, e-mail address, mail, e-pasts, epasta adrese, e-pasta adrese, e-poçt, e-poçt ünvanı, "
        "elektron poçt, почта, эл почта, электронная почта, адрес электронной почты, имейл, емейл, е-мейл"
    ),
    "first_name": "given name, firstname, forename, vārds, ad, имя",
    "last_name": "surname, family name, lastname, uzvārds, soyad, фамилия",
    "country": "country code, valsts, valsts kods, ölkə, ölkə kodu, страна, код страны",
    "language": "lang, locale, valoda, dil, язык",
    "state": "us state, state code, štats, ştat, штат",
    "zip": "zip code, postcode, postal code, pasta indekss, poçt indeksi, индекс, почтовый индекс",
    "source": "lead source, list source, avots, mənbə, источник",
    "channel": "kanāls, kanal, канал",
    "purpose": "consent purpose, mērķis, nolūks, məqsəd, цель",
    "consent_at": (
        "consent date, consent time, consented at, consent given at, opt in at, opt in date, opted in at, "
        "subscribed at, subscribe date, piekrišanas datums, piekrita, razılıq tarixi, дата согласия, согласие дата"
    ),
    "consent_method": "opt in method, consent type, piekrišanas veids, razılıq üsulu, способ согласия",
    "consent_text": "consent words, consent wording, opt in text, piekrišanas teksts, razılıq mətni, текст согласия",
    "evidence": "proof, consent proof, evidence id, pierādījums, sübut, доказательство",
    "opted_out_at": (
        "opted out, opt out, opt out at, opt out date, optout, unsubscribed, unsubscribed at, unsubscribe date, "
        "unsubscribe, do not contact, do not call, dnc, stop, stopped at, stop date, withdrawn at, "
        "consent withdrawn at, revoked at, suppressed, suppressed at, blacklist, blacklisted, "
        "atteicās, atteikums, atteikuma datums, "
        "atteikšanās datums, piekrišana atsaukta, imtina, imtina tarixi, imtina etdi, отписан, отписался, отписка, "
        "дата отписки, отказ, дата отказа, стоп, черный список"
    ),
    "person_type": "recipient type, personas veids, şəxsin növü, тип лица",
    "birth_date": "date of birth, birthday, birthdate, dob, dzimšanas datums, doğum tarixi, дата рождения",
    "last_inbound_at": "last inbound, last message from contact at, pēdējā atbilde, son cavab, последний ответ",
    "last_purchase_at": (
        "last purchase, last purchase date, last order at, last order date, pēdējais pirkums, son alış, "
        "последняя покупка, дата последней покупки"
    ),
}
"""Our columns, each with the other headers that mean it; people's names are known, so as to be left where they are."""


def squeezed(header: str) -> str:
    """Return a header as it is compared.

    >>> squeezed("E-mail") == squeezed("email"), squeezed("Tālruņa Nr.")
    (True, 'talrunanr')
    """
    return "".join(filter(str.isalnum, fold(header)))


class Vocabulary:
    """Columns that some kind of list may have, each with the headers that mean it.

    Only the columns that are named `many` may stand in several columns of a list, a flag beside its date, and all
    count.
    """

    def __init__(self, columns: Mapping[str, str], many: Iterable[str] = ()) -> None:
        self.columns = columns
        self.many = frozenset(many)
        self.meaning = {
            squeezed(name): column
            for column, others in columns.items()
            for name in (column, *filter(None, map(str.strip, others.split(","))))
        }


CONTACTS = Vocabulary(COLUMNS, ("opted_out_at",))
"""The columns of a list of contacts."""


def map_columns(
    headers: Sequence[str], stated: Mapping[str, str], *, file: str, line: int, words: Vocabulary = CONTACTS
) -> dict[str, list[int]]:
    """Return the places of each of our columns among the headers; columns the list lacks are absent.

    `stated` (our column to their header) goes before the synonyms. Refused: `column_unknown` (we have no such column),
    `column_missing` (they have no such header), `column_twice` (two headers mean one column).
    """
    places = {column: [_stated(column, header, headers, file, line, words)] for column, header in stated.items()}
    taken = {place for found in places.values() for place in found}
    for place, header in enumerate(headers):
        column = words.meaning.get(squeezed(header))
        if column is None or place in taken or (column in stated and column not in words.many):
            continue
        if column in places and column not in words.many:
            both = [shown(headers[places[column][0]]), shown(header)]
            raise Invalid("column_twice", file=file, line=line, field=column, headers=both)
        places.setdefault(column, []).append(place)
    return places


def _stated(column: str, header: str, headers: Sequence[str], file: str, line: int, words: Vocabulary) -> int:
    if column not in words.columns:
        raise Invalid("column_unknown", file=file, line=line, field=column, known=list(words.columns))
    found = [place for place, theirs in enumerate(headers) if theirs == header] or [
        place for place, theirs in enumerate(headers) if squeezed(theirs) == squeezed(header)
    ]
    if len(found) != 1:
        code = "column_twice" if found else "column_missing"
        raise Invalid(code, file=file, line=line, field=column, headers=[shown(theirs) for theirs in headers])
    return found[0]


def count_known(headers: Sequence[str], stated: Mapping[str, str], words: Vocabulary = CONTACTS) -> int:
    """Return how many of the headers mean something to us; what decides between delimiters."""
    wanted = {squeezed(header) for header in stated.values()}
    return sum(squeezed(header) in words.meaning or squeezed(header) in wanted for header in headers)
