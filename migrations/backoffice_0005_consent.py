"""What is stored of people's yes and no: wordings, consents, and the stops that outlive everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0005"
VERSION = PICCOLO
DESCRIPTION = "consent"

SQL = """
CREATE TABLE wording (
    id serial PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    body bytea NOT NULL
);

CREATE TABLE consent (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    wording_id int NOT NULL,
    grade text NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
    given_at timestamptz NOT NULL,
    valid_until timestamptz,
    list_id uuid,
    evidence bytea,
    recorded_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
-- One act is recorded once, however often it is handed in. The gate reads this index and never the table.
CREATE UNIQUE INDEX consent_act ON consent (contact_id, given_at, grade, wording_id, valid_until)
    INCLUDE (list_id, withdrawn_at) NULLS NOT DISTINCT;

CREATE TABLE suppression (
    id uuid PRIMARY KEY,
    token bytea NOT NULL,
    account_id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('all', 'marketing', 'topic')),
    channel text NOT NULL,
    topic text NOT NULL,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    voided_at timestamptz
);
CREATE INDEX suppression_token ON suppression (token, account_id);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
