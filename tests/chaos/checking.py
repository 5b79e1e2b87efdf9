"""Checking, once everything has settled: what was promised, asked of the database and of the provider's own file.

Lost: a row of a campaign without a send, an acknowledged request that is not on record, a send that is `sent` and not
at the provider, or that has ended otherwise without saying why. Twice: a reference that the provider has more than
once, or a person with two sends, as everybody is asked for once.

A stop that somebody writes is confirmed once, by a send of its own, which goes through its narrow door: it is no second
send to that person, and is not sent after an opt-out.

After an opt-out: a decision that brought a send to `sending` (`relay:send:looked_at_again`, which permits) whose
transaction was committed after that of a stop of the same person. The server itself keeps the moments of commits, in
the order in which transactions let go of their locks; a row's `xmin` names the transaction that wrote it, and rows of
decisions and stops are written once.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from backoffice.audit import sequencer
from backoffice.audit.checking import verify_ledger
from backoffice.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backoffice.plumbing.database import Connection
    from backoffice.plumbing.install import Install
    from tests.chaos.traffic import Acknowledged

Accepted = dict[UUID, list[datetime]]

_LOOKED = """
looked AS (SELECT decision.id, send_id, person, decision.verdict, pg_xact_commit_timestamp(decision.xmin) AS at
    FROM decision JOIN ledger_entry USING (id) JOIN send ON send.id = send_id
    WHERE convert_from(body, 'UTF8')::jsonb->>'kind' = 'relay:send:looked_at_again'
    AND send_id NOT IN (SELECT confirmation_id FROM contact WHERE confirmation_id IS NOT NULL)),
stops AS (SELECT token, min(pg_xact_commit_timestamp(xmin)) AS at FROM suppression
    WHERE voided_at IS NULL GROUP BY token)
"""
_PERMITTED = f"""
WITH {_LOOKED} SELECT send_id, looked.at, stops.at FROM looked JOIN stops ON token = person
WHERE verdict IN ('allow', 'warn')
"""
_REFUSED = f"WITH {_LOOKED} SELECT count(*) FROM looked JOIN stops ON token = person WHERE verdict = 'deny'"

COUNTED = {
    "rows_without_send": """
        SELECT count(*) FROM campaign_row JOIN campaign ON campaign.id = campaign_id LEFT JOIN send
        ON send.campaign_id = campaign_row.campaign_id AND send.contact_id = campaign_row.contact_id
        WHERE send.id IS NULL AND NOT (campaign.state = 'stopped' AND number > next_row)""",
    "persons_with_two_offers": """
        SELECT count(*) FROM (SELECT FROM send WHERE purpose = 'marketing'
        GROUP BY person HAVING count(*) > 1) AS twice""",
    "persons_confirmed_twice": """
        SELECT count(*) FROM (SELECT FROM send WHERE purpose <> 'marketing'
        GROUP BY person HAVING count(*) > 1) AS twice""",
    "doubled_by_the_provider's_word": "SELECT count(*) FROM delivery WHERE is_doubled",
    "failed_without_a_reason": """
        SELECT count(*) FROM send LEFT JOIN delivery ON send_id = send.id
        WHERE state = 'failed' AND COALESCE(reason, '') = ''""",
    "denied_without_a_reason": """
        SELECT count(*) FROM send JOIN decision ON decision.id = decision_id JOIN outcome ON hash = outcome
        WHERE state = 'denied' AND (decision.verdict <> 'deny'
        OR COALESCE(jsonb_array_length(convert_from(body, 'UTF8')::jsonb->'findings'), 0) = 0)""",
    "stopped_without_an_entry": """
        SELECT count(*) FROM send WHERE state = 'stopped' AND NOT EXISTS (SELECT FROM ledger_entry
        WHERE convert_from(body, 'UTF8')::jsonb->>'kind' = 'relay:send:stopped'
        AND convert_from(body, 'UTF8')::jsonb->>'send' = send.id::text)""",
    "decisions_without_a_leaf": """
        SELECT count(*) FROM decision LEFT JOIN ledger_place ON entry_id = decision.id WHERE entry_id IS NULL""",
    "sends_without_a_decision": """
        SELECT count(*) FROM send LEFT JOIN decision ON decision.id = decision_id WHERE decision.id IS NULL""",
    "callbacks_at_fault": "SELECT count(*) FROM callback WHERE fault IS NOT NULL",
    "lots_that_do_not_add_up": """
        SELECT count(*) FROM credit_lot WHERE granted <> remaining + (SELECT count(*) FROM send
        WHERE lot_id = credit_lot.id AND state IN ('queued', 'sending', 'unknown', 'sent', 'failed'))""",
    "credits_held_by_what_stays": """
        SELECT count(*) FROM send
        WHERE lot_id IS NOT NULL AND state IN ('held', 'scheduled', 'denied', 'stopped')""",
    "sent_without_a_credit": "SELECT count(*) FROM send WHERE lot_id IS NULL AND state = 'sent'",
}
"""Each must be zero."""

UNSETTLED = {
    "sends": "SELECT count(*) FROM send WHERE state IN ('queued', 'sending', 'unknown', 'scheduled')",
    "campaigns": "SELECT count(*) FROM campaign WHERE state IN ('draft', 'importing', 'ready', 'running', 'paused')",
    "stopped_campaigns": "SELECT count(*) FROM campaign WHERE clear_at IS NOT NULL",
    "outbox": "SELECT count(*) FROM outbox",
    "unknown": "SELECT count(*) FROM delivery WHERE look_at IS NOT NULL",
    "callbacks": "SELECT count(*) FROM callback WHERE handled_at IS NULL",
    "ledger_queue": "SELECT count(*) FROM ledger_queue",
}
"""What is still to come, each by what counts it."""

_NAMED = """
SELECT 'send ' || id || ' ' || state FROM send WHERE state IN ('queued', 'sending', 'unknown', 'scheduled')
UNION ALL SELECT 'campaign ' || id || ' ' || state FROM campaign
WHERE state IN ('draft', 'importing', 'ready', 'running', 'paused') LIMIT 100
"""
_TOLD = """
SELECT COALESCE(sum(jsonb_array_length(convert_from(body, 'UTF8')::jsonb->'sends')), 0)::int FROM ledger_entry
WHERE convert_from(body, 'UTF8')::jsonb->>'kind' = $1
"""


_NEXT = """
SELECT person FROM (SELECT send_id FROM outbox WHERE account_id = $1
ORDER BY claimed_until NULLS LAST, not_before LIMIT 100) AS due JOIN send ON send.id = send_id
WHERE state = 'queued' ORDER BY random() LIMIT 1
"""


async def next_to_leave(install: Install, account_id: UUID) -> bytes | None:
    """Return the token of somebody whose send a courier has claimed, or is about to claim."""
    try:
        async with install.reading() as work:
            found: bytes | None = await work.connection.fetchval(_NEXT, account_id)
    except Unavailable:
        return None
    return found


async def unsettled(install: Install) -> dict[str, int]:
    """Return what is still to come."""
    async with install.reading() as work:
        counts = {name: await work.connection.fetchval(query) for name, query in UNSETTLED.items()}
    return {name: count for name, count in counts.items() if count}


async def list_unsettled(install: Install) -> list[str]:
    """Name up to a hundred sends and campaigns that have not come to an end."""
    async with install.reading() as work:
        rows = await work.connection.fetch(_NAMED)
    return [row[0] for row in rows]


async def check(
    install: Install, accepted: Accepted, acknowledged: Sequence[Acknowledged]
) -> tuple[dict[str, int], dict[str, Any]]:
    """Return what must be zero, and what there is."""
    sealed = await sequencer.seal_now(install)
    async with install.reading() as work:
        findings = await verify_ledger(work)
        connection = work.connection
        faults = {name: await connection.fetchval(query) for name, query in COUNTED.items()}
        states = {row[0]: row[1] for row in await connection.fetch("SELECT id, state FROM send")}
        faults |= _at_provider(states, accepted)
        faults |= await _on_record(connection, acknowledged, states)
        late, told = await _after_stops(connection, accepted)
        counts = await _counts(connection)
    faults |= {"sent_after_an_opt_out": late, "ledger_faults": findings.faults_in_all}
    faults["ledger_shorter_than_sealed"] = int(findings.size < sealed.size)
    ledger = {
        "size": findings.size,
        "checkpoints": findings.checkpoints,
        "faults": [str(one) for one in findings.faults],
    }
    return faults, {**counts, "states": dict(Counter(states.values())), **told, "ledger": ledger}


def _at_provider(states: Mapping[UUID, str], accepted: Accepted) -> dict[str, int]:
    sent = {send_id for send_id, state in states.items() if state == "sent"}
    return {
        "sent_and_not_at_the_provider": len(sent - accepted.keys()),
        "at_the_provider_and_not_sent": len(accepted.keys() - sent),
        "at_the_provider_twice": sum(len(times) > 1 for times in accepted.values()),
    }


async def _on_record(
    connection: Connection, acknowledged: Sequence[Acknowledged], states: Mapping[UUID, str]
) -> dict[str, int]:
    """Compare what was acknowledged with what is on record."""
    made = [one for one in acknowledged if one.is_done]
    stops = {row[0] for row in await connection.fetch("SELECT id FROM suppression")}
    campaigns = {row[0] for row in await connection.fetch("SELECT id FROM campaign")}
    homes: dict[str, Any] = {"/v1/sends": states, "/v1/suppressions": stops, "/v1/campaigns": campaigns}
    singles = sum(one.path == "/v1/sends" for one in made)
    return {
        "acknowledged_and_not_on_record": sum(one.path in homes and one.id not in homes[one.path] for one in made),
        "singles_nobody_asked_for": abs(
            singles
            - await connection.fetchval("SELECT count(*) FROM send WHERE campaign_id IS NULL AND purpose = 'marketing'")
        ),
        "campaigns_nobody_asked_for": abs(sum(one.path == "/v1/campaigns" for one in made) - len(campaigns)),
        "requests_that_were_refused": sum(one.path in homes and not one.is_done for one in acknowledged),
    }


async def _after_stops(connection: Connection, accepted: Accepted) -> tuple[int, dict[str, Any]]:
    """Count permissions that were committed after a stop; and say how often a stop came between the two.

    A message whose `sending` was committed before the stop may arrive a moment after it; the longest such moment is
    told. The provider keeps the machine's time, as the server does.
    """
    rows = await connection.fetch(_PERMITTED)
    late = sum(looked >= stopped for _, looked, stopped in rows)
    after = [at - stopped for send_id, _, stopped in rows for at in accepted.get(send_id, ()) if at > stopped]
    counts = {
        "confirmations": await connection.fetchval("SELECT count(*) FROM send WHERE purpose <> 'marketing'"),
        "stops_by_reply": await connection.fetchval("SELECT count(*) FROM suppression WHERE reason = 'reply'"),
        "stops": await connection.fetchval("SELECT count(*) FROM suppression"),
        "refused_at_the_second_look": await connection.fetchval(_REFUSED),
        "permitted_before_the_stop": len(rows) - late,
        "on_their_way_when_stopped": len(after),
        "longest_on_their_way_s": round(max(after, default=timedelta(0)).total_seconds(), 3),
    }
    return late, counts


async def _counts(connection: Connection) -> dict[str, Any]:
    lots = await connection.fetchrow("SELECT sum(granted)::int, sum(remaining)::int FROM credit_lot")
    return {
        "sends": await connection.fetchval("SELECT count(*) FROM send WHERE purpose = 'marketing'"),
        "decisions": await connection.fetchval("SELECT count(*) FROM decision"),
        "unknown": await connection.fetchval(_TOLD, "delivery:sends:unknown"),
        "returned": await connection.fetchval(_TOLD, "delivery:sends:returned"),
        "callbacks": await connection.fetchval("SELECT count(*) FROM callback"),
        "campaigns": dict(await connection.fetch("SELECT state, count(*) FROM campaign GROUP BY state")),
        "credits": {
            "granted": lots[0],
            "remaining": lots[1],
            "debited": await connection.fetchval("SELECT count(*) FROM send WHERE lot_id IS NOT NULL"),
        },
    }
