"""What is stored of the gate: what was judged, on which facts, with which outcome, and the sends themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0007"
VERSION = PICCOLO
DESCRIPTION = "relay"

# No foreign keys here: they made the send path three times slower. A nightly check looks for orphans instead.
SQL = """
CREATE TABLE rulebook (
    name text PRIMARY KEY,
    operator text NOT NULL,
    edition text NOT NULL,
    policies bytea NOT NULL,
    made_at timestamptz NOT NULL
);

CREATE TABLE policies (
    hash bytea PRIMARY KEY,
    body bytea NOT NULL
);

CREATE TABLE content (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    facts bytea NOT NULL,
    body bytea,
    made_at timestamptz NOT NULL
);

CREATE TABLE judgement (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    at timestamptz NOT NULL,
    rulebook text NOT NULL,
    account bytea NOT NULL,
    message bytea NOT NULL,
    bases bytea NOT NULL
);

CREATE TABLE outcome (
    hash bytea PRIMARY KEY,
    body bytea NOT NULL
);

CREATE TABLE decision (
    id uuid PRIMARY KEY,
    send_id uuid NOT NULL,
    account_id uuid NOT NULL,
    judgement_id uuid NOT NULL,
    outcome bytea NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('allow', 'warn', 'hold', 'deny')),
    next_allowed_at timestamptz,
    no_common_window boolean NOT NULL,
    is_out_of_credit boolean NOT NULL,
    base smallint NOT NULL,
    facts bytea NOT NULL
) PARTITION BY RANGE (id);

CREATE TABLE send (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    person bytea NOT NULL,
    campaign_id uuid,
    sender_id uuid NOT NULL,
    content_id uuid NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    topic text NOT NULL,
    state text NOT NULL,
    verdict text NOT NULL,
    decision_id uuid NOT NULL,
    due_at timestamptz,
    lot_id uuid,
    payload bytea,
    -- The third lock on the door: what the gate did not let pass is in no state that leaves.
    CONSTRAINT send_leaves_only_with_permission CHECK (
        state IN ('held', 'scheduled', 'denied', 'stopped')
        OR (state IN ('queued', 'sending', 'unknown', 'sent', 'failed') AND verdict IN ('allow', 'warn'))
    )
) PARTITION BY RANGE (id);
CREATE INDEX send_person ON send (person, id);
CREATE INDEX send_account ON send (account_id, id);
CREATE INDEX send_due ON send (due_at) WHERE state IN ('held', 'scheduled');

CREATE TABLE outbox (
    send_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    channel text NOT NULL,
    attempt smallint NOT NULL,
    not_before timestamptz NOT NULL,
    claimed_until timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_due ON outbox (sender_id, not_before);
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
