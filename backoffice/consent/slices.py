"""Slices: what some lines of a list add, stored in one transaction with the place up to which the import is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from backoffice.audit.ledger import append
from backoffice.audit.merkle import leaf_hash, root
from backoffice.consent import store as consent_store
from backoffice.consent.reading import Counts, Slice
from backoffice.consent.recording import Claimed, Recorded, record_acts
from backoffice.consent.service import add_stops, stop_entry
from backoffice.consent.store import StopRow
from backoffice.consent.wordings import WORDINGS, wording_of
from backoffice.contacts import persons
from backoffice.contacts import store as contact_store
from backoffice.contacts.aliases import find_others
from backoffice.contacts.imports import store
from backoffice.contacts.imports.store import ImportRow
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.whereabouts import WHEREABOUTS
from backoffice.kernel.errors import Refused
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Install, Work

_leaf = msgspec.json.Encoder(order="sorted").encode


async def store_slice(install: Install, row: ImportRow, part: Slice, before: Counts) -> Counts:
    """Store a slice; return what was counted of it and what it changed.

    Raises Refused where another process stored it first.
    """
    await _keep(install, part)
    async with install.unit_of_work() as work:
        now = await store.get_import(work, row.account_id, row.id, hold=True)
        if now.state != "committing" or now.done_line != part.after:
            raise Refused("import_is_elsewhere", state=now.state)
        await _hold(work, row.account_id, part)
        refs = await persons.find_or_add(work, list(part.told.values()))
        claims = [Claimed(refs[row.account_id, claim.token], claim.consent, claim.shown) for claim in part.claims]
        recorded = await record_acts(work, row.account_id, claims, row.list_id)
        stops = await _stop(work, row.account_id, part)
        counts = _counted(part, refs.values(), recorded, stops)
        counts.listed = await _list(work, row, refs.values())
        await _tell(work, now, part, counts, _leaves(refs.values(), recorded, stops))
        total = Counts()
        total.add(before)
        total.add(counts)
        await store.put_import(work, now._replace(done_line=part.last_line, counts=msgspec.msgpack.encode(total)))
    return counts


async def _keep(install: Install, part: Slice) -> None:
    """Number what many rows share in a transaction of its own, so that nobody waits for the slice because of it."""
    wheres = {id(one.where): one.where for one in part.told.values()}.values()
    wordings = {wording_of(claim.consent): None for claim in part.claims}
    if not (WHEREABOUTS.knows(install, wheres) and WORDINGS.knows(install, wordings)):
        async with install.unit_of_work() as work:
            await WHEREABOUTS.number(work, list(wheres))
            await WORDINGS.number(work, list(wordings))


async def _hold(work: Work, account_id: UUID, part: Slice) -> None:
    """Hold the locks of those who said stop, and share those of contacts whose consents may be withdrawn meanwhile."""
    claimed = list({claim.token for claim in part.claims})
    known = await contact_store.find_known(work.connection, account_id, claimed)
    others = await find_others(work, account_id, part.stops)
    stopped = {*part.stops, *(name for names in others.values() for name in names)}
    await consent_store.hold_persons(work.connection, stopped, known)


async def _stop(work: Work, account_id: UUID, part: Slice) -> list[StopRow]:
    """Add the slice's stops, each under every name that the account knows the person by; return those that are new."""
    others = await find_others(work, account_id, part.stops)
    said = [(name, at) for token, at in part.stops.items() for name in (token, *others.get(token, ()))]
    stops = [
        StopRow(stop_id, name, account_id, "all", "all", "", at, "list", work.at)
        for stop_id, (name, at) in zip(new_ids(work.at, len(said)), said, strict=True)
    ]
    standing = await add_stops(work, stops, is_told=False)
    return [stop for stop, stands in zip(stops, standing, strict=True) if stop.id == stands]


async def _list(work: Work, row: ImportRow, refs: Iterable[ContactRef]) -> int:
    """Put everybody of the slice on the list; return how many did not stand in it."""
    if row.list_id is None:
        return 0
    return await store.add_members(work, row.list_id, sorted((ref.id for ref in refs), key=attrgetter("int")))


def _counted(part: Slice, refs: Iterable[ContactRef], recorded: Sequence[Recorded], stops: Sequence[StopRow]) -> Counts:
    counts, found = msgspec.structs.replace(part.counts), list(refs)
    counts.added = sum(ref.is_new for ref in found)
    counts.changed = sum(ref.is_changed for ref in found)
    counts.consents, counts.stops = len(recorded), len(stops)
    return counts


def _leaves(refs: Iterable[ContactRef], recorded: Sequence[Recorded], stops: Sequence[StopRow]) -> list[dict[str, Any]]:
    """Return what the slice's entry commits to: a leaf for each new contact, consent and stop."""
    new = [{"contact": ref.id, "person": ref.commitment.hex()} for ref in refs if ref.is_new]
    return [*new, *(one.entry() for one in recorded), *(stop_entry(stop) for stop in stops)]


async def _tell(work: Work, row: ImportRow, part: Slice, counts: Counts, leaves: Sequence[dict[str, Any]]) -> None:
    """Write one entry for the slice, with the Merkle root over all that it added; none where nothing changed."""
    if not leaves and not counts.changed and not counts.listed:
        return
    told = {name: getattr(counts, name) for name in ("added", "changed", "listed", "consents", "stops")}
    told |= {"import": row.id, "list": row.list_id, "from_line": part.after + 1, "to_line": part.last_line}
    hashed = root(leaf_hash(_leaf(leaf)) for leaf in leaves)
    await append(work, "contacts:list:imported", row.account_id, root=hashed.hex(), **told)
    await note_change(work, row.account_id)
