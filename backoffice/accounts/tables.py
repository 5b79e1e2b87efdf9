"""What accounts store: who they are and how they stand, what they accepted, their numbers, keys and stated facts."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Account(Table):
    """A business that sends, and how it stands with its operator."""

    id = UUID(primary_key=True, default=None)
    operator = Text(default=None, help_text="code: whose account it is")
    edition = Text(default=None, help_text="code: the edition of the Terms that binds it")
    name = Bytea(default=None, help_text="sealed: its name, by its own key")
    establishment = Text(default=None, help_text="code: the country, or state of the US, where it is established")
    standing = Text(default=None, help_text="code: see accounts.states")
    standing_ground = Text(default=None, help_text="code: why it is suspended or closed, or empty")
    standing_at = Timestamptz(default=None)
    standing_until = Timestamptz(null=True, default=None, help_text="when a suspension is to be looked at again")
    restricted_channels = Array(base_column=Text(), default=None, help_text="code: channels closed to it for now")
    restriction_ground = Text(default=None, help_text="code: why channels are closed to it, or empty")
    declared_use = Text(default=None, help_text="code: business, personal, household or undeclared")
    registered_at = Timestamptz(null=True, default=None, help_text="when its registration was complete")
    made_at = Timestamptz(default=None)


class AccountStatement(Table, tablename="account_statement"):
    """A fact of an account that no column holds, as somebody stated it."""

    account_id = UUID(primary_key=True, default=None)
    fact = Text(default=None, help_text="code: a field of policy.facts.Account; part of the key")
    value = Bytea(default=None, help_text="code: its value as msgpack: codes, numbers and moments, none of a person")
    stated_at = Timestamptz(default=None)
    stated_by = Text(default=None, help_text="code: who acted")


class Sender(Table):
    """A number or address that an account sends from."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    channel = Text(default=None, help_text="code: the channel")
    token = Bytea(default=None, help_text="token: of the number or address")
    address = Bytea(default=None, help_text="sealed: the number or address, by the account's key")
    provider_type = Text(default=None, help_text="code: official or unofficial")
    is_registered = Boolean(null=True, default=None)
    is_linked = Boolean(default=None)
    is_banned = Boolean(null=True, default=None)
    is_spoofed = Boolean(null=True, default=None)
    can_receive = Boolean(default=None)
    is_halted = Boolean(null=True, default=None, help_text="by the provider, which alone can lift it")
    portfolio = Text(default=None, help_text="code: the provider's name of it; the account's id where nobody named one")
    portfolio_room_at = Timestamptz(null=True, default=None, help_text="when its portfolio may write to somebody new")
    linked_at = Timestamptz(default=None)
    provider_code = Text(default="", help_text="code: the provider's name of it, or empty")
    provider_account = Text(default="", help_text="code: the provider's name of its business account, or empty")
    daily_limit = Integer(null=True, default=None, help_text="whom its portfolio may write to first in 24 h; -1: all")


class DocumentAcceptance(Table, tablename="document_acceptance"):
    """A document that an account accepted, by edition, language and hash."""

    account_id = UUID(primary_key=True, default=None)
    kind = Text(default=None, help_text="code: which document; part of the key")
    edition = Text(default=None, help_text="code: which edition; part of the key")
    language = Text(default=None, help_text="code: BCP 47")
    sha256 = Bytea(default=None, help_text="hash: of the text that was shown")
    accepted_at = Timestamptz(default=None)


class ApiKey(Table, tablename="api_key"):
    """A key by which an account's programs are known."""

    hash = Bytea(primary_key=True, default=None, help_text="hash: SHA-256 of the secret, which is random")
    account_id = UUID(default=None)
    made_at = Timestamptz(default=None)
    revoked_at = Timestamptz(null=True, default=None)
