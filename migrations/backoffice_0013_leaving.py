"""What is stored so that no more leaves than may and nothing waits for ever: queues, paces, halts, portfolios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0013"
VERSION = PICCOLO
DESCRIPTION = "leaving"

# Each campaign of a number is a queue of its own, so that one that is kept back stands in nobody's way.
SQL = """
ALTER TABLE outbox ADD COLUMN campaign_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
UPDATE outbox SET campaign_id = send.campaign_id FROM send WHERE send.id = send_id AND send.campaign_id IS NOT NULL;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (sender_id, campaign_id, not_before);

CREATE TABLE kept_back (
    campaign_id uuid PRIMARY KEY,
    since timestamptz NOT NULL
);
INSERT INTO kept_back SELECT id, now() FROM campaign WHERE state = 'paused' OR clear_at IS NOT NULL;

CREATE TABLE sender_pace (
    sender_id uuid PRIMARY KEY,
    full_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What the provider says of a number and of its portfolio; NULL while nobody has said: a gap, which holds.
ALTER TABLE sender ADD COLUMN is_halted boolean;
ALTER TABLE sender ADD COLUMN portfolio text;
ALTER TABLE sender ADD COLUMN portfolio_room_at timestamptz;
UPDATE sender SET portfolio = account_id::text;
ALTER TABLE sender ALTER COLUMN portfolio SET NOT NULL;
CREATE INDEX sender_portfolio ON sender (portfolio, channel);
UPDATE sender SET is_halted = value = '\\xc3' FROM account_statement AS stated
WHERE stated.account_id = sender.account_id AND fact = 'sender_is_halted';
DELETE FROM account_statement WHERE fact IN ('sender_is_halted', 'portfolio_room_at');
"""


async def forwards() -> MigrationManager:
    """Make the tables and columns."""
    return ddl(ID, SQL)
