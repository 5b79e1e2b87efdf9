"""`backoffice serve` and `worker` as processes, and `send` and `campaign` asking them over the API."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from backoffice.accounts.service import issue_key
from backoffice.cli.apart import free_port
from backoffice.cli.calling import Api, _events
from backoffice.cli.campaigning import preview_lines
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import key_file
from tests.cast import ANNA, BORISS, DECLARED, hold_registers, know, open_shop
from tests.cli.conftest import House, Runs
from tests.conftest import _empty
from tests.contracts.house import ROOT

NOBODY = UUID(int=7)


class Shop(NamedTuple):
    """The shop's number and key."""

    sender_id: UUID
    key: str


async def open_for_business(install: Install) -> Shop:
    """Open the shop, whom Anna gave her consent, and Boriss none."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work)
        await know(work, shop, ANNA)
        await know(work, shop, BORISS, has_consent=False)
        return Shop(shop.sender_id, await issue_key(work, shop.account_id))


@pytest.fixture(scope="module")
def service(
    database_url: str, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Shop, dict[str, str]]]:
    """A service of both its parts, and what finds it in the environment; both parts end well when they are told to."""
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=database_url,
        master_key_file=key_file(Settings(data=data)),
        port=free_port("127.0.0.1", 0),
    )
    shop = House(settings).do(open_for_business)
    found = {"BACKOFFICE_URL": f"http://127.0.0.1:{settings.port}", "BACKOFFICE_KEY": shop.key}
    with ExitStack() as started:
        processes = [started.enter_context(part(name, settings)) for name in ("serve", "worker")]
        with Api(found["BACKOFFICE_URL"], shop.key) as api:
            wait_for(api, processes)
        yield shop, found
        for process in processes:
            process.send_signal(signal.SIGTERM)
        ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    asyncio.run(_empty(database_url))
    assert [code for _, code in ended] == [0, 0], ended
    assert [line for told, _ in ended for line in told.splitlines() if not line.startswith('{"at"')] == []


@pytest.fixture
def shop(service: tuple[Shop, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, whose service and key commands find in the environment."""
    for name, value in service[1].items():
        monkeypatch.setenv(name, value)
    return service[0]


def part(name: str, settings: Settings) -> subprocess.Popen[str]:
    """Start a part of the service."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.database_url,
        "BACKOFFICE_DATA": str(settings.data),
        "BACKOFFICE_MASTER_KEY_FILE": str(settings.master_key_file),
        "BACKOFFICE_PORT": str(settings.port),
    }
    command = [sys.executable, "-P", "-c", "from backoffice.cli import main; main()", name]
    return subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own


def wait_for(api: Api, processes: list[subprocess.Popen[str]]) -> None:
    """Wait until the service answers; whoever asks tries a few times by itself."""
    for _ in range(30):
        try:
            api.get("/v1/account")
        except Unavailable:
            if all(process.poll() is None for process in processes):
                continue
            break
        return
    for process in processes:
        process.kill()
    raise AssertionError([process.communicate() for process in processes])


def message(shop: Shop, to: str) -> dict[str, Any]:
    """Return the shop's offer to somebody, as the API takes it."""
    return {
        "channel": "whatsapp",
        "sender_id": str(shop.sender_id),
        "to": to,
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED, order="sorted"),
    }


def test_a_message_is_tried_sent_and_sent_once(shop: Shop, run: Runs, tmp_path: Path) -> None:
    """A trial writes nothing; the same key gets the same answer; a denial says why; exit 0 for all of them."""
    path = tmp_path / "send.json"
    path.write_text(json.dumps(message(shop, BORISS)), encoding="utf-8")
    tried = json.loads(run("send", path, "--try", "--json").out)
    first, again = (run("send", "-", "--idempotency-key", "one", "--json", stdin=path.read_text()) for _ in range(2))
    shown = run("send", path)

    assert "id" not in tried
    assert first == again
    assert (first.code, json.loads(first.out)["state"]) == (0, "denied")
    assert shown.code == 0
    assert shown.out.startswith("✕ deny")
    assert "  ✕ " in shown.out


def test_what_the_service_refuses_is_told_in_its_words(
    shop: Shop, run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the field, in one line, and exit code 2."""
    path = tmp_path / "send.json"
    path.write_text(json.dumps(message(shop, "nobody")), encoding="utf-8")
    assert run("send", path).refusal

    path.write_text(json.dumps({"channel": "fax"}), encoding="utf-8")
    assert run("send", path).refusal
    assert run("campaign", "start", NOBODY).refusal
    assert run("campaign", "watch", NOBODY).refusal
    monkeypatch.setenv("BACKOFFICE_KEY", "bo_sandbox_other")
    assert run("send", path).refusal


def test_a_campaign_is_created_previewed_started_and_watched(shop: Shop, run: Runs, tmp_path: Path) -> None:
    """To people who are named; each of them is decided about, and the sums add up."""
    path = tmp_path / "campaign.json"
    asked = {**message(shop, ""), "name": "Autumn", "recipients": [{"to": ANNA}, {"to": BORISS}]}
    del asked["to"]
    path.write_text(json.dumps(asked), encoding="utf-8")
    made = json.loads(run("campaign", "create", path, "--json").out)
    previewed = run("campaign", "preview", made["id"])
    told = json.loads(run("campaign", "preview", made["id"], "--json").out)
    started = json.loads(run("campaign", "start", made["id"], "--json").out)
    watched = json.loads(run("campaign", "watch", made["id"], "--json").out)

    assert (made["state"], made["rows"]) == ("ready", 2)
    assert previewed.code == 0
    assert told["judged"] == sum(told["verdicts"].values()) == 2
    assert started["state"] in {"running", "done"}
    assert (watched["state"], watched["decided"]) == ("done", 2)
    assert sum(watched[name] for name in ("allowed", "warned", "held", "denied")) == 2
    assert run("campaign", "watch", made["id"]).out.startswith(f"campaign {made['id']}: done\n")


def test_a_campaign_of_which_everything_has_left_is_not_paused(shop: Shop, run: Runs, tmp_path: Path) -> None:
    """To somebody who is refused at any hour: a campaign with held messages, as at night, can be paused still."""
    path = tmp_path / "campaign.json"
    asked = {**message(shop, ""), "name": "Winter", "recipients": [{"to": BORISS}]}
    del asked["to"]
    path.write_text(json.dumps(asked), encoding="utf-8")
    made = json.loads(run("campaign", "create", path, "--json").out)
    run("campaign", "start", made["id"])
    watched = json.loads(run("campaign", "watch", made["id"], "--json").out)

    assert (watched["state"], watched["denied"]) == ("done", 1)
    assert run("campaign", "pause", made["id"]).refusal


def test_a_campaign_reads_a_list_and_is_stopped(shop: Shop, run: Runs, tmp_path: Path) -> None:
    """The list is handed in with it; a stop ends it before anybody was decided about."""
    (tmp_path / "list.csv").write_text(f"phone,name\n{ANNA},Anna\n{BORISS},Boriss\n", encoding="utf-8")
    (tmp_path / "campaign.json").write_text(
        json.dumps({name: value for name, value in message(shop, "").items() if name != "to"} | {"name": "List"})
    )
    made = json.loads(
        run("campaign", "create", tmp_path / "campaign.json", "--contacts", tmp_path / "list.csv", "--json").out
    )
    stopped = run("campaign", "stop", made["id"])

    assert made["state"] == "importing"
    assert stopped.code == 0
    assert stopped.out.startswith(f"campaign {made['id']}: stopped\n")
    assert json.loads(run("campaign", "watch", made["id"], "--json").out)["state"] == "stopped"


def test_without_a_key_or_a_service_nothing_is_asked(
    run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says which of them is missing; what can't be read is refused before."""
    path = tmp_path / "send.json"
    path.write_text("{}", encoding="utf-8")
    monkeypatch.delenv("BACKOFFICE_KEY", raising=False)
    assert run("send", path).refusal.startswith("BACKOFFICE_KEY: ")
    assert run("send", tmp_path / "nowhere.json").refusal.startswith(str(tmp_path / "nowhere.json"))
    assert run("send", "-", stdin="[]").refusal.startswith("-: ")

    monkeypatch.setenv("BACKOFFICE_KEY", "bo_sandbox_key")
    assert run("send", path, "--url", "nowhere").refusal
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        assert run("campaign", "start", NOBODY, "--url", f"http://127.0.0.1:{taken.getsockname()[1]}").refusal


def test_events_are_read_as_they_are_written() -> None:
    """Each with its number; what else is between them is passed over."""
    lines = ["id: 7", "event: progress", 'data: {"a":1}', "", ": still here", "id: 8", 'data: {"a":2}', ""]

    assert list(_events(iter(lines))) == [("7", {"a": 1}), ("8", {"a": 2})]


def test_a_preview_is_told_with_what_it_lacks() -> None:
    """Verdicts, credits, reasons and gaps, each with how many people it is about."""
    reason = {"count": 3, "verdict": "deny", "says": "No consent.", "citation": "GDPR Art. 7(1)"}
    told = {
        "fault": None,
        "verdicts": {"allow": 5, "deny": 3},
        "credits": {"needed": 5, "available": 4, "missing": 1},
        "reasons": [reason],
        "gaps": [{"count": 2, "fact": "account.standing", "says": "Nobody has stated the account's standing."}],
    }
    lines = [" ".join(line.split()) for line in preview_lines(told)]

    assert lines == [
        *("5 ✓ allow", "0 ! warn", "0 ⏸ hold", "3 ✕ deny", "5 credits of 4, 1 are missing"),
        *("3 ✕ No consent. (GDPR Art. 7(1))", "2 ? Nobody has stated the account's standing."),
    ]
    assert preview_lines({**told, "fault": "ledger_behind"})[0] == "✕ it ended early: ledger_behind"
