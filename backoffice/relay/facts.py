"""The facts of a batch: what the rooms below answer, made into the three records that rules read.

Account and message once a batch, with one query a room; recipients in one statement. What many recipients share, their
places and their list, becomes a *base*; what is left of each is a `Person`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from backoffice.accounts import facts as accounts
from backoffice.billing.lots import Lots
from backoffice.consent.standing import standing_consents, standing_stops
from backoffice.consent.wordings import WORDINGS, Wording
from backoffice.contacts import facts as contacts
from backoffice.contacts.domains import days_listed
from backoffice.contacts.facts import UNLISTED, ListFacts
from backoffice.contacts.persons import date_in
from backoffice.contacts.relocating import renewed_each
from backoffice.contacts.whereabouts import WHEREABOUTS
from backoffice.kernel.errors import NotFound
from backoffice.kernel.ids import born_at
from backoffice.kernel.jurisdiction import Whereabouts
from backoffice.plumbing.install import Work
from backoffice.policy.facts import NEVER, PRESUMED_ADULT, Account, Listing, Message, Recipient
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.times import Times
from backoffice.relay import gathering, store
from backoffice.relay.content import facts_in
from backoffice.relay.gathering import OWN
from backoffice.relay.gathering import Gathered as Row
from backoffice.relay.judging import Batch, Member
from backoffice.relay.recording import Errand
from backoffice.relay.rulebooks import rulebook
from backoffice.relay.snapshot import NOTHING_RARE, Given, Person, Rare

_OF_ALL = ("is_own_customer", "is_told_of_source", "is_told_of_objection", "soft_opt_in")


class Ready(msgspec.Struct, frozen=True):
    """A batch ready to be judged, with what is known of each contact, in order."""

    batch: Batch
    rows: Sequence[Row]


class Shared(msgspec.Struct, frozen=True):
    """What all sends of a batch have in common: whose rules judge them, when, and the facts of account and message."""

    errand: Errand
    at: datetime
    book: Rulebook
    account: Account
    message: Message


async def gather(work: Work, errand: Errand, contact_ids: Sequence[UUID], lots: Lots) -> Ready:
    """Gather the facts of a batch; raises NotFound for an account, content or contact that isn't there."""
    credits_left = lots.available(errand.account_id, errand.channel)
    shared = await gather_shared(work, errand, len(contact_ids), credits_left)
    return await gather_each(work, shared, contact_ids)


async def gather_shared(work: Work, errand: Errand, count: int, credits_left: int) -> Shared:
    """Gather what so many sends on one errand have in common."""
    at = errand.due_at or work.at
    book, account = await _account(work, errand, credits_left)
    message = await _message(work, errand, at, is_bulk=errand.campaign_id is not None or count > 1)
    return Shared(errand, at, book, account, message)


async def gather_each(work: Work, shared: Shared, contact_ids: Sequence[UUID], *, own: Sequence[UUID] = ()) -> Ready:
    """Gather the facts of each person; `own` are the sends that are judged again: they don't count against themselves.

    What persons said until now is seen; of one whose lock is held nothing more comes.
    """
    at, book, account, message = shared.at, shared.book, shared.account, shared.message
    rows = _own_contacts(shared.errand.account_id, contact_ids, await gathering.gather(work, contact_ids))
    wordings = await WORDINGS.recall(work, {consent.wording for row in rows for consent in row.consents})
    where = await WHEREABOUTS.recall(work, {row.whereabouts_id for row in rows})
    bases = _Bases(
        times=book.times,
        at=at,
        where=where,
        anew=await renewed_each(work, where, ((row.contact_id, row.whereabouts_id) for row in rows)),
        lists=await contacts.list_facts(work, {row.list_id for row in rows if row.list_id}),
        domains=await days_listed(work, account.registers, contact_ids, at) if message.channel == "email" else {},
    )
    persons = _Persons(work, message, wordings, frozenset(own))
    members = [persons.member(row, bases) for row in rows]
    batch = Batch(book=book, account=account, message=message, bases=bases.made, members=members, wordings=wordings)
    return Ready(batch, rows)


def _own_contacts(account_id: UUID, ids: Sequence[UUID], found: Sequence[Row | None]) -> list[Row]:
    """Return the rows of an account's contacts; another's contact is as good as none."""
    rows = [row for row in found if row is not None and row.account_id == account_id]
    if len(rows) < len(found):
        known = {row.contact_id for row in rows}
        raise NotFound("contact_unknown", contact=str(next(one for one in ids if one not in known)))
    return rows


async def _account(work: Work, errand: Errand, credits_left: int) -> tuple[Rulebook, Account]:
    known = await accounts.gather(work, errand.account_id, errand.sender_id, errand.channel)
    book = rulebook(work.install.library, known.operator, known.edition)
    stated = {**known.stated, "credits": credits_left, "registers": await contacts.registers(work)}
    if reads(book, "account.usage_count"):
        stated["usage_count"] = await store.count_sends(work, errand.account_id, stated.get("paid_from", NEVER))
    return book, Account(**stated)


@lru_cache(maxsize=64)
def reads(book: Rulebook, fact: str) -> bool:
    """Tell whether some rule of the rulebook reads a fact that is dear to gather."""
    return any(fact in bound.rule.source for bound in book.bounds)


async def _message(work: Work, errand: Errand, at: datetime, *, is_bulk: bool) -> Message:
    contents = await store.get_contents(work, [errand.content_id])
    own = {"at": at, "channel": errand.channel, "purpose": errand.purpose, "topic": errand.topic, "is_bulk": is_bulk}
    return facts_in(contents[errand.content_id], own)


class _Bases:
    """The bases of a batch, one for each whereabouts, list and age of a listed domain that its recipients have."""

    def __init__(
        self,
        times: Times,
        at: datetime,
        where: Mapping[int, Whereabouts],
        anew: Mapping[UUID, Whereabouts],
        lists: Mapping[UUID, ListFacts],
        domains: Mapping[UUID, int],
    ) -> None:
        self.made: list[Recipient] = []
        self._numbers: dict[tuple[int | Whereabouts, UUID | None, int | None], int] = {}
        self._times, self._at, self._lists, self._domains = times, at, lists, domains
        self._where, self._anew = where, anew

    def number(self, row: Row) -> int:
        """Return the number of a row's base."""
        where = self._anew.get(row.contact_id, row.whereabouts_id)
        key = (where, row.list_id, self._domains.get(row.contact_id))
        if key not in self._numbers:
            self._numbers[key] = len(self.made)
            self.made.append(self._base(row))
        return self._numbers[key]

    def local_dates(self, row: Row) -> list[str]:
        """Return the dates that calendars may show where the person is."""
        return [time.on for time in self.made[self.number(row)].local_times]

    def _base(self, row: Row) -> Recipient:
        where = self._anew.get(row.contact_id) or self._where[row.whereabouts_id]
        return Recipient(
            is_address_valid=True,
            region=where.region,
            places=where.places,
            without_pack=where.without_pack,
            local_times=self._times.at(where.zones, self._at),
            number_class=where.number_class or "other",
            **NOTHING_RARE,
            **_of_all(self._lists[row.list_id] if row.list_id else UNLISTED),
            **_known(mail_domain_listed_for=self._domains.get(row.contact_id)),
        )


def _of_all(listed: ListFacts) -> dict[str, Any]:
    """Return what a list says of everybody on it; what it leaves out is a gap."""
    stated = {name: getattr(listed, name) for name in _OF_ALL}
    return {name: value for name, value in stated.items() if value is not msgspec.UNSET}


def _known(**facts: Any) -> dict[str, Any]:  # noqa: ANN401  # any fact
    """Return the facts that are known; None is a gap."""
    return {name: value for name, value in facts.items() if value is not None}


class _Persons:
    """Makes what is one's own of what is on record; most people have a consent and nothing else."""

    def __init__(self, work: Work, message: Message, wordings: Mapping[int, Wording], own: frozenset[UUID]) -> None:
        self._work, self._message, self._wordings, self._own = work, message, wordings, own

    def member(self, row: Row, bases: _Bases) -> Member:
        """Return the facts of one contact: its base, and what it shares with nobody."""
        message, wordings = self._message, self._wordings
        consents = standing_consents(row.consents, wordings, message.channel, message.purpose)
        given = tuple(Given(one.wording, one.grade, one.given_at, one.valid_until) for one in consents)
        return Member(bases.number(row), Person(given, self._rare(row, bases)))

    def _rare(self, row: Row, bases: _Bases) -> Rare | None:
        """Return what few people have; what is left out is as it is for everybody else."""
        if row.is_plain:
            return None
        message = self._message
        own: dict[str, Any] = {name: value for name in OWN if (value := getattr(row, name))}
        if row.stops:
            stops = standing_stops(
                row.stops, row.consents, self._wordings, self._message.channel, self._message.purpose
            )
            own["suppressions"] = stops
            own["last_opt_out_at"] = max((stop.at for stop in stops), default=NEVER)
        if row.recents:
            recents = sorted((one.at, one.topic) for one in row.recents if one.id not in self._own)
            own["recent_sends"] = tuple(at for at, _ in recents)
            own["recent_on_topic"] = tuple(at for at, topic in recents if topic == message.topic)
        own |= self._doors(row, own)
        if row.listings:
            own["listings"] = tuple(Listing(one.register, one.since) for one in row.listings)
        if row.born_on:
            own["age"] = self._age(row, bases.local_dates(row))
        return Rare(**own)

    def _doors(self, row: Row, own: Mapping[str, Any]) -> dict[str, int]:
        """Return what went through the narrow doors of a stop since the person last said stop, or asked for something.

        Each door lets one message through; a send that is judged again doesn't stand in its own way.
        """
        went = (
            ("stop_confirmations", row.confirmation_id, own.get("last_opt_out_at", NEVER)),
            ("answers_sent", row.answer_id, row.last_request_at or NEVER),
        )
        return {
            fact: 1
            for fact, send_id, since in went
            if send_id and send_id not in self._own and born_at(send_id) >= since
        }

    def _age(self, row: Row, dates: Sequence[str]) -> int:
        """Return the lowest age in whole years that any of these dates makes it; of an erased person, the presumed."""
        if row.wrapped is None or row.key_version is None or row.born_on is None:
            return PRESUMED_ADULT
        subject = self._work.vault.subject(row.contact_id, row.wrapped, row.key_version)
        born = date_in(subject, row.born_on)
        on = date.fromisoformat(min(dates))
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
