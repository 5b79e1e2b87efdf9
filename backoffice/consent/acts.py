"""Acts: all that one row, or one record handed in by a program, shows was agreed, over every channel it may mean.

A list is judged for one send; what is stored serves any send. So a claim is graded for each channel of its address and
each purpose, and what reaches one grade by one proof is one consent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from backoffice.consent.evidence import ListEvidence
from backoffice.consent.grades import grade
from backoffice.consent.words import PURPOSES
from backoffice.contacts.addresses import CHANNELS
from backoffice.contacts.rows import Row
from backoffice.plumbing.vault.tokens import Kind
from backoffice.policy.facts import FOREVER, NEVER, Consent

_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # stands for the time of rows that have one
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_APART = re.compile(r"[\s,;]+")
_ORDER = tuple(sorted(PURPOSES))


class Acts:
    """Grades claims by what was handed in with them, as of one moment."""

    def __init__(self, evidence: ListEvidence, kind: Kind, at: datetime) -> None:
        self._evidence = evidence
        self._channels = CHANNELS[kind]
        self._at = at
        self._alike: Callable[[Row], tuple[Consent, ...]] = lru_cache(maxsize=65_536)(self._graded)

    def of(self, row: Row) -> tuple[Consent, ...]:
        """Return the consents that a row shows; at most grade D where it proves nothing, none where it claims none."""
        if not (row.consent_text or row.evidence or row.consent_at != NEVER):
            return ()
        if row.evidence and self._names_a_message(row.evidence):  # which must come from the row's own address
            return self._graded(row)
        return tuple(_given(consent, row.consent_at) for consent in self._alike(_alike(row)))

    def _names_a_message(self, evidence: str) -> bool:
        messages = self._evidence.messages
        return any(token in messages or token.partition(":")[2] in messages for token in _APART.split(evidence))

    def _graded(self, row: Row) -> tuple[Consent, ...]:
        proved: dict[Consent, set[str]] = {}
        bare: dict[Consent, None] = {}
        for channel in self._channels:
            for purpose in _ORDER:
                if consent := grade(row, self._evidence, purpose, channel, self._at):
                    if consent.grade == "D":
                        bare[_kept(consent)] = None
                    else:
                        proved.setdefault(_kept(consent, frozenset()), set()).add(purpose)
        found = [msgspec.structs.replace(one, purposes=frozenset(purposes)) for one, purposes in proved.items()]
        return tuple(found or bare)


def _kept(consent: Consent, purposes: frozenset[str] | None = None) -> Consent:
    """Return a consent as it is kept: with the purposes it was graded for, and fields that are names."""
    fields = frozenset(filter(_FIELD.fullmatch, consent.fields))
    return msgspec.structs.replace(consent, fields=fields, purposes=consent.purposes if purposes is None else purposes)


def _alike(row: Row) -> Row:
    """Return what of a row its grade hangs on, so that rows of one list share an answer."""
    return Row(
        line=0,
        key="",
        address="",
        channel=row.channel,
        purpose=row.purpose,
        consent_at=row.consent_at if row.consent_at == NEVER else _SOME_TIME,
        consent_method=row.consent_method and "some",
        consent_text=row.consent_text,
        evidence=row.evidence,
        language=row.language and "some",
        source=row.source and "some",
    )


def _given(consent: Consent, at: datetime) -> Consent:
    if at == consent.given_at:
        return consent
    ends = FOREVER if consent.valid_until == FOREVER else at + (consent.valid_until - consent.given_at)
    return msgspec.structs.replace(consent, given_at=at, valid_until=ends)
