"""Gathering: all that is on record of a batch's people: contacts, keys, consents, stops and sends in one statement.

A person costs a descent of each index and nothing more: the planner is kept from reading whole tables, and from
planning anew each time, by believing that few people are asked about. One row a consent; most people have one or none.
A person's sends are asked for so that only the index of persons can answer: by person and id as one pair, and by an
account compared as no index can. A plan made while a month was empty would else go through an account's whole day, or
everybody's, for each of its people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from backoffice.consent.standing import OnRecord, Stop
from backoffice.kernel.ids import born_at, first_id
from backoffice.plumbing.install import Work
from backoffice.plumbing.partitions import month_after
from backoffice.policy.facts import FOREVER

RECENT = timedelta(hours=24)
"""How far back the caps of the law look (ORS 646A.372, Fla. Stat. 501.616(6)(b))."""

PROMPT = timedelta(hours=1)
"""A send that leaves within this of its birth is found by its id; of others `late` keeps a note."""

_AHEAD = timedelta(hours=1)  # clocks differ; it spares the partitions of the months to come
_SQL = """
SELECT asked.place,
    contact.id, contact.account_id, contact.token, contact.commitment, contact.whereabouts_id, contact.list_id,
    vault_key.wrapped, vault_key.version,
    contact.born_on, contact.person_type, contact.has_parental_consent, contact.last_inbound_at,
    contact.last_purchase_at, contact.last_inquiry_at, contact.restriction, contact.provider_error,
    contact.provider_error_at, contact.unclear_stop_at, contact.last_request_at, contact.confirmation_id,
    contact.answer_id,
    (SELECT array_agg((suppression.account_id <> contact.account_id, scope, channel, topic, at, reason))
        FROM suppression WHERE suppression.token = contact.token AND voided_at IS NULL
            AND suppression.account_id IN (contact.account_id, '00000000-0000-0000-0000-000000000000')),
    (SELECT array_agg((send.id, send.topic, send.decision_id))
        FROM {sends} AS send
        WHERE (send.person, send.id) >= (contact.token, $2) AND (send.person, send.id) < (contact.token, $3)
            AND send.account_id IS NOT DISTINCT FROM contact.account_id
            AND state IN ('queued', 'sending', 'unknown', 'sent') AND send.decision_id >= $4),
    (SELECT array_agg((send_id, topic, at)) FROM late_send
        WHERE late_send.person = contact.token AND at >= $5
            AND late_send.account_id IS NOT DISTINCT FROM contact.account_id),
    (SELECT array_agg((register, since)) FROM listing WHERE listing.token = contact.token),
    consent.wording_id, consent.grade, consent.given_at, consent.valid_until, consent.list_id IS NOT NULL
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, place)
JOIN contact ON contact.id = asked.id
LEFT JOIN vault_key ON vault_key.subject_id = contact.id
LEFT JOIN consent ON consent.contact_id = contact.id AND consent.withdrawn_at IS NULL
WHERE asked.place BETWEEN 1 AND 1000000  -- what the planner believes to be few
"""
_KNOWN, _RARE, _CONSENT = slice(1, 9), slice(9, 26), slice(26, 31)
_NOTHING = (None, "natural", False, None, None, None, "none", 0, *[None] * 9)
_PLAIN = (*_NOTHING[:-4], (), (), ())

OWN = (
    *("person_type", "has_parental_consent", "last_inbound_at", "last_purchase_at", "last_inquiry_at", "restriction"),
    *("provider_error", "provider_error_at", "unclear_stop_at", "last_request_at"),
)
"""Facts of a person that are columns of its contact; None is as good as none."""


@lru_cache(maxsize=8)
def statement(first: UUID, last: UUID) -> str:
    """Return the statement for sends between two ids, naming only their partitions.

    It takes contacts, these two, and since when what left counts, as an id and as a moment.

    A table of many partitions is planned anew for each single send, five times dearer than what is then done.
    """
    months = [month_after(born_at(first))]
    while (month := month_after(months[-1], 1)) < born_at(last):
        months.append(month)
    sends = " UNION ALL ".join(f"SELECT * FROM send_{month:%Y_%m}" for month in months)
    return _SQL.format(sends=f"({sends})")


class Recent(NamedTuple):
    """A send that left in the last day, may have left or is about to; the send that is judged may be among them."""

    id: UUID
    topic: str
    at: datetime  # when it left, or was queued


class Listed(NamedTuple):
    """A register in which the address stands."""

    register: str
    since: datetime


class Gathered(NamedTuple):
    """What is on record of one contact; `born_on` is sealed, `wrapped` is its key, None once destroyed.

    `recents` are the account's own sends to the address; the order of all lists is any. Of most people nothing is on
    record but consents: `is_plain`.
    """

    contact_id: UUID
    account_id: UUID
    token: bytes
    commitment: bytes
    whereabouts_id: int
    list_id: UUID | None
    wrapped: bytes | None
    key_version: int | None
    consents: list[OnRecord]
    is_plain: bool
    born_on: bytes | None
    person_type: Literal["natural", "legal", "named_at_legal"]
    has_parental_consent: bool
    last_inbound_at: datetime | None
    last_purchase_at: datetime | None
    last_inquiry_at: datetime | None
    restriction: Literal["none", "contested", "objection", "erasure"]
    provider_error: int
    provider_error_at: datetime | None
    unclear_stop_at: datetime | None
    last_request_at: datetime | None
    confirmation_id: UUID | None  # the send that confirmed a stop last
    answer_id: UUID | None  # the send that answered what the person asked for last
    stops: tuple[Stop, ...]
    recents: tuple[Recent, ...]
    listings: tuple[Listed, ...]


async def gather(work: Work, contact_ids: Sequence[UUID], since: timedelta = RECENT) -> list[Gathered | None]:
    """Return what is on record of these contacts, in their order; None for one that isn't there.

    Each brings its own account's stops and sends, and the stops that hold for everybody's.
    """
    begins = work.at - since
    bounds = first_id(begins - PROMPT), first_id(work.at + _AHEAD)
    found: list[Gathered | None] = [None] * len(contact_ids)
    asked = (contact_ids, *bounds, first_id(begins), begins)
    for row in await work.connection.fetch(statement(*bounds), *asked):
        place = row[0] - 1
        person = found[place]
        if person is None:
            person = found[place] = _person(row)
        wording, grade, given_at, valid_until, is_listed = row[_CONSENT]
        if wording is not None:
            person.consents.append(OnRecord(wording, grade, given_at, valid_until or FOREVER, is_listed))
    return found


def _person(row: Any) -> Gathered:  # noqa: ANN401  # asyncpg's record
    *own, stops, sends, late, listings = rare = row[_RARE]
    if rare == _NOTHING:
        return Gathered._make((*row[_KNOWN], [], True, *_PLAIN))
    lists = (
        tuple(Stop(*stop) for stop in stops or ()),
        _recents(sends or (), late or ()),
        tuple(Listed(*listing) for listing in listings or ()),
    )
    return Gathered._make((*row[_KNOWN], [], False, *own, *lists))


def _recents(sends: Iterable[Any], late: Iterable[Any]) -> tuple[Recent, ...]:
    """Return each send once, with the moment of the decision that counts now: it was queued, or left, by it."""
    noted = {send_id: Recent(send_id, topic, at) for send_id, topic, at in late}
    found = {send_id: Recent(send_id, topic, born_at(decision_id)) for send_id, topic, decision_id in sends}
    return tuple((noted | found).values())
