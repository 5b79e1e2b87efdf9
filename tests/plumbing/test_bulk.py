"""Writing many rows: both ways write the same."""

from __future__ import annotations

import pytest

from backoffice.kernel.ids import new_ids
from backoffice.plumbing.bulk import MANY, Rows, Statement, Target, write
from backoffice.plumbing.install import Work

MARK = Target("mark", {"name": "text", "value": "text", "at": "timestamptz"})
KEY = Target("vault_secret", {"name": "text", "version": "smallint", "wrapped": "bytea"})


@pytest.mark.parametrize("count", [1, 3, MANY])
async def test_rows_of_several_tables_are_all_written(work: Work, count: int) -> None:
    """Few rows go in one statement, many by COPY; what is read back is the same."""
    names = [f"bulk-{one}" for one in sorted(str(made) for made in new_ids(work.at, count))]
    marks: Rows = [(name, "", work.at) for name in names]
    keys: Rows = [(name, number % 100, name.encode()) for number, name in enumerate(names)]

    await write(work.connection, [(MARK, marks), (KEY, keys)])

    read = await work.connection.fetch("SELECT * FROM vault_secret WHERE name LIKE 'bulk-%' ORDER BY name")
    assert [tuple(row) for row in read] == keys
    assert await work.connection.fetchval("SELECT count(*) FROM mark WHERE name LIKE 'bulk-%'") == count


async def test_nothing_to_write_is_no_statement(work: Work) -> None:
    """Empty parts are passed over, also beside full ones."""
    await write(work.connection, [(MARK, []), (KEY, [])])
    await write(work.connection, [(MARK, [("bulk", "", work.at)]), (KEY, [])])

    assert await work.connection.fetchval("SELECT count(*) FROM mark WHERE name = 'bulk'") == 1


@pytest.mark.parametrize("count", [0, 1, MANY])
async def test_statements_go_with_the_rows(work: Work, count: int) -> None:
    """Each has its own arguments wherever it stands; the answer is how many rows the last one changed."""
    await write(work.connection, [(MARK, [("bulk-a", "", work.at), ("bulk-b", "", work.at)])])
    rename = Statement("UPDATE mark SET value = $2::text WHERE name = $1::text", ("bulk-a", "renamed"))
    forget = Statement("DELETE FROM mark WHERE name = ANY($1::text[]) AND value = $2::text", (["bulk-b", "no"], ""))

    done = await write(work.connection, [(KEY, [(f"bulk-{one}", 1, b"") for one in range(count)])], rename, forget)

    assert done == 1
    assert await work.connection.fetchval("SELECT count(*) FROM vault_secret WHERE name LIKE 'bulk-%'") == count
    read = await work.connection.fetch("SELECT name, value FROM mark WHERE name LIKE 'bulk-%'")
    assert [tuple(row) for row in read] == [("bulk-a", "renamed")]
