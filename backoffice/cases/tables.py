"""What cases store: what a person must judge, and what came of it."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, Text, Timestamptz
from piccolo.table import Table


class CaseFile(Table, tablename="case_file"):
    """A case; `case` is a word of SQL's own."""

    id = UUID(primary_key=True, default=None)
    kind = Text(default=None, help_text="code: what is to be judged")
    account_id = UUID(default=None)
    contact_id = UUID(default=None)
    person = Bytea(default=None, help_text="token: of the address")
    body = Bytea(null=True, default=None, help_text="sealed: what was written, by the contact's key; none once erased")
    language = Text(default=None, help_text="code: the language it seems to be in, or nothing")
    channel = Text(default=None, help_text="code: over which channel it came")
    opened_at = Timestamptz(default=None, help_text="when the person wrote it, the first of several")
    due_at = Timestamptz(default=None, help_text="from when on it is too late to judge it")
    state = Text(default=None, help_text="code: see cases.states")
    outcome = Text(null=True, default=None, help_text="code: what was decided")
    decided_at = Timestamptz(null=True, default=None, help_text="when it was decided, lapsed or closed")
    decided_by = Text(null=True, default=None, help_text="code: the actor who decided it")
