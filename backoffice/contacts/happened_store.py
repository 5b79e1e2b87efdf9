"""The queries of what happened with a contact: what they did last, what a provider said, what passed a stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from backoffice.plumbing.install import Work


async def put_doors(work: Work, column: Literal["confirmation_id", "answer_id"], sends: Mapping[UUID, UUID]) -> None:
    """Note, by contact, the send that went through one of the narrow doors of a stop."""
    await work.connection.execute(
        f"UPDATE contact SET {column} = new.send_id FROM unnest($1::uuid[], $2::uuid[]) AS new (id, send_id)"
        " WHERE contact.id = new.id",
        *(list(sends), list(sends.values())),
    )


async def has_confirmation(work: Work, contact_ids: Sequence[UUID]) -> bool:
    """Tell whether a stop of one of these contacts was confirmed."""
    found: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM contact WHERE id = ANY($1::uuid[]) AND confirmation_id IS NOT NULL)", contact_ids
    )
    return found


async def put_last(work: Work, contact_id: UUID, act: Literal["inbound", "request"], at: datetime) -> None:
    """Note that a contact wrote or asked for something at a moment; an earlier one changes nothing."""
    await work.connection.execute(
        f"UPDATE contact SET last_{act}_at = $2 WHERE id = $1 AND (last_{act}_at IS NULL OR last_{act}_at < $2)",
        *(contact_id, at),
    )


async def put_window_shut(work: Work, contact_id: UUID, before: datetime) -> None:
    """Note that a contact wrote no later than a moment."""
    await work.connection.execute(
        "UPDATE contact SET last_inbound_at = $2 WHERE id = $1 AND last_inbound_at > $2", contact_id, before
    )


async def put_unclear_stop(work: Work, contact_id: UUID, at: datetime | None) -> None:
    """Note since when something of a contact's may be a stop, the earliest of several; None: nothing is any more."""
    query = "UPDATE contact SET unclear_stop_at = least(unclear_stop_at, $2) WHERE id = $1"
    cleared = "UPDATE contact SET unclear_stop_at = NULL WHERE id = $1"
    await (work.connection.execute(query, contact_id, at) if at else work.connection.execute(cleared, contact_id))


async def put_provider_error(work: Work, contact_id: UUID, code: int, at: datetime) -> None:
    """Note the code of a provider's error at a moment, 0 for none; an earlier one changes nothing."""
    await work.connection.execute(
        "UPDATE contact SET provider_error = $2, provider_error_at = $3"
        " WHERE id = $1 AND (provider_error_at IS NULL OR provider_error_at < $3)",
        *(contact_id, code, at),
    )
