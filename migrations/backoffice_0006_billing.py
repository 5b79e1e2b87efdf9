"""What is stored of money: so far the credits of accounts, in lots that end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0006"
VERSION = PICCOLO
DESCRIPTION = "billing"

SQL = """
CREATE TABLE credit_lot (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    channel text NOT NULL,
    granted int NOT NULL CHECK (granted > 0),
    remaining int NOT NULL,
    valid_from timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    expired_at timestamptz,
    CONSTRAINT credit_lot_remaining CHECK (remaining BETWEEN 0 AND granted),
    CONSTRAINT credit_lot_span CHECK (valid_from < expires_at),
    CONSTRAINT credit_lot_expired CHECK (expired_at >= expires_at)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX credit_lot_account ON credit_lot (account_id);
CREATE INDEX credit_lot_due ON credit_lot (expires_at) WHERE expired_at IS NULL;
"""


async def forwards() -> MigrationManager:
    """Make the table."""
    return ddl(ID, SQL)
