"""The query of meetings: people by their tokens, in campaigns that are on their way or have something waiting."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from backoffice.campaigns.states import ENDED, NEXT
from backoffice.consent.stops.weighing import Met
from backoffice.plumbing.install import Work
from backoffice.relay.states import STOPPABLE

ACTIVE = sorted(set(NEXT) - ENDED)
"""States of a campaign whose people are still to be decided about."""

_MEET = """
WITH person AS (
    SELECT contact.id, contact.token FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (token, place)
    JOIN contact ON contact.account_id = $1 AND contact.token = asked.token
    WHERE asked.place BETWEEN 1 AND 1000000  -- keeps the planner from reading all contacts
)
SELECT row.campaign_id, person.id, person.token FROM campaign
JOIN person ON true
JOIN campaign_row AS row ON row.campaign_id = campaign.id AND row.contact_id = person.id
WHERE campaign.account_id = $1 AND campaign.state = ANY($3::text[])
UNION
SELECT send.campaign_id, person.id, person.token FROM person
JOIN send ON send.person = person.token AND send.account_id = $1
WHERE send.campaign_id IS NOT NULL AND send.state = ANY($4::text[])
"""


async def meet(work: Work, account_id: UUID, persons: Sequence[bytes]) -> list[Met]:
    """Return who of these people (tokens) is in a running or queued campaign of an account, each once a campaign.

    Of a campaign that has decided about everybody, those count whose message still waits.
    """
    if not persons:
        return []
    rows = await work.connection.fetch(_MEET, account_id, persons, ACTIVE, sorted(STOPPABLE))
    return [Met(*row) for row in rows]
