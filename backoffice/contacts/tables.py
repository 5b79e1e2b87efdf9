"""What contacts store: lists, addresses under their owners' keys, where these may be, and registers."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Integer, Serial, Text, Timestamptz
from piccolo.table import Table


class ImportedList(Table, tablename="contact_list"):
    """A list whose contacts were imported: what names it, and what its account stated of everybody on it."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    name = Bytea(default=None, help_text="sealed: what the account calls it, by the account's key")
    file_sha256 = Bytea(default=None, help_text="hash: of the file")
    statement = Bytea(default=None, help_text="hash: of all that was stated; with the file's it names the list")
    facts = Bytea(default=None, help_text="code: facts of everybody on it")
    read_at = Timestamptz(default=None, help_text="the moment for which its dates are read, each time")
    imported_at = Timestamptz(null=True, default=None)


class ListMember(Table, tablename="list_member"):
    """Somebody who stands in a list; a person may stand in many."""

    list_id = UUID(primary_key=True, default=None)
    contact_id = UUID(default=None)


class ContactImport(Table, tablename="contact_import"):
    """An import of a list: what was stated of it, and how far it is."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    stated = Bytea(default=None, help_text="sealed: what was stated, with evidence, by the account's key")
    state = Text(default=None, help_text="code: see contacts.states")
    file_sha256 = Bytea(null=True, default=None, help_text="hash: of the file that was previewed")
    list_id = UUID(null=True, default=None)
    rows = Integer(default=None)
    done_line = Integer(default=None, help_text="the last line whose row is stored")
    counts = Bytea(default=None, help_text="code: what was counted so far")
    fault = Text(null=True, default=None, help_text="code: why it failed")
    read_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class ImportPart(Table, tablename="import_part"):
    """A piece of a list's file, from its upload to the end of its import."""

    import_id = UUID(primary_key=True, default=None)
    number = Integer(default=None)
    body = Bytea(default=None, help_text="sealed: up to a mebibyte of the file, by the account's key")
    kept_at = Timestamptz(default=None)


class Whereabouts(Table):
    """Where a recipient may be: places and zones, kept once however many people share them."""

    id = Serial(primary_key=True)
    hash = Bytea(default=None, help_text="hash: of the canonical form")
    body = Bytea(default=None, help_text="code: places, zones and class of number")


class Contact(Table):
    """An address of one account and what is known of its owner; a vault subject."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    kind = Text(default=None, help_text="code: phone, email or scoped_id")
    token = Bytea(default=None, help_text="token: of the address")
    address = Bytea(default=None, help_text="sealed: E.164 or the folded mail address, by the contact's key")
    commitment = Bytea(default=None, help_text="commitment: SHA-256 of salt and address")
    salt = Bytea(default=None, help_text="sealed: the commitment's salt, by the contact's key")
    whereabouts_id = Integer(default=None)
    list_id = UUID(null=True, default=None, help_text="the newest list it stands in, whose facts count")
    person_type = Text(default=None, help_text="code: natural, legal or named_at_legal")
    born_on = Bytea(null=True, default=None, help_text="sealed: the youngest day of birth stated, by the contact's key")
    has_parental_consent = Boolean(default=None)
    last_inbound_at = Timestamptz(null=True, default=None)
    last_purchase_at = Timestamptz(null=True, default=None)
    last_inquiry_at = Timestamptz(null=True, default=None)
    last_request_at = Timestamptz(null=True, default=None)
    unclear_stop_at = Timestamptz(null=True, default=None, help_text="since when something said may be a stop")
    restriction = Text(default=None, help_text="code: none, contested, objection or erasure")
    provider_error = Integer(default=None, help_text="the provider's last error code, 0 for none")
    provider_error_at = Timestamptz(null=True, default=None)
    confirmation_id = UUID(null=True, default=None, help_text="the send that confirmed a stop last")
    answer_id = UUID(null=True, default=None, help_text="the send that answered what the person asked for last")


class Alias(Table):
    """Another name under which a person is known to an account: a stop under one is a stop under each."""

    account_id = UUID(primary_key=True, default=None)
    token = Bytea(default=None, help_text="token: of an address")
    other = Bytea(default=None, help_text="token: of another of the same person")
    since = Timestamptz(default=None)


class Relocation(Table):
    """How far contacts are located by a version of the number tables."""

    tables = Text(primary_key=True, default=None, help_text="hash: of the tables")
    contact_id = UUID(default=None, help_text="the last that was looked at")
    ended_at = Timestamptz(null=True, default=None)


class RegisterList(Table, tablename="register_list"):
    """A register that is held, do-not-call or carrier domains, and the day of its data."""

    name = Text(primary_key=True, default=None, help_text="code: the register, as in us_dnc")
    as_of = Timestamptz(default=None)
    listed = BigInt(default=None, help_text="how many addresses stand in it")
    unreadable = BigInt(default=None, help_text="lines of its files in which none could be read")
    recorded_at = Timestamptz(null=True, default=None)


class Listing(Table):
    """An address that stands in a register."""

    token = Bytea(primary_key=True, default=None, help_text="token: of the address")
    register = Text(default=None, help_text="code: the register")
    since = Timestamptz(default=None)
