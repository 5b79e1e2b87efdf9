"""Whatever happens to credits in whatever order, the database holds what a small model holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.accounts.service import AccountRow, get_account
from backoffice.billing import service
from backoffice.billing.store import list_lots
from backoffice.billing.terms import expiry
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Install, Work, open_install
from backoffice.plumbing.settings import Settings
from tests.billing.conftest import LEAST, lamp_shop
from tests.conftest import START

HOUR = timedelta(hours=1)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 9), st.integers(-3, 20)),
        st.tuples(st.just("top_up"), st.sampled_from((3, LEAST["sms"])), st.just(0)),
        st.tuples(st.just("debit"), st.integers(1, 12), st.just(0)),
        st.tuples(st.just("release"), st.integers(1, 6), st.just(0)),
        st.tuples(st.just("expire"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 8), st.just(0)),
    ),
    max_size=20,
)


class Held(msgspec.Struct):
    """A lot, as the model has it."""

    granted: int
    remaining: int
    valid_from: datetime
    expires_at: datetime


class Model:
    """Credits as one would keep them on paper."""

    def __init__(self, account: AccountRow) -> None:
        self.account = account
        self.lots: dict[UUID, Held] = {}
        self.taken: list[UUID] = []

    def spendable(self, at: datetime) -> list[UUID]:
        """Return a lot for each credit that can be spent, in the order of spending."""
        good = [(lot.expires_at, name) for name, lot in self.lots.items() if lot.valid_from <= at < lot.expires_at]
        return [name for _, name in sorted(good) for _ in range(self.lots[name].remaining)]

    async def grant(self, work: Work, count: int, from_hour: int) -> None:
        """Grant credits that begin sooner or later and last ten hours."""
        begins = work.at + from_hour * HOUR
        ends = begins + 10 * HOUR
        lot = await service.grant_lot(work, self.account.id, "sms", count, begins, ends)
        self.lots[lot] = Held(count, count, begins, ends)

    async def top_up(self, work: Work, count: int, _: int) -> None:
        """Buy credits; what has not ended goes along where enough were bought."""
        bought = await service.top_up(work, self.account.id, "sms", count)
        ends = expiry(self.account, "sms", work.at)
        for lot in self.lots.values():
            if count >= LEAST["sms"] and lot.expires_at > work.at:
                lot.expires_at = max(lot.expires_at, ends)
        self.lots[bought.lot_id] = Held(count, count, work.at, ends)

    async def debit(self, work: Work, count: int, _: int) -> None:
        """Spend so many, or are refused."""
        wanted = self.spendable(work.at)
        lots = await service.lock_lots(work, {(self.account.id, "sms")})
        assert lots.available(self.account.id, "sms") == len(wanted)
        if count > len(wanted):
            with pytest.raises(Refused):
                lots.debit(self.account.id, "sms", count)
            return
        taken = lots.debit(self.account.id, "sms", count)
        await lots.flush(work)
        assert taken == wanted[:count]
        self.taken += taken
        for lot in taken:
            self.lots[lot].remaining -= 1

    async def release(self, work: Work, count: int, _: int) -> None:
        """Give back the last so many that were spent."""
        back, self.taken = self.taken[-count:], self.taken[:-count]
        await service.release(work, Counter(back))
        for lot in back:
            self.lots[lot].remaining += 1

    async def expire(self, work: Work, _: int, __: int) -> None:
        """End what has ended; nothing is taken away."""
        await service.expire_lots(work)

    async def wait(self, work: Work, hours: int, _: int) -> None:
        """Let time pass."""
        work.at += hours * HOUR


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """A loop for the whole module: an install can't change its loop."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def install(runner: asyncio.Runner, database_url: str, data: Path) -> Iterator[Install]:
    """An install for the whole module; what is done with it is never committed."""
    opening = open_install(Settings(data=data, database_url=database_url), lambda: START, must_migrate=False)
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


class _UndoneError(Exception):
    """Ends an example without a commit."""


async def _play(install: Install, acts: list[tuple[str, int, int]]) -> None:
    with suppress(_UndoneError):
        async with install.unit_of_work() as work:
            model = Model(await get_account(work, await lamp_shop(work)))
            for verb, count, more in acts:
                await getattr(model, verb)(work, count, more)
                await _compare(work, model)
            raise _UndoneError


async def _compare(work: Work, model: Model) -> None:
    stored = {lot.id: lot for lot in await list_lots(work, model.account.id)}
    assert {name: Held(lot.granted, lot.remaining, lot.valid_from, lot.expires_at) for name, lot in stored.items()} == (
        model.lots
    )
    taken = Counter(model.taken)
    assert all(lot.granted == lot.remaining + taken[name] for name, lot in stored.items())


@settings(max_examples=100)
@given(acts=ACTS)
def test_the_database_holds_what_the_model_holds(
    runner: asyncio.Runner, install: Install, acts: list[tuple[str, int, int]]
) -> None:
    """After every act: each lot the same, none below nothing, and granted is what is left and what was taken."""
    runner.run(_play(install, acts))
