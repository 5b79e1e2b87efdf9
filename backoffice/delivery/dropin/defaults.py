"""Defaults: what an account declares of a template, or of free text, since the Cloud API's call has no place for it.

An integration goes on as it was: its account says once for each number what its templates are for. What it doesn't
say is unknown: the purpose counts as marketing, and a rule that asks for a fact holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.accounts.numbers import get_number
from backoffice.audit.ledger import append
from backoffice.delivery.dropin import store
from backoffice.delivery.dropin.store import DefaultRow
from backoffice.kernel.errors import NotFound
from backoffice.relay.content import Declared, facts_of

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

FREE_TEXT = ""
"""In place of a template's name: whatever is sent without one."""


class Default(NamedTuple):
    """What counts for a message of which its call says nothing."""

    purpose: str = "marketing"
    topic: str = ""
    is_answer: bool = False  # it answers what its person asked for by an act of their own
    declared: Declared = Declared()

    def facts(self, *, has_template: bool) -> dict[str, Any]:
        """Return the facts of a message that it counts for."""
        facts = facts_of(self.declared, has_template=has_template)
        return {**facts, "kind": "requested_answer"} if self.is_answer else facts


UNDECLARED = Default()


async def state(work: Work, account_id: UUID, sender_id: UUID, template: str, default: Default) -> None:
    """Declare what a template's messages from a number are, from now on; raises NotFound for no number of the account.

    Ledger: delivery:default:stated.
    """
    await get_number(work, account_id, sender_id)
    facts = msgspec.to_builtins(default.declared)
    told: dict[str, Any] = {"purpose": default.purpose, "topic": default.topic, "is_answer": default.is_answer}
    row = DefaultRow(
        sender_id=sender_id,
        template=template,
        account_id=account_id,
        **told,
        facts=msgspec.msgpack.encode(facts),
        stated_at=work.at,
    )
    await store.put_default(work, row)
    told |= {"facts": facts, "by": "account"}
    await append(work, "delivery:default:stated", account_id, sender=sender_id, template=template, **told)


async def withdraw(work: Work, account_id: UUID, sender_id: UUID, template: str) -> None:
    """Take back what was declared; raises NotFound where nothing was. Ledger: delivery:default:withdrawn."""
    await get_number(work, account_id, sender_id)
    if not await store.withdraw_default(work, sender_id, template):
        raise NotFound("default_unknown")
    await append(work, "delivery:default:withdrawn", account_id, sender=sender_id, template=template, by="account")


async def list_stated(work: Work, account_id: UUID, sender_id: UUID) -> list[tuple[str, Default]]:
    """Return what is declared of the messages of a number, by template; raises NotFound."""
    await get_number(work, account_id, sender_id)
    return [(row.template, _read(row)) for row in await store.list_defaults(work, sender_id)]


async def default_of(work: Work, sender_id: UUID, template: str) -> Default:
    """Return what counts for a message of a template on a number, or of free text."""
    row = await store.find_default(work, sender_id, template)
    return _read(row) if row else UNDECLARED


def _read(row: DefaultRow) -> Default:
    return Default(row.purpose, row.topic, row.is_answer, msgspec.msgpack.decode(row.facts, type=Declared))
