"""Reasons in words: what each code of a decision says to a person, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backoffice.policy.texts.facts import FACT_NAMES
from backoffice.policy.texts.message import CONTENT
from backoffice.policy.texts.person import CONSENT, HOURS, RECIPIENT
from backoffice.policy.texts.sender import ACCOUNT, MONEY, PROVIDER
from backoffice.policy.texts.text import Text

__all__ = ["FACT_NAMES", "GAP", "GRADES", "NO_COMMON_WINDOW", "NO_PACK", "TEXTS", "VERDICTS", "Text"]

TEXTS: dict[str, Text] = ACCOUNT | MONEY | PROVIDER | CONTENT | CONSENT | HOURS | RECIPIENT
"""The words of every rule of the gate, by its name."""

GAP = "Nobody has stated {fact}."
NO_PACK = "No law pack for {countries}: the rules for places without one apply."
NO_COMMON_WINDOW = Text(
    "In the next seven days no moment is open in every place where this person may be and under every rule. "
    "Staff decide.",
)

VERDICTS: dict[str, str] = {
    "allow": "allowed",
    "warn": "allowed with a warning",
    "hold": "held",
    "deny": "denied",
}
"""A verdict in a word or two."""

GRADES: dict[str, str] = {
    "A": "confirmed by the person over the channel itself",
    "B": "captured by a form or the API, with words, time and control state",
    "C": "stated by the account for a list and attested",
    "D": "a bare flag",
    "none": "no consent on record",
}
"""What the grade of a consent's evidence means."""


def gap_text(fact: str, translate: Callable[[str], str] = str) -> str:
    """Say that a fact isn't on record, whatever that leads to.

    >>> gap_text("account.standing")
    "Nobody has stated the account's standing."
    """
    return translate(GAP).format(fact=translate(FACT_NAMES[fact]))


def no_pack_text(countries: Iterable[str], translate: Callable[[str], str] = str) -> str:
    """Say that these countries, by their two letters, have no law pack of their own.

    >>> no_pack_text(("CN", "IN"))
    'No law pack for CN, IN: the rules for places without one apply.'
    """
    return translate(NO_PACK).format(countries=", ".join(countries))
