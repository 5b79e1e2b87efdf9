"""What is stored of campaigns: what is sent from which number, to whom, how far it is, and what a preview found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0009"
VERSION = PICCOLO
DESCRIPTION = "campaigns"

SQL = """
-- Whose turn it is must not hang on clocks, which differ.
CREATE SEQUENCE campaign_turn;

CREATE TABLE campaign (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    name bytea NOT NULL,
    state text NOT NULL,
    source text NOT NULL CHECK (source IN ('recipients', 'list', 'file')),
    list_id uuid,
    import_id uuid,
    sender_id uuid NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    topic text NOT NULL,
    content_id uuid NOT NULL,
    content_sha256 bytea NOT NULL,
    words bytea NOT NULL,
    rows int NOT NULL DEFAULT 0,
    unfit int NOT NULL DEFAULT 0,
    next_row int NOT NULL DEFAULT 0,
    allowed int NOT NULL DEFAULT 0,
    warned int NOT NULL DEFAULT 0,
    held int NOT NULL DEFAULT 0,
    denied int NOT NULL DEFAULT 0,
    gone int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    turn bigint NOT NULL DEFAULT 0,
    faults smallint NOT NULL DEFAULT 0,
    fault text,
    made_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    clear_at timestamptz,
    cleared_to uuid,
    CONSTRAINT campaign_state
        CHECK (state IN ('draft', 'importing', 'ready', 'running', 'paused', 'done', 'stopped', 'failed')),
    CONSTRAINT campaign_decided CHECK (allowed + warned + held + denied + gone <= rows)
);
CREATE INDEX campaign_account ON campaign (account_id, id);
CREATE INDEX campaign_at_work ON campaign (turn) WHERE state = 'running' OR clear_at IS NOT NULL;

-- A person stands in a campaign once, however often the list names them.
CREATE TABLE campaign_row (
    campaign_id uuid NOT NULL,
    number int NOT NULL,
    contact_id uuid NOT NULL,
    payload bytea,
    PRIMARY KEY (campaign_id, number),
    UNIQUE (campaign_id, contact_id)
);

-- What was handed in, sealed, until it has become rows.
CREATE TABLE campaign_part (
    campaign_id uuid NOT NULL,
    place int NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (campaign_id, place)
);
ALTER TABLE campaign_part ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE campaign_preview (
    campaign_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    rows int NOT NULL,
    next_row int NOT NULL,
    found bytea NOT NULL,
    fault text,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- A campaign to the people of a list walks them in the order of their ids.
CREATE INDEX contact_list_people ON contact (list_id, id) WHERE list_id IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
