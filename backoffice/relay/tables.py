"""What the gate stores: judgements, outcomes, decisions, sends, and the outbox on their way out."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Rulebook(Table):
    """A rulebook that decided something, so that it can decide it again."""

    name = Text(primary_key=True, default=None, help_text="hash: of all that can change a verdict")
    operator = Text(default=None, help_text="code: whose Terms")
    edition = Text(default=None, help_text="code: which of them")
    policies = Bytea(default=None, help_text="hash: of the policies it was made from")
    made_at = Timestamptz(default=None)


class Policies(Table):
    """The policies' files as they stood, kept once for all rulebooks made from them."""

    hash = Bytea(primary_key=True, default=None, help_text="hash: of the body")
    body = Bytea(default=None, help_text="words: clauses and law, compressed")


class Content(Table):
    """What a message says and what its account declares of it."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    sha256 = Bytea(default=None, help_text="hash: of text or template, salted by nothing: it names an edition")
    facts = Bytea(default=None, help_text="code: the declared facts of the message, none of a person")
    body = Bytea(null=True, default=None, help_text="sealed: the text, by the account's key")
    made_at = Timestamptz(default=None)


class Judgement(Table):
    """What a batch of one account and one message was judged by: rulebook and facts, for replay."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    at = Timestamptz(default=None)
    rulebook = Text(default=None, help_text="hash: the rulebook's name")
    account = Bytea(default=None, help_text="code: facts of the account, none of a person")
    message = Bytea(default=None, help_text="code: facts of the message, none of a person")
    bases = Bytea(default=None, help_text="code: places and local times that recipients share")


class Outcome(Table):
    """What a decision found, kept once however many people it speaks of."""

    hash = Bytea(primary_key=True, default=None, help_text="hash: of the body")
    body = Bytea(default=None, help_text="code: findings, in their canonical form")


class Decision(Table):
    """One decision about one send; never changed."""

    id = UUID(primary_key=True, default=None)
    send_id = UUID(default=None)
    account_id = UUID(default=None)
    judgement_id = UUID(default=None)
    outcome = Bytea(default=None, help_text="hash: of the outcome")
    verdict = Text(default=None, help_text="code: allow, warn, hold or deny")
    next_allowed_at = Timestamptz(null=True, default=None)
    no_common_window = Boolean(default=None)
    is_out_of_credit = Boolean(default=None, help_text="judged with no credit left, after those before it in the batch")
    base = SmallInt(default=None, help_text="which of the judgement's bases")
    facts = Bytea(default=None, help_text="code: the recipient's facts beside the base: grades and moments")


class Send(Table):
    """One message to one person, and where it stands."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    contact_id = UUID(default=None)
    person = Bytea(default=None, help_text="token: of the address")
    campaign_id = UUID(null=True, default=None)
    sender_id = UUID(default=None)
    content_id = UUID(default=None)
    channel = Text(default=None, help_text="code: the channel")
    purpose = Text(default=None, help_text="code: the purpose")
    topic = Text(default=None, help_text="code: the account's key of the subject")
    state = Text(default=None, help_text="code: see relay.states")
    verdict = Text(default=None, help_text="code: of the decision that counts now")
    decision_id = UUID(default=None)
    due_at = Timestamptz(null=True, default=None, help_text="when a held or scheduled send is judged anew")
    lot_id = UUID(null=True, default=None)
    payload = Bytea(null=True, default=None, help_text="sealed: what only this person's message says")


class Outbox(Table):
    """A send on its way out."""

    send_id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    sender_id = UUID(default=None)
    channel = Text(default=None, help_text="code: the channel")
    campaign_id = UUID(default=None, help_text="the nil id for a single send")
    attempt = SmallInt(default=None)
    not_before = Timestamptz(default=None)
    claimed_until = Timestamptz(null=True, default=None)


class LateSend(Table, tablename="late_send"):
    """A send that was queued, or left, long after it was made."""

    send_id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    person = Bytea(default=None, help_text="token: of the address")
    topic = Text(default=None, help_text="code: the account's key of the subject")
    at = Timestamptz(default=None, help_text="when it was queued or left, whichever was later")


class KeptBack(Table, tablename="kept_back"):
    """A campaign of which nothing more leaves until it is let go."""

    campaign_id = UUID(primary_key=True, default=None)
    since = Timestamptz(default=None)
