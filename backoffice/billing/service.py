"""What can be done with credits; each grant, carrying forward and expiry writes one ledger entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backoffice.accounts.checks import actor
from backoffice.accounts.service import get_account, hold_account
from backoffice.accounts.states import ENDED
from backoffice.audit.ledger import append, append_many
from backoffice.billing import store
from backoffice.billing.lots import Lot, Lots
from backoffice.billing.store import list_lots
from backoffice.billing.terms import carries_forward, expiry
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library

__all__ = [
    "MOST",
    "STEP",
    "Lots",
    "TopUp",
    "expire_lots",
    "grant_lot",
    "list_lots",
    "lock_lots",
    "release",
    "top_up",
]

MOST = 1_000_000_000  # credits of one lot
STEP = 1_000  # lots that expire in one transaction


class TopUp(NamedTuple):
    """What came of a purchase: the new lot, and the older ones that were carried forward with it."""

    lot_id: UUID
    expires_at: datetime
    carried: tuple[UUID, ...]


async def grant_lot(
    work: Work,
    account_id: UUID,
    channel: str,
    count: int,
    valid_from: datetime,
    expires_at: datetime,
    *,
    ground: str = "grant",
    by: str = "operator",
) -> UUID:
    """Grant credits of a channel, spendable from one moment to another, exclusive; return the lot.

    Raises Invalid for a count, span or channel that is none, NotFound for no account.
    """
    account = await get_account(work, account_id)
    _check_lot(account.operator, channel, count, valid_from, expires_at)
    lot = store.LotRow(
        id=work.new_id(),
        account_id=account_id,
        channel=channel,
        granted=count,
        remaining=count,
        valid_from=valid_from,
        expires_at=expires_at,
        made_at=work.at,
        expired_at=None,
    )
    await store.add_lot(work, lot)
    span = {"valid_from": valid_from, "expires_at": expires_at}
    entry = {"lot": lot.id, "channel": channel, "count": count, **span, "ground": ground, "by": actor(by)}
    await append(work, "billing:lot:granted", account_id, **entry)
    await note_change(work, account_id, from_at=max(valid_from, work.at))
    return lot.id


async def top_up(work: Work, account_id: UUID, channel: str, count: int, *, by: str = "operator") -> TopUp:
    """Add credits that were bought, spendable from now for as long as the Terms say.

    Where the Terms say so, enough of them carry forward what is left on the channel and hasn't expired: it ends with
    the new lot, never sooner than before. One purchase of an account at a time. Raises Refused for an account that is
    closed.
    """
    account = await hold_account(work, account_id)
    if account.standing in ENDED:
        raise Refused("account_ended", account=str(account_id), standing=account.standing)
    until = expiry(account, channel, work.at)
    does_carry = carries_forward(account, channel, count, work.at)
    carried = await _carry_forward(work, account_id, channel, until, by) if does_carry else ()
    lot_id = await grant_lot(work, account_id, channel, count, work.at, until, ground="top_up", by=by)
    return TopUp(lot_id, until, carried)


async def lock_lots(work: Work, wanted: Iterable[tuple[UUID, str]]) -> Lots:
    """Hold what these accounts can spend now, each on its channel, to the end of the transaction."""
    pairs = set(wanted)
    rows = await store.lock_lots(work, pairs) if pairs else []
    return Lots(Lot(*row) for row in rows)


async def release(work: Work, lot_ids: Mapping[UUID, int]) -> None:
    """Give credits back to the lots they were taken of: so many to each; one that has expired stays expired.

    Raises Refused where a lot isn't there, or would have more than it was granted: it was given back twice.
    """
    counts = {lot_id: count for lot_id, count in lot_ids.items() if count}
    if min(counts.values(), default=1) < 0:
        raise Invalid("credit_count_invalid", field="count", most=MOST)
    if counts and (refused := counts.keys() - await store.release_lots(work, counts)):
        raise Refused("credits_not_debited", lot=str(min(refused)))


async def expire_lots(work: Work, *, most: int = STEP) -> int:
    """Enter in the ledger, once each, the lots that have ended and what was left of them; return how many.

    They were spent no more from their end on; a lot that somebody holds waits for the next time.
    """
    expired = await store.take_expired(work, most)
    told = ("channel", "expires_at")
    entries = [
        (lot["account_id"], {"lot": lot["id"], "count": lot["remaining"], **{part: lot[part] for part in told}})
        for lot in expired
    ]
    await append_many(work, "billing:lot:expired", entries)
    return len(expired)


async def _carry_forward(work: Work, account_id: UUID, channel: str, until: datetime, by: str) -> tuple[UUID, ...]:
    """A lot that is spent up goes along: a debit of it may still be released."""
    lots = await store.carry_lots(work, account_id, channel, until)
    for lot in lots:
        moved = {
            "lot": lot["id"],
            "channel": channel,
            "count": lot["remaining"],
            "from": lot["expires_at"],
            "to": until,
        }
        await append(work, "billing:lot:carried_forward", account_id, **moved, by=actor(by))
    return tuple(lot["id"] for lot in lots)


def _check_lot(operator: str, channel: str, count: int, valid_from: datetime, expires_at: datetime) -> None:
    offered = library().operator(operator).channels
    if channel not in offered:
        raise Invalid("channel_unknown", field="channel", value=channel, known=", ".join(offered))
    if not 0 < count <= MOST:
        raise Invalid("credit_count_invalid", field="count", most=MOST)
    if valid_from >= expires_at:
        raise Invalid("credit_span_invalid", field="expires_at")
