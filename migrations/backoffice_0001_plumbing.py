"""What every room stands on: requests answered once, the vault's keys, marks, and the queue of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.jobs import SCHEMA
from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0001"
VERSION = PICCOLO
DESCRIPTION = "plumbing"

SQL = """
CREATE TABLE request (
    account_id uuid NOT NULL,
    key bytea NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    answer bytea,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX request_at ON request (at);

CREATE TABLE vault_key (
    subject_id uuid PRIMARY KEY,
    version smallint NOT NULL,
    wrapped bytea,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

CREATE TABLE vault_secret (
    name text PRIMARY KEY,
    version smallint NOT NULL,
    wrapped bytea NOT NULL
);

CREATE TABLE mark (
    name text PRIMARY KEY,
    value text NOT NULL,
    at timestamptz NOT NULL
);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL + SCHEMA)
