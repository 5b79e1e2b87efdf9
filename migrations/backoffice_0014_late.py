"""What is stored so that caps count a send when it left, however long after it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0014"
VERSION = PICCOLO
DESCRIPTION = "late"

SQL = """
CREATE TABLE late_send (
    send_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    person bytea NOT NULL,
    topic text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX late_send_person ON late_send (person, at);
CREATE INDEX late_send_at ON late_send (at);
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    return ddl(ID, SQL)
