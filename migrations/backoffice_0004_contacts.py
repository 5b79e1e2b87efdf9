"""What is stored of the people who are messaged: lists, addresses, where their owners may be, registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0004"
VERSION = PICCOLO
DESCRIPTION = "contacts"

SQL = """
CREATE TABLE contact_list (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    name bytea NOT NULL,
    file_sha256 bytea NOT NULL,
    statement bytea NOT NULL,
    facts bytea NOT NULL,
    read_at timestamptz NOT NULL,
    imported_at timestamptz,
    UNIQUE (account_id, file_sha256, statement)
);

CREATE TABLE contact_import (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    stated bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('stated', 'previewed', 'committing', 'committed', 'failed')),
    file_sha256 bytea,
    list_id uuid,
    rows int NOT NULL,
    done_line int NOT NULL,
    counts bytea NOT NULL,
    fault text,
    read_at timestamptz,
    ended_at timestamptz
);

-- The sealed file of a list while it is imported; nothing of it is left afterwards.
CREATE TABLE import_part (
    import_id uuid NOT NULL,
    number int NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);
ALTER TABLE import_part ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE whereabouts (
    id serial PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    body bytea NOT NULL
);

CREATE TABLE contact (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('phone', 'email')),
    token bytea NOT NULL,
    address bytea NOT NULL,
    commitment bytea NOT NULL,
    salt bytea NOT NULL,
    whereabouts_id int NOT NULL,
    list_id uuid,
    person_type text NOT NULL CHECK (person_type IN ('natural', 'legal', 'named_at_legal')),
    born_on bytea,
    has_parental_consent boolean NOT NULL DEFAULT false,
    last_inbound_at timestamptz,
    last_purchase_at timestamptz,
    last_inquiry_at timestamptz,
    restriction text NOT NULL DEFAULT 'none' CHECK (restriction IN ('none', 'contested', 'objection', 'erasure')),
    provider_error int NOT NULL DEFAULT 0,
    provider_error_at timestamptz,
    UNIQUE (account_id, token)
);

CREATE TABLE register_list (
    name text PRIMARY KEY,
    as_of timestamptz NOT NULL
);

CREATE TABLE listing (
    token bytea NOT NULL,
    register text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (token, register)
);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
