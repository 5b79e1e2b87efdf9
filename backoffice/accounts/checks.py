"""Checks: what is handed in to a verb is read once, strictly, or refused with the field that is wrong."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import get_args

from backoffice.accounts.asking import declared, grounds
from backoffice.kernel.errors import Invalid, Refused
from backoffice.kernel.jurisdiction import parents
from backoffice.plumbing.policies import library
from backoffice.policy.primitives.account_terms import BusinessOnly
from backoffice.policy.vocabulary import Channel

NAME_LENGTH = 200  # characters

_ACTOR = re.compile(r"operator|account|provider|program|staff:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_.:-]{0,64}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
_NOWHERE = frozenset({"EU", "global", "US-unknown"})  # places of the law in which nobody is established


def actor(by: str) -> str:
    """Return who acted: operator, account, provider, program or staff:<id>; raises Invalid for another.

    >>> actor("provider")
    'provider'
    """
    if not _ACTOR.fullmatch(by):
        raise Invalid("actor_unknown", field="by")
    return by


def provider_name(field: str, text: str) -> str:
    """Return a provider's own name of a number, account or portfolio, "" for none; raises Invalid for what is none."""
    if not _CODE.fullmatch(text):
        raise Invalid("provider_name_invalid", field=field)
    return text


def account_name(name: str) -> bytes:
    """Return a name as it is sealed; raises Invalid for one that is empty, too long or can't be shown.

    >>> account_name("  Baltic   Lamp ").decode()
    'Baltic Lamp'
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(plain) <= NAME_LENGTH or not plain.isprintable():
        raise Invalid("name_invalid", field="name", most=NAME_LENGTH)
    return plain.encode()


def channel_name(channel: str) -> str:
    """Return a channel; raises Invalid for none."""
    if channel not in get_args(Channel):
        raise Invalid("channel_unknown", field="channel", value=channel, known=", ".join(get_args(Channel)))
    return channel


def check_establishment(place: str) -> None:
    """Refuse what is no country and no state: law's own groups of places have nobody established in them."""
    if place in _NOWHERE:
        raise Invalid("establishment_no_place", field="establishment", place=place)
    try:
        parents(place)
    except Invalid as wrong:
        raise Invalid(wrong.code, field="establishment", **wrong.data) from None


def check_use(operator: str, edition: str, use: str, on: date) -> None:
    """Refuse a use that the Terms register nobody for (question `may_register`), or that is none."""
    if use not in ("business", "personal", "household", "undeclared"):
        raise Invalid("use_unknown", field="declared_use")
    for stated in declared(operator, edition, BusinessOnly, on):
        if use in stated.params.refused:
            raise Refused("use_not_registered", field="declared_use", use=use, clause=stated.clause)


def check_ground(operator: str, edition: str, ground: str) -> None:
    """Refuse a ground that no policy knows: one that is misspelt would cite no clause."""
    known = grounds(operator, edition)
    if ground not in known:
        raise Invalid("ground_unknown", field="ground", known=", ".join(sorted(known)))


def check_clause(operator: str, edition: str, source: str) -> None:
    """Refuse a source that is neither a row of law nor `operator/clause` of the edition."""
    clauses = (f"{operator}/{clause.id}" for clause in library().terms(operator, edition).clause)
    if source not in library().rows and source not in clauses:
        raise Invalid("clause_unknown", field="clause", clause=source)


def check_language(language: str) -> None:
    """Refuse what is no language tag (BCP 47)."""
    if not _LANGUAGE.fullmatch(language):
        raise Invalid("language_tag", field="language", value=language)
