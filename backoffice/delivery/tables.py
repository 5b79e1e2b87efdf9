"""What delivery stores: what is known of each message at its provider, and providers' callbacks as they came; paces."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Delivery(Table):
    """A message at its provider: the moment of each status, of which the highest counts; and the search for it."""

    send_id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    attempt = SmallInt(default=None, help_text="how often it was handed over")
    provider_hash = Bytea(null=True, default=None, help_text="hash: of the provider's id, which may spell a number")
    is_doubled = Boolean(default=False, help_text="the provider speaks of two messages under our one id")
    code = Integer(default=0, help_text="the provider's error code, 0 none")
    reason = Text(default="", help_text="code: why it failed, in a word of ours; empty while it hasn't")
    accepted_at = Timestamptz(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)
    failed_at = Timestamptz(null=True, default=None)
    delivered_at = Timestamptz(null=True, default=None)
    read_at = Timestamptz(null=True, default=None)
    unknown_at = Timestamptz(null=True, default=None, help_text="since when nobody knows whether it was taken")
    absence_counts_at = Timestamptz(null=True, default=None, help_text="from when it can't be on its way any more")
    looks = SmallInt(default=0, help_text="how often it was looked up")
    look_at = Timestamptz(null=True, default=None, help_text="when it is looked up next")


class Callback(Table):
    """What a provider told us, byte for byte, until and after it was acted on."""

    id = UUID(primary_key=True, default=None)
    subject_id = UUID(default=None, help_text="whose key seals the body: the account's, or the operator's own")
    provider = Text(default=None, help_text="code: the provider")
    signature = Text(default=None, help_text="hash: keyed, over the raw bytes, as the provider sent it")
    received_at = Timestamptz(default=None)
    body = Bytea(default=None, help_text="sealed: the raw bytes, by the subject's key")
    handled_at = Timestamptz(null=True, default=None)
    fault = Text(null=True, default=None, help_text="code: why it could not be acted on")


class SenderPace(Table, tablename="sender_pace"):
    """When a sender's bucket is full again, if nothing more is taken from it."""

    sender_id = UUID(primary_key=True, default=None)
    full_at = Timestamptz(default=None)


class PortfolioPerson(Table, tablename="portfolio_person"):
    """Somebody to whom a portfolio wrote of its own accord, and when last; kept while the provider counts it."""

    portfolio = Text(primary_key=True, default=None, help_text="code: the provider's name of the portfolio")
    person = Bytea(default=None, help_text="token: of the address")
    at = Timestamptz(default=None)


class InboundMessage(Table, tablename="inbound_message"):
    """A message that a person sent us: it counts once, however often we are told of it; kept for a month."""

    token = Bytea(primary_key=True, default=None, help_text="token: keyed digest of account and provider's id")
    account_id = UUID(default=None)
    sender_id = UUID(default=None)
    contact_id = UUID(default=None)
    at = Timestamptz(default=None)


class MessageDefault(Table, tablename="message_default"):
    """What an account declares of a template, or of its free text, that it sends from one number."""

    sender_id = UUID(primary_key=True, default=None)
    template = Text(default=None, help_text="code: the template's name at the provider, or empty; part of the key")
    account_id = UUID(default=None)
    purpose = Text(default=None, help_text="code: the purpose")
    topic = Text(default=None, help_text="code: the account's key of the subject")
    is_answer = Boolean(default=None, help_text="each answers what its person asked for")
    facts = Bytea(default=None, help_text="code: the declared facts as msgpack, none of a person")
    stated_at = Timestamptz(default=None)


class ProviderMessage(Table, tablename="provider_message"):
    """What the provider calls a message of an account that is told in the provider's form."""

    send_id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    token = Bytea(default=None, help_text="token: of the provider's name, which may spell a number")
    provider_name = Bytea(default=None, help_text="sealed: the provider's name, by the account's key")
    at = Timestamptz(default=None)
