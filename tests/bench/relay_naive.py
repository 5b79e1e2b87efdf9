"""The naive way: one person after another, the facts by an object mapper, the gate by Cedar, a commit each."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any
from uuid import UUID

from backoffice.audit.tables import LedgerEntry, LedgerQueue
from backoffice.billing.tables import CreditLot
from backoffice.consent.tables import Consent, Suppression
from backoffice.contacts.tables import Contact
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Install
from backoffice.relay.outbox import SINGLE
from backoffice.relay.tables import Decision, Outbox, Send
from tests.bench.engines import cedar
from tests.bench.generated import generate
from tests.bench.relay_town import Street


async def naive(install: Install, street: Street, people: Sequence[UUID]) -> float:
    """Send to these people one by one; return recipients a second."""
    engine, facts = cedar(), next(iter(generate(1, 0.0)))
    begun = perf_counter()
    for person in people:
        await _one(install, street, person, engine.answer(engine.prepare(*facts)))
    return len(people) / (perf_counter() - begun)


async def _one(install: Install, street: Street, person: UUID, answer: object) -> None:
    """Piccolo's tables take their columns by keyword, so what is shared is written out."""
    account, errand = street.shop.account_id, street.shop.errand
    async with install.unit_of_work() as work:
        lot: Any = await CreditLot.objects().where(CreditLot.account_id == account).first().lock_rows("UPDATE")
        contact: Any = await Contact.objects().get(Contact.id == person)
        await Consent.objects().where(Consent.contact_id == person)
        await Suppression.objects().where(Suppression.token == contact.token)
        await Send.objects().where(Send.person == contact.token)
        send_id, decision_id, judgement_id = new_ids(work.at, 3)
        shared: dict[str, Any] = {"account_id": account, "sender_id": errand.sender_id, "channel": errand.channel}
        decision: dict[str, Any] = {
            "id": decision_id,
            "send_id": send_id,
            "account_id": account,
            "judgement_id": judgement_id,
            "outcome": repr(answer).encode()[:32],
            "verdict": "allow",
            "no_common_window": False,
            "is_out_of_credit": False,
            "base": 0,
            "facts": b"",
        }
        send: dict[str, Any] = {
            **shared,
            "id": send_id,
            "contact_id": person,
            "person": contact.token,
            "content_id": errand.content_id,
            "purpose": errand.purpose,
            "topic": errand.topic,
            "state": "queued",
            "verdict": "allow",
            "decision_id": decision_id,
        }
        await Decision(**decision).save()
        await Send(**send).save()
        await LedgerEntry(id=decision_id, account_id=account, body=b"{}").save()
        await LedgerQueue(id=decision_id, account_id=account, leaf=bytes(32)).save()
        await Outbox(**shared, send_id=send_id, campaign_id=SINGLE, attempt=0, not_before=work.at).save()
        await CreditLot.update({CreditLot.remaining: lot.remaining - 1}).where(CreditLot.id == lot.id)
        await LedgerQueue.delete().where(LedgerQueue.id == decision_id)  # its entry is no real one
