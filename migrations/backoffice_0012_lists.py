"""What is stored of a list's members, of when its file was handed in, and of how far people are located anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0012"
VERSION = PICCOLO
DESCRIPTION = "lists"

SQL = """
-- A campaign walks a list's members in the order of their ids.
CREATE TABLE list_member (
    list_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (list_id, contact_id)
);
CREATE INDEX list_member_contact ON list_member (contact_id);
INSERT INTO list_member
    SELECT list_id, id FROM contact WHERE list_id IS NOT NULL
    UNION SELECT list_id, contact_id FROM consent WHERE list_id IS NOT NULL;
DROP INDEX contact_list_people;

-- How far contacts are located anew once the tables of numbers have changed.
CREATE TABLE relocation (
    tables text PRIMARY KEY,
    contact_id uuid NOT NULL,
    ended_at timestamptz
);

-- When a piece of a list's file was handed in: what nobody commits is let go of by it.
ALTER TABLE import_part ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE import_part ALTER COLUMN kept_at DROP DEFAULT;
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
