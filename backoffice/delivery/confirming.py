"""Confirming: a stop that came in as a reply is confirmed, once for a person and account, through the gate.

It goes through the first narrow door of a stop: one message, no advertising, within minutes (47 CFR 64.1200(a)(12));
the gate holds it to that. It is a send of the account like any other: where the account may not send, none goes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from backoffice.accounts.service import get_account, name_of
from backoffice.accounts.states import OPEN
from backoffice.billing.service import lock_lots
from backoffice.consent.known_stops import was_stopped
from backoffice.consent.replies import guess_language
from backoffice.contacts.service import was_confirmed
from backoffice.plumbing.translations import translator
from backoffice.relay.content import Declared, facts_of, keep_content
from backoffice.relay.recording import Errand
from backoffice.relay.sending import payload
from backoffice.relay.service import Letter, send

if TYPE_CHECKING:
    from uuid import UUID

    from backoffice.contacts.persons import ContactRef
    from backoffice.delivery.said import Said
    from backoffice.plumbing.install import Work

PURPOSE = "transactional"

_DECLARED = Declared(
    has_promotional_part=False,
    leads_to_paid_content=False,
    template_category="none",
    declared_use="support",
    traffic_type="p2p",
    is_automated=True,
    carries=frozenset({"sender_name", "stop_way"}),
    are_headers_true=True,
    is_stop_address_valid=True,
    are_links_lawful=True,
    asks_card_or_id=False,
    list_source="own_reply",
    is_risk_notice_shown=True,
    is_for_children=False,
)
_LANGUAGE = {"+371": "lv", "+994": "az", "+7": "ru"}
"""Which language a number speaks where its owner's words don't tell."""

_OWN = frozenset({*_LANGUAGE.values()})
"""Languages of ours that words of no other are taken for."""


async def confirm(work: Work, said: Said, person: ContactRef, names: Collection[UUID], received_at: datetime) -> None:
    """Confirm a person's first stop of an account; nothing goes where they had said stop before, or it is closed.

    `names` are the person's contacts, `received_at` is when the stop came in. The caller holds the person's lock alone:
    of two stops that overtake each other, the one that is recorded first may have come in last, so both seem to be the
    first.
    """
    sender = said.sender
    account = await get_account(work, sender.account_id)
    if account.standing not in OPEN or await was_stopped(work, account.id, said.tokens, before=received_at):
        return
    if await was_confirmed(work, names):
        return
    text = _text(said).format(sender=await name_of(work, account))
    lots = await lock_lots(work, {(account.id, sender.channel)})
    facts = facts_of(_DECLARED, has_template=False, door="stop_confirmation")
    content_id, sha256 = await keep_content(work, account.id, facts, None)
    errand = Errand(
        account_id=account.id,
        sender_id=sender.id,
        content_id=content_id,
        content_sha256=sha256,
        channel=sender.channel,
        purpose=PURPOSE,
        topic="",
    )
    await send(work, errand, [Letter(person.id, payload(text))], lots)


def _text(said: Said) -> str:
    translate = translator(language_of(said.message.words, said.message.phone))
    if said.reply.scope == "marketing":
        return translate("You will get no more offers from {sender}. If this was a mistake, reply START.")
    return translate("You will get no more messages from {sender}. If this was a mistake, reply START.")


def language_of(words: Sequence[str], phone: str) -> str:
    """Return the language to answer in: that of the words, or else of the country that the number is from.

    >>> language_of(["STOP"], "+37126000001"), language_of(["не пишите мне"], "+37126000001")
    ('lv', 'ru')
    """
    told = guess_language(" ".join(words))
    if told in _OWN:  # STOP is said everywhere
        return told
    return next((language for prefix, language in _LANGUAGE.items() if phone.startswith(prefix)), "en")
