"""Rehearsals: an install that lives in one transaction; all rooms work in it, and it leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backoffice.accounts.service import find_account, register_account
from backoffice.billing.service import lock_lots
from backoffice.journeys.rehearsing import rehearse
from backoffice.journeys.stories import run_stories
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Install
from backoffice.plumbing.policies import library
from backoffice.policy.settings import Setting
from backoffice.relay.content import review
from backoffice.relay.replay import replay
from backoffice.relay.service import Letter, send
from tests.cast import ANNA, know, open_shop
from tests.conftest import START
from tests.journeys.conftest import SHORT

AT = datetime(2019, 5, 6, 9, tzinfo=UTC)  # long before any partition of a fresh database


async def _counts(install: Install) -> dict[str, int]:
    async with install.reading() as work:
        names = await work.connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        return {
            row["relname"]: await work.connection.fetchval(f"SELECT count(*) FROM {row['relname']}") for row in names
        }


async def test_a_story_leaves_nothing_behind(install: Install, bases: dict[str, str]) -> None:
    """No row and no partition, and nothing that the process would take for stored."""
    before, known = await _counts(install), set(install.known)

    (result,) = await run_stories(install, library(), {**bases, "stories-short.toml": SHORT})

    assert result.failures == ()
    assert await _counts(install) == before
    assert install.known == known


async def test_one_unit_of_work_sees_the_one_before(install: Install) -> None:
    """Each is a savepoint of the one transaction."""
    async with rehearse(install, AT) as rehearsal:
        async with rehearsal.unit_of_work() as work:
            account_id = await register_account(work, "incrm", "Baltic Lamp", "LV", "business")
        async with rehearsal.reading() as work:
            assert await find_account(work, account_id) is not None
    async with install.reading() as work:
        assert await find_account(work, account_id) is None


async def test_a_unit_of_work_that_fails_is_undone_alone(install: Install) -> None:
    """What came before it stays, and what comes after can go on."""
    async with rehearse(install, AT) as rehearsal:
        async with rehearsal.unit_of_work() as work:
            first = await register_account(work, "incrm", "Baltic Lamp", "LV", "business")
        with pytest.raises(Invalid):
            async with rehearsal.unit_of_work() as work:
                second = await register_account(work, "incrm", "Baltic Tours", "LV", "business")
                raise Invalid("name_invalid")
        async with rehearsal.reading() as work:
            assert await find_account(work, first) is not None
            assert await find_account(work, second) is None


async def test_time_stands_still_until_it_is_moved_on(install: Install) -> None:
    """Two units of work have one moment, and no moment lies before the last."""
    async with rehearse(install, AT) as rehearsal:
        assert [rehearsal.clock(), rehearsal.clock()] == [AT, AT]
        await rehearsal.move_to(AT + timedelta(days=400))
        assert rehearsal.clock() == AT + timedelta(days=400)
        with pytest.raises(Invalid, match="clock_backwards"):
            await rehearsal.move_to(AT)


async def test_an_error_is_told_and_leaves_nothing_either(install: Install) -> None:
    """A story that breaks off is undone as one that ends."""
    before = await _counts(install)
    with pytest.raises(ZeroDivisionError):
        async with rehearse(install, AT) as rehearsal, rehearsal.unit_of_work() as work:
            await register_account(work, "incrm", "Baltic Lamp", "LV", "business")
            raise ZeroDivisionError
    assert await _counts(install) == before


async def test_no_rehearsal_where_messages_are_real(install: Install) -> None:
    """A test clock has no business in a database that sends to people."""
    install.settings = msgspec.structs.replace(install.settings, mode="live")

    with pytest.raises(Refused, match="rehearsal_needs_sandbox"):
        async with rehearse(install, AT):
            pass


async def test_a_decision_is_made_again_with_what_was_set_when_it_was_made(install: Install) -> None:
    """The operator set that three complaints hold a text, and unset it since: what was held then still is."""
    three = Setting(source="reseller/liability.3#1", params={"from_number": 3})
    async with rehearse(install, START, library().setting("reseller", "", [three])) as rehearsal:
        async with rehearsal.unit_of_work() as work:
            shop = await open_shop(work, operator="reseller")
            await review(work, shop.errand.content_id, {"complaints": 3}, by="staff:liene")
            lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
            (held,) = await send(work, shop.errand, [Letter((await know(work, shop, ANNA)).id)], lots)
        rehearsal._library = library()
        async with rehearsal.reading() as work:
            again = await replay(work, shop.account_id, held.decision_id)

    assert (again.is_same, again.decision.verdict) == (True, "hold")
    assert [one.bound.rule.name for one in again.decision.findings] == ["complained_of"]
