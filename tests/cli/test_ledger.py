"""`backoffice ledger`: whole or not, a decision proved offline, a checkpoint to keep elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from backoffice.audit import verify
from backoffice.audit.checking import Fault, Findings
from backoffice.audit.keys import open_keys
from backoffice.billing.service import lock_lots
from backoffice.cli.ledger import FAULTS, lines_of
from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.install import Install
from backoffice.plumbing.messages import error_text
from backoffice.relay import service
from backoffice.relay.service import Letter
from tests.cast import ANNA, hold_registers, know, open_shop
from tests.cli.conftest import House, Runs
from tests.contracts.house import ROOT


async def decide(install: Install) -> UUID:
    """Open the shop, send Anna its offer, and return the decision's id."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work)
        anna = await know(work, shop, ANNA)
        lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
        (recorded,) = await service.send(work, shop.errand, [Letter(anna.id)], lots)
        return recorded.decision_id


async def meddle(install: Install) -> None:
    """Change an entry as somebody would who can write to the database."""
    async with install.unit_of_work() as work:
        await work.connection.execute(
            "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            " '\"allow\"', '\"deny\"'), 'UTF8') WHERE convert_from(body, 'UTF8') LIKE '%send:decided%'"
        )


async def forget(install: Install) -> None:
    """Take the whole ledger away and begin another, with the checkpoints gone too."""
    async with install.unit_of_work() as work:
        for table in (
            "ledger_place",
            "ledger_tile",
            "ledger_edge",
            "ledger_checkpoint",
            "ledger_queue",
            "ledger_entry",
        ):
            await work.connection.execute(f"DELETE FROM {table}")


def test_a_whole_ledger_is_told_to_be_whole(house: House, run: Runs) -> None:
    """With what was compared; exit 0."""
    house.do(decide)
    sealed = json.loads(run("ledger", "checkpoint", "--json").out)
    ended = run("ledger", "verify", "--json")
    told = json.loads(ended.out)

    assert ended.code == 0
    assert (told["is_good"], told["faults"]) == (True, [])
    assert told["entries"] == sealed["size"] > 20
    assert (
        run("ledger", "verify").out
        == f"✓ {sealed['size']} entries, {told['checkpoints']} checkpoints: nothing was changed.\n"
    )


def test_an_entry_that_was_changed_is_found(house: House, run: Runs) -> None:
    """By its place; exit 1."""
    house.do(decide)
    run("ledger", "checkpoint")
    house.do(meddle)
    ended = run("ledger", "verify", "--json")
    told = json.loads(ended.out)

    assert (ended.code, told["is_good"]) == (1, False)
    assert "entry_changed" in {one["code"] for one in told["faults"]}
    assert "an entry was changed" in run("ledger", "verify").out


def test_a_checkpoint_kept_elsewhere_tells_that_the_ledger_was_begun_anew(
    house: House, run: Runs, tmp_path: Path
) -> None:
    """Though all that lies here agrees with itself again, the file of what was signed last among it."""
    house.do(decide)
    kept = tmp_path / "kept"
    kept.write_text(run("ledger", "checkpoint").out, encoding="utf-8")
    house.do(forget)
    (house.settings.data / "ledger" / "signed").unlink()

    assert run("ledger", "verify").code == 0
    ended = run("ledger", "verify", "--checkpoint", kept, "--json")
    assert (ended.code, {one["code"] for one in json.loads(ended.out)["faults"]}) == (1, {"ledger_truncated"})


def test_a_checkpoint_of_another_ledger_is_wrong_use(house: House, run: Runs, tmp_path: Path) -> None:
    """And so is what is no checkpoint, or no file."""
    house.do(decide)
    (tmp_path / "kept").write_text("nothing\n", encoding="utf-8")

    assert run("ledger", "verify", "--checkpoint", tmp_path / "kept").refusal
    assert run("ledger", "verify", "--checkpoint", tmp_path / "nowhere").refusal.startswith(str(tmp_path / "nowhere"))


def test_a_decision_is_proved_by_a_file_that_anybody_can_check(house: House, run: Runs, tmp_path: Path) -> None:
    """With the one file of the verifier, which knows nothing of ours; also where nobody has sealed it yet."""
    decision_id = house.do(decide)
    ended = run("ledger", "proof", decision_id, "--out", tmp_path / "decision.proof")
    (key,) = open_keys(house.settings).public
    verifier = [sys.executable, "-I", str(ROOT / "backoffice/audit/verify.py")]
    checked = subprocess.run(  # noqa: S603  # our own verifier
        [*verifier, "proof", tmp_path / "decision.proof", "--key", key.vkey],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.code == 0
    assert (checked.returncode, checked.stdout.endswith("VERIFIED\n")) == (0, True)
    assert str(decision_id) in checked.stdout
    assert run("ledger", "proof", decision_id).out == (tmp_path / "decision.proof").read_text(encoding="utf-8")
    assert json.loads(run("ledger", "proof", decision_id, "--json").out)["decision"] == str(decision_id)


def test_a_decision_that_never_was_is_not_proved(house: House, run: Runs) -> None:
    """One line, and no file."""
    nobody = UUID(int=7)

    assert house.settings
    refused = BackofficeError("ledger_entry_unknown", entry=str(nobody))
    assert run("ledger", "proof", nobody).refusal == error_text(refused)
    assert run("ledger", "proof", "seven").code == 2


def test_a_checkpoint_is_signed_over_all_that_has_happened(house: House, run: Runs) -> None:
    """The note as it is, or with its parts and the keys that verify it."""
    house.do(decide)
    told = json.loads(run("ledger", "checkpoint", "--json").out)
    keys = [verify.read_key(vkey, verify.LOG) for vkey in told["keys"]]

    origin, size, root = verify.checkpoint(told["note"].encode(), keys, [])
    assert (origin, size, root.hex()) == (told["origin"], told["size"], told["root"])
    assert run("ledger", "checkpoint").out == told["note"]


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_a_fault_is_told_in_words(code: str) -> None:
    """Each with where it shows; what is too many is counted."""
    head, line, more = lines_of(Findings(9, 2, (Fault(code, 3, "tile"),), 5))

    assert head == "✕ 9 entries, 2 checkpoints: 5 faults."
    assert (line, more) == (f"  at 3: {FAULTS[code]} (tile)", "  and 4 more")
