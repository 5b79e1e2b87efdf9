"""The grade of a claim: how much of a consent the evidence proves, for one send's channel and purpose.

What the row's own columns and words say was agreed decides; what the account wishes to send doesn't. A row about
another channel or purpose isn't passed over: it is a consent of grade D, the bare flag.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from backoffice.consent.words import Named, agrees, named, names, purposes_of
from backoffice.kernel.language import fold
from backoffice.policy.facts import FOREVER, NEVER, Consent

if TYPE_CHECKING:
    from datetime import datetime

    from backoffice.consent.evidence import FormCopy, InboundMessage, ListEvidence
    from backoffice.contacts.rows import Row
    from backoffice.policy.vocabulary import Grade

FIELDS = ("who", "when", "how", "text", "language", "source", "controller_name", "purpose", "channel")
"""What a record of consent may hold beside what a form copy states (EU-CONS-01)."""

_APART = re.compile(r"[\s,;]+")
_NOTHING = Named()


class _Claim(NamedTuple):
    """What one row shows, and the send it is held against."""

    row: Row
    form: FormCopy | None
    message: InboundMessage | None
    own: Named  # what the row's words name
    copied: Named  # what the form copy's words name
    words: str  # the words that count: the row's, else the copy's, else the list's
    said: Named  # what they name
    names_sender: bool
    channel: str
    purpose: str


def grade(row: Row, evidence: ListEvidence, purpose: str, channel: str, at: datetime) -> Consent | None:
    """Return the consent that a row shows for this purpose over this channel, or None where it shows none.

    A: the row's `evidence` names a message that was handed in, which came from the row's very address over the
    channel, at or before `at`, and is a yes. B: it names a form copy whose control was not ticked beforehand and whose
    words and declaration cover the send, and the row has a time. C: the account attested the list. For all three, words
    name the purpose, the sender and (but for A, where the act itself does) the channel. Else D. `consent_method` raises
    nothing. No time, no words and no evidence that was handed in: None.
    """
    message, form = _message(row, evidence, channel, at), _form(row, evidence)
    if message is None and form is None and row.consent_at == NEVER and not row.consent_text:
        return None
    own = named(row.consent_text) if row.consent_text else _NOTHING
    copied = named(form.words) if form else _NOTHING
    words = row.consent_text or (form.words if form else evidence.words)
    names_sender = _names_sender(row, form, evidence)
    claim = _Claim(row, form, message, own, copied, words, named(words), names_sender, channel, purpose)
    return _consent(claim, _grade(claim, is_attested=evidence.is_attested and evidence.file_sha256 != ""))


def _grade(claim: _Claim, *, is_attested: bool) -> Grade:
    if not claim.names_sender or _is_about_something_else(claim):
        return "D"
    pair = (claim.channel, claim.purpose)
    if claim.message and (
        pair in claim.said.pairs or (not claim.said.channels and claim.purpose in claim.said.purposes)
    ):
        return "A"
    if claim.form and pair in claim.copied.pairs and claim.row.consent_at != NEVER:
        return "B"
    return "C" if is_attested and pair in claim.said.pairs else "D"


def _is_about_something_else(claim: _Claim) -> bool:
    row, form, channel, purpose = claim.row, claim.form, claim.channel, claim.purpose
    return (
        (row.channel != "" and channel not in named(row.channel).channels)
        or (row.purpose != "" and purpose not in purposes_of(row.purpose))
        or _names_another(claim.own, channel, purpose)
        or _names_another(claim.copied, channel, purpose)
        or (
            form is not None
            and (form.control_state == "preticked" or channel not in form.channels or purpose not in form.purposes)
        )
    )


def _names_another(said: Named, channel: str, purpose: str) -> bool:
    if said.pairs:
        return (channel, purpose) not in said.pairs
    return (bool(said.channels) and channel not in said.channels) or (
        bool(said.purposes) and purpose not in said.purposes
    )


def _consent(claim: _Claim, reached: Grade) -> Consent:
    row, form, message, said = claim.row, claim.form, claim.message, claim.said
    given_at = message.at if message else row.consent_at
    return Consent(
        grade=reached,
        given_at=given_at,
        purposes=said.purposes if reached == "D" else _covered(claim, reached),
        channels=said.channels if reached == "D" else frozenset((claim.channel,)),
        valid_until=given_at + timedelta(days=form.valid_days) if form and form.valid_days else FOREVER,
        names_sender=claim.names_sender,
        is_written=form is not None and form.is_written and reached in ("A", "B"),
        fields=_fields(
            (
                True,
                given_at != NEVER,
                row.consent_method != "" or form is not None or message is not None,
                claim.words != "",
                row.language != "" or (form is not None and form.language != ""),
                row.source != "" or form is not None or message is not None,
                claim.names_sender,
                bool(said.purposes),
                bool(said.channels) or message is not None,
            ),
            form.fields if form else frozenset(),
        ),
    )


def _covered(claim: _Claim, reached: Grade) -> frozenset[str]:
    """Return the purposes that are proved for the channel."""
    said = claim.copied if reached == "B" else claim.said
    paired = frozenset(purpose for channel, purpose in said.pairs if channel == claim.channel)
    covered = paired if said.channels else said.purposes
    return covered & claim.form.purposes if claim.form else covered


@lru_cache(maxsize=4096)
def _fields(held: tuple[bool, ...], stated: frozenset[str]) -> frozenset[str]:
    return frozenset(compress(FIELDS, held)) | stated


def _names_sender(row: Row, form: FormCopy | None, evidence: ListEvidence) -> bool:
    """Return whether the row's words, the copy or the list's words name the sender; a copy goes before the list."""
    sender = evidence.sender
    if not sender:
        return False
    if names(row.consent_text, sender) or (form and (fold(form.sender) == fold(sender) or names(form.words, sender))):
        return True
    return not (form and form.sender) and names(evidence.words, sender)


def _message(row: Row, evidence: ListEvidence, channel: str, at: datetime) -> InboundMessage | None:
    """Return the message by which the person said yes over the channel from this address, if it was handed in."""
    if not row.evidence:
        return None
    for token in _APART.split(row.evidence):
        found = evidence.messages.get(token) or evidence.messages.get(token.partition(":")[2])
        if (
            found
            and (found.channel, found.address) == (channel, row.address)
            and found.at <= at
            and agrees(found.words)
        ):
            return found
    return None


def _form(row: Row, evidence: ListEvidence) -> FormCopy | None:
    if "form:" not in row.evidence:
        return None
    tokens = (token.partition("form:") for token in _APART.split(row.evidence))
    return next(
        (evidence.forms[name] for before, mark, name in tokens if not before and mark and name in evidence.forms), None
    )
