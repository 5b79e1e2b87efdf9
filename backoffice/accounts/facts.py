"""The facts of an account that this room answers, gathered for the gate in one statement."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from backoffice.accounts import store
from backoffice.accounts.statements import decode_statement
from backoffice.kernel.errors import NotFound
from backoffice.kernel.jurisdiction import closure
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library

_PLAIN = ("standing", "standing_ground", "declared_use", "is_registered")
_SETS = ("restricted_channels", "documents_accepted")
_OF_SENDER = (
    *("sender_provider_type", "sender_is_registered", "sender_is_linked", "sender_is_banned"),
    *("sender_is_spoofed", "sender_can_receive", "sender_is_halted", "portfolio_room_at"),
)


class Gathered(NamedTuple):
    """Whose Terms, in which edition, judge the account, and its facts by their names in `policy.facts.Account`."""

    operator: str
    edition: str
    stated: dict[str, Any]


async def gather(work: Work, account_id: UUID, sender_id: UUID | None, channel: str) -> Gathered:
    """Return what is on record of an account and the number it sends from; what nobody stated is left out, a gap.

    Raises NotFound for no account, or a number that is not the account's on this channel.
    """
    row = await store.find_facts(work, account_id, sender_id, channel)
    if row is None:
        raise NotFound("account_unknown", account=str(account_id))
    if sender_id is not None and row["sender_id"] is None:
        raise NotFound("sender_unknown", sender=str(sender_id))
    stated: dict[str, Any] = {
        fact: decode_statement(fact, value) for fact, value in zip(row["facts"], row["values"], strict=True)
    }
    stated |= {name: row[name] for name in _PLAIN} | {name: frozenset(row[name]) for name in _SETS}
    stated |= {name: row[name] for name in _OF_SENDER if row[name] is not None}
    stated["places"] = closure({row["establishment"], library().operator(row["operator"]).place})
    return Gathered(row["operator"], row["edition"], stated)
