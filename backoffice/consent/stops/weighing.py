"""Weighing: which stops of a slice are new beside what is on record, and what that makes of each of its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from backoffice.consent import store as consent_store
from backoffice.consent.stops import store
from backoffice.consent.stops.reading import Line, Outcome, Said
from backoffice.consent.store import StopRow
from backoffice.contacts.aliases import find_others
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Work
from backoffice.policy.facts import NEVER

REASON = "import"
"""How these stops were said: to another system, which we have them from."""


class Met(NamedTuple):
    """Somebody who is in a campaign that may still reach them."""

    campaign_id: UUID
    contact_id: UUID
    person: bytes


Meet = Callable[[Work, UUID, Sequence[bytes]], Awaitable[Sequence[Met]]]
"""Finds who of these people (tokens) is in a running or queued campaign of an account."""


class Counts(msgspec.Struct, kw_only=True):
    """What was counted of a list of stops: rows = new + known + not_opt_out + unreadable.

    `doubtful` rows are among new and known: something in them couldn't be read and was taken the strict way; `reasons`
    counts what couldn't be read in these and in the unreadable ones. `stops` were recorded. `in_campaigns` people of
    the list are in a campaign that may still reach them, counted by campaign in `campaigns`.
    """

    rows: int = 0
    new: int = 0
    known: int = 0
    not_opt_out: int = 0
    unreadable: int = 0
    doubtful: int = 0
    stops: int = 0
    in_campaigns: int = 0
    reasons: dict[str, int] = {}
    campaigns: dict[str, int] = {}

    def add(self, lines: Sequence[Result]) -> None:
        """Count what became of some lines."""
        self.rows += len(lines)
        for outcome, count in Counter(line.outcome for line in lines).items():
            setattr(self, outcome, getattr(self, outcome) + count)
        self.doubtful += sum(line.reason != "" and line.outcome in ("new", "known") for line in lines)
        told = Counter(line.reason for line in lines if line.reason)
        self.reasons = dict(Counter(self.reasons) + told)


class Result(NamedTuple):
    """What became of one line: nothing of what stands in it."""

    line: int
    outcome: Outcome
    field: str
    reason: str
    is_in_campaign: bool


class Weighed(NamedTuple):
    """A slice of a list beside what is on record: the stops that are new, and what becomes of each line."""

    new: list[StopRow]
    outcomes: list[Outcome]
    persons: list[tuple[bytes, ...]]

    def results(self, lines: Sequence[Line], met: Sequence[Met]) -> list[Result]:
        """Return what became of the lines, told whom of them a campaign has."""
        found = {one.person for one in met}
        return [
            Result(line.line, outcome, line.field, line.reason, not found.isdisjoint(persons))
            for line, outcome, persons in zip(lines, self.outcomes, self.persons, strict=True)
        ]


Names = Mapping[Said, tuple[bytes, ...]]
"""The tokens under which an account knows whom a stop is of: of the address, and of any other name of the person."""


async def names_of(work: Work, account_id: UUID, lines: Sequence[Line]) -> Names:
    """Return the names of each stop's person: nobody is to be reached by another name after a stop."""
    tokens = {said: work.vault.token(said.kind, said.address) for line in lines for said in line.said}
    others = await find_others(work, account_id, sorted(set(tokens.values()))) if tokens else {}
    return {said: (token, *others.get(token, ())) for said, token in tokens.items()}


def all_of(names: Names) -> list[bytes]:
    """Return all these names, sorted."""
    return sorted({token for tokens in names.values() for token in tokens})


async def weigh(
    work: Work,
    account_id: UUID,
    lines: Sequence[Line],
    names: Names,
    is_seen: Callable[[object], bool] = lambda _: False,
) -> Weighed:
    """Weigh a slice; whoever stores it holds the persons' locks alone.

    A stop with a date is new where none as young stands of its matter. One without a date says no more than that the
    person had opted out, so it is new only where none stands, or the person has since consented by an act of their own.
    `is_seen` tells what an earlier slice that wasn't stored had.
    """
    ids = iter(new_ids(work.at, sum(map(len, names.values()))))
    rows = {
        said: [
            StopRow(next(ids), token, account_id, said.scope, said.channel, "", said.at, REASON, work.at)
            for token in tokens
        ]
        for said, tokens in names.items()
    }
    standing = await consent_store.find_newest(work.connection, [row for many in rows.values() for row in many])
    undated = sorted({row.token for said, many in rows.items() if not said.is_dated for row in many})
    consented = await store.find_consented(work, account_id, undated)
    new: dict[tuple[object, ...], StopRow] = {}
    outcomes: list[Outcome] = []
    for line in lines:
        fresh = [row for said in line.said for row in rows[said] if not _stands(said, row, standing, consented)]
        unseen = [row for row in fresh if row.matter not in new and not is_seen(row.matter)]
        new |= {row.matter: row for row in unseen}
        new |= {row.matter: row for row in fresh if row.matter in new and new[row.matter].at < row.at}
        outcomes.append("known" if line.said and not unseen else line.outcome)
    persons = [tuple({token for said in line.said for token in names[said]}) for line in lines]
    return Weighed(list(new.values()), outcomes, persons)


def _stands(
    said: Said,
    row: StopRow,
    standing: Mapping[tuple[object, ...], tuple[UUID, datetime]],
    consented: Mapping[bytes, datetime],
) -> bool:
    """Whether what a line says is on record already."""
    if row.matter not in standing:
        return False
    since = standing[row.matter][1]
    return since >= row.at or (not said.is_dated and since >= consented.get(row.token, NEVER))
