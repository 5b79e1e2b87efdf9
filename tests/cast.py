"""A cast of people: a lamp shop in Riga, its customers, and what they agreed to, put on record by the rooms' verbs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.accounts import service as accounts
from backoffice.accounts.numbers import Names
from backoffice.billing import service as billing
from backoffice.consent.evidence import FormCopy
from backoffice.consent.service import Claim, record_consent
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.facts import ListFacts
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact, record_register
from backoffice.kernel.ids import named_id
from backoffice.plumbing.install import Work
from backoffice.policy.facts import NEVER
from backoffice.relay.content import Declared, Template, facts_of, keep_content, review
from backoffice.relay.recording import Errand

OPERATOR = "incrm"
ANNA, BORISS, CELIA = "+37126000001", "+37126000002", "+13055550106"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = "I agree that Baltic Lamp sends me marketing offers on WhatsApp. I can stop at any time."

STATED: dict[str, Any] = {
    "trial_until": "0001-01-01T00:00:00Z",
    "has_paid_plan": True,
    "paid_from": "2026-01-01T00:00:00Z",
    "paid_until": "2027-01-01T00:00:00Z",
    "entitlements": ["whatsapp"],
    "addons_purchased": [],
    "addons_configured": [],
    "registrations": ["az_art_8_6", "us_tx_302", "us_a2p"],
    "lawful_basis": "consent",
    "scan_ground": "",
    "transfer_ground": "equal_protection",
}
SAID: dict[str, Any] = {"is_halted": False, "portfolio_room_at": NEVER}

DECLARED = Declared(
    has_promotional_part=True,
    leads_to_paid_content=False,
    template_category="marketing",
    declared_use="promotion",
    traffic_type="bulk_opt_in",
    carries=frozenset(
        {
            *("ad_mark", "sender_name", "principal_name", "sender_address", "stop_address", "stop_way", "stop_notice"),
            *("offer_terms", "objection_notice", "source_notice", "language_az", "price_in_azn"),
        }
    ),
    are_headers_true=True,
    is_stop_address_valid=True,
    are_links_lawful=True,
    asks_card_or_id=False,
    list_source="own shop and fair",
    is_risk_notice_shown=True,
    is_for_children=False,
)
REVIEWED = {
    "template_status": "approved",
    "reviewed": ["subject_not_misleading", "urgency_true", "urgency_evidence_kept"],
}


class Shop(NamedTuple):
    """An account that may send, its number, and one message that was reviewed."""

    account_id: UUID
    sender_id: UUID
    errand: Errand


async def open_shop(
    work: Work,
    *,
    operator: str = OPERATOR,
    credits_: int = 100,
    number: str = "+37129999901",
    unstated: frozenset[str] = frozenset(),
    names: Names = Names(),  # noqa: B008  # frozen
) -> Shop:
    """Register the shop, put it in order, link its number and have its offer reviewed."""
    account_id = await accounts.register_account(work, operator, "Baltic Lamp", "LV", "business")
    await accounts.set_standing(work, account_id, "active")
    terms = hashlib.sha256(b"specimen").digest()
    account = await accounts.get_account(work, account_id)
    for kind in ("terms", "privacy", "dpa"):
        await accounts.accept_document(work, account_id, kind, account.edition, "en", terms)
    for fact, value in ((fact, value) for fact, value in STATED.items() if fact not in unstated):
        await accounts.state_fact(work, account_id, fact, value, "operator")
    sender_id = await accounts.link_number(
        *(work, account_id, "whatsapp", number, "official"),
        is_registered=True,
        can_receive=True,
        names=names,
        **{said: value for said, value in SAID.items() if said not in unstated},
    )
    if credits_:
        await billing.grant_lot(work, account_id, "whatsapp", credits_, work.at, work.at + timedelta(days=90))
    return Shop(account_id, sender_id, await offer(work, account_id, sender_id))


async def offer(work: Work, account_id: UUID, sender_id: UUID, topic: str = "lamps") -> Errand:
    """Hand in a marketing template, which staff review and approve."""
    facts = facts_of(DECLARED, has_template=True)
    content_id, sha256 = await keep_content(work, account_id, facts, Template(name="autumn_lamps", language="en"))
    await review(work, content_id, REVIEWED, by="staff:liene")
    return Errand(
        account_id=account_id,
        sender_id=sender_id,
        content_id=content_id,
        content_sha256=sha256,
        channel="whatsapp",
        purpose="marketing",
        topic=topic,
    )


async def hold_registers(work: Work) -> None:
    """Hold fresh registers of people who want no calls."""
    for name in ("us_dnc", "us_tx_no_call"):
        await record_register(work, name, work.at - timedelta(days=5), [])


FORM = FormCopy(
    id="checkout-2025",
    file_sha256="5a" * 32,
    words=WORDS,
    control_state="unticked",
    channels=frozenset({"whatsapp"}),
    purposes=frozenset({"marketing"}),
    sender="Baltic Lamp",
    language="en",
)


async def know(work: Work, shop: Shop, address: str, *, has_consent: bool = True) -> ContactRef:
    """Put a person on record, who agreed at the shop's checkout."""
    ref = await add_contact(work, shop.account_id, Wanted("phone", address))
    if has_consent:
        claim = Claim(words=WORDS, sender="Baltic Lamp", given_at=LONG_AGO, language="en", source="shop", form=FORM)
        await record_consent(work, shop.account_id, ref.id, claim)
    await put_on_list(work, shop, ref)
    return ref


async def put_on_list(work: Work, shop: Shop, ref: ContactRef) -> None:
    """Put the person on a list whose people were all told where the shop has them from, and that they may object."""
    list_id = named_id(hashlib.sha256(shop.account_id.bytes).digest())
    facts = ListFacts(is_own_customer=True, is_told_of_source=True, is_told_of_objection=True)
    await work.connection.execute(
        "INSERT INTO contact_list (id, account_id, name, file_sha256, statement, facts, read_at)"
        " VALUES ($1, $2, '', $3, '', $4, $5) ON CONFLICT DO NOTHING",
        *(list_id, shop.account_id, list_id.bytes, msgspec.msgpack.encode(facts), work.at),
    )
    await work.connection.execute("UPDATE contact SET list_id = $2 WHERE id = $1", ref.id, list_id)
