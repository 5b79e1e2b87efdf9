"""What is stored of deliveries: what providers said of each message, and the raw callbacks in which they said it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0008"
VERSION = PICCOLO
DESCRIPTION = "delivery"

SQL = """
-- A message's status is the highest of which the moment is known; moments only ever move back, so order tells nothing.
CREATE TABLE delivery (
    send_id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    attempt smallint NOT NULL,
    provider_hash bytea,
    is_doubled boolean NOT NULL,
    code int NOT NULL,
    reason text NOT NULL,
    accepted_at timestamptz,
    sent_at timestamptz,
    failed_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    unknown_at timestamptz,
    absence_counts_at timestamptz,
    looks smallint NOT NULL,
    look_at timestamptz
);
CREATE INDEX delivery_look ON delivery (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE callback (
    id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    provider text NOT NULL,
    signature text NOT NULL,
    received_at timestamptz NOT NULL,
    body bytea NOT NULL,
    handled_at timestamptz,
    fault text
);
CREATE INDEX callback_waiting ON callback (id) WHERE handled_at IS NULL;

-- What a dead courier had begun is looked for every second.
CREATE INDEX outbox_claimed ON outbox (claimed_until) WHERE claimed_until IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    """Make the tables."""
    return ddl(ID, SQL)
