"""What is stored of cases: what a person must judge, and since when something a contact said may be a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0016"
VERSION = PICCOLO
DESCRIPTION = "cases"

SQL = """
ALTER TABLE contact ADD COLUMN last_request_at timestamptz;
ALTER TABLE contact ADD COLUMN unclear_stop_at timestamptz;

CREATE TABLE case_file (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('unclear_reply')),
    account_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    person bytea NOT NULL,
    body bytea,
    language text NOT NULL,
    channel text NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL,
    outcome text,
    decided_at timestamptz,
    decided_by text,
    CONSTRAINT case_file_state CHECK (state IN ('open', 'decided', 'lapsed', 'closed')),
    CONSTRAINT case_file_decided CHECK ((state = 'open') = (decided_at IS NULL)
        AND (state = 'decided') = (outcome IS NOT NULL) AND (state = 'decided') = (decided_by IS NOT NULL))
);
-- One open case a person and account: what more they say joins it.
CREATE UNIQUE INDEX case_file_open ON case_file (account_id, person, kind) WHERE state = 'open';
CREATE INDEX case_file_due ON case_file (due_at, id) WHERE state = 'open';
CREATE INDEX case_file_contact ON case_file (contact_id);
"""


async def forwards() -> MigrationManager:
    """Make the table and the columns."""
    return ddl(ID, SQL)
