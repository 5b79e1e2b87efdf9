"""What stands for one send, of all consents and stops that are on record of a person: as a list is judged.

Of the consents the newest of each grade count; one that doesn't cover the send is a bare flag, grade D. A stop is
lifted only by a later act of the person over the channel itself, a consent of grade A that covers the send, and of two
acts at one moment the stop is the later one (GDPR 7(3), 21(3)). What an account handed in with a list lifts
no more than what its lists told: a stop that we received is lifted only by an act that we received. A stop for every
account, and one that staff recorded, is lifted by no consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from backoffice.consent.wordings import Wording
from backoffice.policy.facts import NEVER, Suppression
from backoffice.policy.vocabulary import Grade

Reason = Literal["list", "import", "account", "reply", "link", "portal", "complaint", "unclear", "staff"]
"""How a stop was said: in an account's list of contacts, to another system whose list of stops was imported, by the
account for the person, in a reply, by a link, in the portal, as a complaint to a provider, by words that nobody read in
time, or as staff recorded it. Only a stop of a list of contacts is lifted by an act told in one: what another system
received from the person itself weighs as what we received."""


class OnRecord(NamedTuple):
    """A consent that wasn't withdrawn; `is_listed` where an account told it in a list."""

    wording: int
    grade: Grade
    given_at: datetime
    valid_until: datetime
    is_listed: bool


class Stop(NamedTuple):
    """A stop that wasn't voided."""

    is_everywhere: bool
    scope: Literal["all", "marketing", "topic"]
    channel: str
    topic: str
    at: datetime
    reason: str


def standing_consents(
    consents: Sequence[OnRecord], wordings: Mapping[int, Wording], channel: str, purpose: str
) -> tuple[OnRecord, ...]:
    """Return the newest consent of each grade for this send, A first; of two at one moment, the wording met last."""
    if len(consents) == 1 and wordings[consents[0].wording].covers(channel, purpose):
        return (consents[0],)
    newest: dict[str, OnRecord] = {}
    for consent in consents:
        one = consent if wordings[consent.wording].covers(channel, purpose) else consent._replace(grade="D")
        newest[one.grade] = max(newest.get(one.grade, one), one, key=_order)
    return tuple(newest[grade] for grade in sorted(newest))


def standing_stops(
    stops: Iterable[Stop], consents: Sequence[OnRecord], wordings: Mapping[int, Wording], channel: str, purpose: str
) -> tuple[Suppression, ...]:
    """Return the stops that stand for this send, oldest first."""
    acts = [one for one in consents if one.grade == "A" and wordings[one.wording].covers(channel, purpose)]
    own = max((act.given_at for act in acts if not act.is_listed), default=NEVER)
    told = max((act.given_at for act in acts), default=NEVER)
    standing = [stop for stop in stops if not _is_lifted(stop, own, told)]
    standing.sort(key=lambda stop: stop.at)
    return tuple(Suppression(scope=stop.scope, channel=stop.channel, at=stop.at, topic=stop.topic) for stop in standing)


def _is_lifted(stop: Stop, own: datetime, told: datetime) -> bool:
    if stop.is_everywhere or stop.reason == "staff":
        return False
    return stop.at < (told if stop.reason == "list" else own)


def _order(consent: OnRecord) -> tuple[datetime, int, datetime]:
    return consent.given_at, consent.wording, consent.valid_until
