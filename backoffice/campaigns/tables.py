"""What campaigns store: what is sent, to whom, how far it is; what was handed in, until it is read; previews."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Campaign(Table):
    """One message to many people, and how far it is."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    name = Bytea(default=None, help_text="sealed: what the account calls it, by the account's key")
    state = Text(default=None, help_text="code: see campaigns.states")
    source = Text(default=None, help_text="code: recipients, list or file")
    list_id = UUID(null=True, default=None, help_text="the list whose people it is sent to")
    import_id = UUID(null=True, default=None, help_text="the import that reads its file")
    sender_id = UUID(default=None)
    channel = Text(default=None, help_text="code: the channel")
    purpose = Text(default=None, help_text="code: the purpose")
    topic = Text(default=None, help_text="code: the account's key of the subject")
    content_id = UUID(default=None, help_text="as handed in; from its start on, with what a campaign adds")
    content_sha256 = Bytea(default=None, help_text="hash: of the content")
    words = Bytea(default=None, help_text="hash: of text or template, to know a repeated text by")
    rows = Integer(default=None)
    unfit = Integer(default=None, help_text="rows of the file that are left out for a parameter too long")
    next_row = Integer(default=None, help_text="the last row that was decided about")
    allowed = Integer(default=None)
    warned = Integer(default=None)
    held = Integer(default=None)
    denied = Integer(default=None)
    gone = Integer(default=None, help_text="recipients who were erased before their turn came")
    version = Integer(default=None, help_text="counts the changes of this row")
    turn = BigInt(default=None, help_text="when it last had its turn; the least has the next")
    faults = SmallInt(default=None, help_text="slices that failed one after the other")
    fault = Text(null=True, default=None, help_text="code: why it failed")
    made_at = Timestamptz(default=None)
    started_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    clear_at = Timestamptz(null=True, default=None, help_text="when what has not left is stopped next, none when clear")
    cleared_to = UUID(null=True, default=None, help_text="the last send that was looked at for that")


class CampaignRow(Table, tablename="campaign_row"):
    """One recipient of a campaign."""

    campaign_id = UUID(primary_key=True, default=None)
    number = Integer(default=None, help_text="the line of a file, the place among recipients")
    contact_id = UUID(default=None)
    payload = Bytea(null=True, default=None, help_text="sealed: what only this person's message says, by their key")


class CampaignPart(Table, tablename="campaign_part"):
    """A piece of what was handed in, until it has become rows."""

    campaign_id = UUID(primary_key=True, default=None)
    place = Integer(default=None)
    body = Bytea(default=None, help_text="sealed: a piece of the file or some recipients, by the account's key")


class CampaignPreview(Table, tablename="campaign_preview"):
    """What judging everybody on a campaign found, without recording it; the newest of each campaign."""

    campaign_id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    id = UUID(default=None)
    rows = Integer(default=None)
    next_row = Integer(default=None)
    found = Bytea(default=None, help_text="code: counts of verdicts and of findings, nobody's facts")
    fault = Text(null=True, default=None, help_text="code: why it ended early")
    asked_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)
