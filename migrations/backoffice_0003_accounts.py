"""What is stored of accounts: how they stand, what they accepted, what they send from, what was stated of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0003"
VERSION = PICCOLO
DESCRIPTION = "accounts"

SQL = """
CREATE TABLE account (
    id uuid PRIMARY KEY,
    operator text NOT NULL,
    edition text NOT NULL,
    name bytea NOT NULL,
    establishment text NOT NULL,
    standing text NOT NULL,
    standing_ground text NOT NULL,
    standing_at timestamptz NOT NULL,
    standing_until timestamptz,
    restricted_channels text[] NOT NULL,
    restriction_ground text NOT NULL,
    declared_use text NOT NULL CHECK (declared_use IN ('business', 'personal', 'household', 'undeclared')),
    registered_at timestamptz,
    made_at timestamptz NOT NULL,
    CONSTRAINT account_standing
        CHECK (standing IN ('applicant', 'trial', 'active', 'suspended', 'closed', 'purged')),
    -- Whoever is suspended or closed is told on which ground (Reg. (EU) 2019/1150 Art. 4).
    CONSTRAINT account_ground CHECK (
        (standing IN ('applicant', 'trial', 'active') AND standing_ground = '')
        OR (standing IN ('suspended', 'closed', 'purged') AND standing_ground <> '')
    ),
    CONSTRAINT account_until CHECK (standing_until IS NULL OR standing = 'suspended'),
    CONSTRAINT account_restriction CHECK ((restricted_channels = '{}') = (restriction_ground = ''))
);

CREATE TABLE account_statement (
    account_id uuid NOT NULL,
    fact text NOT NULL,
    value bytea NOT NULL,
    stated_at timestamptz NOT NULL,
    stated_by text NOT NULL,
    PRIMARY KEY (account_id, fact)
);

-- is_registered, is_banned and is_spoofed are NULL while nobody has said: a gap, which holds.
CREATE TABLE sender (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    channel text NOT NULL,
    token bytea NOT NULL,
    address bytea NOT NULL,
    provider_type text NOT NULL CHECK (provider_type IN ('official', 'unofficial')),
    is_registered boolean,
    is_linked boolean NOT NULL,
    is_banned boolean,
    is_spoofed boolean,
    can_receive boolean NOT NULL,
    linked_at timestamptz NOT NULL,
    CONSTRAINT sender_once UNIQUE (account_id, channel, token)
);
CREATE INDEX sender_number ON sender (channel, token);
-- A number sends for one account at a time.
CREATE UNIQUE INDEX sender_linked ON sender (channel, token) WHERE is_linked;

CREATE TABLE document_acceptance (
    account_id uuid NOT NULL,
    kind text NOT NULL,
    edition text NOT NULL,
    language text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, edition)
);

CREATE TABLE api_key (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    account_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX api_key_account ON api_key (account_id);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
