"""What a list says of everybody on it, and which registers are held: facts that people share.

Who stands in several lists is judged by what the newest states, whichever list a campaign goes to, and by nothing
else. Statements are never put together: the facts of a soft opt-in prove one sale, and halves of two prove none
(ePrivacy Directive 13(2)). What the newest leaves out is a gap, though an older one stated it; what it denies is
denied. So each further list can take a favour away, and gives one only by stating all of it anew, for this person
among others: somebody may be told, or buy, later than an older list says. The same list handed in again says nothing
new and does not become the newest.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from msgspec import UNSET, UnsetType

from backoffice.contacts import store
from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Install, Work
from backoffice.policy.facts import Register


class ListFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account states of everybody on a list; what it leaves out is unset, a gap.

    `soft_opt_in` names which of the six facts of an existing relation are proved (ePrivacy Directive 13(2)).
    """

    is_own_customer: bool | UnsetType = UNSET
    is_told_of_source: bool | UnsetType = UNSET
    is_told_of_objection: bool | UnsetType = UNSET
    list_source: str | UnsetType = UNSET
    soft_opt_in: frozenset[str] = frozenset()


UNLISTED = ListFacts()
"""What is known of a contact that stands in no list."""

_known: WeakKeyDictionary[Install, dict[UUID, ListFacts]] = WeakKeyDictionary()
_decode = msgspec.msgpack.Decoder(ListFacts).decode


async def list_facts(work: Work, ids: Iterable[UUID]) -> dict[UUID, ListFacts]:
    """Return what was stated of these lists, which never changes; raises NotFound for a list that isn't there."""
    known, wanted = _known.setdefault(work.install, {}), set(ids)
    if missing := wanted - known.keys():
        stored = await store.get_list_facts(work.connection, sorted(missing))
        if absent := missing - stored.keys():
            raise NotFound("list_unknown", list=str(min(absent)))
        known |= {list_id: _decode(facts) for list_id, facts in stored.items()}
    return {list_id: known[list_id] for list_id in wanted}


async def registers(work: Work) -> tuple[Register, ...]:
    """Return the registers that are held, each with the day of its data: the fact `account.registers`."""
    return tuple(Register(name, as_of) for name, as_of in await store.list_registers(work))
