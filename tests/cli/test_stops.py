"""`backoffice import suppressions`: counted first, stored once, told line by line in files that no sheet runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from backoffice.cli.stops import _safe
from backoffice.plumbing.install import Install
from tests.campaigns.making import number, to_named
from tests.cast import Shop, open_shop
from tests.cli.conftest import House, Runs

LIST = f"""Email,Mobile,Reason,Channel,Date added
anna@example.com,{number(1)},1,sms,2026-05-01 10:00:00
boriss@example.com,,2,email,2026-05-01 10:00:00
celia@example.com,,0,email,2026-05-01 10:00:00
nobody,,1,email,2026-05-01 10:00:00
dace@example.com,,1,email,yesterday
"""


async def shop(install: Install) -> Shop:
    """Open the shop, with a campaign that a spreadsheet would like to run."""
    async with install.unit_of_work() as work:
        made = await open_shop(work)
    await to_named(install, made, 2, name="=HYPERLINK(1)")
    return made


async def stops(install: Install) -> int:
    """Count the stops."""
    async with install.reading() as work:
        counted: int = await work.connection.fetchval("SELECT count(*) FROM suppression")
    return counted


@pytest.fixture
def account(house: House) -> UUID:
    """Whose recipients they are."""
    return house.do(shop).account_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A list of another system's."""
    path = tmp_path / "mautic.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_a_preview_counts_and_stores_nothing(house: House, run: Runs, account: UUID, file: Path) -> None:
    """Figures, lines at fault, and the campaign that has one of its people."""
    told = json.loads(run("import", "suppressions", file, "--account", account, "--preview", "--json").out)
    shown = run("import", "suppressions", file, "--account", account, "--preview")

    counts = told["counts"]
    assert (told["is_preview"], told["format"], told["import_id"]) == (True, "mautic", None)
    assert [counts[name] for name in ("rows", "new", "known", "not_opt_out", "unreadable", "doubtful")] == [
        5,
        3,
        0,
        1,
        1,
        1,
    ]
    assert (counts["in_campaigns"], [one["people"] for one in told["campaigns"]]) == (1, [1])
    assert (shown.code, "Nothing was stored" in shown.out) == (0, True)
    for line in ("Read as mautic.", "✕ line 5: email: ", "! line 6: date: ", "=HYPERLINK(1) (ready): 1"):
        assert line in shown.out
    assert "anna" not in shown.out
    assert house.do(stops) == 0


def test_a_list_is_stored_once(house: House, run: Runs, account: UUID, file: Path) -> None:
    """The same file again adds nothing."""
    first, again = (
        json.loads(run("import", "suppressions", file, "--account", account, "--json").out) for _ in range(2)
    )

    assert (first["counts"]["new"], first["counts"]["stops"]) == (3, 3)
    assert (again["counts"]["new"], again["counts"]["known"], again["counts"]["stops"]) == (0, 3, 0)
    assert house.do(stops) == 3
    assert "0 stops recorded" in run("import", "suppressions", file, "--account", account).out


@pytest.mark.parametrize("preview", [(), ("--preview",)])
def test_what_becomes_of_each_line_is_written(
    run: Runs, account: UUID, file: Path, tmp_path: Path, preview: tuple[str, ...]
) -> None:
    """As CSV and as JSON lines, with reasons in words and nobody's address."""
    for name in ("lines.csv", "lines.jsonl"):
        run("import", "suppressions", file, "--account", account, "--out", tmp_path / name, *preview)
    table = list(csv.DictReader((tmp_path / "lines.csv").read_text(encoding="utf-8").splitlines()))
    lines = [msgspec.json.decode(one) for one in (tmp_path / "lines.jsonl").read_bytes().splitlines()]

    assert [one["line"] for one in table] == [str(one["line"]) for one in lines] == ["2", "3", "4", "5", "6"]
    assert [one["outcome"] for one in table] == ["new", "new", "not_opt_out", "unreadable", "new"]
    assert table[3]["says"] == lines[3]["says"] == "This can't be a mail address."
    assert "example.com" not in (tmp_path / "lines.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever it begins with."""
    assert _safe(text) == f"'{text}"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--format", "fax"), None),
        (("--region", "XX"), "country: "),
        (("--map", "phone=Nowhere"), "mautic.csv:1: phone: "),
        (("--encoding", "utf-9"), "encoding: "),
    ],
)
def test_what_cant_be_used_is_refused(
    house: House, run: Runs, account: UUID, file: Path, more: tuple[str, ...], told: str | None
) -> None:
    """In one line, with nothing stored."""
    ended = run("import", "suppressions", file, "--account", account, *more)

    assert ended.code == 2
    assert told is None or ended.refusal.startswith(told)
    assert house.do(stops) == 0
