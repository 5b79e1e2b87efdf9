"""`backoffice import list` and `lists`: what is held of public registers, and whether law would take it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from backoffice.kernel.clock import system_clock
from backoffice.plumbing.install import Install
from tests.cli.conftest import House, Runs

FRESH = system_clock().date().isoformat()


async def listed(install: Install) -> int:
    """Count all listings."""
    async with install.reading() as work:
        counted: int = await work.connection.fetchval("SELECT count(*) FROM listing")
    return counted


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A register in two files."""
    paths = [tmp_path / "512.txt", tmp_path / "713.txt"]
    for path in paths:
        path.write_text("".join(f"{path.stem},555{number:04}\n" for number in range(100)), encoding="utf-8")
    return paths


def test_a_register_is_imported_whole(house: House, run: Runs, files: list[Path]) -> None:
    """All its files at once; a preview stores nothing; one file in place of two is refused, unless it is meant."""
    tried = json.loads(run("import", "list", "us_dnc", *files, "--as-of", FRESH, "--preview", "--json").out)
    assert (tried["is_preview"], tried["listed"], house.do(listed)) == (True, 200, 0)
    done = run("import", "list", "us_dnc", *files, "--as-of", FRESH)
    assert (done.code, done.out.splitlines()[0]) == (0, f"us_dnc: 200 listed, as of {FRESH}")
    files[0].write_text("512,5550000\nx\n" * 60, encoding="utf-8")

    assert "can't be read" in run("import", "list", "us_dnc", files[0], "--as-of", FRESH).refusal
    files[0].write_text("512,5550000\n" * 200 + "x\n", encoding="utf-8")
    assert "less than half" in run("import", "list", "us_dnc", files[0], "--as-of", FRESH).refusal
    assert house.do(listed) == 200
    shrunk = run("import", "list", "us_dnc", files[0], "--as-of", FRESH, "--shrink")
    assert ("✕ 512.txt:201: " in shrunk.out, house.do(listed)) == (True, 1)


def test_what_is_held_is_shown_with_its_age_and_who_asks(house: House, run: Runs, files: list[Path]) -> None:
    """One is fresh, one too old, others are missing: exit 1."""
    del house
    old = (system_clock() - timedelta(days=40)).date().isoformat()
    run("import", "list", "us_dnc", *files, "--as-of", old)
    run("import", "list", "us_tx_no_call", *files, "--as-of", old)
    shown = run("lists")
    told = json.loads(run("lists", "--json").out)

    found = {one["name"]: one for one in told["registers"]}
    dnc, texas, carriers = (found[name] for name in ("us_dnc", "us_tx_no_call", "fcc_wireless_domains"))
    assert (shown.code, told["is_well"]) == (1, False)
    assert (dnc["is_too_old"], dnc["at_most_days"], dnc["age_days"]) == (True, 31, 40)
    assert (texas["is_too_old"], texas["listed"]) == (False, 200)
    assert (carriers["is_held"], carriers["asked_by"]) == (False, ["US-CS-09"])
    for line in (
        "✕ us_dnc: 200 listed",
        "40 days old, too old",
        "✓ us_tx_no_call: ",
        "✕ fcc_wireless_domains: not held",
    ):
        assert line in shown.out
    assert "US-TC-11" in shown.out


@pytest.mark.parametrize(
    ("name", "as_of", "told"),
    [
        ("us_dcn", FRESH, "NAME: There is no such register."),
        ("us_dnc", "2100-01-01", "--as-of: The date lies after"),
        ("us_dnc", "01/02/2026", "--as-of: The date can't be read"),
    ],
)
def test_what_cant_be_imported_is_refused(
    house: House, run: Runs, files: list[Path], name: str, as_of: str, told: str
) -> None:
    """A name that no law knows would leave its gap open."""
    assert run("import", "list", name, *files, "--as-of", as_of).refusal.startswith(told)
    assert house.do(listed) == 0
