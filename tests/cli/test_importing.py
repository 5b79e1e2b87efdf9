"""`backoffice import contacts`: counted first, stored once, and nothing half done where it can't be read."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from backoffice.plumbing.install import Install
from tests.cast import open_shop
from tests.cli.conftest import DEMO, House, Runs

LIST = """phone,country,consent_at,consent_text,opted_out_at
+37126000001,LV,2024-05-05T12:15:00Z,"Baltic Lamp may send me offers on WhatsApp.",
+37126000002,LV,,,2024-06-01T09:00:00Z
+37126000001,LV,,,
nobody,LV,,,
"""
PROFILE = """
[recipient]
is_own_customer = true

[list]
sender = "Baltic Lamp"
is_attested = true
"""


async def shop(install: Install) -> UUID:
    """Open the shop, and return whose it is."""
    async with install.unit_of_work() as work:
        return (await open_shop(work)).account_id


async def counts(install: Install) -> tuple[int, ...]:
    """Count people, consents, stops and lists."""
    async with install.reading() as work:
        tables = ("contact", "consent", "suppression", "contact_list")
        return tuple([await work.connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables])


@pytest.fixture
def files(tmp_path: Path) -> tuple[object, ...]:
    """A list, and what is true of it."""
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "profile.toml").write_text(PROFILE, encoding="utf-8")
    return tmp_path / "list.csv", "--profile", tmp_path / "profile.toml"


def test_a_preview_counts_and_stores_nothing(house: House, run: Runs, files: tuple[object, ...]) -> None:
    """Rows, grades, and each row that can't be read."""
    account_id = house.do(shop)
    told = json.loads(run("import", "contacts", *files, "--account", account_id, "--preview", "--json").out)
    shown = run("import", "contacts", *files, "--account", account_id, "--preview")

    assert (told["is_preview"], told["new"], told["known"], told["list_id"]) == (True, 2, 0, None)
    assert (told["counts"]["recipients"], told["counts"]["merged"], told["counts"]["rejected"]) == (2, 1, 1)
    assert told["counts"]["grades"] == {"C": 1, "none": 1}
    assert [(one["line"], one["field"]) for one in told["rejected"]] == [(5, "phone")]
    assert (shown.code, "Nothing was stored" in shown.out, "✕ line 5: phone: " in shown.out) == (0, True, True)
    assert house.do(counts) == (0, 0, 0, 0)


def test_a_list_is_stored_once(house: House, run: Runs, files: tuple[object, ...]) -> None:
    """The same file again changes nothing."""
    account_id = house.do(shop)
    first, again = (
        json.loads(run("import", "contacts", *files, "--account", account_id, "--json").out) for _ in range(2)
    )

    assert (first["counts"]["added"], first["counts"]["consents"], first["counts"]["stops"]) == (2, 1, 1)
    assert (again["counts"]["added"], again["counts"]["consents"], again["counts"]["stops"]) == (0, 0, 0)
    assert (again["known"], again["list_id"]) == (2, first["list_id"])
    assert house.do(counts) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--region", "Latvia"), ""),
        (("--map", "phone"), "--map: "),
        (("--encoding", "morse"), "encoding: "),
        (("--profile", "nowhere.toml"), "nowhere.toml: "),
        (("--account", UUID(int=7)), ""),
        (("--name", "\n"), "name: "),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(
    house: House, run: Runs, files: tuple[object, ...], more: tuple[object, ...], told: str
) -> None:
    """And nothing is stored."""
    account_id = house.do(shop)

    assert run("import", "contacts", *files, "--account", account_id, "--json", *more).refusal.startswith(told)
    assert house.do(counts) == (0, 0, 0, 0)


def test_a_wrong_fact_of_the_list_is_told_with_its_line(house: House, run: Runs, tmp_path: Path) -> None:
    """As `judge` tells it."""
    assert house.settings
    (tmp_path / "p.toml").write_text('[recipient]\nis_own_customer = "yes"\n', encoding="utf-8")
    refused = run(
        "import",
        "contacts",
        DEMO / "contacts.csv",
        "--account",
        UUID(int=7),
        "--profile",
        tmp_path / "p.toml",
        "--json",
    ).refusal

    assert refused.startswith(f"{tmp_path / 'p.toml'}:2: recipient.is_own_customer: ")
