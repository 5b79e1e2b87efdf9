"""What is on record of stops, and carrying them over to a name of the person that was learnt later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice.consent import store
from backoffice.consent.service import EVERYWHERE, add_stops
from backoffice.plumbing.locks import hold_persons

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work


async def is_stopped(work: Work, account_id: UUID, person: bytes, channel: str) -> bool:
    """Tell whether a stop of everything on a channel is on record, whatever was said since."""
    stops = await store.list_stops(work, person, [account_id, EVERYWHERE])
    return any(one.voided_at is None and one.scope == "all" and one.channel in ("all", channel) for one in stops)


async def was_stopped(work: Work, account_id: UUID, tokens: Iterable[bytes], *, before: datetime) -> bool:
    """Tell whether a stop of one of these tokens was on record already before a moment."""
    return await store.has_stop_before(work, list(tokens), [account_id, EVERYWHERE], before)


async def carry_over(work: Work, account_id: UUID, tokens: Sequence[bytes]) -> None:
    """Put the stops of each of these tokens, which are one person's, on record for all of them.

    Holds the persons' locks alone. Stops for every account stay with the address that they were said of.
    """
    await hold_persons(work.connection, (), alone=tokens)
    known = [stop for token in tokens for stop in await store.list_stops(work, token, [account_id])]
    wanted = [
        stop._replace(id=work.new_id(), token=token, recorded_at=work.at)
        for stop in known
        if stop.voided_at is None
        for token in tokens
        if token != stop.token
    ]
    await add_stops(work, wanted)
