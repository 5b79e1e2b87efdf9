"""A small storm in every run of the tests; `make chaos` is the large one, with three hundred kills."""

from __future__ import annotations

import secrets

import msgspec

from tests.chaos.storm import lent, run
from tests.chaos.story import SMALL


async def test_whatever_is_killed_nothing_is_lost_doubled_or_sent_after_an_opt_out() -> None:
    """Web part, worker, courier, sequencer and PostgreSQL are killed twenty times over two thousand sends and stops."""
    plan = msgspec.structs.replace(SMALL, seed=secrets.randbelow(1 << 31))
    with lent() as folder:
        result = await run(plan, folder)

    assert {name: count for name, count in result.faults.items() if count} == {}, result.told
    assert result.unsettled == [], result.told
    assert result.told["kills_in_all"] == plan.kills
    assert result.told["sends"] == plan.sends
    assert result.told["refused_at_the_second_look"] > 0, "some stops came between the two looks"
