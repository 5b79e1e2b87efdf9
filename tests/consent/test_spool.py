"""The file of an import: kept sealed while it is needed, and let go of when nobody commits it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from contextvars import Context
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from backoffice.consent import importing, spool
from backoffice.kernel.clock import SteppingClock
from backoffice.plumbing import telling
from backoffice.worker import LOOPS
from tests.consent.test_importing import Shop, people, row, shop

__all__ = ["shop"]

PAST = spool.KEPT_FOR + timedelta(seconds=1)


async def _keep(shop: Shop, import_id: UUID, path: Path, *, is_whole: bool = True) -> bytes:
    """Hand a file in, or begin to; return its hash."""
    body = path.read_bytes()  # noqa: ASYNC240  # a test's own
    sha256 = hashlib.sha256(body).digest()
    handed = io.BytesIO(body if is_whole else body[: len(body) // 2])
    await spool.keep(shop.install, shop.account_id, import_id, handed, sha256)
    return sha256


async def _begin(shop: Shop, import_id: UUID, sha256: bytes) -> None:
    async with shop.install.unit_of_work() as work:
        await importing.begin_commit(work, shop.account_id, import_id, sha256)


async def _run(shop: Shop, import_id: UUID) -> None:
    await spool.run(shop.install, {"account_id": str(shop.account_id), "import_id": str(import_id)})


async def test_what_nobody_commits_is_let_go_of_after_seven_days_and_told(
    shop: Shop, clock: SteppingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """An upload that was never finished, and one whose commit never came; not a moment sooner."""
    telling.start_telling()
    unfinished, _ = await shop.preview(path := shop.write(*people(40)))
    await _keep(shop, unfinished, path, is_whole=False)
    forgotten, _ = await shop.preview(path := shop.write(row(1)))
    await _keep(shop, forgotten, path)
    clock.advance(spool.KEPT_FOR - timedelta(seconds=1))

    assert not await spool.purge(shop.install)
    assert await shop.count("import_part") == 2
    capsys.readouterr()
    clock.advance(timedelta(seconds=2))
    assert not await LOOPS["imports"].step(shop.install)

    assert await shop.count("import_part") == 0
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["event"], one["imports"], one["parts"]) for one in told] == [("imports_purged", 2, 2)]
    assert not await spool.purge(shop.install)
    assert capsys.readouterr().err == ""


async def test_what_is_handed_in_again_is_kept_anew(shop: Shop, clock: SteppingClock) -> None:
    """The days count from the newest upload, and what was purged can still be handed in and committed."""
    import_id, _ = await shop.preview(path := shop.write(row(1), row(2)))
    await _keep(shop, import_id, path)
    clock.advance(PAST)
    await _keep(shop, import_id, path)
    await spool.purge(shop.install)
    assert await shop.count("import_part") == 1
    clock.advance(PAST)
    await spool.purge(shop.install)

    sha256 = await _keep(shop, import_id, path)
    await _begin(shop, import_id, sha256)
    await _run(shop, import_id)

    assert (await shop.progress(import_id)).counts.added == 2


async def test_nothing_of_an_import_that_is_or_was_committed_is_touched(shop: Shop, clock: SteppingClock) -> None:
    """However long its job waits; of one that has ended only a late upload goes, which nobody would read."""
    waiting, _ = await shop.preview(path := shop.write(row(1), row(2)))
    await _begin(shop, waiting, await _keep(shop, waiting, path))
    done, _ = await shop.preview(path := shop.write(row(3)))
    await shop.commit(done, path)
    async with shop.install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO import_part VALUES ($1, 0, '', $2)", done, work.at)
    before = await shop.digest()
    clock.advance(PAST)

    await spool.purge(shop.install)

    assert await shop.digest() == before
    assert (await shop.progress(done)).state == "committed"
    assert await shop.count("import_part") == 1
    await _run(shop, waiting)
    assert (await shop.progress(waiting)).counts.added == 2


async def test_a_file_that_failed_is_let_go_of_and_can_be_mended(shop: Shop, clock: SteppingClock) -> None:
    """Its import stays, with what is wrong with it."""
    import_id, _ = await shop.preview(path := shop.write(row(1)))
    sha256 = await _keep(shop, import_id, path)
    await _begin(shop, import_id, sha256)
    async with shop.install.unit_of_work() as work:
        await work.connection.execute("UPDATE contact_import SET state = 'failed', fault = 'file_differs'")
    clock.advance(PAST)

    await spool.purge(shop.install)

    assert await shop.count("import_part") == 0
    assert (await shop.progress(import_id)).fault == "file_differs"
    assert (await shop.commit(import_id, path)).added == 1


async def test_an_import_that_is_being_begun_is_passed_over(shop: Shop, clock: SteppingClock) -> None:
    """Nobody waits for the purge, and it waits for nobody."""
    import_id, _ = await shop.preview(path := shop.write(row(1)))
    sha256 = await _keep(shop, import_id, path)
    clock.advance(PAST)
    async with shop.install.unit_of_work() as work:
        await importing.begin_commit(work, shop.account_id, import_id, sha256)
        assert not await asyncio.create_task(spool.purge(shop.install), context=Context())

    await spool.purge(shop.install)
    assert await shop.count("import_part") == 1
