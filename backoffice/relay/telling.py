"""Telling: sends and their decisions in the words of the API, the same when they are made and years later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backoffice.kernel.errors import NotFound
from backoffice.plumbing.install import Work
from backoffice.plumbing.translations import translator
from backoffice.policy.decide import Decision
from backoffice.policy.facts import Message
from backoffice.policy.program import Finding
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.telling import tell
from backoffice.relay import store
from backoffice.relay.recording import Recorded
from backoffice.relay.rulebooks import recall
from backoffice.relay.shapes import StoredDecision, StoredSend
from backoffice.relay.snapshot import decode_facts


def told(recorded: Recorded, language: str = "en") -> dict[str, Any]:
    """Tell a send that was just recorded: where it stands, and the decision with every reason."""
    return {
        "id": str(recorded.send_id),
        "state": recorded.state,
        "decision_id": str(recorded.decision_id),
        **tell(recorded.decision, translator(language)),
    }


async def tell_sends(work: Work, sends: Sequence[StoredSend], language: str) -> list[dict[str, Any]]:
    """Tell stored sends, each with the decision that counts now."""
    outcomes = await store.get_outcomes(work, [one.decision_id for one in sends])
    told_of = []
    for one in sends:
        body, next_allowed_at, no_common_window = outcomes[one.decision_id]
        decision = await read_outcome(work, body, one.channel)
        opened = msgspec.structs.replace(decision, next_allowed_at=next_allowed_at, no_common_window=no_common_window)
        told_of.append({**_own(one), **tell(opened, translator(language))})
    return told_of


def _own(one: StoredSend) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "state": one.state,
        "contact_id": str(one.contact_id),
        "campaign_id": str(one.campaign_id) if one.campaign_id else None,
        "sender_id": str(one.sender_id),
        "channel": one.channel,
        "topic": one.topic,
        "due_at": one.due_at,
        "decision_id": str(one.decision_id),
    }


async def read_outcome(work: Work, body: bytes, channel: str) -> Decision:
    """Read what a decision found; its rulebook says the words. Raises what `recall` raises."""
    stored = msgspec.json.decode(body)
    book = await recall(work, stored["rulebook"])
    parts = {part: tuple(_finding(book, one, channel) for one in stored[part]) for part in _PARTS}
    return Decision(
        verdict=stored["verdict"],
        purpose=stored["purpose"],
        **parts,
        next_allowed_at=None,
        no_common_window=False,
        rulebook=stored["rulebook"],
    )


_PARTS = ("findings", "lifted", "classified")


def _finding(book: Rulebook, stored: dict[str, Any], channel: str) -> Finding:
    bound = book.bound(stored["source"], stored["position"]).on(channel)
    return Finding(bound, stored["fact"], tuple(stored["lifted_by"]))


async def own_decision(work: Work, account_id: UUID, decision_id: UUID) -> StoredDecision:
    """Return an account's decision; raises NotFound, also for another account's."""
    kept = await store.get_decision(work, decision_id)
    if kept.account_id != account_id:
        raise NotFound("decision_unknown", decision=str(decision_id))
    return kept


async def tell_decision(work: Work, account_id: UUID, decision_id: UUID, language: str) -> dict[str, Any]:
    """Tell one decision of an account."""
    kept = await own_decision(work, account_id, decision_id)
    message = decode_facts(Message, kept.message)
    decision = await read_outcome(work, kept.body, message.channel)
    opened = msgspec.structs.replace(
        decision, next_allowed_at=kept.next_allowed_at, no_common_window=kept.no_common_window
    )
    own = {"id": str(kept.id), "send_id": str(kept.send_id), "at": kept.at}
    return {**own, **tell(opened, translator(language))}
