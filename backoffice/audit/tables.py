"""What the ledger stores."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Bytea, Date, SmallInt, Text, Timestamptz
from piccolo.table import Table


class LedgerEntry(Table, tablename="ledger_entry"):
    """What happened; lies in months of its id."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None, help_text="zero where it is no account's")
    body = Bytea(default=None, help_text="commitment: canonical JSON of ids, codes and salted commitments")


class LedgerQueue(Table, tablename="ledger_queue"):
    """Entries that wait for their place; the sequencer takes them out."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    leaf = Bytea(default=None, help_text="hash: of the entry as a leaf")


class LedgerPlace(Table, tablename="ledger_place"):
    """Where each entry stands in the tree; written once."""

    place = BigInt(primary_key=True, default=None)
    entry_id = UUID(unique=True, default=None)
    account_id = UUID(default=None)


class LedgerTile(Table, tablename="ledger_tile"):
    """A full tile of 256 hashes; written once. Its key is level and number together."""

    level = SmallInt(primary_key=True, default=None)
    number = BigInt(default=None)
    hashes = Bytea(default=None, help_text="hash: 256 of them")


class LedgerEdge(Table, tablename="ledger_edge"):
    """The tile of each level that isn't full yet."""

    level = SmallInt(primary_key=True, default=None)
    hashes = Bytea(default=None, help_text="hash: 0 to 255 of them")


class LedgerCheckpoint(Table, tablename="ledger_checkpoint"):
    """A state of the ledger that was signed."""

    size = BigInt(primary_key=True, default=None)
    root = Bytea(default=None, help_text="hash: of the tree of that size")
    note = Text(default=None, help_text="code: the signed note, cosignatures and all")
    at = Timestamptz(default=None)


class LedgerHead(Table, tablename="ledger_head"):
    """An account's entries of a UTC day in one hash. Its key is day and account together."""

    day = Date(default=None)
    account_id = UUID(primary_key=True, default=None)
    entries = BigInt(default=None, help_text="how many")
    root = Bytea(default=None, help_text="hash: over the leaves in place order")
    entry_id = UUID(default=None, help_text="of the entry that says so")
