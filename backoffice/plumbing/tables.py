"""What plumbing stores: requests answered once, the vault's keys, changes, marks. Jobs lie in their library's own."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Request(Table):
    """A POST with its idempotency key and the answer it got; kept for seven days."""

    account_id = UUID(default=None)
    key = Bytea(primary_key=True, default=None, help_text="hash: of the idempotency key")
    fingerprint = Bytea(default=None, help_text="hash: of method, path and body")
    status = SmallInt(null=True, default=None, help_text="HTTP status, or none while it runs")
    answer = Bytea(null=True, default=None, help_text="code: the answer's body; answers hold ids, no person's value")
    at = Timestamptz(default=None)


class VaultKey(Table, tablename="vault_key"):
    """A data subject's key, wrapped by a master key, or the moment of its destruction."""

    subject_id = UUID(primary_key=True, default=None)
    version = SmallInt(default=None, help_text="of the master key")
    wrapped = Bytea(null=True, default=None, help_text="sealed: the key, by the master key")
    destroyed_at = Timestamptz(null=True, default=None)


class VaultSecret(Table, tablename="vault_secret"):
    """A key of the vault's own that no subject has: blind indexes."""

    name = Text(primary_key=True, default=None, help_text="code: what it is for")
    version = SmallInt(default=None, help_text="of the master key")
    wrapped = Bytea(default=None, help_text="sealed: the key, by the master key")


class Change(Table):
    """Whom something that changed concerns, until those who wait for it were judged anew."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(null=True, default=None, help_text="or none: all accounts")
    person = Bytea(null=True, default=None, help_text="token: of the one person concerned, or none: all of them")
    at = Timestamptz(default=None, help_text="from when on it holds")


class Mark(Table):
    """Something the install must remember of itself: key check values, the time of the last anchor."""

    name = Text(primary_key=True, default=None, help_text="code: what is remembered")
    value = Text(default=None, help_text="code: the value, for the program itself")
    at = Timestamptz(default=None)
