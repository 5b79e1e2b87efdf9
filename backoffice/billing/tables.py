"""What billing stores: the credits of accounts, in lots."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz
from piccolo.table import Table


class CreditLot(Table, tablename="credit_lot"):
    """Credits granted together, each good for one message on one channel until they expire."""

    id = UUID(primary_key=True, default=None)
    account_id = UUID(default=None)
    channel = Text(default=None, help_text="code: the channel")
    granted = Integer(default=None)
    remaining = Integer(default=None)
    valid_from = Timestamptz(default=None)
    expires_at = Timestamptz(default=None, help_text="exclusive; what is left then is spent no more")
    made_at = Timestamptz(default=None)
    expired_at = Timestamptz(null=True, default=None, help_text="when its expiry was entered in the ledger")
