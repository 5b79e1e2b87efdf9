"""What is stored so that providers' own names lead to our numbers, and portfolios and pairs are counted for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0015"
VERSION = PICCOLO
DESCRIPTION = "wire"

SQL = """
ALTER TABLE sender ADD COLUMN provider_code text NOT NULL DEFAULT '';
ALTER TABLE sender ADD COLUMN provider_account text NOT NULL DEFAULT '';
ALTER TABLE sender ADD COLUMN daily_limit integer;
CREATE UNIQUE INDEX sender_provider_code ON sender (channel, provider_code) WHERE is_linked AND provider_code <> '';
CREATE INDEX sender_of_code ON sender (provider_code) WHERE provider_code <> '';
CREATE INDEX sender_provider_account ON sender (provider_account) WHERE provider_account <> '';

-- Whom a portfolio wrote to of its own accord, while the provider counts it.
CREATE TABLE portfolio_person (
    portfolio text NOT NULL,
    person bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (portfolio, person)
);
CREATE INDEX portfolio_person_at ON portfolio_person (portfolio, at);

-- Which messages of persons were taken in, by the keyed digest of the provider's id: each counts once.
CREATE TABLE inbound_message (
    token bytea PRIMARY KEY,
    account_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX inbound_message_at ON inbound_message (at);

-- One person under several names: a number, another one, the id that a provider gives them for one business.
CREATE TABLE alias (
    account_id uuid NOT NULL,
    token bytea NOT NULL,
    other bytea NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (account_id, token, other)
);

ALTER TABLE contact DROP CONSTRAINT contact_kind_check;
ALTER TABLE contact ADD CONSTRAINT contact_kind_check CHECK (kind IN ('phone', 'email', 'scoped_id'));

-- The sends that went through one of the two narrow doors of a stop: each is one message.
ALTER TABLE contact ADD COLUMN confirmation_id uuid;
ALTER TABLE contact ADD COLUMN answer_id uuid;
"""


async def forwards() -> MigrationManager:
    """Make the tables and columns."""
    return ddl(ID, SQL)
