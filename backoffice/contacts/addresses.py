"""Addresses: what somebody wants to write to, read strictly into its one form before anything is done with it."""

from __future__ import annotations

from typing import NamedTuple

from backoffice.contacts.cells import address_of, country_of
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault.sealing import Vault
from backoffice.plumbing.vault.tokens import SCOPED_ID, Kind, normalised

CHANNELS: dict[Kind, tuple[str, ...]] = {
    "phone": ("whatsapp", "sms", "voice"),
    "email": ("email",),
    "scoped_id": ("whatsapp",),  # a person who keeps the number to themselves
}
"""The channels that lead to an address of each kind."""

KIND: dict[str, Kind] = {"whatsapp": "phone", "sms": "phone", "voice": "phone", "email": "email"}
"""The kind of address that a channel leads to, unless the address itself shows another."""


class Wanted(NamedTuple):
    """An address to be found or added, as written, and where its owner is said to be; `""` says nothing."""

    kind: Kind
    address: str
    country: str = ""
    state: str = ""
    zip: str = ""


def read_address(kind: Kind, written: str, region: str | None = None) -> str:
    """Return an address in its one form: E.164, the folded mail address, or an id as it stands.

    `region` reads numbers without `+`. Raises Invalid with the code of what is wrong and its field: phone, email,
    country, or to.

    >>> read_address("phone", "2600-0001", "LV"), read_address("email", " Anna@Example.COM ")
    ('+37126000001', 'anna@example.com')
    """
    if kind == "scoped_id":
        return normalised(kind, written)
    return address_of(written.strip(), CHANNELS[kind][0], region)


def kind_of(written: str) -> Kind:
    """Return the kind of an address by its looks: what holds an @ is no number, nor is a country and a dot.

    >>> kind_of("+371 26000001"), kind_of("anna@example.com"), kind_of("LV.13491208655302741918")
    ('phone', 'email', 'scoped_id')
    """
    if SCOPED_ID.fullmatch(written.strip()):
        return "scoped_id"
    return "email" if "@" in written else "phone"


def kind_on(channel: str, written: str) -> Kind:
    """Return the kind of an address that is to be reached over a channel.

    >>> kind_on("whatsapp", "LV.13491208655302741918"), kind_on("sms", "LV.13491208655302741918")
    ('scoped_id', 'phone')
    """
    kind = kind_of(written)
    return kind if channel in CHANNELS.get(kind, ()) else KIND[channel]


def person_token(vault: Vault, written: str, region: str | None = None) -> bytes:
    """Return the token of an address however it is written; raises Invalid for what can't be read."""
    kind = kind_of(written)
    return vault.token(kind, read_address(kind, written, region))


def read_wanted(wanted: Wanted, place: int = 0) -> Wanted:
    """Return a wanted address in its one form, its country in capitals; Invalid names its `place` in the batch."""
    try:
        country = country_of(wanted.country.strip())
        address = read_address(wanted.kind, wanted.address, country or None)
    except Invalid as wrong:
        raise Invalid(wrong.code, **wrong.data, place=place) from None
    return wanted._replace(address=address, country=country)
