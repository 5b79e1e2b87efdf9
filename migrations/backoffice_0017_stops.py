"""What is stored of imports of stops that another system received, and of how many stand in a register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0017"
VERSION = PICCOLO
DESCRIPTION = "stops"

SQL = """
CREATE TABLE suppression_import (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    stated bytea NOT NULL,
    statement bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('stated', 'committing', 'committed', 'failed')),
    file_sha256 bytea,
    read_at timestamptz,
    done_line int NOT NULL,
    counts bytea NOT NULL,
    fault text,
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
-- The same list again is read for the same moment.
CREATE INDEX suppression_import_list ON suppression_import (account_id, file_sha256, statement)
    WHERE read_at IS NOT NULL;

CREATE TABLE suppression_lines (
    import_id uuid NOT NULL,
    after_line int NOT NULL,
    results bytea NOT NULL,
    PRIMARY KEY (import_id, after_line)
);
ALTER TABLE suppression_lines ALTER COLUMN results SET STORAGE EXTERNAL;

-- Who of a list is in a campaign, counted once each; nothing of it is left when the import has ended.
CREATE TABLE suppression_meeting (
    import_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (import_id, campaign_id, contact_id)
);

-- What is told of a register that is held, beside its age.
ALTER TABLE register_list ADD COLUMN listed bigint NOT NULL DEFAULT 0;
ALTER TABLE register_list ADD COLUMN unreadable bigint NOT NULL DEFAULT 0;
ALTER TABLE register_list ADD COLUMN recorded_at timestamptz;
UPDATE register_list SET listed = (SELECT count(*) FROM listing WHERE register = register_list.name);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
