"""What is stored of changes: whom each concerns, until those who wait for it were judged anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0011"
VERSION = PICCOLO
DESCRIPTION = "changes"

SQL = """
CREATE TABLE change (
    id uuid PRIMARY KEY,
    account_id uuid,
    person bytea,
    at timestamptz NOT NULL
);
CREATE INDEX change_at ON change (at, id);

-- Sends that wait for an event; few are, and no other send is in it.
CREATE INDEX send_waiting ON send (account_id) WHERE state = 'held' AND due_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Make the table and the index."""
    return ddl(ID, SQL)
