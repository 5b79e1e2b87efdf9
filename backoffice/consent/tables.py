"""What consent stores: wordings, consents, and the stops that outlive both."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, Integer, Serial, Text, Timestamptz
from piccolo.table import Table


class Wording(Table):
    """What people agreed to and how it is proved, kept once however many agreed."""

    id = Serial(primary_key=True)
    hash = Bytea(default=None, help_text="hash: of the canonical form")
    body = Bytea(default=None, help_text="code: purposes, channels, and what the record holds")


class Consent(Table):
    """A person's recorded yes; withdrawn it stays, as evidence."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    contact_id = UUID(default=None)
    wording_id = Integer(default=None)
    grade = Text(default=None, help_text="code: A to D")
    given_at = Timestamptz(default=None, help_text="the year 1 where nobody stated a time")
    valid_until = Timestamptz(null=True, default=None, help_text="none: without an end")
    list_id = UUID(null=True, default=None, help_text="the list it was stated in, or none")
    evidence = Bytea(null=True, default=None, help_text="sealed: words, method and proofs, by the contact's key")
    recorded_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(null=True, default=None)


class Suppression(Table):
    """A standing do-not-send; it holds nothing of the person but the token, and survives their erasure."""

    id = UUID(primary_key=True, default=None)
    token = Bytea(default=None, help_text="token: of the address")
    account_id = UUID(default=None, help_text="whose messages it stops; the zero id for everybody's")
    scope = Text(default=None, help_text="code: all, marketing or topic")
    channel = Text(default=None, help_text="code: a channel, or all")
    topic = Text(default=None, help_text="code: the account's key of the subject, or nothing")
    at = Timestamptz(default=None, help_text="when the person said so")
    reason = Text(default=None, help_text="code: how it was said")
    recorded_at = Timestamptz(default=None)
    voided_at = Timestamptz(null=True, default=None)


class SuppressionImport(Table, tablename="suppression_import"):
    """An import of a list of stops: what was stated of it, and how far it is."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    stated = Bytea(default=None, help_text="sealed: what was stated, by the account's key")
    statement = Bytea(default=None, help_text="hash: of all that was stated but the name")
    state = Text(default=None, help_text="code: see consent.stops.states")
    file_sha256 = Bytea(null=True, default=None, help_text="hash: of the file")
    read_at = Timestamptz(null=True, default=None, help_text="the moment for which its dates are read, each time")
    done_line = Integer(default=None, help_text="the last line whose stops are stored")
    counts = Bytea(default=None, help_text="code: what was counted so far")
    fault = Text(null=True, default=None, help_text="code: why it failed")
    made_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)


class SuppressionLines(Table, tablename="suppression_lines"):
    """What became of some lines of a list of stops, until the lines are let go of."""

    import_id = UUID(primary_key=True, default=None)
    after_line = Integer(default=None)
    results = Bytea(default=None, help_text="code: outcome, field and reason a line, nothing of what stands in it")


class SuppressionMeeting(Table, tablename="suppression_meeting"):
    """Somebody of a list of stops who is in a campaign, while the list is imported: each is counted once."""

    import_id = UUID(primary_key=True, default=None)
    campaign_id = UUID(default=None)
    contact_id = UUID(default=None)
