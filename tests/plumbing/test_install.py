"""An install: units of work commit whole or not at all, for plain SQL and Piccolo alike."""

from __future__ import annotations

import asyncio

import pytest

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.partitions import months_ready
from backoffice.plumbing.tables import Mark


async def _marks(install: Install) -> list[str]:
    async with install.reading() as work:
        return [row["name"] for row in await work.connection.fetch("SELECT name FROM mark WHERE value = 'test'")]


async def test_what_a_unit_of_work_did_is_committed_whole(install: Install) -> None:
    """Plain SQL and a Piccolo query of one unit of work commit together."""
    async with install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO mark VALUES ('a', 'test', $1)", work.at)
        await Mark(name="b", value="test", at=work.at).save()

    assert await _marks(install) == ["a", "b"]
    async with install.unit_of_work():
        await Mark.delete().where(Mark.value == "test")
    assert await _marks(install) == []


async def test_a_unit_of_work_that_fails_has_not_happened(install: Install) -> None:
    """Neither the plain statement nor Piccolo's row is left, and the next unit of work is a new one."""
    with pytest.raises(ZeroDivisionError):
        async with install.unit_of_work() as work:
            await work.connection.execute("INSERT INTO mark VALUES ('a', 'test', $1)", work.at)
            await Mark(name="b", value="test", at=work.at).save()
            _ = 1 / 0

    assert await _marks(install) == []


async def test_a_unit_of_work_is_never_opened_inside_another(install: Install) -> None:
    """A verb that opens its own would commit apart from its road."""
    async with install.unit_of_work():
        with pytest.raises(RuntimeError):
            async with install.unit_of_work():
                pass


async def test_a_task_whose_connection_died_works_on(install: Install) -> None:
    """A lost connection ends its unit of work as unavailable, and leaves the task fit for another."""
    with pytest.raises(Unavailable):
        async with install.unit_of_work() as work:
            own = await work.connection.fetchval("SELECT pg_backend_pid()")
            async with install.reading() as other:
                await other.connection.execute("SELECT pg_terminate_backend($1)", own)
            await asyncio.sleep(0)
            await work.connection.execute("SELECT 1")

    async with install.unit_of_work() as work:
        assert await work.connection.fetchval("SELECT 1") == 1


async def test_partitions_are_ready_three_months_ahead(work: Work) -> None:
    """Rows of the next three months find their partition."""
    assert await months_ready(work.connection, work.at) == 3
