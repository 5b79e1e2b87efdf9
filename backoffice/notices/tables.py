"""What notices store: an account's webhooks, and what each of them is told."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Bytea, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Webhook(Table):
    """An address of an account's own programs that is told what happens."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    form = Text(default=None, help_text="code: standard or cloud_api")
    state = Text(default=None, help_text="code: see notices.states")
    events = Array(base_column=Text(), default=None, help_text="code: the events it is told; none says all")
    address = Bytea(default=None, help_text="sealed: its URL, by the account's key")
    secret = Bytea(default=None, help_text="sealed: what its bodies are signed with, by the account's key")
    old_secret = Bytea(null=True, default=None, help_text="sealed: the secret before, by the account's key")
    old_until = Timestamptz(null=True, default=None, help_text="until when the secret before signs along")
    challenge = Bytea(null=True, default=None, help_text="sealed: the word that its address is asked with")
    attempts = SmallInt(default=None, help_text="how often its address was asked to echo a challenge")
    next_at = Timestamptz(null=True, default=None, help_text="when it is asked next, while it is unverified")
    failing_since = Timestamptz(null=True, default=None, help_text="since when it takes nothing")
    fault = Text(null=True, default=None, help_text="code: why it took nothing last")
    made_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)


class WebhookDelivery(Table, tablename="webhook_delivery"):
    """What one webhook is told of one event."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    webhook_id = UUID(default=None)
    event_id = UUID(default=None, help_text="the same for all webhooks that are told, and however often")
    event = Text(default=None, help_text="code: what happened")
    state = Text(default=None, help_text="code: see notices.states")
    body = Bytea(default=None, help_text="sealed: the bytes that are posted, by the account's key")
    attempts = SmallInt(default=None)
    since_at = Timestamptz(default=None, help_text="when its seven days began")
    next_at = Timestamptz(null=True, default=None, help_text="when it is posted, or again if nobody hears how it went")
    status = SmallInt(null=True, default=None, help_text="the HTTP status of the last answer, none without one")
    fault = Text(null=True, default=None, help_text="code: why the last attempt failed")
    made_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)
