"""What is stored of the ledger: entries, the queue for places, places, tiles, checkpoints, and the heads of days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0002"
VERSION = PICCOLO
DESCRIPTION = "audit"

# Hashes don't compress. The queue's rows live for a second, so its dead ones are cleared away all the time.
SQL = """
CREATE TABLE ledger_entry (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    body bytea NOT NULL
) PARTITION BY RANGE (id);

CREATE TABLE ledger_queue (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE TABLE ledger_place (
    place bigint PRIMARY KEY CHECK (place >= 0),
    entry_id uuid NOT NULL UNIQUE,
    account_id uuid NOT NULL
);

CREATE TABLE ledger_tile (
    level smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
);
ALTER TABLE ledger_tile ALTER hashes SET STORAGE EXTERNAL;

CREATE TABLE ledger_edge (
    level smallint PRIMARY KEY,
    hashes bytea NOT NULL CHECK (length(hashes) < 8192 AND length(hashes) % 32 = 0)
);
ALTER TABLE ledger_edge ALTER hashes SET STORAGE EXTERNAL;

CREATE TABLE ledger_checkpoint (
    size bigint PRIMARY KEY,
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE ledger_head (
    day date NOT NULL,
    account_id uuid NOT NULL,
    entries bigint NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    entry_id uuid NOT NULL,
    PRIMARY KEY (day, account_id)
);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
