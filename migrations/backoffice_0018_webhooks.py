"""What is stored of what accounts' own programs are told, and of those that call us as they call the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0018"
VERSION = PICCOLO
DESCRIPTION = "webhooks"

SQL = """
CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    form text NOT NULL CHECK (form IN ('standard', 'cloud_api')),
    state text NOT NULL,
    events text[] NOT NULL,
    address bytea NOT NULL,
    secret bytea NOT NULL,
    old_secret bytea,
    old_until timestamptz,
    challenge bytea,
    attempts smallint NOT NULL,
    next_at timestamptz,
    failing_since timestamptz,
    fault text,
    made_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT webhook_state CHECK (state IN ('unverified', 'open', 'closed')),
    CONSTRAINT webhook_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT webhook_challenge CHECK ((form = 'cloud_api') = (challenge IS NOT NULL)),
    CONSTRAINT webhook_old_secret CHECK ((old_secret IS NULL) = (old_until IS NULL))
);
CREATE INDEX webhook_account ON webhook (account_id, id);
CREATE INDEX webhook_unverified ON webhook (next_at) WHERE state = 'unverified';

CREATE TABLE webhook_delivery (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event text NOT NULL,
    state text NOT NULL,
    body bytea NOT NULL,
    attempts smallint NOT NULL,
    since_at timestamptz NOT NULL,
    next_at timestamptz,
    status smallint,
    fault text,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'delivered', 'given_up')),
    CONSTRAINT webhook_delivery_ended CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT webhook_delivery_next CHECK ((state = 'waiting') = (next_at IS NOT NULL))
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_ended_at ON webhook_delivery (ended_at) WHERE state <> 'waiting';

-- What an account declares of a template, or of its free text ('') on one number.
CREATE TABLE message_default (
    sender_id uuid NOT NULL,
    template text NOT NULL,
    account_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('marketing', 'transactional', 'service', 'authentication')),
    topic text NOT NULL,
    is_answer boolean NOT NULL,
    facts bytea NOT NULL,
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (sender_id, template)
);

-- The provider's names of messages, for accounts that are told in its form.
CREATE TABLE provider_message (
    send_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    token bytea NOT NULL,
    provider_name bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX provider_message_token ON provider_message (account_id, token);
CREATE INDEX provider_message_at ON provider_message (at);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
