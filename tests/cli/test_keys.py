"""`backoffice keys`: a new master key takes over, a new key signs the ledger too."""

from __future__ import annotations

import json
from uuid import UUID

from backoffice.accounts.service import get_account, name_of, register_account
from backoffice.audit.keys import open_keys
from backoffice.plumbing.install import Install
from tests.cast import OPERATOR
from tests.cli.conftest import House, Runs


async def version_of(install: Install) -> int:
    """Return the version of the master key in use."""
    return install.vault.version


def test_a_rotation_leaves_everything_readable(house: House, run: Runs) -> None:
    """What was sealed before is opened after, by a key that the next version wraps."""

    async def register(install: Install) -> UUID:
        async with install.unit_of_work() as work:
            return await register_account(work, OPERATOR, "Baltic Lamp", "LV", "business")

    account_id, before = house.do(register), house.do(version_of)
    told = json.loads(run("keys", "rotate", "--json").out)

    async def name(install: Install) -> str:
        async with install.reading() as work:
            return await name_of(work, await get_account(work, account_id))

    assert told == {"version": before + 1, "file": str(house.settings.master_key_file)}
    assert house.do(version_of) == before + 1
    assert house.do(name) == "Baltic Lamp"


def test_a_key_is_added_to_those_that_sign(house: House, run: Runs) -> None:
    """The old one goes on signing; the new one's public half is told, to be handed out."""
    run("ledger", "checkpoint")
    (before,) = open_keys(house.settings).public
    ended = run("keys", "rotate", "--ledger")
    keys = open_keys(house.settings).public
    note = run("ledger", "checkpoint").out

    assert ended.code == 0
    assert (len(keys), before in keys) == (2, True)
    assert [key.vkey for key in keys if key != before] == [ended.out.splitlines()[-1]]
    assert note.count(f"— {house.settings.origin} ") == 2
