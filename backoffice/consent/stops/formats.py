"""Formats: the lists of stops that other systems hand out, known by their headers.

What was seen of each, as facts, in November 2026:

twilio    no ready list of opt-outs can be downloaded. Its Consent Management API speaks of contact_id (E.164),
          sender_id (a messaging service's SID or a number), status (opt-in, opt-out), source, date_of_consent
          (twilio.com/docs/messaging/features/consent-api). Its message log has From, To, Direction, Body, ErrorCode;
          21610 says that the recipient had replied STOP (twilio.com/docs/api/errors/21610), and an inbound message has
          OptOutType where Advanced Opt-Out is on. WhatsApp numbers stand behind `whatsapp:`.
onetrust  its consent API names identifier and purposes, each with a TransactionType such as CONFIRMED, OPT_OUT or
          WITHDRAWN (developer.onetrust.com, Universal Consent & Preference Management). Exports name their columns as
          the account arranged them, so spellings with and without spaces are known.
mautic    do-not-contact can't be exported with contacts, but as a report (mautic/mautic, issue 11679): contact fields
          beside reason, date added and channel of the table lead_donotcontact (0 contactable, 1 by the person,
          2 bounced, 3 by hand), or one column of `reason:channel` pairs (dnc_list, dnc_preferences).

A Twilio opt-out holds there for one messaging service, a OneTrust one for one purpose: we know neither, so each is
taken for the account as a whole. A bounce is no person's word but says that the address is dead or refuses the sender:
it is taken as a stop of its channel, for nobody may try again, and the person's own act there lifts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from backoffice.contacts.columns import COLUMNS, Vocabulary, squeezed

Format = Literal["twilio", "onetrust", "mautic", "csv"]
"""The formats that are read."""

_MAILS = {"email": COLUMNS["email"], "country": COLUMNS["country"]}
_PHONES = COLUMNS["phone"] + ", contact number, recipient number, subscriber"
_SAID = (
    "opted out at, opt out at, opt out date, opted out date, unsubscribed at, unsubscribe date, date unsubscribed, "
    "stopped at, stop date, withdrawn at, withdrawal date, revoked at, suppressed at, date, at, date added, added at, "
    "created, created at, atteikuma datums, atteikšanās datums, imtina tarixi, дата отписки, дата отказа, дата, "
    "datums, tarix"
)
_FLAGS = (
    "opted out, opt out, optout, unsubscribed, unsubscribe, do not contact, do not call, dnc, stop, stopped, "
    "suppressed, blacklist, blacklisted, atteicās, atteikums, imtina, imtina etdi, отписан, отписался, отписка, отказ, "
    "стоп, черный список"
)

WORDS: dict[Format, Vocabulary] = {
    "twilio": Vocabulary(
        {
            "phone": "contact id, opted out number, recipient, " + _PHONES,
            "from": "from number",
            "to": "to number",
            "direction": "",
            "body": "message body",
            "kind": "opt out type",
            "error": "error code, status error code",
            "status": "consent status, opt status",
            "date": "date of consent, sent date, date sent, date created, date updated, " + _SAID,
            "sender": "sender id, messaging service sid, messaging service",
            "country": COLUMNS["country"],
        },
        ("date", "status"),
    ),
    "onetrust": Vocabulary(
        {
            "address": "identifier, data subject identifier, data subject, subject identifier, primary identifier",
            "phone": _PHONES,
            "status": "transaction type, consent status, purpose status, transaction status, consent transaction type",
            "date": "transaction date, interaction date, consent date, last transaction date, last interaction date, "
            "receipt date, timestamp, " + _SAID,
            "purpose": "purpose name, purpose id",
            "channel": "communication channel",
            **_MAILS,
        },
        ("date", "status"),
    ),
    "mautic": Vocabulary(
        {
            "phone": _PHONES,
            "pairs": "dnc list, dnc preferences",
            "reason": "dnc reason, do not contact reason, lead donotcontact reason",
            "channel": "dnc channel, lead donotcontact channel",
            "date": "dnc date added, lead donotcontact date added, " + _SAID,
            **_MAILS,
        },
        ("date", "phone", "email"),
    ),
    "csv": Vocabulary(
        {
            "address": "addresses, contact, recipient, adrese, ünvan, адрес",
            "phone": _PHONES,
            "flag": _FLAGS,
            "date": _SAID,
            "status": "state, consent status, subscription status, statuss, статус",
            "reason": "iemesls, səbəb, причина",
            "scope": "stop scope, apjoms, əhatə, охват",
            "channel": COLUMNS["channel"],
            **_MAILS,
        },
        ("date", "flag", "status"),
    ),
}
"""Our columns of each format, with the headers that mean them."""

ANY = Vocabulary(
    {
        f"{form}.{column}": f"{column}, {headers}"
        for form, words in WORDS.items()
        for column, headers in words.columns.items()
    }
)
"""The headers of every format: what finds a list's delimiter."""

_MARKS: dict[Format, tuple[frozenset[str], ...]] = {
    "twilio": (
        frozenset({"contactid", "senderid"}),
        frozenset({"dateofconsent"}),
        frozenset({"messagingservicesid"}),
        frozenset({"optouttype"}),
        frozenset({"from", "to", "direction"}),
        frozenset({"from", "to", "errorcode"}),
    ),
    "onetrust": (
        frozenset({"transactiontype"}),
        frozenset({"datasubjectidentifier"}),
        frozenset({"purposestatus"}),
        frozenset({"identifier", "consentstatus"}),
        frozenset({"identifier", "purposename"}),
    ),
    "mautic": (
        frozenset({"dncreason"}),
        frozenset({"dnclist"}),
        frozenset({"dncpreferences"}),
        frozenset({"reason", "channel", "channelid"}),
        frozenset({"reason", "channel", "dateadded"}),
    ),
}


def format_of(headers: Sequence[str]) -> Format:
    """Return the format that a list's headers tell, plain CSV where they tell none.

    >>> format_of(["contact_id", "sender_id", "status"]), format_of(["Identifier", "Transaction Type"])
    ('twilio', 'onetrust')
    >>> format_of(["Email", "Reason", "Channel", "Date added"]), format_of(["phone"])
    ('mautic', 'csv')
    """
    found = {squeezed(header) for header in headers}
    return next((form for form, marks in _MARKS.items() if any(mark <= found for mark in marks)), "csv")


_OPT_OUTS = (
    "opt out, opted out, hard opt out, opt-out message, withdrawn, withdraw, revoked, revoke, unsubscribed, "
    "unsubscribe, stop, stopped, stop all, do not contact, dnc, do not call, suppressed, blacklisted, blocked, "
    "removed, declined, refused, rejected, objected, bounced, bounce, hard bounce, complaint, complained, spam, "
    "manual, manually unsubscribed, cancelled, canceled, atteicās, atteikums, atrakstījies, imtina, imtina etdi, "
    "отписан, отписался, отписка, отказ, отказался, стоп"
)
_NO_OPT_OUTS = (
    "opt in, opted in, re opt in, opt-in message, confirmed, active, subscribed, subscribe, resubscribed, given, "
    "granted, accepted, consented, start, unstop, extend, extended, implicit, pending, no choice, not given, "
    "not opted in, expired, renewed, contactable, allowed, help, piekrita, razı, подписан, согласен"
)

OPT_OUTS = frozenset(map(squeezed, _OPT_OUTS.split(",")))
"""Words that say that a person doesn't want messages."""

NO_OPT_OUTS = frozenset(map(squeezed, _NO_OPT_OUTS.split(",")))
"""Words that say something else: they are counted, and lift nothing."""
